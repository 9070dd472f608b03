"""The content of a Combined log, computed in the simplest way: one loop, one expression, no code of logproc.

Slow, but easy to verify by reading. The tests compare the program with it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

LINE = re.compile(
    rb"(\S+) \S+ (-|(?:[^-]|-[^ ]).*?) \[([^]]{26})\] "
    rb'"((?:[^"\\]|\\.)*+)" (\d\d\d) (\d+|-) "((?:[^"\\]|\\.)*+)" "((?:[^"\\]|\\.)*+)"',
    re.DOTALL,
)
TIME = re.compile(r"\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d\d[0-5]\d")
REQUEST = re.compile(rb"(\S+) (\S+) (HTTP/\d+(?:\.\d+)?)")
WITH_BLANKS = re.compile(rb"([A-Za-z][A-Za-z0-9_-]*) (\S(?:[^\t\n\r\v\f]*\S)?) (HTTP/\d+(?:\.\d+)?)")
OLD_REQUEST = re.compile(rb"(GET) (\S+)()")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone(timedelta(0)))


@dataclass
class Truth:
    """The content of a log. panels: for each, the count and the sum of bytes by key; hours are text as in a report."""

    lines: int = 0
    records: int = 0
    rejected: list[int] = field(default_factory=list)
    blank: int = 0
    bytes: int = 0
    malformed_requests: int = 0
    times: list[datetime] = field(default_factory=list)
    panels: dict[str, dict[str, list[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0])))

    def add(self, panel: str, key: str, size: int) -> None:
        self.panels[panel][key][0] += 1
        self.panels[panel][key][1] += size

    def counts(self, panel: str) -> dict[str, tuple[int, int]]:
        """Return a panel as plain data: count and bytes by key."""
        return {key: (count, size) for key, (count, size) in self.panels[panel].items()}


def truth(content: bytes, max_line_bytes: int = 1 << 20) -> Truth:
    """Read a whole Combined log; `rejected` are the numbers of the rejected lines, from 1."""
    found = Truth()
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, line in enumerate(lines if lines[-1] else lines[:-1], 1):
        found.lines += 1
        line = line.removesuffix(b"\r")
        match = LINE.fullmatch(line) if len(line) <= max_line_bytes else None
        if match and match[2] != b"-" and b"-" in match[2].split(b" "):
            match = None  # a token more than the format has
        time = moment(match[3]) if match else None
        size = int(match[6]) if match and match[6] != b"-" else 0
        if match and time and size < 2**63:
            add_record(found, match, time, size)
        elif len(line) <= max_line_bytes and not line.strip(b" \t\r\v\f"):
            found.blank += 1
        else:
            found.rejected.append(number)
    return found


def without_holes(content: bytes) -> bytes:
    """Return a log as its lines are read, without NULs where nothing was written: many inside a line end it."""
    return re.sub(rb"\0{16,}\n?", b"\n", re.sub(rb"(?:^|(?<=\n))\0+", b"", content))


ONLY_DASHES = re.compile(rb"[ -]*-[ -]*")
"""Not a user."""


def add_record(found: Truth, match: re.Match[bytes], time: datetime, size: int) -> None:
    found.records += 1
    found.bytes += size
    found.times.append(time)
    found.add("hour", time.replace(minute=0, second=0).isoformat().replace("+00:00", "Z"), size)
    request = next(filter(None, (form.fullmatch(match[4]) for form in (REQUEST, WITH_BLANKS, OLD_REQUEST))), None)
    found.malformed_requests += not request
    values = {"client": match[1], "user": match[2], "status": match[5], "referrer": match[7], "user_agent": match[8]}
    if request:
        values |= {"method": request[1], "path": request[2].split(b"?")[0], "protocol": request[3] or b"-"}
    for panel, value in values.items():
        if value != b"-" and (value or panel == "path") and not (panel == "user" and ONLY_DASHES.fullmatch(value)):
            found.add(
                panel, CONTROL.sub(lambda control: f"\\x{ord(control[0]):02x}", value.decode(errors="backslashreplace")), size
            )


def moment(text: bytes) -> datetime | None:
    """Return a time in UTC, None if it does not exist."""
    shape = TIME.fullmatch(text.decode("latin-1"))
    try:
        return EPOCH + (datetime.strptime(shape[0], "%d/%b/%Y:%H:%M:%S %z") - EPOCH) if shape else None
    except (ValueError, OverflowError):
        return None
