"""Tests of eval/checker.py: scores worked by hand on sentences about invented papers, and the labels shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.checker import Labelled, evaluate, load_labels, render
from eval.schema import QuestionsError
from rag.library import STARTER
from rag.model import Paper
from rag.text import title_key

PAPERS = (
    Paper("a", "Fernweh: Packing Weights", "Fernweh shrinks checkpoints by 35% on 1,000 models. It does not retrain."),
    Paper("b", "Bees in Winter", "Bumble bees keep warm by shivering. Colonies of 40 workers survive the frost."),
)
FIELDS = {"id": "s1", "sentence": "x", "titles": ["Bees in Winter"], "question": "?", "kind": "quote",
          "label": "supported"}  # fmt: skip


def labelled(name: str, sentence: str, kind: str, label: str, title: str = "Bees in Winter") -> Labelled:
    """Return a labelled sentence."""
    return Labelled(name, sentence, (title,), "What survives?", kind, label)


RIGHT = labelled("s1", "Colonies of 40 workers survive the frost.", "quote", "supported")
MISSED = labelled("s2", "Insect nests live through cold spells of January.", "paraphrase", "supported")
CAUGHT = labelled("s3", "Colonies of 50 workers survive the frost.", "number", "unsupported")
FLAGGED = labelled("s4", "Colonies of 40 workers do not survive the frost.", "negation", "unsupported")
SLIPPED = labelled("s5", "The frost survives colonies of 40 workers.", "arguments", "unsupported")
ALL = (RIGHT, MISSED, CAUGHT, FLAGGED, SLIPPED)


def test_scores_by_hand():
    """Passed are s1, s4, s5, of which s1 is supported: precision 1/3, recall 1/2, F1 2/5; with flags 1/2, 1/2, 1/2."""
    result = evaluate(ALL, PAPERS)
    plain, strict = result.plain, result.strict
    assert [plain.precision.value, plain.recall.value, plain.f1.value] == pytest.approx([1 / 3, 1 / 2, 2 / 5])
    assert [strict.precision.value, strict.recall.value, strict.f1.value] == pytest.approx([1 / 2, 1 / 2, 1 / 2])
    assert dict(result.kinds) == {
        "paraphrase": (1, 0, 0), "quote": (1, 1, 1), "arguments": (1, 0, 0), "negation": (1, 0, 1), "number": (1, 1, 1),
    }  # fmt: skip
    assert [one.labelled.id for one in result.false_alarms] == ["s2"]
    assert [one.labelled.id for one in result.let_through] == ["s5"]


def test_a_score_without_a_base_is_none():
    """Nothing passed: there is no precision; nothing is supported: there is no recall."""
    result = evaluate([CAUGHT], PAPERS)
    assert (result.plain.precision, result.plain.recall, result.plain.f1) == (None, None, None)
    assert "none" in render(result)


def test_it_is_shown():
    """The text has both scores with intervals, the rate of each kind, and each error with its verdict and why."""
    shown = render(evaluate(ALL, PAPERS)).splitlines()
    assert shown[0] == "5 labelled sentences, 2 supported"
    assert shown[3].split()[:6] == ["VERBATIM", "or", "SUPPORTED", "0.33", "[0.33,", "0.33]"]
    assert shown[4].startswith("the same without a flag")
    assert any(line.split() == ["negation", "1", "caught", "0%", "100%"] for line in shown)
    assert "let through (1)" in shown
    assert shown[-1].startswith("  s2 paraphrase: ")
    assert shown[-1].endswith("Insect nests live through cold spells of January.")


def test_the_json_form():
    """The figures have a JSON form."""
    told = json.loads(json.dumps(evaluate(ALL, PAPERS).to_dict()))
    assert told["n"] == 5
    assert told["strict"]["precision"]["n"] == 2
    assert told["kinds"]["negation"] == {"n": 1, "right": 0, "right_with_flags": 1}


def test_the_weights_of_words_are_used():
    """A sentence whose known word is all that counts passes; where it counts for nothing, it does not."""
    half = labelled("s6", "Shivering bees dislike carpets, operas and tangents.", "invented", "unsupported")
    known = {"shiver", "bee"}
    assert evaluate([half], PAPERS, idf=lambda stem: 9.0 if stem in known else 0.1).let_through
    assert not evaluate([half], PAPERS, idf=lambda stem: 0.1 if stem in known else 9.0).let_through


def test_an_unknown_title_is_named():
    """A label on a paper that is not there names both."""
    with pytest.raises(QuestionsError, match="s1: no paper has the title 'Wasps'"):
        evaluate([labelled("s1", "Wasps sting in summer.", "quote", "supported", "Wasps")], PAPERS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{half\n", r"line 1: the line: invalid json"),
        (json.dumps({**FIELDS, "label": "maybe"}), r"line 1: label: input should be 'supported' or 'unsupported'"),
        (json.dumps({**FIELDS, "colour": "red"}), r"line 1: colour: unexpected keyword"),
        (json.dumps({**FIELDS, "readers": "2"}), r"line 1: readers: input should be a valid integer"),
        (f"{json.dumps(FIELDS)}\n\n{json.dumps(FIELDS)}\n", r"line 3: the id 's1' was there before"),
        ("\n", r"there are no labels in"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, text: str, fault: str):
    """Each fault of a file of labels is told with its line."""
    path = tmp_path / "labels.jsonl"
    path.write_text(text)
    with pytest.raises(QuestionsError, match=fault):
        load_labels(path)


def test_labels_are_read(tmp_path: Path):
    """A good line is read whole, with and without `readers`; a missing file is an error that names it."""
    path = tmp_path / "labels.jsonl"
    path.write_text(f"{json.dumps(FIELDS)}\n{json.dumps({**FIELDS, 'id': 's2', 'readers': 2})}\n")
    first, second = load_labels(path)
    assert (first.titles, first.readers, second.readers) == (("Bees in Winter",), 1, 2)
    assert first.is_supported
    with pytest.raises(QuestionsError, match="cannot be read"):
        load_labels(tmp_path / "none.jsonl")


def test_the_shipped_labels():
    """The labels shipped are about half supported, and each cites a paper of the starter library."""
    labels = load_labels()
    papers = [Paper(str(place), record["title"], record["abstract"])
              for place, record in enumerate(map(json.loads, STARTER.read_text("utf-8").splitlines()))]  # fmt: skip
    keys = {title_key(paper.title) for paper in papers}
    assert len(labels) >= 150
    assert min(one.readers for one in labels) == 2
    assert 0.4 <= sum(one.is_supported for one in labels) / len(labels) <= 0.6
    assert {title_key(title) for one in labels for title in one.titles} <= keys
    assert evaluate(labels, papers).plain.f1.value > 0.5
