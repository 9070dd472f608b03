"""The exit code of a run: which codes its sources and the strict rules call for, and which of them wins."""

from __future__ import annotations

from collections.abc import Container

from logproc.model.errors import (
    EXIT_BROKEN_PIPE,
    EXIT_FAIL_ON,
    EXIT_INCOMPLETE,
    EXIT_INTERNAL,
    EXIT_NOTHING_READ,
    EXIT_OK,
    EXIT_OUTPUT,
    EXIT_STRICT_OR_LIMIT,
    EXIT_USAGE,
)
from logproc.model.snapshot import Snapshot
from logproc.model.source import State
from logproc.settings import Settings

EXIT_ORDER = (
    EXIT_INTERNAL,
    129,
    130,
    143,
    152,
    EXIT_BROKEN_PIPE,
    EXIT_OUTPUT,
    EXIT_USAGE,
    EXIT_STRICT_OR_LIMIT,
    EXIT_NOTHING_READ,
    EXIT_FAIL_ON,
    EXIT_INCOMPLETE,
)
"""If several codes apply, the first of these wins."""


def first_of(codes: Container[int]) -> int:
    return next((code for code in EXIT_ORDER if code in codes), EXIT_OK)


def judged(snapshot: Snapshot, settings: Settings) -> set[int]:
    """Return the exit codes that the sources and the strict rules call for."""
    codes = {source.exit_code for source in snapshot.sources}
    if not any(source.state is not State.FAILED for source in snapshot.sources):
        codes.add(EXIT_NOTHING_READ)
    elif not snapshot.complete:
        codes.add(EXIT_INCOMPLETE)
    rejected = "no-rejects" in settings.strict and snapshot.account.rejected
    noted = "no-notes" in settings.strict and any(source.notes or source.reason for source in snapshot.sources)
    return codes | ({EXIT_STRICT_OR_LIMIT} if rejected or noted else set())
