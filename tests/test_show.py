"""Values as lines of text: verdicts, reports, and text that cannot move a terminal."""

from __future__ import annotations

from rag.model import AddReport, Answer, Citation, Paper, Sentence, Skipped, Verdict
from rag.show import answer_lines, clean, plain, report_lines


def test_verdicts_and_rewriting_are_shown() -> None:
    """A sentence that is not supported is marked with why, and a question that was rewritten is shown."""
    paper = Paper("p", "A [red]Title", "It is so. It is not.", "https://arxiv.org/abs/2101.00001")
    answer = Answer(
        "And it?",
        "And the title?",
        "It is so. [1] It may be.",
        (
            Sentence("It is so.", Verdict.VERBATIM, (1,)),
            Sentence("It may be.", Verdict.UNCITED, (), "it cites nothing"),
        ),
        (Citation(1, paper, "It is so.", 0, 9),),
        (),
        mode="a-model",
    )
    assert plain(answer_lines(answer)) == (
        "understood as: And the title?\n"
        "\n"
        "It is so. [1] It may be.\n"
        "\n"
        "[1] A [red]Title\n"
        "    https://arxiv.org/abs/2101.00001\n"
        "\n"
        "UNCITED: It may be. (it cites nothing)\n"
        "\n"
        "written by a-model\n"
    )


def test_many_failures_are_counted() -> None:
    """The first 20 records that failed are named, the others counted."""
    failed = tuple(Skipped("file", f"line {number}", "no title") for number in range(25))
    lines = plain(report_lines(AddReport(failed=failed))).splitlines()
    assert lines[0] == "0 added, 0 updated, 0 unchanged, 25 failed"
    assert lines[1:21] == [f"failed: file, line {number}: no title" for number in range(20)]
    assert lines[21:] == ["and 5 more failed"]


def test_clean() -> None:
    """Escapes go whole, line ends become spaces, what turns text around goes, other scripts stay."""
    assert (
        clean("a\x1b[1;31mb\x1b]8;;http://x\x07c\x1b(Bd\r\n e\x00\x7f\u2028f\u202eg\ud800 日本 é") == "abcd e fg 日本 é"
    )
