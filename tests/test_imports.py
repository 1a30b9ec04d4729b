"""Tests of the house: imports go down only, each library stands in its own file, `import rag` is light."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RAG = ROOT / "rag"
FILES = sorted(RAG.rglob("*.py"))
FLOORS = {
    "cli": 5,
    "__main__": 5,
    "chat": 5,
    "doctor": 5,
    "keep": 5,
    "pull": 5,
    "terminal": 5,
    "llamaindex": 4,
    "export": 4,
    "library": 3,
    "shelf": 3,
    "writer": 2,
    "indexes": 2,
    "ingest": 2,
    "walk": 2,
    "retrieve": 2,
    "extract": 2,
    "score": 2,
    "generate": 2,
    "better": 2,
    "written": 2,
    "followup": 2,
    "errors": 0,
    "model": 0,
    "settings": 0,
    "prompts": 0,
}
"""The floors of the design; what is not named stands on floor 1."""
HOMES = {
    "chromadb": {"vectors"},
    "tantivy": {"lexical"},
    "sqlalchemy": {"catalogue", "postgres", "reading", "records"},
    "psycopg": {"postgres"},
    "wordllama": {"embed"},
    "onnxruntime": {"minilm"},
    "tokenizers": {"minilm"},
    "google": {"int8"},
    "httpx": {"endpoint", "fetch", "llm"},
    "filelock": {"lock"},
    "Stemmer": {"text"},
    "pydantic_settings": {"settings"},
    "pydantic": {"doctor", "settings"},
    "openai": {"llm"},
    "typer": {"cli", "keep", "pull", "terminal"},
    "bibtexparser": {"bibtex", "export"},
    "bs4": {"page"},
    "defusedxml": {"atom"},
    "gradio": set(),
    "sklearn": set(),
}
"""The files that may import a library."""


def imports(file: Path) -> set[str]:
    """Return what a file imports at run time, anywhere in it: whole names, relative ones as `rag.x`."""
    tree = ast.parse(file.read_text("utf-8"))
    typing_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    package = ("rag", *file.relative_to(RAG).parts[:-1])
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1])
            found |= {f"{base}.{node.module}"} if node.module else {f"{base}.{alias.name}" for alias in node.names}
    return found


def place(module: str) -> str:
    """Return the part of a module of ours that has a floor: its own name, or its package's."""
    return module.split(".")[1] if "." in module else ""


def names(file: Path) -> str:
    return file.stem if file.stem != "__init__" else file.parent.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(RAG)))
def test_imports_go_down(file: Path) -> None:
    """No file imports one of a higher floor, none the package root, and `rag` knows neither `ui` nor `eval`."""
    own = place(".".join(("rag", *file.relative_to(RAG).with_suffix("").parts)))
    wanted = imports(file)
    assert not {name for name in wanted if name.split(".")[0] in {"ui", "eval"}}
    assert "rag" not in wanted
    for name in wanted:
        if name.startswith("rag."):
            assert FLOORS.get(place(name), 1) <= FLOORS.get(own, 1), f"{own} imports {name}"


def test_there_is_no_circle() -> None:
    """Following the imports of a file never leads back to it."""
    below = {
        ".".join(("rag", *file.relative_to(RAG).with_suffix("").parts)).removesuffix(".__init__"): {
            name for name in imports(file) if name.startswith("rag.")
        }
        for file in FILES
        if file.parent == RAG and file.stem != "__init__"
    }

    def reached(name: str, seen: set[str]) -> set[str]:
        for other in below.get(name, set()) - seen:
            seen |= {other}
            reached(other, seen)
        return seen

    assert not {name for name in below if name in reached(name, set())}


@pytest.mark.parametrize("library", sorted(HOMES))
def test_each_library_is_imported_in_its_own_file(library: str) -> None:
    """A third-party library is known to the files that the design names, and to no other."""
    users = {names(file) for file in FILES if any(name.split(".")[0] == library for name in imports(file))}
    assert users <= HOMES[library]


def test_importing_the_package_is_light() -> None:
    """`import rag` pulls in no third-party package at all, and so neither numpy, pydantic nor Chroma."""
    code = (
        "import sys; before = set(sys.modules); import rag; "
        "print(sorted({n.split('.')[0] for n in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "['rag']"


def test_opening_a_library_is_light() -> None:
    """Neither LlamaIndex, Chroma nor a machine-learning package is imported before it is needed."""
    code = "import sys; import rag.library; print([n for n in sys.argv[1:] if n in sys.modules])"
    heavy = ["chromadb", "llama_index", "wordllama", "onnxruntime", "sklearn", "gradio", "openai", "torch", "nltk"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(RAG)))
def test_what_a_module_lists_is_there(file: Path) -> None:
    """Every name in `__all__` can be had, once, and in order of the alphabet as ruff sorts it."""
    parts = ("rag", *file.relative_to(RAG).with_suffix("").parts)
    module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
    listed = getattr(module, "__all__", [])
    assert len(set(listed)) == len(listed)
    assert [name for name in listed if not hasattr(module, name)] == []


def test_the_public_names_are_those_of_the_package() -> None:
    """`dir(rag)` is `__all__`, every name in it loads, and any other is an AttributeError."""
    import rag

    assert dir(rag) == sorted(rag.__all__)
    assert set(rag._PUBLIC) == set(rag.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = rag.no_such_name
