"""Small logs of many programs, made from the manuals of their formats, with what a person counts in them.

Each is `samples/NAME.log`, and `samples/NAME.toml` beside it lists what is in it:

- `source` is the manual that it was made from; `kind` the family of formats: access, json, logfmt, syslog, nginx_error,
  apache_error, python, java, klog, w3c, logcat, text (a time and maybe a level), plain.
- `lines` are counted as LF ends them, or the end of the text; lines == records + rejected + blank + continuation lines.
- A line that has its own start (a time, a level or what else opens an entry) is a record, also where a manual calls it a part
  of the one before (PostgreSQL's `DETAIL:`). An entry with its stack trace is one record, a blank line within it a blank
  line.
- `rejected` are torn and foreign lines. A line that belongs to the format but is not a record (a directive, a heading, `--
  Boot … --`) is counted with the continuation lines. Where entries have several lines no program can tell these apart: only
  `lines - records - blank` is then the same for every reader.
- `[levels]` and `[components]` are records by level and by component, spelled as in the log. Levels are words and numbers
  that are in the log: journald's `PRIORITY`, bunyan's `level`, but not the severity that a `<34>` encodes. Components are
  what the format's manual calls logger, program, tag, module, subsystem, service or component: the logger where it has a
  program as well.
- `first` and `last` are the smallest and largest time of a record in UTC, fractions cut off; both are missing where no record
  has a time with day and year. A time without an offset is UTC.
- `[differs]` lists the numbers that logproc counts otherwise than a person does, and the reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).with_suffix("")


@dataclass(frozen=True, slots=True)
class Sample:
    """A log, and what is in it. differs: which of its numbers logproc counts otherwise."""

    name: str
    text: bytes
    source: str
    kind: str
    lines: int
    records: int
    rejected: int
    blank: int
    levels: Mapping[str, int]
    components: Mapping[str, int]
    first: str | None
    last: str | None
    differs: frozenset[str]

    @classmethod
    def at(cls, path: Path) -> Sample:
        """Read a sample. A misspelt or missing entry raises TypeError."""
        expected = tomllib.loads(path.with_suffix(".toml").read_text("utf-8"))
        differs = frozenset(expected.pop("differs", {"in": ()})["in"])
        first, last = (shown(expected.pop(name, None)) for name in ("first", "last"))
        counts = {name: expected.pop(name, {}) for name in ("levels", "components")}
        return cls(path.stem, path.read_bytes(), **expected, **counts, first=first, last=last, differs=differs)


def shown(moment: datetime | None) -> str | None:
    """Return a time as reports write it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


SAMPLES = tuple(map(Sample.at, sorted(FOLDER.glob("*.log"))))
