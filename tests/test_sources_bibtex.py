"""Tests of the reader of BibTeX and of the decoding of its LaTeX."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rag.errors import SourceError
from rag.model import Paper, Skipped
from rag.sources import read
from rag.sources.latex import plain, without_braces

FIXTURES = Path(__file__).parent / "fixtures"


def test_entries_with_an_abstract_are_papers() -> None:
    """Accents are decoded, braces leave titles, mathematics stays, the eprint is the id."""
    first, second, *_ = read(FIXTURES / "papers.bib")
    assert first == Paper(
        id="2408.00008",
        title="The BERT of Örtze: Rivers & Models",
        abstract="We model rivers with naïve nets and save 20% of $x_{1}$.",
        url="https://arxiv.org/abs/2408.00008",
        authors=("Ada Möss", "Bo Fern", "Éva Škoda"),
        published=date(2024, 3, 1),
        source="papers.bib",
    )
    assert isinstance(second, Paper)
    assert (second.url, second.published) == ("https://doi.org/10.1000/2", date(2023, 2, 3))
    assert second.title == "Plain Quotes"


def test_bad_entries_are_left_out_by_line() -> None:
    """An entry without an abstract and a broken one are reported; what follows is still read."""
    found = list(read(FIXTURES / "papers.bib"))
    assert [(item.entry, item.reason) for item in found if isinstance(item, Skipped)] == [
        ("entry at line 11 (bare)", "no abstract"),
        ("entry at line 12", "broken BibTeX entry"),
    ]
    titles = [item.title for item in found if isinstance(item, Paper)]
    assert titles[2:] == ["After the Broken One", "The Same Key Again"]


def test_the_parser_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Broken entries are in the report, not on the screen."""
    list(read(FIXTURES / "papers.bib"))
    assert capfd.readouterr() == ("", "")


def test_round_brackets_and_strings_are_read(tmp_path: Path) -> None:
    """The older form of an entry, and text that @string names, are read too."""
    path = tmp_path / "a"
    path.write_text('@string{words = "Some named words."}\n@article(k, title = {T}, abstract = words)\n')
    (paper,) = read(path)
    assert isinstance(paper, Paper)
    assert paper.abstract == "Some named words."


def test_source_code_is_no_bibtex(tmp_path: Path) -> None:
    """Decorators look like entries and are none."""
    path = tmp_path / "a.py"
    path.write_text("@dataclass(frozen=True)\nclass A:\n    pass\n")
    with pytest.raises(SourceError, match="no file of papers"):
        list(read(path))


def test_a_giant_line_is_refused(tmp_path: Path) -> None:
    """A line of millions of characters is no BibTeX that anybody wrote."""
    path = tmp_path / "a.bib"
    path.write_text("@article{" * 500_000)
    with pytest.raises(SourceError, match="line of over"):
        list(read(path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{\\"o} \\"{o} \\"o {\\"{o}}', "ö ö ö ö"),
        ("\\'{\\i} {\\'\\i}", "í í"),
        ("\\c{c} \\v{s} {\\H{o}} \\cite{x}", "ç š ő \\cite{x}"),
        ("{\\ss} stra{\\ss}e \\o{} \\l ukasz \\omega", "ß straße ø łukasz \\omega"),
        ("R\\&D 5{\\%} a\\_b", "R&D 5% a_b"),
        ("$10^{3}$ \\textbf{x}", "$10^{3}$ \\textbf{x}"),
    ],
)
def test_latex_is_decoded_as_far_as_text_needs_it(text: str, expected: str) -> None:
    """Accents, letters and escapes become characters; other commands stay."""
    assert plain(text) == expected


def test_titles_lose_their_braces() -> None:
    """Braces and styles go, their content stays."""
    assert without_braces("{The \\emph{Quiet} {GPU}}") == "The Quiet GPU"
