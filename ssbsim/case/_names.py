"""One rule for the names that a case gives: of phases, species, sites, grains, boundaries and classes.

Names travel far: into XML for ParaView, columns of tables, HTML, formulas in pictures, PETSc's options, other programs. So they
consist of letters and digits of any script and of a few signs, among them those that the field needs (``Li+``, ``V_Li'``).
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from ssbsim.document.quantities import problem

LONGEST_NAME = 100
_SIGNS = " _+-.:,/()#%*=@'·•×′°"


def check_name(name: str) -> str:
    """The name itself.

    Raises:
        PydanticCustomError: It breaks the rule.
    """
    wrong = next((sign for sign in name if not _is_allowed(sign)), "")
    hint = f"use letters, digits and {' '.join(_SIGNS.strip())}, with spaces only between them"
    if wrong:
        shown = f"'{wrong}'" if wrong.isprintable() else f"U+{ord(wrong):04X}"
        raise problem(f"a name holds the sign {shown}, which tables, pictures or other programs cannot take", hint)
    if not name or name != name.strip() or "  " in name:
        raise problem("a name is empty, or has spaces at its ends or two in a row", hint)
    if len(name) > LONGEST_NAME:
        raise problem(f"a name has {len(name)} signs", f"use up to {LONGEST_NAME}")
    return name


def _is_allowed(sign: str) -> bool:
    return sign in _SIGNS or unicodedata.category(sign)[0] in "LMN"


Name: TypeAlias = Annotated[str, AfterValidator(check_name)]
#: Of a part that may go without; the empty text stands for none.
OptionalName: TypeAlias = Annotated[str, AfterValidator(lambda name: name and check_name(name))]
