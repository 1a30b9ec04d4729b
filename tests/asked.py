"""Questions about the invented papers, and the command line that asks them; what is true is left to the tests."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from commands import CliRunner
from conftest import STACK

from eval.record import Run, load_run
from eval.run import app
from eval.schema import Message, Nugget, Question

PLAIN = Question(
    id="", category="single", answerable=True, history=(), question="", reference="", gold=(), ok_papers=(),
    nuggets=(), forbid=(), unanswerable_reason=None, cluster_id="", variant_of=None, variant=None, split="test",
)  # fmt: skip
TIDEWATER, PEBBLE, JUDGES, HEARTH, LANTERN = (STACK[place].title for place in (0, 1, 2, 9, 4))


def number(value: float, *unit: str) -> Nugget:
    """Return a vital number."""
    return Nugget("n1", "number", vital=True, value=value, unit=unit)


def string(*any_of: str) -> Nugget:
    """Return a vital string."""
    return Nugget("n1", "string", vital=True, any_of=any_of)


def about(name: str, title: str, asked: str, nugget: Nugget, reference: str, **changes: object) -> Question:
    """Return an answerable question about one paper."""
    given = {"category": "numeric", **changes}
    return replace(
        PLAIN, id=name, cluster_id=title, question=asked, gold=((title,),), nuggets=(nugget,), reference=reference,
        **given,
    )  # fmt: skip


def refused(name: str, category: str, asked: str, **changes: object) -> Question:
    """Return a question that no paper answers."""
    return replace(
        PLAIN, id=name, category=category, answerable=False, cluster_id=name, question=asked,
        unanswerable_reason="no paper says so", **changes,
    )  # fmt: skip


SET = (
    about("tide", TIDEWATER, "By how many points does Tidewater outperform Marlowe-XL on the Harbour benchmark?",
          number(6.3), "By 6.3 points.", split="dev"),
    about("bits", PEBBLE, "To how many bits does Pebble quantise the weights?", number(3, "bits"), "To 3 bits.",
          split="dev"),
    about("bits-p", PEBBLE, "How many bits per weight remain after Pebble has quantised a speech model?",
          number(3, "bits"), "3 bits remain.", split="dev", variant="paraphrase", variant_of="bits"),
    about("bits-f", PEBBLE, "And how many calibration clips does it need?", number(512, "clips"), "It needs 512 clips.",
          split="dev", variant="follow_up", variant_of="bits",
          history=(Message("user", "To how many bits does Pebble quantise the weights?"),
                   Message("assistant", "To 3 bits per weight."))),
    about("agree", JUDGES, "In what share of cases do small judges agree with human raters?", number(61, "%"),
          "In 61% of cases.", category="single"),
    about("phones", STACK[8].title, "On which phones does Postcards make uploads faster?", string("Skua"),
          "On Skua phones.", category="single"),
    about("hearth", HEARTH, "In what share of trials does Hearth find the asked object?", number(74, "%"),
          "In 74% of trials."),
    about("gone", HEARTH, "After how many days does moved furniture break the graph of Hearth?", number(5, "days"),
          "After 5 days."),
    about("switch", LANTERN, "Why does Lantern handle code-switched queries so well?", string("cannot handle"),
          "It cannot handle them.", category="false_premise"),
    refused("rate", "near_miss", "On which machines does Orchard run?", split="dev"),
    refused("bread", "out_of_domain", "How do I bake sourdough bread?"),
)  # fmt: skip


def write_set(path: Path, *questions: Question) -> Path:
    """Write questions, all of SET when none are given, one a line."""
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in questions or SET), "utf-8")
    return path


def rag_eval(*arguments: object) -> tuple[int, str, str]:
    """Run the command in this process; return its exit code and both streams."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def ran(*arguments: object, out: Path) -> Run:
    """Make a run with few draws, which must pass, and read it."""
    code, _, told = rag_eval("run", "--resamples", 200, "--out", out, *arguments)
    assert code == 0, told
    return load_run(out / "run.json")


def timeless(run: Run) -> dict[str, object]:
    """Return a run without what differs from one time to the next: when it was made and how long things took."""
    told = run.to_dict()
    del told["created"]
    del told["totals"]["seconds"]
    for row in told["rows"]:
        del row["latency_ms"]
        del row["answer"]["timings"]
    return told
