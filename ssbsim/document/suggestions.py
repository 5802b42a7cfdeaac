"""The nearest right name to one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def nearest(word: str, choices: Sequence[str], *, cutoff: float = 0.5) -> str:
    """The choice most like ``word``, or an empty string when none is."""
    exact = [choice for choice in choices if choice.casefold() == word.casefold()]
    if exact:
        return exact[0]
    found = difflib.get_close_matches(word, choices, n=1, cutoff=cutoff)
    return found[0] if found else ""


def did_you_mean(name: str, choices: Sequence[str]) -> str:
    """Hint with the nearest of ``choices``, or all of them when none is near."""
    guess = nearest(name, choices)
    if guess:
        return f"did you mean '{guess}'?"
    if len(choices) == 1:
        return f"use '{choices[0]}'"
    return "use one of " + ", ".join(f"'{choice}'" for choice in choices) if choices else "there is none to choose from"
