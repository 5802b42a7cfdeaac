"""Citations as data."""

from __future__ import annotations

from typing import ClassVar

from ssbsim.document.citations import Citation, bibtex_entry, distinct
from ssbsim.document.model import Model, citations_in

PAPER = Citation(("M. Z. Bazant",), 2013, "Acc. Chem. Res.", "46", "1144", "10.1021/ar300145c")
BOOK = Citation(("J. Crank",), 1975, "The Mathematics of Diffusion, 2nd ed.", "Oxford University Press")


class Inner(Model):
    sources: ClassVar[tuple[Citation, ...]] = (PAPER,)


class Outer(Model):
    kind: str = "plain"
    parts: tuple[Inner, ...] = ()
    named: dict[str, Inner] = {}

    def cited(self) -> tuple[Citation, ...]:
        return (BOOK,) if self.kind == "diffusion" else ()


def test_a_paper_and_a_book_read_as_people_cite_them():
    assert PAPER.text == "M. Z. Bazant, Acc. Chem. Res. 46 (2013) 1144"
    assert BOOK.text == "J. Crank, The Mathematics of Diffusion, 2nd ed. Oxford University Press (1975)"


def test_entries_of_a_bibliography_have_the_fields_of_their_kind():
    assert PAPER.bibtex("bazant2013").startswith("@article{bazant2013,\n  author = {M. Z. Bazant},\n  journal =")
    assert "publisher = {Oxford University Press}" in BOOK.bibtex("crank1975")
    assert "journal" not in BOOK.bibtex("crank1975")


def test_no_text_of_a_source_breaks_the_bibliography():
    entry = bibtex_entry("misc", "k", {"title": "50 % {of} a\nline & \\more", "doi": "10.1/a_b", "note": ""})
    assert entry == "@misc{k,\n  title = {50 \\% (of) a line \\& /more},\n  doi = {10.1/a_b},\n}"


def test_different_papers_of_one_author_and_year_have_different_keys():
    other = Citation(("K. Bazant",), 2013, "Another J.", "1", "1")
    assert list(distinct([PAPER, other, PAPER])) == ["bazant2013", "bazant2013b"]


def test_a_case_cites_what_its_parts_rest_on():
    assert list(citations_in(Outer())) == []
    outer = Outer(kind="diffusion", parts=(Inner(),), named={"one": Inner()})
    assert list(citations_in(outer)) == [BOOK, PAPER, PAPER]
