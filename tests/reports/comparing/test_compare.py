"""Whole comparisons of logs that come in bursts: nothing is found in equal ones, and what was made different is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from logproc.model.comparison import Change, Comparison
from logproc.pipeline.threaded import run_threaded
from logproc.reports.comparing.compare import compare
from logproc.reports.comparing.side import side_of_log
from logproc.reports.comparison_json import comparison_json
from logproc.settings import Settings
from tests.reports.comparing.bursty import World, write
from tests.reports.comparing.sides import side_of
from tests.support.reports_of import sources_of

SMALL = World(records=12_000)
DIFFERENT = World(records=12_000, slower=1.5, failing=0.04, strange=60)
SLOW_PATH, STRANGE = "/page/dx", "step eax took <n> turns"


def found(comparison: Comparison) -> set[tuple[str, str, str]]:
    """Return kind, field and key of what was found."""
    return {(change.kind, change.field, change.key) for change in (*comparison.overall, *comparison.findings) if change.found}


@pytest.mark.parametrize("seed", [11, 12])
def test_logs_of_the_same_distribution_do_not_differ(seed: int, tmp_path: Path) -> None:
    """Clients come in sessions, loads go up and down, messages come in storms: that is chance."""
    sides = [side_of(write(tmp_path / f"{number}.log", SMALL, number)) for number in (2 * seed, 2 * seed + 1)]
    comparison = compare(*sides)
    assert found(comparison) == set()
    assert comparison.tested > 500
    assert 0 < comparison.smallest["errors"] < 0.05
    assert 0.02 <= comparison.smallest["p50"] < 0.5


@pytest.mark.parametrize("seed", [11, 12])
def test_what_was_made_different_is_found(seed: int, tmp_path: Path) -> None:
    """A slower path, more errors of the server, and a message that was not there before."""
    before, after = write(tmp_path / "a.log", SMALL, 2 * seed), write(tmp_path / "b.log", DIFFERENT, 2 * seed + 1)
    comparison = compare(side_of(before), side_of(after))
    wanted = {("errors", "", ""), ("share", "status", "500"), ("share", "message", STRANGE), ("p50", "path", SLOW_PATH)}
    assert wanted <= found(comparison)
    strange = next(change for change in comparison.findings if change.key == STRANGE)
    assert (strange.what, strange.outcome, strange.counts) == ("appeared", "error", (0, 60))


def lines(path: Path, records: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def at(second: int, **fields: Any) -> dict[str, Any]:
    return {"time": f"2026-03-07T10:{second // 60:02}:{second % 60:02}Z", "level": "info", "message": "ready", **fields}


def changes_between(tmp_path: Path, before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> dict[str, Change]:
    comparison = compare(side_of(lines(tmp_path / "a.log", before)), side_of(lines(tmp_path / "b.log", after)))
    return {f"{change.kind} {change.field} {change.key}".strip(): change for change in comparison.findings}


def test_paths_with_identifiers_are_compared_by_shape(tmp_path: Path) -> None:
    """A thousand paths with a number in each are one page; a few stay what they are."""
    few = [at(number % 3000, path=f"/item/{number % 3}", status=200) for number in range(3000)]
    many = [at(number % 3000, path=f"/user/{number}/mail", status=200) for number in range(0, 3000, 3)]
    found_changes = changes_between(tmp_path, few, [*few, *many])
    assert "share path /user/<n>/mail" in found_changes
    assert found_changes["share path /user/<n>/mail"].counts == (0, 1000)
    assert not any("/user/1" in name for name in found_changes)


def test_a_change_within_the_error_of_the_sketch_is_not_reported(tmp_path: Path) -> None:
    """Quantiles have an error of 1 %: of durations that all grow by 1 % nothing is said, whichever bucket they are in."""
    paths = "abcdefgh"
    of_path = {path: 0.1 * (1 + at / 400) for at, path in enumerate(paths)}
    records = [at(number % 3000, path=f"/{path}", duration=of_path[path]) for number in range(1500) for path in paths]
    for factor, expected in ((1.01, set[str]()), (1.1, {f"p50 path /{path}" for path in paths})):
        slower = [{**record, "duration": record["duration"] * factor} for record in records]
        assert {name for name in changes_between(tmp_path, records, slower) if name.startswith("p50")} == expected


def test_logs_without_times_are_compared_with_an_assumed_dispersion(tmp_path: Path) -> None:
    """Their blocks are not known, so only large differences count."""
    before = [{"level": "info", "message": f"step {'ab'[number % 2]}"} for number in range(2000)]
    after = [{"level": "info", "message": "step c" if number % 2 else "step a"} for number in range(2000)]
    comparison = compare(side_of(lines(tmp_path / "a.log", before)), side_of(lines(tmp_path / "b.log", after)))
    assert (comparison.before.blocks, comparison.after.blocks) == (1, 1)
    assert {(change.key, change.what) for change in comparison.findings} == {("step b", "vanished"), ("step c", "appeared")}
    assert next(change for change in comparison.overall if change.kind == "rate").chance is None


def test_what_only_one_side_has_is_compared_too(tmp_path: Path) -> None:
    """A log without paths, or without durations, has none of them; that is not an error."""
    plain = [at(number % 3000) for number in range(3000)]
    full = [at(number % 3000, path="/a", status=200, duration=0.1) for number in range(3000)]
    found_changes = changes_between(tmp_path, plain, full)
    assert found_changes["share path /a"].what == "appeared"
    assert changes_between(tmp_path, full, plain)["share path /a"].what == "vanished"


def test_new_keys_of_few_records_are_told_without_being_findings(tmp_path: Path) -> None:
    """Seven records cannot be told from chance, but it is not said that there are none; those of most records first."""
    before = [at(number % 3000, status=200, path=f"/{number % 2}") for number in range(3000)] + [at(5, status=200, path="/x")]
    strange = [at(9 + number, status=503, path="/new") for number in range(7)] + [at(80, status=500, path="/x")]
    comparison = compare(side_of(lines(tmp_path / "a.log", before)), side_of(lines(tmp_path / "b.log", [*before, *strange])))
    assert comparison.findings == ()
    unsure = [(change.kind, change.field, change.key, change.counts, change.chance) for change in comparison.unsure]
    assert [one for one in unsure if one[0] == "share"] == [
        ("share", "path", "/new", (0, 7), None),
        ("share", "status", "503", (0, 7), None),
        ("share", "status", "500", (0, 1), None),
    ]
    assert ("errors", "path", "/x", (1, 2), None) in unsure
    assert next(change for change in comparison.unsure if change.key == "/x").after == 0.5


@pytest.mark.parametrize("chunk_size", [1 << 12, 1 << 16])
def test_threads_change_nothing(chunk_size: int, tmp_path: Path) -> None:
    """Any number of threads, and any cut into chunks, give the same comparison."""
    paths = [write(tmp_path / f"{number}.log", World(records=3000), number) for number in (1, 2)]
    expected = comparison_json(compare(*map(side_of, paths)))
    sides = []
    for path in paths:
        run = run_threaded(sources_of(path), Settings(compares=True, chunk_size=chunk_size, workers=3))
        assert run.tally is not None
        sides.append(side_of_log(path.name, run.tally))
    assert comparison_json(compare(*sides)) == expected


def test_with_too_many_keys_nothing_is_said_of_them(tmp_path: Path) -> None:
    """With --max-keys, counts of clients may be too small: they are not compared. The error share stays exact."""
    paths = write(tmp_path / "a.log", SMALL, 1), write(tmp_path / "b.log", DIFFERENT, 2)
    exact = compare(side_of(paths[0]), side_of(paths[1]))
    bounded = compare(side_of(paths[0], max_keys=1), side_of(paths[1], max_keys=1))
    assert not {"client", "path"} & {change.field for change in bounded.findings}
    assert "a.log: each client is not compared: there are more of them than --max-keys" in bounded.notes
    for kind in ("errors", "p50", "rate"):
        before, after = (next(one for one in found.overall if one.kind == kind) for found in (exact, bounded))
        assert (before.before, before.after) == (after.before, after.after)
