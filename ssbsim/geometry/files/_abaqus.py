"""Abaqus input files as meshio reads them: all its names of one shape of element under one, and what is not read said by name.

The name of an element says its family and its number of nodes: CPE3, CPS3, CAX3 and S3R are triangles, C3D4 and DC3D4
tetrahedra (Abaqus Analysis User's Guide, "Elements: element index"; from memory).
"""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

from ssbsim.errors import MeshError

_TYPE = re.compile(r"^(\*\s*element\s*,.*?\btype\s*=\s*)([\w-]+)(.*)$", re.IGNORECASE)
_FAMILIES = (
    (r"(?:DC|AC|DCC|Q|C)3D", {4: "C3D4", 10: "C3D10", 6: "C3D6", 15: "C3D15", 8: "C3D8", 20: "C3D20"}),
    (
        r"(?:CPEG|CPE|CPS|CGAX|CAX|DCAX|ACAX|DC2D|AC2D|M3D|R3D|SFM3D|DS|S|STRI)",
        {3: "CPS3", 6: "CPE6", 65: "STRI65", 4: "CPS4", 8: "S8R"},
    ),
    (r"(?:T2D|T3D|R2D|RAX|DC1D)", {2: "T3D2", 3: "T3D3"}),
    (r"B[23]", {1: "B31", 2: "B32"}),
    (r"[SM]AX", {1: "T3D2", 2: "T3D3"}),
)
_KINDS = {
    "COH": "cohesive elements",
    "CONN": "connectors",
    "SPRING": "springs",
    "GAP": "gap elements",
    "MASS": "masses",
}


def readable_text(path: Path) -> io.StringIO:
    """The file with the elements under the names that meshio knows.

    Raises:
        MeshError: where it has elements of a kind that is not read, or several lists of nodes.
    """
    lines: list[str] = []
    unread: Counter[str] = Counter()
    kind, node_lists = "", 0
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _TYPE.match(line)
        if found:
            known = _known_name(found[2].upper())
            kind = "" if known else found[2].upper()
            line = found[1] + (known or found[2]) + found[3]
        elif line.startswith("*") and not line.startswith("**"):
            kind = ""
            node_lists += re.match(r"\*\s*node\s*(,|$)", line, re.IGNORECASE) is not None
        elif kind and line.strip():
            unread[kind] += not lines[-1].rstrip().endswith(",")
        lines.append(line)
    if unread:
        listed = ", ".join(f"{count} of kind {_describe(name)}" for name, count in unread.items())
        raise MeshError(
            f"The mesh has elements that are not read: {listed}.",
            where=str(path),
            hint="save it without them, with grains that share the nodes between them (Neper: without -interface cohesive)"
            if any(name.startswith("COH") for name in unread)
            else "use triangles (2D) or tetrahedra (3D), for example CPS3 or C3D4",
        )
    if node_lists > 1:
        raise MeshError(
            f"The file has {node_lists} lists of nodes.",
            where=str(path),
            hint="save the mesh as one part, with one *Node list and parts that share their nodes",
        )
    text = io.StringIO("\n".join(lines) + "\n")
    text.name = str(path)  # meshio looks for included files beside it
    return text


def _known_name(name: str) -> str:
    """Name of the same shape that meshio reads; empty where there is none."""
    for family, shapes in _FAMILIES:
        found = re.fullmatch(family + r"(\d+)[A-Z]*\d?", name)
        if found:
            return shapes.get(int(found[1]), "")
    return ""


def _describe(name: str) -> str:
    what = next((words for start, words in _KINDS.items() if name.startswith(start)), "")
    return f"'{name}' ({what})" if what else f"'{name}'"
