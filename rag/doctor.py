"""Examines an installation: versions, library, settings, network; it repairs nothing; printing is left to others."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from .errors import ModelError, PaperchatError, shorten
from .faults import OPENAI, public_address
from .settings import Settings
from .show import Line, clean

__all__ = ["examine", "report_of", "version_of"]

PACKAGES = (
    "chromadb",
    "tantivy",
    "wordllama",
    "onnxruntime",
    "tokenizers",
    "llama-index-core",
    "sqlalchemy",
    "numpy",
    "openai",
    "gradio",
    "llama-index-llms-openai-like",
)
SAMPLES = 20
"""Stored vectors that Chroma must find again."""
READY_TOKENS = 16
"""What the doctor's one call may cost."""


def version_of(package: str) -> str | None:
    """Return the version of an installed package; for Paperchat itself, run from its source, that of the source."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return _source_version() if package == "paperchat" else None


def _source_version() -> str | None:
    import tomllib

    try:
        project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
    except (OSError, KeyError, ValueError):
        return None
    return str(project["version"]) if project.get("name") == "paperchat" else None


def examine(settings: Settings) -> dict[str, Any]:
    """Return what there is to know, as JSON.

    The parts are `versions`, `embedders`, `library` (with `problems`), `settings` and `network`; and `model`, when one
    is set, which is then asked for one word. Nothing else is called over the network but the Chroma server, when one is
    set. No key and no password is in it.
    """
    found = {
        "versions": {
            "paperchat": version_of("paperchat"),
            "python": platform.python_version(),
            "platform": f"{sys.platform} {platform.machine()}",
            **{package: version_of(package) for package in PACKAGES},
        },
        "embedders": _embedders(settings),
        "library": _library(settings),
        "settings": {name: _hidden(value) for name, value in sorted(settings.model_dump().items())},
        "network": _network(settings),
    }
    model = _model(settings)
    return found | ({"model": model} if model else {})


def _model(settings: Settings) -> dict[str, Any] | None:
    """Return whether the model that is set answers, and what; None when none is."""
    from .llm import Endpoint, Model
    from .prompts import ready_prompt

    endpoint = Endpoint.of(settings)
    if endpoint is None:
        idle = "OPENAI_API_KEY is set, but no model is named: no answer is written by one (RAG_MODEL names it)"
        return {"name": None, "answers": False, "told": idle} if settings.openai_api_key else None
    model = Model(endpoint)
    try:
        said, answers = " ".join("".join(model.reply(ready_prompt(), tokens=READY_TOKENS)).split()), True
    except ModelError as error:
        said, answers = str(error), False
    finally:
        model.close()
    return {"name": model.name, "answers": answers, "told": shorten(said, 300)}


def _embedders(settings: Settings) -> dict[str, str | None]:
    """Return where the files of each embedder lie (None: not here), and what `auto` takes."""
    from .embed import best
    from .models import folder_of, is_there

    minilm = str(folder_of(settings.models)) if is_there(settings.models) else None
    return {"static": "comes along", "minilm": minilm, "auto": best(settings.models)}


def _hidden(value: object) -> object:
    if isinstance(value, SecretStr):
        return "**********"
    if isinstance(value, str) and "://" in value:
        return public_address(value)
    return str(value) if isinstance(value, Path) else value


def _network(settings: Settings) -> list[dict[str, str]]:
    """Return what would be called: the setting that says so, the address, what for."""
    called = []
    if settings.catalogue_url:
        called.append(("RAG_CATALOGUE_URL", settings.catalogue_url, "the catalogue in Postgres: papers and vectors"))
    if settings.chroma_url:
        called.append(("RAG_CHROMA_URL", settings.chroma_url, "the Chroma server: passages and vectors"))
    if settings.openai_base_url:
        called.append(("OPENAI_BASE_URL", settings.openai_base_url, "a model endpoint: questions and evidence"))
    elif settings.openai_api_key and settings.model:
        called.append(("OPENAI_API_KEY", OPENAI, "a model endpoint: questions and evidence"))
    return [{"setting": name, "address": public_address(at), "what": what} for name, at, what in called]


def _library(settings: Settings) -> dict[str, Any]:
    """Return where the library lies, how large it is, and what is wrong with it."""
    from .lock import is_writable
    from .opening import is_there

    folder = settings.library
    there = is_there(folder, settings)
    found: dict[str, Any] = {"folder": str(folder.absolute()), "exists": there, "problems": []}
    if not there:
        return found
    writable = is_writable(folder)
    found |= {"writable": writable, "bytes": _size(folder)}
    try:
        found |= _held(settings, folder, writable, found["problems"])
    except PaperchatError as error:
        found["problems"].append(str(error))
    return found


def _size(folder: Path) -> int:
    sizes = []
    for path in folder.rglob("*"):
        try:
            sizes.append(path.stat().st_size if path.is_file() else 0)
        except OSError:
            continue  # a writer may remove files meanwhile
    return sum(sizes)


def _held(settings: Settings, folder: Path, writable: bool, problems: list[str]) -> dict[str, Any]:
    from .embed import NEURAL, fingerprint
    from .lexical import LexicalIndex
    from .models import is_there
    from .opening import catalogue_of

    catalogue = catalogue_of(folder, settings, writable=writable)
    lexical = LexicalIndex(folder / "lexical", writable=writable)
    try:
        papers, passages = catalogue.counts()
        revision, indexed = catalogue.revision()
        embedder, made = catalogue.get("embedder"), catalogue.get("fingerprint")
        if made != fingerprint(embedder or "static", settings):
            problems.append(
                f"made by the embedder {made!r}, which is not the one here: run: rag rebuild --embedder auto"
            )
        elif embedder in NEURAL and not is_there(settings.models):
            problems.append(f"made by the embedder {embedder}, whose files are not here: run: rag models pull")
        if indexed != revision:
            problems.append("Chroma lacks the last write: the next command that opens the library repairs it")
        elif passages:
            _examine_vectors(settings, catalogue, made or "", problems)
        if passages and lexical.revision() != revision:
            problems.append("the BM25 index lacks the last write: the next command that opens the library repairs it")
        return {
            "papers": papers,
            "passages": passages,
            "embedder": embedder,
            "schema": catalogue.get("schema"),
            "revision": revision,
        }
    finally:
        lexical.close()
        catalogue.close()


def _examine_vectors(settings: Settings, catalogue: Any, made: str, problems: list[str]) -> None:  # noqa: ANN401
    """Ask Chroma for some of the passages that it should hold: an embedded one in a process of its own."""
    from .health import is_healthy
    from .vectors import VectorStore, collection_name

    if settings.chroma_url:
        name = collection_name(made, catalogue.get("library") or "")
        store = VectorStore(url=settings.chroma_url, name=name, timeout=settings.server_timeout)
        try:
            held = store.count()
        finally:
            store.close()
        if held != catalogue.counts()[1]:
            problems.append(
                f"the Chroma server holds {held:,} passages, not {catalogue.counts()[1]:,}: run: rag rebuild"
            )
        return
    ids = catalogue.ids()
    entries = catalogue.entries(ids[:: max(1, len(ids) // SAMPLES)][:SAMPLES])
    samples = {entry.passages[0].key: entry.vectors[0].tolist() for entry in entries}
    if not is_healthy(settings.library / "chroma", collection_name(made), samples):
        problems.append("Chroma's store is damaged or gone: run: rag rebuild (the catalogue holds what it needs)")


def report_of(found: dict[str, Any]) -> list[Line]:
    """Return what `examine` found as lines."""
    library = found["library"]
    lines: list[Line] = [(("versions", "bold"),)]
    lines += [_fact(name, value or "not installed") for name, value in found["versions"].items()]
    lines += [(), (("embedders", "bold"),)]
    lines += [_fact(name, value or "not here: run: rag models pull") for name, value in found["embedders"].items()]
    lines += [(), (("library", "bold"),)]
    if library["exists"]:
        lines += [_fact(name, value) for name, value in library.items() if name not in {"exists", "problems"}]
        lines += [_fact("health", "good" if not library["problems"] else "see below")]
        lines += [((f"  problem: {clean(problem)}", "red"),) for problem in library["problems"]]
    else:
        lines += [_fact("folder", library["folder"]), _fact("health", "there is none yet: rag add --starter makes one")]
    lines += [(), (("settings", "bold"),)]
    lines += [_fact(name, "not set" if value is None else value) for name, value in found["settings"].items()]
    if model := found.get("model"):
        lines += [(), (("model", "bold"),), _fact("asked", model["name"] or "none")]
        lines.append(_fact("answers" if model["answers"] else "does not answer", model["told"]))
    lines += [(), (("network", "bold"),)]
    lines += [_fact(row["setting"], f"{row['address']} ({row['what']})") for row in found["network"]]
    if not found["network"]:
        lines.append((("  nothing is called over the network", ""),))
    lines.append((("  only when asked for: the addresses given to rag add, and rag models pull", "dim"),))
    return lines


def _fact(name: str, value: object) -> Line:
    shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else clean(str(value))
    return ((f"  {name}: ", "dim"), (shown, ""))
