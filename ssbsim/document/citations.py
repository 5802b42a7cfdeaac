"""Sources of laws and methods, as data: cited in the report of a run and written to its ``references.bib``.

A class of the input file carries what its law or method rests on in ``sources`` (:class:`ssbsim.document.model.Model`);
what stands in a case is then cited by :func:`ssbsim.document.model.citations_in`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """One paper, book or report.

    Args:
        authors: In the order of the paper, each as ``M. Z. Bazant``.
        year: Of publication.
        journal: Or the title of a book or report.
        volume: Or publisher.
        pages: First page or article number; empty for a book.
        doi: Empty where there is none.
        note: What to know about it, for example that it is cited from memory.
    """

    authors: tuple[str, ...]
    year: int
    journal: str
    volume: str = ""
    pages: str = ""
    doi: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """As in ``M. Z. Bazant, Acc. Chem. Res. 46 (2013) 1144``."""
        place = " ".join(filter(None, (self.journal, self.volume, f"({self.year})", self.pages)))
        return ", ".join((*self.authors, place))

    @property
    def key(self) -> str:
        """As in ``bazant2013``."""
        name = unicodedata.normalize("NFKD", self.authors[0].split()[-1]).encode("ascii", "ignore").decode()
        return re.sub(r"\W", "", name).lower() + str(self.year)

    def bibtex(self, key: str) -> str:
        """The entry of a bibliography."""
        place = (
            {"journal": self.journal, "volume": self.volume, "pages": self.pages}
            if self.pages
            else {"title": self.journal, "publisher": self.volume}
        )
        about = {"year": str(self.year), "doi": self.doi, "note": self.note}
        fields = {"author": " and ".join(self.authors), **place, **about}
        return bibtex_entry("article" if self.pages else "misc", key, fields)


def bibtex_entry(kind: str, key: str, fields: dict[str, str]) -> str:
    """One entry; empty fields are left out and braces in a value are made harmless."""
    lines = [f"  {name} = {{{_escaped(name, value)}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _escaped(name: str, value: str) -> str:
    flat = " ".join(value.split()).replace("\\", "/").replace("{", "(").replace("}", ")")
    return flat if name == "doi" else re.sub(r"([&%$#_])", r"\\\1", flat)


def distinct(citations: Iterable[Citation]) -> dict[str, Citation]:
    """Every citation once, by a key of its own (``bazant2013``, ``bazant2013b``), in the order of first use."""
    found: dict[str, Citation] = {}
    for one in dict.fromkeys(citations):
        key, suffix = one.key, "a"
        while key in found:
            suffix = chr(ord(suffix) + 1)
            key = one.key + suffix
        found[key] = one
    return found
