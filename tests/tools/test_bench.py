"""The benchmark's parts: the generated logs, the C program's counts, and ratios per round."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy
import pytest

from logproc.pipeline.api import analyze
from tools.bench.common import HERE, PEERS, Promise
from tools.bench.compare import CommandFailedError, Measurement, Summary, in_turn
from tools.bench.logs import app_log as app_logs
from tools.bench.logs.access_log import blocks
from tools.bench.peers import app as app_peers

COMBINED = re.compile(
    r'(?P<client>\S+) - (?P<user>\S+) \[(?P<hour>\d\d/\w{3}/\d{4}:\d\d):\d\d:\d\d \+0000\] "\w+ (?P<target>\S+) HTTP/[12]\.\d" '
    r'(?P<status>\d{3}) (?P<bytes>\d+|-) "(?P<referrer>\S+)" "(?P<user_agent>[^"]+)"'
)


def log(lines: int, seed: int = 7) -> bytes:
    """Return a generated log."""
    return b"".join(bytes(block) for block in blocks(lines, numpy.random.default_rng(seed)))


def test_the_log_is_the_same_for_the_same_seed() -> None:
    """Two logs of one seed have the same bytes; another seed gives others."""
    assert log(300) == log(300) != log(300, seed=8)


def test_every_line_is_combined() -> None:
    """The log has as many lines as asked for, all of them Combined."""
    lines = log(2000).decode().splitlines()
    assert len(lines) == 2000
    assert [line for line in lines if not COMBINED.fullmatch(line)] == []


@pytest.mark.needs("cc")
def test_the_limit_in_c_counts_right(tmp_path: Path) -> None:
    """The C loop prints the ten most frequent keys of all seven kinds with their counts and bytes."""
    path, program = tmp_path / "access.log", tmp_path / "one_format"
    path.write_bytes(log(5000))
    subprocess.run(["cc", "-O2", "-o", str(program), str(PEERS / "one_format.c")], check=True)
    output = subprocess.run([str(program), str(path)], capture_output=True, text=True, check=True).stdout
    printed = [line.split("\t") for line in output.splitlines()]
    counts: dict[str, Counter[str]] = {}
    sums: Counter[tuple[str, str]] = Counter()
    for match in map(COMBINED.fullmatch, path.read_text().splitlines()):
        assert match
        for name, key in match.groupdict().items():
            counts.setdefault(name, Counter())[key] += 1
            sums[name, key] += 0 if match["bytes"] == "-" else int(match["bytes"])
    del counts["bytes"]
    assert {name: [int(row[2]) for row in printed if row[0] == name] for name in counts} == {
        name: sorted(keys.values(), reverse=True)[:10] for name, keys in counts.items()
    }
    assert [(counts[name][key], sums[name, key]) for name, key, _, _ in printed] == [
        (int(row[2]), int(row[3])) for row in printed
    ]


def test_ratios_are_taken_round_by_round() -> None:
    """If the machine slows down, both runs of a round change, but not their ratio."""
    base = [Measurement(wall_s, wall_s, 10) for wall_s in (1.0, 5.0, 1.0)]
    double = [Measurement(2 * run.wall_s, 3 * run.wall_s, 20) for run in base]
    summary = Summary(double, base)
    assert (summary.wall_s, summary.wall_ratio, summary.cpu_ratio, summary.peak_mib) == (2.0, 2.0, 3.0, 20)


def test_commands_run_in_turn(tmp_path: Path) -> None:
    """Each round runs every command once; the first round is not counted."""
    found = tmp_path / "found"
    commands = {name: ["sh", "-c", f"printf {name} >> {found}"] for name in ("a", "b")}
    summaries = in_turn(commands, 2)
    assert (found.read_text(), len(summaries["b"].runs)) == ("ababab", 2)


def test_a_failed_command_ends_the_comparison() -> None:
    """A command that fails is an error, not a fast run."""
    with pytest.raises(CommandFailedError, match="exit code 3"):
        in_turn({"fails": [sys.executable, "-c", "raise SystemExit(3)"]}, 1)


def test_a_promise_says_whether_it_was_kept() -> None:
    """Smaller is better, unless the promise is a minimum."""
    assert Promise("time", 1.5, 1.0).row()[-1] == "MISSED"
    assert Promise("speed", 1.5, 1.0, at_least=True).row() == ["speed", "1.50", "at least 1", "kept"]


def app_log(lines: int, seed: int = 7) -> dict[str, bytes]:
    """Return a generated application log in its three formats."""
    made = list(app_logs.blocks(lines, numpy.random.default_rng(seed)))
    return {name: b"".join(bytes(block[name]) for block in made) for name in app_logs.NAMES}


def test_an_application_says_the_same_in_three_ways() -> None:
    """Each line is one record: a JSON object, logfmt pairs, or a text that matches the pattern."""
    logs = {name: content.decode().splitlines() for name, content in app_log(500).items()}
    assert app_log(300) == app_log(300) != app_log(300, seed=8)
    for line, pairs, text in zip(*(logs[name] for name in app_logs.NAMES), strict=True):
        record = json.loads(line)
        found = {key: quoted or plain for key, quoted, plain in app_peers.PAIR.findall(pairs)}
        match = re.fullmatch(app_logs.PATTERN, text)
        assert match
        assert found == {
            **{key: record[key] for key in ("time", "level", "logger", "msg")},
            "request_id": record["request"]["id"],
            "method": record["request"]["method"],
            "path": record["request"]["path"],
            "status": str(record["status"]),
            "duration": f"{record['duration']:.4f}",
        }
        assert match["time"] == record["time"].replace("T", " ").replace(".", ",").rstrip("Z")
        assert (match["level"], match["logger"], match["message"]) == (record["level"].upper(), record["logger"], record["msg"])
        assert (match["status"], match["duration"]) == (found["status"], found["duration"])


@pytest.mark.parametrize("name", ["logfmt", "text"])
def test_peers_count_what_logproc_counts(name: str, tmp_path: Path) -> None:
    """Python's `re` and logproc find the same keys and counts."""
    path = tmp_path / name
    path.write_bytes(app_log(2000)[name])
    command = [sys.executable, "-m", "tools.bench.peers.app", name, str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parents[1]).stdout
    pattern = app_logs.PATTERN if name == "text" else None
    fields = ["raw_level" if name == "level" else name for name in app_peers.FIELDS]
    panels = analyze(path, by=fields, pattern=pattern).panels
    rows = [f"{row.key[0].removesuffix(':00:00Z')}\t{row.count}" for panel in panels.values() for row in panel.rows]
    hour = re.compile(r"(\d) (\d)")
    assert len(rows) > 20
    assert set(rows) >= {hour.sub(r"\1T\2", line) for line in output.splitlines()}
