"""Tests of the way in: reading files, forming batches, deciding what becomes of each paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from conftest import STACK, write_jsonl
from hypothesis import given
from hypothesis import strategies as st

from rag.ingest import Arrival, Plan, arrivals, batches, plan
from rag.model import Paper, Skipped
from rag.records import Known, Origin, content_hash
from rag.text import paper_id, title_key

TITLE, ABSTRACT = "Umbrellas for Robots", "Robots get wet. Umbrellas help."
DUMP = Paper(paper_id(TITLE), TITLE, ABSTRACT, source="dump.txt")
PAGE = Paper(
    "2401.00001", TITLE, ABSTRACT, "https://arxiv.org/abs/2401.00001", ("A. Rain",), date(2024, 1, 2), "page.html"
)


def stored(paper: Paper, *origins: str) -> dict[str, Known]:
    """Return what a catalogue that holds this paper would say."""
    places = {origin: Path(origin).name for origin in origins}
    known = Known(
        paper.id, title_key(paper.title), content_hash(paper), paper.url, paper.authors, paper.published, places
    )
    return {paper.id: known}


def planned(*papers: Paper, known: dict[str, Known] | None = None, seen: set[str] | None = None) -> Plan:
    """Return the plan for papers that come from /in/<their source>."""
    return plan([Arrival(one, f"/in/{one.source}") for one in papers], known or {}, set() if seen is None else seen)


def test_a_new_paper_is_added() -> None:
    """It is to be written, and where it came from noted."""
    assert planned(PAGE) == Plan((PAGE,), (), (), {}, (Origin(PAGE.id, "/in/page.html", "page.html"),))


def test_a_known_paper_is_unchanged() -> None:
    """Nothing is to be written for a paper that is there already, from the same place."""
    assert planned(PAGE, known=stored(PAGE, "/in/page.html")) == Plan((), (), (PAGE.id,), {}, ())


def test_a_known_paper_from_another_place() -> None:
    """Only the place is noted."""
    assert planned(PAGE, known=stored(PAGE, "/old")).origins == (Origin(PAGE.id, "/in/page.html", "page.html"),)


def test_a_changed_paper_is_updated_and_keeps_what_its_source_leaves_out() -> None:
    """The new abstract counts; address, authors and date stay as they were known."""
    changed = Paper(PAGE.id, TITLE, "It was rewritten.", source="page.html")
    (found,) = planned(changed, known=stored(PAGE)).updated
    assert found == replace(PAGE, abstract="It was rewritten.")


def test_a_dump_of_a_known_page_is_that_page() -> None:
    """A paper known by its title only gets the id that the library knows."""
    made = planned(DUMP, known=stored(PAGE, "/in/page.html"))
    assert made == Plan((), (), (PAGE.id,), {}, (Origin(PAGE.id, "/in/dump.txt", "dump.txt"),))


def test_a_page_of_a_known_dump_takes_its_place() -> None:
    """The better id replaces the one made from the title, and the paper still comes from the dump as well."""
    made = planned(PAGE, known=stored(DUMP, "/in/dump.txt"))
    assert (made.added, made.updated, made.replaced) == ((), (PAGE,), {DUMP.id: PAGE.id})
    assert set(made.origins) == {
        Origin(PAGE.id, "/in/dump.txt", "dump.txt"),
        Origin(PAGE.id, "/in/page.html", "page.html"),
    }


def test_a_dump_and_a_page_in_one_batch_are_one_paper() -> None:
    """Either way round there is one paper, under the better id, with all that either says."""
    for one, two in ((DUMP, PAGE), (PAGE, DUMP)):
        made = planned(one, two)
        assert [replace(paper, source="") for paper in made.added] == [replace(PAGE, source="")]
        assert {origin.origin for origin in made.origins} == {"/in/dump.txt", "/in/page.html"}
        assert (made.updated, made.unchanged, made.replaced) == ((), (), {})


def test_a_known_dump_beside_its_page_is_not_also_unchanged() -> None:
    """A dump that is read again beside the page that replaces it does not count for itself."""
    for one, two in ((DUMP, PAGE), (PAGE, DUMP)):
        made = planned(one, two, known=stored(DUMP, "/in/dump.txt"))
        assert [paper.id for paper in made.updated] == [PAGE.id]
        assert (made.added, made.unchanged, made.replaced) == ((), (), {DUMP.id: PAGE.id})


def test_two_papers_of_one_title_and_two_real_ids_are_two() -> None:
    """Only an id that was made from the title gives way."""
    other = replace(PAGE, id="2402.00002")
    assert [paper.id for paper in planned(other, known=stored(PAGE)).added] == ["2402.00002"]


def test_titles_without_letters_are_not_all_one() -> None:
    """Titles such as "???" and "!!!" have the same bare form, and are still two papers."""
    papers = [Paper(paper_id(title), title, ABSTRACT) for title in ("???", "!!!")]
    assert len(planned(*papers).added) == 2
    assert len(planned(papers[1], known=stored(papers[0])).added) == 1


def test_of_a_paper_met_twice_the_first_counts() -> None:
    """The second version in one run, in the same batch or a later one, gives nothing but its place."""
    seen: set[str] = set()
    second = replace(PAGE, abstract="Another version.", source="b.html")
    assert planned(PAGE, second, seen=seen).added == (PAGE,)
    later = planned(replace(second, source="c.html"), known=stored(PAGE), seen=seen)
    assert later == Plan((), (), (), {}, (Origin(PAGE.id, "/in/c.html", "c.html"),))


@given(st.lists(st.sampled_from(STACK), max_size=20), st.integers(1, 7))
def test_batches_keep_everything_in_order(papers: list[Paper], size: int) -> None:
    """No batch is longer than asked, and joined they are what came, with what was left out."""
    items: list[Arrival | Skipped] = []
    for number, paper in enumerate(papers):
        items.append(Arrival(paper, "/x"))
        if number % 3 == 0:
            items.append(Skipped("x", str(number), "bad"))
    made = list(batches(items, size))
    assert all(len(batch) <= size for batch, _ in made)
    assert [one for batch, _ in made for one in batch] == [one for one in items if isinstance(one, Arrival)]
    assert [one for _, skipped in made for one in skipped] == [one for one in items if isinstance(one, Skipped)]


def test_arrivals_know_their_file_and_tell_how_far_they_are(tmp_path: Path) -> None:
    """Papers come with the whole path, bad records and files as Skipped, and progress rises from 0 to 1."""
    good = write_jsonl(tmp_path / "a.jsonl", STACK[0], {"title": "No abstract"}, STACK[1])
    bad = tmp_path / "b.bin"
    bad.write_bytes(b"\0\1\2")
    heard: list[tuple[float, str]] = []
    items = list(arrivals([good, bad], lambda done, what: heard.append((done, what))))
    assert [one.paper.title for one in items if isinstance(one, Arrival)] == [STACK[0].title, STACK[1].title]
    assert {one.origin for one in items if isinstance(one, Arrival)} == {str(good.resolve())}
    left_out = [(one.source, bool(one.entry)) for one in items if isinstance(one, Skipped)]
    assert left_out == [("a.jsonl", True), ("b.bin", False)]
    shares = [done for done, _ in heard]
    assert shares == sorted(shares)
    assert shares[0] > 0
    assert heard[-1] == (1.0, "b.bin")
