"""The folders of the geometry room: which way imports flow between them."""

from __future__ import annotations

import pytest
from package_imports import circles, imports_of, modules

ROOM = "ssbsim.geometry"
ORDER = ["shared", "plane", "solid", "meshing", "grains", "particles", "images", "files", "registry", "cache", "kinds"]
"""As in the docstring of the room; `shared` are the modules at the top that have no place of their own here."""

INSIDE = [module for module in modules() if module.startswith(f"{ROOM}.")]


def place(module: str) -> str:
    first = module.removeprefix(f"{ROOM}.").split(".")[0]
    return first if first in ORDER else "shared"


@pytest.mark.parametrize("module", INSIDE)
def test_modules_import_from_places_before_theirs(module: str) -> None:
    for imported in imports_of(module):
        if imported.module.startswith(ROOM):
            assert imported.module != ROOM, f"line {imported.line} imports the public names of its own room"
            assert ORDER.index(place(imported.module)) <= ORDER.index(place(module)), f"line {imported.line}"


def test_every_folder_has_a_place() -> None:
    folders = {module.removeprefix(f"{ROOM}.").split(".")[0] for module in INSIDE if module.count(".") > 2}
    assert folders <= set(ORDER)


def test_no_circle_of_files() -> None:
    assert circles({module: {i.module for i in imports_of(module)} for module in INSIDE}) == []
