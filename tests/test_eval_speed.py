"""Tests of the speed bench: that it measures what it says, never how long that takes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.speed import SpeedOptions, measure
from eval.speed_peers import PEERS, compare_peers
from eval.speed_report import write
from eval.synthetic import questions, synthetic
from rag.embed import StaticEmbedder
from rag.text import sentences

SIZE = 200
COLLECTION = Path(__file__).resolve().parents[2] / "shared" / "collections" / "cranfield"


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Measure a small library once."""
    options = SpeedOptions((SIZE,), slices=2, questions=3, rounds=2, cold=1, children=False)
    (found,) = measure(options, lambda _doing: None)
    return found


def test_made_up_papers_are_the_same_for_a_seed() -> None:
    """The same seed gives the same papers and questions, in slices too; another seed gives others."""
    papers = list(synthetic(30, seed=3))
    assert papers == list(synthetic(30, seed=3))
    assert papers[20:] == list(synthetic(10, seed=3, first=20))
    assert papers != list(synthetic(30, seed=4))
    assert questions(5, 30, seed=3) == questions(5, 30, seed=3)
    assert len({paper.id for paper in papers}) == 30


def test_made_up_papers_are_like_real_ones() -> None:
    """Abstracts have 90 to 360 words, about 200 on average, in sentences; papers of a library differ."""
    papers = list(synthetic(SIZE))
    lengths = [len(paper.abstract.split()) for paper in papers]
    assert min(lengths) >= 90
    assert max(lengths) <= 360
    assert 180 < np.mean(lengths) < 225
    assert all(len(sentences(paper.abstract)) > 5 for paper in papers)
    vectors = StaticEmbedder().embed([paper.abstract for paper in papers])
    assert np.mean(vectors @ vectors.T) < 0.9


def test_every_figure_is_there_and_sane(figures: dict[str, Any]) -> None:
    """Each thing that is timed has a positive figure, each ratio as many values as there were repetitions."""
    assert figures["papers"] == SIZE
    assert len(figures["add"]["ratio"]) == 2
    assert len(figures["question"]["ratio"]) == 2
    assert set(figures["question"]["ms"]) == {"search", "choose", "check", "ask", "follow-up", "filtered search"}
    assert set(figures["add"]["parts_per_s"]) == {"embedder", "Chroma", "tantivy", "SQLite"}
    steps = [*figures["question"]["ms"].values(), *figures["question"]["parts_ms"].values()]
    assert all(value > 0 for value in [*steps, *figures["add"]["ratio"], *figures["question"]["ratio"]])
    for name in ("unchanged_per_s", "open_ms", "disk_mb", "sync_unchanged_s"):
        assert figures[name] > 0
    assert figures["recall_at_10"]["library"] == pytest.approx(1.0, abs=0.01)  # half floats may swap the tenth


def test_the_report_tells_all_of_it(figures: dict[str, Any], tmp_path: Path) -> None:
    """JSON holds the figures, Markdown a row for each, and the plot is well-formed."""
    peers = {"made up": {"Paperchat": {"nDCG@10": 0.5, "per_s": 10.0, "ms": 2.0}}}
    told = write([figures], peers, tmp_path)
    assert json.loads((tmp_path / "speed.json").read_text("utf-8")) == {"sizes": [figures], "peers": peers}
    assert (tmp_path / "speed.md").read_text("utf-8") == told
    assert "| Paperchat | 0.500 | 10 | 2.0 |" in told
    assert "| add (limit 1.4) |" in told
    assert ElementTree.parse(tmp_path / "speed.svg").getroot().tag.endswith("svg")


@pytest.mark.skipif(not COLLECTION.is_dir(), reason="the collection is not here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_peers_are_asked_the_same(tmp_path: Path) -> None:
    """On a few papers with their queries every system finds something that is relevant."""
    (tmp_path / "few" / "qrels").mkdir(parents=True)
    lines = (COLLECTION / "corpus.jsonl").read_text("utf-8").splitlines()[:60]
    ids = {str(json.loads(line)["_id"]) for line in lines}
    (tmp_path / "few" / "corpus.jsonl").write_text("\n".join(lines), "utf-8")
    (tmp_path / "few" / "queries.jsonl").write_bytes((COLLECTION / "queries.jsonl").read_bytes())
    for path in (COLLECTION / "qrels").glob("*.tsv"):
        head, *rows = path.read_text("utf-8").splitlines()
        kept = [row for row in rows if row.split("\t")[1] in ids]
        (tmp_path / "few" / "qrels" / path.name).write_text("\n".join([head, *kept]), "utf-8")
    found = compare_peers([tmp_path / "few"], lambda _doing: None, limit=5)["few"]
    assert list(found) == list(PEERS)
    assert all(one["nDCG@10"] > 0 and one["per_s"] > 0 and one["ms"] > 0 for one in found.values())
