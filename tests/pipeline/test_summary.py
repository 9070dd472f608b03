"""Counts and outcomes become one snapshot, in which every line is accounted for."""

from __future__ import annotations

import platform
import sys

import pytest
from msgspec.structs import replace

from logproc import __version__
from logproc.counting.tally import SourceTally, Tally, count, merge
from logproc.formats.columns.odd_bytes import OddLines
from logproc.formats.columns.units import NOT_A_NUMBER, NOT_A_SIZE, TOO_FINE, TOO_LARGE
from logproc.formats.known import BY_NAME
from logproc.formats.readers.native.library import in_use
from logproc.model.chunk import Outcome
from logproc.model.columns import Account
from logproc.model.errors import InternalError
from logproc.model.snapshot import RunInfo, Snapshot
from logproc.model.source import Kind, Source, State, Verdict
from logproc.pipeline.plan import Plan
from logproc.pipeline.summary import run_info, summarize
from logproc.settings import Settings
from tests.support import logs
from tests.support.chunks_of import chunk_of, parse
from tests.support.oracle import truth

RUN = RunInfo(elapsed_s=0.0, readers=1, workers=1, version="0", python="3", gil=True)
COMPLETE = Outcome(Verdict(State.COMPLETE), BY_NAME["combined"], 10, 20)


def sources(count_: int) -> list[Source]:
    """Return `count` files."""
    return [Source(index, f"{index}.log", Kind.FILE, f"{index}.log") for index in range(count_)]


def tally_of(content: bytes, source: int = 0) -> Tally:
    """Return the counts of a log."""
    chunk = chunk_of(content, source=source)
    return count(chunk, parse(chunk.data, "combined", 1 << 20))


def snapshot_of(
    contents: list[bytes], outcomes: list[Outcome] | None = None, *, stopped: bool = False, top: int = 10
) -> Snapshot:
    """Return the snapshot of a run over these contents, all lines of which were read and counted."""
    tally = merge([tally_of(content, index) for index, content in enumerate(contents)])
    ended = zip(outcomes or [COMPLETE] * len(contents), contents, strict=True)
    ends = {index: replace(outcome, lines=content.count(b"\n")) for index, (outcome, content) in enumerate(ended)}
    return summarize(sources(len(contents)), ends, tally, Plan.of(Settings(top=top)), RUN, stopped=stopped)


def test_a_snapshot_holds_what_the_logs_hold() -> None:
    """Totals, account and panels are the sum over all sources, as the oracle counts them in one."""
    contents = [logs.log(200, seed=seed, damaged=0.1) for seed in range(3)]
    snapshot, true = snapshot_of(contents, top=0), truth(b"".join(contents))
    assert snapshot.complete
    assert snapshot.account == Account(true.lines, true.records, len(true.rejected), true.blank)
    assert (snapshot.bytes, snapshot.malformed_requests) == (true.bytes, true.malformed_requests)
    assert (snapshot.first, snapshot.last) == (int(min(true.times).timestamp()), int(max(true.times).timestamp()))
    for name, panel in snapshot.panels.items():
        assert {row.key[0]: (row.count, row.bytes) for row in panel.rows} == true.counts(name)
    assert snapshot.run is RUN


def test_every_source_has_a_result() -> None:
    """Sources stand in their order, each with its outcome and its own account, also those of which nothing was counted."""
    failed = Outcome(Verdict(State.FAILED, "no such file", "check the path", exit_code=1))
    partial = Outcome(Verdict(State.INCOMPLETE, "cut after 1 lines", "", 1), BY_NAME["combined"], 5, 6, notes=("a note",))
    snapshot = snapshot_of([logs.line() + b"\n", b"", logs.line() + b"\nbad\n"], [COMPLETE, failed, partial])
    first, second, third = snapshot.sources
    assert [source.source for source in snapshot.sources] == ["0.log", "1.log", "2.log"]
    assert (first.state, first.reason, first.format, first.bytes_read, first.bytes_decoded) == (
        State.COMPLETE,
        None,
        "combined",
        10,
        20,
    )
    assert (second.state, second.reason, second.hint, second.exit_code) == (State.FAILED, "no such file", "check the path", 1)
    assert second.account == Account()
    assert (third.account, third.notes, third.bytes_read, third.bytes_decoded) == (Account(2, 1, 1), ("a note",), 5, 6)
    assert (third.rejected_by_reason, [rejected.line for rejected in third.rejected_sample]) == ({"no-match": 1}, [2])
    assert snapshot.account == Account(3, 2, 1)


@pytest.mark.parametrize(
    ("states", "stopped", "complete"),
    [
        ([], False, True),
        ([State.COMPLETE], False, True),
        ([State.COMPLETE, State.SKIPPED], False, True),
        ([State.COMPLETE], True, False),
        ([State.COMPLETE, State.INCOMPLETE], False, False),
        ([State.COMPLETE, State.FAILED], False, False),
        ([State.INTERRUPTED], False, False),
    ],
)
def test_a_run_is_complete_if_all_its_sources_are(states: list[State], stopped: bool, complete: bool) -> None:
    """A skipped source is not a failure; a stop is."""
    outcomes = [Outcome(Verdict(state)) for state in states]
    assert snapshot_of([b""] * len(states), outcomes, stopped=stopped).complete is complete


def test_a_source_in_which_nothing_fits_has_failed() -> None:
    """A source without a single record is a failure, and its first line is shown, shortened and escaped."""
    (result,) = snapshot_of([b"\n\x1b" + b"hello " * 30 + b"\nworld\n"]).sources
    first = r"\x1b" + "hello " * 30
    assert (result.state, result.reason) == (State.FAILED, f"0 of 3 lines match; first: {first[:80]}")
    assert (result.hint, result.exit_code) == ("try --format, see `logproc formats`", 1)
    assert result.account == Account(lines=3, rejected=2, blank=1)


@pytest.mark.parametrize(
    ("settings", "option"),
    [
        (Settings(format="combined"), "--format"),
        (Settings(format="json"), "--format"),
        (Settings(pattern="(?P<a>x)"), "--pattern"),
    ],
    ids=["format", "sampled format", "pattern"],
)
def test_a_format_that_was_named_and_does_not_fit_is_to_be_checked(settings: Settings, option: str) -> None:
    """The hint does not ask for an option that was given."""
    (result,) = summarize(sources(1), {0: replace(COMPLETE, lines=1)}, tally_of(b"hello\n"), Plan.of(settings), RUN).sources
    assert (result.reason, result.hint) == ("0 of 1 lines match; first: hello", f"check {option}, or leave it out")


def test_a_source_of_one_line_that_is_too_long_says_so() -> None:
    """Another format would not help: the line was never looked at."""
    chunk = chunk_of(b"x" * 500 + b"\n\n")
    tally = count(chunk, parse(chunk.data, "combined", 100))
    (result,) = summarize(sources(1), {0: replace(COMPLETE, lines=2)}, tally, Plan.of(Settings()), RUN).sources
    assert (result.state, result.reason) == (State.FAILED, f"no line within --max-line-bytes; first: {'x' * 80}")
    assert result.hint == "allow more with --max-line-bytes"


def test_one_record_is_enough() -> None:
    """With a single line that fits, a source is complete, however many do not."""
    (result,) = snapshot_of([b"bad\n" * 50 + logs.line() + b"\n"]).sources
    assert (result.state, result.account) == (State.COMPLETE, Account(lines=51, records=1, rejected=50))


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n"])
def test_a_source_without_text_is_complete_and_says_so(content: bytes) -> None:
    """An empty source, or one of blank lines, has nothing that could not fit, and a note."""
    (result,) = snapshot_of([content]).sources
    assert (result.state, result.reason, result.notes) == (State.COMPLETE, None, ("empty",))
    (interrupted,) = snapshot_of([content], [Outcome(Verdict(State.INTERRUPTED, "interrupted"))]).sources
    assert interrupted.notes == ()


@pytest.mark.parametrize(
    ("odd", "notes"),
    [
        (OddLines(), ()),
        (OddLines(1, 0), ("1 line had undecodable bytes",)),
        (OddLines(2, 1), ("2 lines had undecodable bytes", "1 line held NUL bytes")),
    ],
)
def test_odd_bytes_are_told(odd: OddLines, notes: tuple[str, ...]) -> None:
    """A source says how many of its lines hold what no text consists of."""
    tally = Tally(sources={0: SourceTally(Account(lines=5, records=5), odd=odd)})
    (result,) = summarize(sources(1), {0: replace(COMPLETE, lines=5)}, tally, Plan.of(Settings()), RUN).sources
    assert result.notes == notes


@pytest.mark.parametrize(
    ("unread", "notes"),
    [
        ({}, ()),
        (
            {("b", NOT_A_NUMBER): 1, ("a", NOT_A_NUMBER): 2},
            ("2 values of a are not numbers", "1 value of b is not a number"),
        ),
        (
            {("a", TOO_LARGE): 1, ("a", TOO_FINE): 2, ("bytes", NOT_A_SIZE): 3},
            (
                "2 values of a lost digits behind the ninth after the point",
                "1 value of a is left out: 10^308 or more",
                "3 values of bytes are not sizes in bytes",
            ),
        ),
    ],
    ids=str,
)
def test_values_that_are_not_numbers_are_told(unread: dict[tuple[str, str], int], notes: tuple[str, ...]) -> None:
    """A metric over texts says why its column is empty, or stands for fewer records than there are."""
    tally = Tally(sources={0: SourceTally(Account(lines=5, records=5), unread=unread)})
    (result,) = summarize(sources(1), {0: replace(COMPLETE, lines=5)}, tally, Plan.of(Settings()), RUN).sources
    assert result.notes == notes


def test_an_incomplete_source_keeps_its_own_reason() -> None:
    """Where a source broke off, that is said, not that nothing fitted so far."""
    outcome = Outcome(Verdict(State.INCOMPLETE, "connection lost after 1 lines", "", 1))
    (result,) = snapshot_of([b"bad\n"], [outcome]).sources
    assert (result.state, result.reason) == (State.INCOMPLETE, "connection lost after 1 lines")


@pytest.mark.parametrize(
    "account",
    [Account(lines=5, records=3, rejected=1), Account(lines=4, records=4), Account(lines=6, records=6), Account()],
    ids=["unaccounted", "lost", "doubled", "never counted"],
)
def test_an_account_that_does_not_close_is_an_internal_error(account: Account) -> None:
    """A line that went nowhere makes the run fail, and the source is named: a wrong number is worse than none."""
    tally = Tally(sources={0: SourceTally(account)})
    with pytest.raises(InternalError, match=r"0\.log does not close"):
        summarize(sources(1), {0: replace(COMPLETE, lines=5)}, tally, Plan.of(Settings()), RUN)


def test_a_stopped_run_may_have_counted_less_than_was_read() -> None:
    """A source of which lines were read and not counted was interrupted, and one of which all were counted was not."""
    tally = Tally(sources={0: SourceTally(Account(lines=3, records=3)), 1: SourceTally(Account(lines=5, records=5))})
    ends = dict.fromkeys(range(2), replace(COMPLETE, lines=5))
    snapshot = summarize(sources(2), ends, tally, Plan.of(Settings()), RUN, stopped=True)
    assert [(source.state, source.account.lines) for source in snapshot.sources] == [
        (State.INTERRUPTED, 3),
        (State.COMPLETE, 5),
    ]
    assert not snapshot.complete


def test_reasons_stand_in_order() -> None:
    """Reasons come by name, so that a report does not depend on which was met first."""
    (result,) = snapshot_of(
        [logs.line(status=b"x") + b"\n" + b"bad\n" + logs.line(bytes=b"x") + b"\n" + logs.line() + b"\n"]
    ).sources
    assert list(result.rejected_by_reason.items()) == [("bad-size", 1), ("bad-status", 1), ("no-match", 1)]


def test_panels_have_as_many_rows_as_asked_for() -> None:
    """The setting `top` cuts the panels, not their number of distinct keys."""
    content = b"".join(logs.line(client=b"192.0.2.%d" % number) + b"\n" for number in range(20))
    assert [len(snapshot_of([content], top=top).panels["client"].rows) for top in (1, 5, 0)] == [1, 5, 20]
    assert snapshot_of([content], top=1).panels["client"].distinct == 20


def test_a_run_says_what_it_ran_on() -> None:
    """Versions, threads and the GIL are those of this process."""
    info = run_info(1.5, readers=2, workers=3)
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert info == RunInfo(1.5, 2, 3, __version__, platform.python_version(), gil, native=in_use())
