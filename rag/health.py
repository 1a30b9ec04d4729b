"""Whether an embedded Chroma store is whole, asked in a process of its own; mending it is left to `indexes.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from .vectors import VectorStore

__all__ = ["is_healthy"]


def is_healthy(folder: Path, name: str, samples: dict[str, list[float]], timeout: float = 60.0) -> bool:
    """Tell whether an embedded store opens and finds each of these passages as the nearest to its own vector.

    It is asked in a process of its own: a store that a kill left half written can crash whoever opens it.
    """
    asked = json.dumps({"folder": str(folder.resolve()), "name": name, "samples": samples})
    command = [sys.executable, "-c", f"import sys; from {__name__} import _check; sys.exit(_check(sys.stdin.read()))"]
    home = str(Path(__file__).resolve().parents[__name__.count(".")])
    try:
        done = subprocess.run(
            command, input=asked, text=True, capture_output=True, timeout=timeout, check=False, cwd=home
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _check(asked: str) -> int:
    """Return 0 when the store described by this JSON is whole; this is what runs in the process of its own."""
    what = json.loads(asked)
    store = VectorStore(folder=Path(what["folder"]), name=what["name"])
    for key, vector in what["samples"].items():
        found = dict(store.nearest(np.asarray(vector, dtype=np.float32), 10))
        if key not in found:
            return 1
    store.count()
    return 0
