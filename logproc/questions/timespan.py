"""`--since` and `--until`: times as people write them → seconds since 1970."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from logproc.model.errors import UsageError

UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
RELATIVE = re.compile(r"(\d{1,9})\s*(s|min|m|h|d|w)(?:\s+ago)?")
CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
EPOCH = re.compile(r"@(\d{1,12})")
HINT = 'write "2026-03-07 10:00", "2026-03-07", "10:00", "2h" (two hours ago) or "@1772877600"'


def parse_moment(option: str, text: str, zone: tzinfo, now_s: int) -> int:
    """Return the time that a text names, in seconds since 1970. Raises UsageError if it is not a time.

    Relative times (`2h`) count back from `now_s`. A time of day is today's. Times without an offset are in `zone`.

    >>> from datetime import UTC
    >>> parse_moment("--since", "2h", UTC, 1772877600), parse_moment("--since", "2026-03-07T10:00Z", UTC, 0)
    (1772870400, 1772877600)
    """
    text = text.strip()
    if match := RELATIVE.fullmatch(text):
        return now_s - int(match[1]) * UNITS_S[match[2]]
    if match := EPOCH.fullmatch(text):
        return int(match[1])
    if text == "now":
        return now_s
    if CLOCK.fullmatch(text):
        text = f"{datetime.fromtimestamp(now_s, zone):%Y-%m-%d} {text.zfill(5 if text.count(':') == 1 else 8)}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is not a time", HINT) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.timestamp() // 1)
