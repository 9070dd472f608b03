"""`make demo-cluster` shows what it promises, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_killed_worker_changes_no_report_and_nothing_stays(tmp_path: Path) -> None:
    """The demonstration ends well, with a worker killed; its folder is empty again, and none of its processes is left."""
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    script = "from tools.demo_cluster import main; main({'shop-access.log': 250, 'api.jsonl': 50})"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, check=False, text=True, timeout=50
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "\n$ kill -9 " in run.stdout
    assert run.stdout.endswith("# The three reports are the same, byte for byte.\n")
    assert list(tmp_path.iterdir()) == []
    assert [folder for folder in Path("/proc").glob("[0-9]*") if of_environ(folder, f"TMPDIR={tmp_path}")] == []


def of_environ(process: Path, variable: str) -> bool:
    try:
        return variable.encode() in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
