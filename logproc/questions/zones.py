"""`--tz`: the name of a time zone, or `local`, → its offsets at every moment, daylight saving time included."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from logproc.model.errors import UsageError, nearest
from logproc.model.patterns import regex

LOCALTIME, TIMEZONE = Path("/etc/localtime"), Path("/etc/timezone")
"""Where a system keeps its zone: the data, or a link to it; the name."""
DATABASE = "zoneinfo/"
NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
OFFSET = r"[+-]?\d{1,2}(?::\d{2}){0,2}"
POSIX = regex(rf"{NAME}{OFFSET}(?P<summer>{NAME}(?:{OFFSET})?)?(?P<rules>(?:,[JM][^,]+){{2}})?")
"""Without days as bare numbers, counted from 0: zoneinfo takes them to be a day earlier than the C library."""
USUAL_RULES = ",M3.2.0,M11.1.0"
"""When clocks change if a POSIX string does not say it, as in the C library: those of the United States."""
SAME_AS_UTC = frozenset({"UTC", "Z", "UTC0", "ETC/UTC", "ETC/UCT", "UCT", "ZULU", "ETC/ZULU", "UNIVERSAL", "ETC/UNIVERSAL"})
FIXED = regex(r"(?:UTC|GMT)? ?([+-])(\d{1,2})(?::?00)?", re.IGNORECASE)
ABBREVIATIONS = {
    **dict.fromkeys(("CEST", "MESZ", "MEZ"), "Europe/Berlin"),
    **dict.fromkeys(("PST", "PDT", "PT"), "America/Los_Angeles"),
    **dict.fromkeys(("EDT", "ET"), "America/New_York"),
    **dict.fromkeys(("CDT", "CST"), "America/Chicago"),
    **dict.fromkeys(("MDT",), "America/Denver"),
    "BST": "Europe/London",
    "JST": "Asia/Tokyo",
    "IST": "Asia/Kolkata",
    "AEST": "Australia/Sydney",
    "MSK": "Europe/Moscow",
}
"""Zones with the clocks of abbreviations that are not names."""
FAULTS = (KeyError, ValueError, OSError, RecursionError)
"""What ZoneInfo raises for a name that is not one: KeyError if it is not found, RecursionError for thousands of slashes."""


def parse_zone(name: str | None) -> tzinfo:
    """Return a time zone by its IANA name or `local`; UTC for None. Raises UsageError for an unknown name."""
    if name is None:
        return UTC
    if name.lower() == "local":
        return local_zone(os.environ)
    try:
        return named(name)
    except FAULTS as error:
        raise UsageError(f"--tz {name!r} is not a known zone", nearest_zone(name)) from error


def nearest_zone(name: str) -> str:
    """Return the hint for a zone that is not known: one of this city, abbreviation or offset, or the nearest name.

    >>> nearest_zone("berlin"), nearest_zone("+01:00")
    ("did you mean 'Europe/Berlin'?", "write 'Etc/GMT-1': its sign is the other way round")
    """
    zones = available_timezones()
    asked = name.strip().lower().replace(" ", "_")
    if (match := FIXED.fullmatch(name.strip())) and int(match[2]) <= 12:
        return f"write 'Etc/GMT{'-' if match[1] == '+' else '+'}{int(match[2])}': its sign is the other way round"
    last = {zone.rpartition("/")[2].lower(): zone for zone in sorted(zones) if "/" in zone}
    usual = last | {abbreviation.lower(): zone for abbreviation, zone in ABBREVIATIONS.items()}
    return nearest(asked, sorted(zones), hint(), usual, 0.85)


def local_zone(variables: Mapping[str, str], localtime: Path = LOCALTIME, timezone: Path = TIMEZONE) -> tzinfo:
    """Return the zone of the variable TZ, as POSIX has it (8.3), or else of the system; UTC where neither says one.

    Raises UsageError if there is one that cannot be read.
    """
    name = variables.get("TZ")
    what = f"--tz local: TZ={name!r}" if name is not None else f"--tz local: the zone of {localtime}"
    try:
        return system_zone(localtime, timezone) if name is None else zone_of(name.removeprefix(":"))
    except FAULTS as error:
        raise UsageError(f"{what} is not a known zone", hint()) from error


def zone_of(text: str) -> tzinfo:
    """Return the zone of a name, a file of the database, or a POSIX string such as `CET-1CEST,M3.5.0,M10.5.0/3`."""
    if not text:
        return UTC
    if text.startswith("/"):
        return from_file(Path(text))
    try:
        return named(text)
    except FAULTS:
        return posix_zone(text)


def named(name: str) -> tzinfo:
    return UTC if name.upper() in SAME_AS_UTC else ZoneInfo(name)


def system_zone(localtime: Path, timezone: Path) -> tzinfo:
    if localtime.is_symlink():  # the link may lead nowhere where the database is that of the package tzdata
        with suppress(*FAULTS):
            return named(name_in_database(localtime.readlink()))
    if localtime.exists():
        return from_file(localtime)
    return named(timezone.read_text().strip()) if timezone.exists() else UTC


def name_in_database(path: Path) -> str:
    return str(path).rpartition(DATABASE)[2]


def from_file(path: Path) -> tzinfo:
    name = name_in_database(path.resolve())
    if name.upper() in SAME_AS_UTC:
        return UTC
    return from_bytes(path.read_bytes(), name)


class ZoneOfBytes(ZoneInfo):
    """A zone that is not in the database by its name. It can be sent to another process, which ZoneInfo itself refuses."""

    data: bytes

    def __reduce__(self) -> tuple[object, ...]:
        return from_bytes, (self.data, self.key)


def from_bytes(data: bytes, name: str) -> tzinfo:
    """Return the zone of a file of the database (RFC 9636)."""
    zone = ZoneOfBytes.from_file(BytesIO(data), name)
    zone.data = data
    return zone


def posix_zone(text: str) -> tzinfo:
    """Return the zone of a POSIX string. Raises ValueError if it is not one.

    The string becomes what it is the last line of: a file of the database (RFC 9636), here without any change before.

    >>> datetime(2026, 7, 1, tzinfo=posix_zone("CET-1CEST,M3.5.0,M10.5.0/3")).isoformat()
    '2026-07-01T00:00:00+02:00'
    """
    match = POSIX.fullmatch(text)
    if not match:
        raise ValueError(text)
    rules = USUAL_RULES if match["summer"] and not match["rules"] else ""
    head = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4) + struct.pack(">lbb4s", 0, 0, 0, b"UTC")
    zone = from_bytes(head * 2 + f"\n{text}{rules}\n".encode(), text)
    for month in (1, 7):
        datetime(2026, month, 1, tzinfo=zone).utcoffset()  # raises ValueError for a day or more
    return zone


def hint() -> str:
    if not available_timezones():
        return "no time zones are installed: pip install tzdata"
    return "write Europe/Berlin, America/New_York, UTC or local"
