"""Validators, ranges and dates in response headers: which version of a log, which part of it, and when to retry."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from logproc.model.patterns import regex

CONTENT_RANGE = regex(r"bytes +(?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)", re.IGNORECASE)
STRONG_ETAG = regex(r'"[\x21\x23-\x7e\x80-\xff]*"')
STRONG_AFTER_S = 60.0
"""A Last-Modified distinguishes versions only if it is this much older than the response (RFC 9110, 8.8.2.2)."""
DAY_S = 86400
SPANS = ((365.25 * DAY_S, "years"), (DAY_S, "days"), (3600, "hours"), (60, "minutes"))


class Version(Struct, frozen=True):
    """One version of a resource: where it is, its validators (RFC 9110, 8.8), and its content codings."""

    url: str
    etag: str
    modified: str
    encoding: str
    modified_is_strong: bool

    @classmethod
    def of(cls, url: str, headers: Mapping[str, str]) -> Version:
        modified, date = (read_date(headers.get(name, "")) for name in ("Last-Modified", "Date"))
        strong = modified is not None and date is not None and (date - modified).total_seconds() >= STRONG_AFTER_S
        return cls(url, headers.get("ETag", ""), headers.get("Last-Modified", ""), headers.get("Content-Encoding", ""), strong)

    @property
    def modified_s(self) -> float | None:
        """Time of the last change in seconds since 1970, None if the server does not say."""
        modified = read_date(self.modified)
        return modified.timestamp() if modified else None

    @property
    def validator(self) -> str:
        """The value for If-Range: a strong ETag, or a strong date if there is no ETag (RFC 9110, 13.1.5); or ""."""
        if self.etag:
            return self.etag if STRONG_ETAG.fullmatch(self.etag) else ""
        return self.modified if self.modified_is_strong and self.modified.isprintable() else ""

    def same_part(self, headers: Mapping[str, str]) -> bool:
        """Return whether a 206 response is of this version. It may omit Content-Encoding (RFC 9110, 15.3.7).

        Some servers ignore If-Range. So if the date is the only validator, it must be present and equal.
        """
        encoding = headers.get("Content-Encoding", self.encoding)
        same_date = bool(self.etag) or headers.get("Last-Modified", "") == self.modified
        return headers.get("ETag", "") == self.etag and same_date and encoding == self.encoding


def content_range(headers: Mapping[str, str]) -> tuple[int | None, int | None, int | None]:
    """Return first byte, last byte and total size from Content-Range (RFC 9110, 14.4), None for each that is missing.

    >>> content_range({"Content-Range": "bytes 5-9/10"}), content_range({"Content-Range": "bytes */10"})
    ((5, 9, 10), (None, None, 10))
    """
    match = CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if not match:
        return None, None, None
    first, last, size = (int(text) if text and text != "*" else None for text in match.groups())
    return first, last, size


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait by Retry-After (RFC 9110, 10.2.3), None if it is absent, past or invalid.

    A date is compared with the server's clock if the response has a Date, else with ours.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,18}", text):
        return float(text) or None
    moment, now = read_date(text), read_date(headers.get("Date", ""))
    if moment is None:
        return None
    seconds = moment.timestamp() - (now.timestamp() if now else time.time())
    return seconds if seconds > 0 else None


def read_date(text: str) -> datetime | None:
    """Return an HTTP date (RFC 9110, 5.6.7) with its time zone, None if it is invalid. One that names none is in UTC."""
    try:
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def span(seconds: float) -> str:
    """Return a duration in words, in whole units.

    >>> span(61), span(1e9)
    ('61 s', '31 years')
    """
    for unit, name in SPANS:
        if seconds >= 2 * unit:
            return f"{int(seconds // unit)} {name}"
    return f"{seconds:.0f} s"
