"""The laws of an interface: one class in one file each, over the keys in the module of the same name in
:mod:`ssbsim.case.laws`.

Every module here but ``base`` is a law; nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Mapping

from ssbsim._discovery import classes_in
from ssbsim.case import Interface
from ssbsim.physics.laws.base import Contact, InterfaceLaw, OneSpecies

#: Every law that a case may name, by its word.
INTERFACE_LAWS: Mapping[str, type[InterfaceLaw]] = {
    law.schema.name(): law for law in classes_in(__name__, __path__, InterfaceLaw)
}


def interface_laws(interface: Interface, contact: Contact) -> list[InterfaceLaw]:
    """The laws of an interface of the case, in place."""
    return [INTERFACE_LAWS[law.law](law, contact) for law in interface.laws]


def internal_unknowns(interfaces: Mapping[str, Interface]) -> dict[str, tuple[str, ...]]:
    """Names of the unknowns that the laws of every interface of the case add."""
    return {
        name: tuple(own for law in interface.laws for own in INTERFACE_LAWS[law.law].internal)
        for name, interface in interfaces.items()
    }


__all__ = ["INTERFACE_LAWS", "Contact", "InterfaceLaw", "OneSpecies", "interface_laws", "internal_unknowns"]
