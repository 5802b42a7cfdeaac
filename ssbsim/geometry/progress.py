"""How far the making of a mesh is, for whoever listens.

A generator says ``progress("filling grains", done, total)`` where it may take a while, and need not know who hears it.
Without a listener that is one look-up and no more, so it may stand in a loop over grains, not in one over cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Listener: TypeAlias = Callable[[str, int, int], None]
"""Takes what is going on, how many of it are done, and how many there are; 0 when that means nothing."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def progress(what: str, done: int = 0, total: int = 0) -> None:
    """Say what is going on, in two or three words, and how far it is."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let a function hear all progress inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
