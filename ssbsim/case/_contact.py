"""Interfaces between phases."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from ssbsim.case.laws import Law
from ssbsim.document.model import Model
from ssbsim.document.quantities import problem


class Interface(Model):
    """What happens where two phases or grains touch.

    Attributes:
        contact: ``perfect`` (all potentials continuous) or ``broken`` (they may jump, as the laws say).
        laws: Interface laws.
    """

    contact: Literal["perfect", "broken"] = "perfect"
    laws: tuple[Law, ...] = ()

    @model_validator(mode="after")
    def _check_contact(self) -> Interface:
        crossing = [law.law for law in self.laws if law.crosses]
        blocking = [law.law for law in self.laws if law.blocks]
        if crossing and blocking:
            raise problem(f"the laws '{blocking[0]}' and '{crossing[0]}' contradict each other", "keep one of them")
        for law in self.laws:
            if self.contact == "perfect" and law.acts_on == "jump":
                raise problem(
                    f"the law '{law.law}' acts on a jump, but the contact is perfect and nothing jumps",
                    "write 'contact: broken', or remove the law",
                )
        return self


def split_interface(name: str) -> tuple[str, str]:
    """The two sides of the interface ``a|b``.

    Raises:
        ValueError: The name does not have two sides.
    """
    sides = tuple(side.strip() for side in name.split("|"))
    if len(sides) != 2 or not all(sides):
        raise ValueError(f"'{name}' does not name two sides")
    return sides[0], sides[1]
