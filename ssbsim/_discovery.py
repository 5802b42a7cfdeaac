"""What the modules of a folder define, so that a new file is all that a new entry needs."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")


def classes_in(package: str, path: Iterable[str], base: type[T]) -> tuple[type[T], ...]:
    """The classes derived from a base that the modules of a package define, in the order of the modules' names.

    Args:
        package: Name of the package.
        path: Its ``__path__``.
        base: The base, which is not among them.
    """
    modules = [import_module(f"{package}.{name}") for name in sorted(m.name for m in pkgutil.iter_modules(path))]
    return tuple(
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, base) and one is not base and one.__module__ == module.__name__
    )
