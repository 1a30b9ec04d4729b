"""The harness that kills writing commands, run short; `make crash KILLS=200` runs it long."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT

KILLS = 3


def test_nothing_is_lost_to_kills(tmp_path: Path) -> None:
    """Killed at random moments, adding, removing, syncing and rebuilding lose nothing and leave nothing half done."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "crash.py"), str(KILLS), "--size", "60", "--seed", "11"],
        capture_output=True,
        text=True,
        check=False,
        timeout=230,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^lost: 0\ncorrupt: 0$", done.stdout, re.MULTILINE)
    kills = re.search(r"^kills: (\d+)", done.stdout, re.MULTILINE)
    assert kills is not None
    assert int(kills[1]) >= KILLS
