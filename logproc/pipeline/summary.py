"""Counts and outcomes → the snapshot that a report shows."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import tzinfo

from msgspec.structs import replace

from logproc import __version__
from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.overview.report import overview_of
from logproc.counting.panels import panels
from logproc.counting.tally import Tally
from logproc.formats.account import TOO_LONG
from logproc.formats.columns.units import NO_UNIT, NOT_A_NUMBER, NOT_A_SIZE, NOT_A_TIME, TOO_FINE, TOO_LARGE
from logproc.formats.detection.choice import Choice
from logproc.formats.engine import Format
from logproc.formats.readers.native.library import in_use
from logproc.formats.times.calendar import iso
from logproc.model.chunk import Outcome
from logproc.model.errors import EXIT_INCOMPLETE, InternalError
from logproc.model.panel import Panel
from logproc.model.snapshot import Assumption, RunInfo, Snapshot, SourceResult, gil_enabled
from logproc.model.source import Source, State, Verdict
from logproc.pipeline.empty import why_empty
from logproc.pipeline.plan import Plan
from logproc.questions.question import Question
from logproc.questions.view import is_time_field, offset_s
from logproc.records.tables.from_parquet import DAMAGED, Rows
from logproc.reports.units import count as count_of

FIRST_LINE_CHARACTERS = 80
INTERRUPTED = Verdict(State.INTERRUPTED, "interrupted")
DONE = (State.COMPLETE, State.SKIPPED)
YEARS_UNKNOWN = "times without a year go back by a day or more: if the log is of more than a year, its years are not known"
NO_AGENTS = "no user agents: each client counts as one visitor"
FIRST_LINES = "only first lines of messages are searched: Parquet does not have the others"
UNREAD = {
    NOT_A_NUMBER: ("is not a number", "are not numbers"),
    NOT_A_SIZE: ("is not a size in bytes", "are not sizes in bytes"),
    NO_UNIT: tuple(
        f"{what} unit that the log shows: name it, as in --map duration=duration:ms" for what in ("has no", "have no")
    ),
    NOT_A_TIME: ("is not a time", "are not times"),
    TOO_LARGE: ("is left out: 10^308 or more", "are left out: 10^308 or more"),
    TOO_FINE: ("lost digits behind the ninth after the point",) * 2,
}
"""What to say of one value, and of more."""
PLAIN_TEXT = "plain text: no time and no known format was found, see `logproc detect`"


def summarize(
    sources: Sequence[Source],
    outcomes: Mapping[int, Outcome],
    tally: Tally,
    plan: Plan,
    run: RunInfo,
    *,
    stopped: bool = False,
    goes_on: bool = False,
) -> Snapshot:
    """Return the snapshot of a run. Raises InternalError if a line is not accounted for: a wrong number is worse than none.

    If a run was stopped, lines may have been read and not counted; their source then has the state `interrupted`.
    goes_on: whether only a stop ends the run, so that it may be complete all the same.
    """
    results = []
    for source in sources:
        outcome, counted = outcomes[source.index], tally.sources.get(source.index, SourceTally())
        lost = counted.account.lines != outcome.lines
        if not counted.account.closes or (lost and not stopped):
            what = f"{outcome.lines} lines read, counted {counted.account}"
            raise InternalError(f"the account of {source.name} does not close: {what}")
        if lost:
            outcome = replace(outcome, verdict=INTERRUPTED)
        results.append(result(source, outcome, counted, plan))
    found = panels(tally, plan.question, plan.top)
    results = with_notes(results, empty_panels(plan.question, found) if tally.account.records else [])
    return Snapshot(
        complete=(goes_on or not stopped) and all(source.state in DONE for source in results),
        account=tally.account,
        bytes=tally.bytes,
        malformed_requests=tally.malformed_requests,
        first=tally.first,
        last=tally.last,
        sources=tuple(results),
        panels=found,
        run=run,
        assumed=assumptions(sources, tally, plan.question.zone),
        empty=why_empty(tally, plan.question),
        overview=overview_of(tally, plan.question, plan.top, families=plan.families),
    )


def empty_panels(question: Question, found: Mapping[str, Panel]) -> list[str]:
    """Return a note on each panel that was asked for and that no record has the fields of. Lacking times have their own."""
    asked = [spec for spec in question.panels if question.asked_by and not spec.title and not found[spec.name].rows]
    return [f"no record has {' and '.join(spec.by)} to count by" for spec in asked if not any(map(is_time_field, spec.by))]


def with_notes(results: Sequence[SourceResult], notes: Sequence[str]) -> list[SourceResult]:
    """Return the results with notes on all of them, which the first one with a record has."""
    first = next((at for at, source in enumerate(results) if source.account.records), None)
    return [replace(source, notes=(*source.notes, *notes)) if at == first else source for at, source in enumerate(results)]


def assumptions(sources: Sequence[Source], tally: Tally, zone: tzinfo) -> tuple[Assumption, ...]:
    """Return what was assumed about times, for all sources together."""
    found = [(source.name, tally.sources[source.index].assumed) for source in sources if source.index in tally.sources]
    zoneless = tuple(name for name, assumed in found if assumed.zone)
    undated = [(name, assumed.years) for name, assumed in found if assumed.years]
    both: list[Assumption] = [Assumption("zone", str(zone), zoneless)] if zoneless else []
    if undated:
        ends = min(first for _, (first, _) in undated), max(last for _, (_, last) in undated)
        first, last = (iso(end + offset_s(end, zone))[:4] for end in ends)
        both.append(Assumption("year", first if first == last else f"{first} to {last}", tuple(name for name, _ in undated)))
    orders = sorted({assumed.order for _, assumed in found if assumed.order})
    both += [Assumption("order", order, tuple(name for name, of in found if of.order == order)) for order in orders]
    return tuple(both)


def result(source: Source, outcome: Outcome, tally: SourceTally, plan: Plan) -> SourceResult:
    verdict = damaged(tally) or nothing_fits(outcome, tally, plan.choice) or outcome.verdict
    return SourceResult(
        source=source.name,
        state=verdict.state,
        reason=verdict.reason,
        hint=verdict.hint,
        format=outcome.format.name if outcome.format else None,
        bytes_read=outcome.bytes_read,
        bytes_decoded=outcome.bytes_decoded,
        account=tally.account,
        rejected_by_reason=dict(sorted(tally.reasons.items())),
        rejected_sample=tally.sample,
        notes=(*outcome.notes, *notes_on(verdict, outcome, tally, plan.question)),
        exit_code=verdict.exit_code,
    )


def notes_on(verdict: Verdict, outcome: Outcome, tally: SourceTally, question: Question) -> tuple[str, ...]:
    if verdict.state is State.COMPLETE and tally.account.lines == tally.account.blank:
        return ("empty",)
    is_plain = outcome.format is not None and outcome.format.name == "plain" and tally.account.records
    odd = {" had undecodable bytes": tally.odd.undecodable, " held NUL bytes": tally.odd.nul}
    # That a log has no times at all matters only to a question about them, unless it has times under a name of its own.
    some_are_timed = tally.untimed < tally.account.records + tally.account.filtered
    unnamed = "" if some_are_timed else unnamed_time(outcome)
    untimed = tally.untimed if some_are_timed or unnamed or (question.asks_for_times and not is_plain) else 0
    return (
        *((PLAIN_TEXT,) if is_plain else ()),
        *((f"{count_of(untimed, 'record')} without a time{unnamed}",) if untimed else ()),
        *((FIRST_LINES,) if may_lack_lines(outcome, question) else ()),
        *((NO_AGENTS,) if question.counts_visitors and without_agents(tally) else ()),
        *((YEARS_UNKNOWN,) if tally.assumed.goes_back else ()),
        *(f"{count} line{'s' if count > 1 else ''}{what}" for what, count in odd.items() if count),
        *(unread(*key, count) for key, count in sorted(tally.unread.items())),
    )


def unnamed_time(outcome: Outcome) -> str:
    """Return what to say of a key that looks like the time of records without one."""
    form = outcome.format
    name = form.unnamed_time if isinstance(form, Format) and "time" not in form.fields else ""
    return f": if {name} is their time, --map time={name}" if name else ""


def may_lack_lines(outcome: Outcome, question: Question) -> bool:
    """Return whether a filter searches messages whose further lines the source does not have."""
    form = outcome.format
    return isinstance(form, Rows) and form.facts.loses_lines and "message" in question.wanted.searched


def without_agents(tally: SourceTally) -> bool:
    return "client" in tally.seen and "user_agent" not in tally.seen


def unread(field: str, reason: str, count: int) -> str:
    one, many = UNREAD[reason]
    return f"{count} values of {field} {many}" if count > 1 else f"1 value of {field} {one}"


def damaged(tally: SourceTally) -> Verdict | None:
    """Return the verdict on a Parquet file of which some parts, or all, cannot be read; else None."""
    if not (number := tally.reasons.get(DAMAGED)):
        return None
    state = State.INCOMPLETE if tally.account.records + tally.account.filtered else State.FAILED
    return Verdict(state, f"damaged: {count_of(number, 'record')} cannot be read", "copy or write it again", EXIT_INCOMPLETE)


def nothing_fits(outcome: Outcome, tally: SourceTally, choice: Choice) -> Verdict | None:
    """Return the verdict on a source that was read to its end without finding a record: that is a failure. Else None."""
    fitting = tally.account.records + tally.account.filtered
    if outcome.verdict.state is not State.COMPLETE or fitting or not tally.sample:
        return None
    first = tally.sample[0].text[:FIRST_LINE_CHARACTERS]
    if tally.reasons.keys() == {TOO_LONG}:
        reason, hint = f"no line within --max-line-bytes; first: {first}", "allow more with --max-line-bytes"
    else:
        reason = f"0 of {tally.account.lines} lines match; first: {first}"
        hint = f"check {choice.option}, or leave it out" if choice.option else "try --format, see `logproc formats`"
    return Verdict(State.FAILED, reason, hint, exit_code=1)


def run_info(elapsed_s: float, readers: int, workers: int, config_file: str | None = None) -> RunInfo:
    files = (config_file,) if config_file else ()
    return RunInfo(elapsed_s, readers, workers, __version__, platform.python_version(), gil_enabled(), files, in_use())
