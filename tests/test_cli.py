"""The commands that read a library, as users meet them: whole outputs, exit codes, JSON, imports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import PEBBLE, one_line, outcome, rag
from conftest import STACK, Child, write_jsonl

from rag.library import Library


def test_ask(folder: Path) -> None:
    """An answer is its sentences with numbers, then the numbered titles; nothing else, and no colour in a pipe."""
    code, out, err = outcome(rag("ask", PEBBLE, "--library", folder))
    text, titles = out.split("\n\n")
    assert (code, err) == (0, "")
    assert text.startswith("Pebble quantises the weights of Echolalia-300M to 3 bits per weight. [1]")
    assert titles.splitlines()[0] == "[1] Pebble: Quantising Speech Models to Three Bits"
    assert "\x1b" not in out


def test_ask_json(folder: Path) -> None:
    """--json is `to_dict()`, indented, alone on stdout."""
    code, out, err = outcome(rag("ask", PEBBLE, "--json", "--library", folder))
    with Library.open(folder) as library:
        expected = library.ask(PEBBLE).to_dict()
    shown = json.loads(out)
    assert (code, err) == (0, "")
    assert out == json.dumps(shown, indent=2) + "\n"
    assert list(shown) == list(expected)
    assert {**shown, "timings": {}} == {**expected, "timings": {}}


def test_a_refusal_is_an_answer(folder: Path) -> None:
    """When the papers do not answer, the nearest titles are shown, and the exit code is 0."""
    code, out, err = outcome(rag("ask", "Who won the cricket world cup in 1983?", "--library", folder))
    reason, nearest = out.split("\n\n")
    lines = nearest.splitlines()
    assert (code, err) == (0, "")
    assert reason == "The papers in this library do not answer this question."
    assert lines[0] == "nearest papers:"
    assert 1 <= len(lines[1:]) <= 3
    assert {line.removeprefix("- ") for line in lines[1:]} <= {paper.title for paper in STACK}


@pytest.mark.parametrize("question", ["", "   ", "?!... --- ;;", "why " * 25_000])
@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_that_is_none(folder: Path, command: str, question: str) -> None:
    """A question that is empty, endless or only punctuation is wrong usage, told in one line."""
    result = rag(command, "--library", folder, "--", question)
    assert one_line(result).startswith("rag: the question ")
    assert result.exit_code == 2


@pytest.mark.parametrize("command", [["ask", "Why?"], ["search", "Why?"], ["papers"], ["show", "x"], ["rebuild"]])
def test_no_library(tmp_path: Path, command: list[str]) -> None:
    """Without a library, one line says how to make one."""
    line = one_line(rag(*command, "--library", tmp_path / "none"))
    assert line.startswith(f"rag: there is no library in {tmp_path}/none: make one with: rag add")


def test_rebuild_makes_no_library(tmp_path: Path) -> None:
    """A folder without a library stays as it is when it is to be embedded anew."""
    assert "there is no library" in one_line(rag("rebuild", "--embedder", "auto", "--library", tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_search(folder: Path) -> None:
    """Results have rank, title, score and passage; -k says how many; --json gives the objects under `evidence`."""
    code, out, err = outcome(rag("search", PEBBLE, "-k", 2, "--library", folder))
    assert (code, err) == (0, "")
    assert out.startswith("1. Pebble: Quantising Speech Models to Three Bits  ")
    assert [line[:2] for line in out.splitlines() if line[0].isdigit()] == ["1.", "2."]
    found = json.loads(rag("search", PEBBLE, "-k", 2, "--json", "--library", folder).stdout)
    with Library.open(folder) as library:
        assert found == [piece.to_dict() for piece in library.search(PEBBLE, 2)]


def test_filters(tmp_path: Path) -> None:
    """--source, --since and --until narrow what is searched; a source that is not there is wrong usage."""
    folder = tmp_path / "library"
    one = write_jsonl(tmp_path / "one.jsonl", {"title": "Old Tides", "abstract": "Tides rise.", "year": 2001})
    two = write_jsonl(tmp_path / "two.jsonl", {"title": "New Tides", "abstract": "Tides fall.", "year": 2021})
    assert rag("add", one, two, "--library", folder).exit_code == 0

    def found(*options: object) -> list[str]:
        shown = json.loads(rag("search", "tides", "--json", "--library", folder, *options).stdout)
        return sorted(piece["title"] for piece in shown)

    assert found() == ["New Tides", "Old Tides"]
    assert found("--source", "one.jsonl") == ["Old Tides"]
    assert found("--source", "one.jsonl", "--source", "two.jsonl") == ["New Tides", "Old Tides"]
    assert found("--since", 2010) == ["New Tides"]
    assert found("--until", 2010) == ["Old Tides"]
    assert found("--since", 2002, "--until", 2020) == []
    assert "no paper was found" in rag("search", "tides", "--since", 2030, "--library", folder).stderr
    unknown = rag("ask", "tides", "--source", "three.jsonl", "--library", folder)
    assert unknown.exit_code == 2
    assert one_line(unknown).endswith("'three.jsonl': the library has: one.jsonl, two.jsonl\n")
    assert rag("ask", "tides", "--since", 2021, "--until", 2020, "--library", folder).exit_code == 2


def test_papers_and_show(folder: Path) -> None:
    """Papers are listed by title with id and day; one is shown with everything that is known of it."""
    code, out, err = outcome(rag("papers", "--library", folder))
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "i11  2026-06-01  Cartographer: Maps of Model Failures"
    assert len(out.splitlines()) == len(STACK)
    paper = STACK[3]
    assert rag("show", "i3", "--library", folder).stdout == (
        f"{paper.title}\nid: i3\nauthors: A. Writer 3\npublished: 2018-06-01\n\n{paper.abstract}\n"
    )
    assert "'nobody'" in one_line(rag("show", "nobody", "--library", folder))


def test_an_empty_library_is_told(tmp_path: Path) -> None:
    """An empty library has no papers to list, and a note says what to do."""
    with Library.open(tmp_path / "library", create=True):
        pass
    code, out, err = outcome(rag("papers", "--library", tmp_path / "library"))
    assert (code, out, err) == (0, "", "the library is empty: add papers with: rag add FILE...\n")


def test_export(folder: Path, tmp_path: Path) -> None:
    """An export goes to stdout, or to a file with a note; it has exactly one form."""
    out = rag("export", "--bibtex", "--library", folder).stdout
    assert out.count("@misc{") == len(STACK)
    code, nothing, note = outcome(rag("export", "--bibtex", "-o", tmp_path / "a.bib", "--library", folder))
    assert (code, nothing, note) == (0, "", f"12 papers written to {tmp_path}/a.bib\n")
    assert (tmp_path / "a.bib").read_text("utf-8") == out
    assert rag("export", "--markdown", "--library", folder).stdout.startswith("## Cartographer")
    assert len(json.loads(rag("export", "--json", "--library", folder).stdout)) == len(STACK)
    for wrong in ([], ["--bibtex", "--json"]):
        assert one_line(rag("export", *wrong, "--library", folder)).endswith(
            "say one of --bibtex, --markdown, --json\n"
        )
    line = one_line(rag("export", "--json", "-o", tmp_path / "no" / "where", "--library", folder))
    assert "cannot be written (No such file or directory)" in line


def test_version_and_usage() -> None:
    """--version prints one line; the rest of the usage is checked, and every command has help."""
    assert rag("--version").stdout.startswith("paperchat ")
    assert rag().exit_code == 2
    assert rag("nonesuch").exit_code == 2
    assert rag("search", "why", "-k", "0").exit_code == 2
    shown = rag("--help").stdout
    for name in ["add", "ask", "chat", "search", "papers", "show", "remove", "sync", "rebuild", "export", "doctor"]:
        assert f"  {name} " in shown
        text = rag(name, "--help")
        assert text.exit_code == 0
        assert "--library DIR" in text.stdout


def test_rag_library_is_the_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --library, RAG_LIBRARY says where the library is."""
    monkeypatch.setenv("RAG_LIBRARY", str(folder))
    assert len(rag("papers").stdout.splitlines()) == len(STACK)


def test_what_asking_imports(folder: Path, child: Callable[..., Child]) -> None:
    """`rag ask` loads neither what reading files, the web UI or models need, nor rich when nobody looks."""
    code = (
        "import sys; from rag.cli import app\n"
        "try: app(['ask', sys.argv[1], '--library', sys.argv[2]])\n"
        "except SystemExit as end: print('code', end.code)\n"
        "heavy = 'llama_index gradio sklearn bs4 bibtexparser openai onnxruntime rich pandas'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    status, out, errors = child(code, PEBBLE, folder).end()
    assert (status, errors) == (0, "")
    assert out.splitlines()[-2:] == ["code 0", "[]"]


def test_what_help_imports(child: Callable[..., Child]) -> None:
    """The program itself loads nothing heavy: help is shown at once."""
    code = (
        "import sys; import rag.cli\n"
        "print([name for name in ('numpy', 'sqlalchemy', 'pydantic', 'rich', 'chromadb') if name in sys.modules])"
    )
    assert child(code).end() == (0, "[]\n", "")
