"""What a run says on stderr: what is wrong or odd about its sources, and why it ended early."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from logproc.command.process import OUT_OF_MEMORY
from logproc.command.terminal.screen import Screen, same_place
from logproc.model.errors import EXIT_BROKEN_PIPE, EXIT_INTERNAL, LogprocError, OutputError, too_many_files
from logproc.model.snapshot import Snapshot
from logproc.model.source import Kind, Source, State
from logproc.threads.pool import WorkerFailed

REPORT_IT = "please report it; --debug shows where"
REASONS = {"line-too-long": "over --max-line-bytes", "too-long-for-pattern": "too long for a pattern with counted repeats"}
"""Reasons of rejected lines that a diagnostic words differently."""
NOTHING_TOLD: Mapping[str, Collection[str]] = {}


def is_typed(sources: Sequence[Source], screen: Screen) -> bool:
    """Return whether one of the sources is typed at a terminal; if so, tell its user how to end it."""
    typed = any(source.kind is Kind.STDIN for source in sources) and os.isatty(0)
    if typed:
        screen.say_now("-", "reading what you type", "end with Ctrl-D")
    return typed


def worth_showing(snapshot: Snapshot) -> bool:
    """Whether the report says anything: if nothing could be read, one line on stderr is enough."""
    return bool(snapshot.account.lines) or any(source.state is not State.FAILED for source in snapshot.sources)


def report_sources(snapshot: Snapshot, screen: Screen, told_before: Mapping[str, Collection[str]] = NOTHING_TOLD) -> None:
    """Write what is wrong or odd about each source to stderr, one line each, unless a report in the same place says it.

    The same place is one terminal, but also one pipe or file (`2>&1`, a CI system): everything would be there twice.
    """
    if screen.settings.output == "terminal" and worth_showing(snapshot) and same_place(screen.stdout, screen.stderr):
        return
    say_sources(snapshot, screen, "--rejects FILE writes them", told_before)


def say_sources(
    snapshot: Snapshot,
    screen: Screen,
    how_to_see_rejected: str,
    told_before: Mapping[str, Collection[str]] = NOTHING_TOLD,
) -> None:
    """Write what is wrong or odd about each source to stderr. told_before: notes of each that earlier runs have written."""
    for source in snapshot.sources:
        if source.reason:
            level = "warning" if source.state in (State.COMPLETE, State.SKIPPED) else "error"
            screen.say(source.source, source.reason, source.hint, level=level)
        for note in source.notes:
            if note not in told_before.get(source.source, ()):
                screen.say(source.source, note, level="warning")
    report_rejected(snapshot, screen, how_to_see_rejected)
    if snapshot.empty:
        screen.say("", snapshot.empty, level="warning")


def report_rejected(snapshot: Snapshot, screen: Screen, how_to_see: str) -> None:
    """Write how many lines were rejected and why, in one line for all sources that could be read."""
    reasons: Counter[str] = Counter()
    for source in snapshot.sources:
        if source.state is not State.FAILED:
            reasons.update(source.rejected_by_reason)
    if reasons:
        counts = ", ".join(f"{count} {REASONS.get(reason, reason)}" for reason, count in sorted(reasons.items()))
        what = f"{reasons.total()} of {snapshot.account.lines} lines rejected: {counts}"
        screen.say("", what, how_to_see, level="warning")


def report_cause(cause: BaseException, sources: Sequence[Source], screen: Screen, *, debug: bool) -> int:
    """Write to stderr why the run ended early or what could not be written; return the exit code for it."""
    if debug:
        screen.show_traceback(cause)
    if isinstance(cause, BrokenPipeError):
        return EXIT_BROKEN_PIPE
    worker_cause = cause.__cause__ if isinstance(cause, WorkerFailed) else None
    if isinstance(worker_cause, (MemoryError, OutputError)) or (worker_cause and too_many_files(worker_cause)):
        return report_cause(worker_cause, sources, screen, debug=False)
    if words := too_many_files(cause):
        screen.say("", *words)
        return EXIT_INTERNAL
    if isinstance(cause, MemoryError):
        screen.say("", *OUT_OF_MEMORY)
        return EXIT_INTERNAL
    if isinstance(cause, WorkerFailed):
        what = f"internal error at {sources[cause.source].name}, lines {cause.first_line}-{cause.last_line}"
        screen.say("", f"{what}: {cause.__cause__!r}", REPORT_IT)
        return EXIT_INTERNAL
    if isinstance(cause, LogprocError):
        screen.say("", cause.what, cause.hint)
        return cause.exit_code
    if isinstance(cause, KeyboardInterrupt):
        return 130
    notes = getattr(cause, "__notes__", [])
    screen.say("", f"{' '.join(['internal error', *notes])}: {cause!r}", REPORT_IT)
    return EXIT_INTERNAL
