"""The result of a run: panels of rows, the result of each source, the account of all lines."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from logproc.model.columns import Account, Rejected
from logproc.model.overview import Overview
from logproc.model.panel import Panel
from logproc.model.source import State


class SourceResult(Struct, frozen=True):
    """The result of one source. hint, notes: text for people. exit_code: that of the command if this were the only source."""

    source: str
    state: State
    reason: str | None
    hint: str
    format: str | None
    bytes_read: int
    bytes_decoded: int
    account: Account
    rejected_by_reason: Mapping[str, int]
    rejected_sample: tuple[Rejected, ...]
    notes: tuple[str, ...] = ()
    exit_code: int = 0


class Assumption(Struct, frozen=True):
    """What times were taken to be that did not say it.

    of: `zone`, `year` or `order` (of day and month). value: which. sources: those that have such times.
    """

    of: str
    value: str
    sources: tuple[str, ...]


class RunInfo(Struct, frozen=True):
    """Everything that may differ between two runs over the same input.

    native: whether lines were cut by the compiled kernel.
    """

    elapsed_s: float
    readers: int
    workers: int
    version: str
    python: str
    gil: bool
    config_files: tuple[str, ...] = ()
    native: bool = False


def gil_enabled() -> bool:
    """Return whether this interpreter has a GIL: free-threaded builds of Python 3.13 and later may not."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


class Snapshot(Struct, frozen=True):
    """All that a report shows.

    complete: whether all sources were read to their end. first, last: the smallest and the largest time of a record, in
    seconds since 1970; None if no record has a time. overview: None if the user asked for panels by name.
    empty: why the filters let no record pass, for people; else "".
    """

    complete: bool
    account: Account
    bytes: int
    malformed_requests: int
    first: int | None
    last: int | None
    sources: tuple[SourceResult, ...]
    panels: Mapping[str, Panel]
    run: RunInfo
    assumed: tuple[Assumption, ...] = ()
    overview: Overview | None = None
    empty: str = ""

    @property
    def formats(self) -> list[str]:
        return sorted({source.format for source in self.sources if source.format})

    @property
    def notes(self) -> list[tuple[str, str]]:
        """The notes, each with the name of its source."""
        return [(source.source, note) for source in self.sources for note in source.notes]

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        """How many lines of all sources were rejected for each reason, the most frequent first."""
        found: Counter[str] = Counter()
        for source in self.sources:
            found.update(source.rejected_by_reason)
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def rejected_sample(self, reason: str) -> list[tuple[str, Rejected]]:
        """Return the lines kept of those rejected for a reason, each with the name of its source."""
        return [(source.source, line) for source in self.sources for line in source.rejected_sample if line.reason == reason]

    def first_rows(self, most: int) -> Snapshot:
        """Return the same with at most that many rows in each panel that is not whole; 0 for all."""
        if not most:
            return self
        overview = self.overview and replace(self.overview, panels=first_rows(self.overview.panels, most))
        return replace(self, panels=first_rows(self.panels, most), overview=overview)


def first_rows(panels: Mapping[str, Panel], most: int) -> dict[str, Panel]:
    return {name: panel if panel.whole else replace(panel, rows=panel.rows[:most]) for name, panel in panels.items()}
