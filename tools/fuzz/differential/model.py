"""What the random logs are made of. Whoever writes a line knows the record in it, as plain values, because it drew them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from typing import Any, Literal, TypeAlias

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Moment: TypeAlias = int | Fraction
"""Seconds since 1970."""
DAY_S = 86_400
Kind = Literal["record", "rejected", "broken", "blank", "misfit", "directive", "long"]
"""What a line is.

A misfit belongs to the record before it where the format has records of several lines, else it is rejected. A broken line
begins like a record, so it is rejected anywhere; so is one whose time does not exist. A directive is about the log itself; a
long line is over the limit.
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. time: in seconds since 1970, with their fraction.

    texts: its fields as reports show them. numbers: those of a known unit. sized: whether its log has sizes there.
    malformed: whether it has a request that cannot be read. further: its further lines, which filters of the message search.
    """

    time: Moment | None
    texts: Mapping[str, str]
    numbers: Mapping[str, Fraction] = field(default_factory=dict)
    malformed: bool = False
    sized: bool = False
    further: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end. opens: whether misfits behind it belong to it."""

    content: bytes
    kind: Kind
    record: Record | None = None
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """The content of one source.

    options: the settings that name its format, none if it is to be detected. fields: what questions may ask for.
    fixed: whether the program knows these without reading. modified: when the file was last changed.
    yearless: whether its times have no year, and so go by that.
    """

    name: str
    options: Mapping[str, Any]
    lines: Sequence[Line]
    multi_line: bool
    fields: Sequence[str]
    fixed: bool
    modified: int
    content: bytes
    yearless: bool = False


class Draw(random.Random):
    """Random choices, with what the lines of one log have in common: its time zone, its days and the values it repeats."""

    def __init__(self, seed: str, zone: tzinfo = UTC) -> None:
        super().__init__(seed)
        self.zone = zone
        self.start(zone)

    def start(self, zone: tzinfo) -> None:
        """Begin a new log."""
        self.zone = zone
        self.pools: dict[str, list[Any]] = {}
        self.begin = self.choice(DAYS) if self.chance(0.6) else datetime(1972, 1, 1) + timedelta(days=self.randrange(24_000))  # noqa: DTZ001
        self.spread_s = self.choice((30, 3600, 3 * DAY_S, 40 * DAY_S))
        self.modified = local_seconds(self.begin, UTC) + self.choice((-3, 0, 1, 30, 400)) * DAY_S + self.randrange(DAY_S)

    def chance(self, share: float) -> bool:
        return self.random() < share

    def pooled(self, name: str, make: Callable[[], Any]) -> Any:
        """Return a value of its kind, one of a few that the log has, so that keys are counted more than once."""
        if name not in self.pools:
            self.pools[name] = [make() for _ in range(self.choice((1, 2, 3, 8)))]
        return self.choice(self.pools[name])

    def wall(self) -> datetime:
        """Return what a clock on a wall shows, without a zone."""
        return self.begin + timedelta(seconds=self.randrange(self.spread_s))

    def offset(self) -> timezone:
        return timezone(timedelta(minutes=self.choice((0, 0, 60, 120, 330, -420, 765))))


DAYS = [
    datetime(*day)  # noqa: DTZ001
    for day in (
        *((2024, 2, 28, 12), (2023, 2, 28, 23), (2000, 2, 29), (2023, 12, 31, 12), (1999, 12, 31, 23), (1970, 1, 1)),
        *((2026, 3, 28, 20), (2026, 3, 29, 1), (2026, 10, 25, 0), (2025, 11, 2, 0), (2025, 3, 9, 1), (2026, 4, 5, 1)),
        *((2038, 1, 19, 2), (2011, 12, 29, 20), (2026, 3, 7)),
    )
]
"""Days at which something happens: leap days, new years, clocks that change."""


def local_seconds(wall: datetime, zone: tzinfo) -> int:
    """Return the seconds since 1970 of what a clock shows in a zone; of two such moments the first."""
    since = wall.replace(tzinfo=zone, microsecond=0) - EPOCH
    return since.days * DAY_S + since.seconds


def shown(value: bytes) -> str:
    """Return bytes as a report shows them."""
    text = value.decode("utf-8", "surrogateescape")
    found = []
    for character in text:
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:
            code -= 0xDC00
            found.append(f"\\x{code:02x}")
        elif code < 0x20 or 0x7F <= code < 0xA0:
            found.append(f"\\x{code:02x}")
        else:
            found.append(character)
    return "".join(found)
