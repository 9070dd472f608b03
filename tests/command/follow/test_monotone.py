"""Runs of one state between which logs grow and rotate: together they report what one run over everything reports."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from logproc.pipeline.following import Followed
from logproc.pipeline.threaded import Crew, run_threaded
from logproc.records.state.state_file import StateFile
from logproc.reports.json_report import render_json
from logproc.settings import Settings

NAMES = "abc"
KINDS = ["rename", "gzip", "copytruncate"]
SETTINGS = Settings(by=("path", "status"), top=0, workers=2, format="common")
"""With the format given, as detecting it takes most of the time of a run over a few lines."""


def line(name: str, number: int) -> bytes:
    """Return a line: every seventh could not be read, and every eleventh is blank."""
    if number % 11 == 10:
        return b"\n"
    if number % 7 == 6:
        return b"%s is no record %d\n" % (name.encode(), number)
    time = b"%02d:%02d:%02d" % (number // 3600 % 24, number // 60 % 60, number % 60)
    asked = b'"GET /%s/%d HTTP/1.1" %d %d' % (name.encode(), number % 50, 200 + number % 3 * 100, number)
    return b"192.0.2.%d - - [10/Oct/2025:%s +0000] %s\n" % (number % 200, time, asked)


class Logs:
    """A folder of logs, and all that was ever written to each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = dict.fromkeys(NAMES, b"")
        self._lines = dict.fromkeys(NAMES, 0)
        self.seen: set[str] = set()  # by a run: nobody knows of a log that has been rotated away before
        self._rotated = 0

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def append(self, name: str, lines: int, cut: int) -> None:
        """Write some lines; the last one without its last bytes, which come with the next."""
        first = self._lines[name]
        whole = b"".join(line(name, number) for number in range(first, first + lines))
        self._lines[name] += lines
        complete = b"".join(line(name, number) for number in range(self._lines[name]))
        with self.path(name).open("ab") as file:
            file.write(complete[len(self.written[name]) : len(complete) - min(cut, len(whole) - 1)])
        self.written[name] = complete[: len(complete) - min(cut, len(whole) - 1)]

    def rotate(self, name: str, kind: str) -> None:
        """Give the file of a log another name, after its writer has ended its line; it begins a new one with the next line."""
        path = self.path(name)
        if name not in self.seen or not path.exists() or not path.stat().st_size:
            return
        self._rotated += 1
        old = path.with_name(f"{path.name}.{self._rotated}")
        if not self.written[name].endswith(b"\n"):
            complete = b"".join(line(name, number) for number in range(self._lines[name]))
            with path.open("ab") as file:
                file.write(complete[len(self.written[name]) :])
            self.written[name] = complete
        if kind == "copytruncate":
            shutil.copy(path, old)
            os.truncate(path, 0)
            return
        path.rename(old)
        if kind == "gzip":
            with old.open("rb") as plain, gzip.open(f"{old}.gz", "wb", 1) as packed:
                shutil.copyfileobj(plain, packed)
            old.unlink()

    def age(self) -> None:
        """Have everything be written some time ago, so that nobody waits for late lines of a file."""
        for at, path in enumerate(sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)):
            os.utime(path, (1_760_000_000 + at, 1_760_000_000 + at))


def counted(folder: Path, state: Path | None) -> dict[str, Any]:
    """Return the report of a run over a folder without its `run`."""
    crews: list[Crew] = []

    def keep(crew: Crew) -> Sequence[Any]:
        crews.append(crew)
        return ()

    before = Path.cwd()
    os.chdir(folder)
    try:
        file = StateFile(state) if state else None
        followed = Followed(["*.log"], once=True, earlier=file.load({}) if file else None)
        run = run_threaded((), SETTINGS, beside=keep, followed=followed)
        if file:
            file.save(followed.state(crews[0].shared.committed(), crews[0].outcomes()))  # type: ignore[union-attr]
    finally:
        os.chdir(before)
    assert run.cause is None
    report: dict[str, Any] = json.loads(render_json(run.snapshot))
    del report["run"]
    report["sources"].sort(key=lambda source: source["source"])  # a log that comes later is behind those that are known
    return report


@given(data=st.data())
def test_runs_of_a_state_are_as_one_run(data: DataObject) -> None:
    """Totals never go down; without news a run reads nothing and reports the same; at the end, what one run reports."""
    with TemporaryDirectory() as name:
        folder, state, whole = Path(name, "logs"), Path(name, "state"), Path(name, "whole")
        folder.mkdir()
        whole.mkdir()
        logs, lines = Logs(folder), 0
        report: dict[str, Any] = {}
        for _ in range(data.draw(st.integers(1, 4), "runs")):
            for _ in range(data.draw(st.integers(0, 4), "changes")):
                log = data.draw(st.sampled_from(NAMES), "log")
                if kind := data.draw(st.sampled_from([None, None, *KINDS]), "kind"):
                    logs.rotate(log, kind)
                else:
                    logs.append(log, data.draw(st.integers(1, 200), "lines"), data.draw(st.integers(0, 30), "cut"))
            logs.age()
            logs.seen |= {name for name, content in logs.written.items() if b"\n" in content}
            report = counted(folder, state)
            assert report["account"]["lines"] >= lines
            lines = report["account"]["lines"]
            assert counted(folder, state) == report  # which has the bytes that were read
        for log, content in logs.written.items():
            if content:
                (whole / f"{log}.log").write_bytes(content)
        expected = counted(whole, None)
        assert report["account"] == expected["account"]
        assert report["panels"] == expected["panels"]
        assert report == expected
