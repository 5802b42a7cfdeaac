"""What the modules of a folder define, so that a new file is all that a new entry needs."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def import_modules(package: str, path: Iterable[str]) -> tuple[ModuleType, ...]:
    """Import the modules of a package, in the order of their names.

    Args:
        package: Name of the package.
        path: Its ``__path__``.
    """
    return tuple(import_module(f"{package}.{name}") for name in sorted(m.name for m in pkgutil.iter_modules(path)))


def classes_in(package: str, path: Iterable[str], base: type[T]) -> tuple[type[T], ...]:
    """The classes derived from a base that the modules of a package define, in the order of the modules' names.

    What the module ``base`` defines, and what is private, is there to derive from and is not among them.

    Args:
        package: Name of the package.
        path: Its ``__path__``.
        base: The base.
    """
    return tuple(
        one
        for module in import_modules(package, path)
        for one in vars(module).values()
        if isinstance(one, type)
        and issubclass(one, base)
        and one.__module__ == module.__name__ != f"{package}.base"
        and not one.__name__.startswith("_")
    )
