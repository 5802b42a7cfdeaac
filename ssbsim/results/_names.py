"""Names with units, as fields and columns carry them: "concentration Li+ [mol/m^3]"."""

from __future__ import annotations

import re

_WITH_UNIT = re.compile(r"(.*\S)\s*\[([^\]]*)\]")


def split_unit(name: str) -> tuple[str, str]:
    """Part "potential [V]" into ("potential", "V"); without brackets the unit is "" and [1] stays "1"."""
    match = _WITH_UNIT.fullmatch(name.strip())
    return (match[1], match[2]) if match else (name.strip(), "")


def nearest(name: str, names: list[str]) -> str:
    """A hint that names the nearest of several names, and all of them."""
    from difflib import get_close_matches

    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return (f"Did you mean {close[0]!r}? " if close else "") + f"There are: {', '.join(map(repr, names)) or 'none'}."
