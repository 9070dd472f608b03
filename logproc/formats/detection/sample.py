"""The first lines of a source, and the time that text of any kind has."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.columns.lines import is_blank
from logproc.formats.engine import Format
from logproc.formats.known import HEAD_BYTES, learned, timed
from logproc.formats.readers.beginnings import CLOCK, OPENING
from logproc.formats.readers.expression import Expression, has_match, matching
from logproc.formats.times.forms import (
    DAY_FIRST_HALF,
    DAY_HALF_SHORT,
    DAY_SHORT,
    EPOCH,
    FORMS,
    ISO_LONG_ZONE,
    MINUTES,
    MONTH_SHORT,
    OTHER_ORDER,
    SHORT_YEAR,
    US,
    US_SHORT,
    YEAR_HALF,
    ZONE,
    TimeForm,
)
from logproc.formats.times.order import TURNED, Order, assumed_in, is_sure, year_is_first
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

SAMPLE_BYTES = (256 << 10, 4 << 20)
SAMPLE_LINES = (100, 2_000)
LINE_BYTES = 64 << 10
"""Most formats are asked about only this much of a line, so that a sample of huge lines costs no more than one of short ones.
The readers of JSON, logfmt and access logs need the end of a line to know it; they are quick, and few.
"""
UTF8_MARK = b"\xef\xbb\xbf"
NEARLY = 0.9
LEAST_SHARE = 0.1
CLOSE_S = 366 * 86_400
SHORT_YEARS = frozenset({SHORT_YEAR, DAY_SHORT, MONTH_SHORT})
HALVES = (YEAR_HALF, US, DAY_FIRST_HALF, US_SHORT, DAY_HALF_SHORT)
SEARCHED = tuple(
    dict.fromkeys(
        [ISO_LONG_ZONE, *HALVES, *(form for form in FORMS if form not in OTHER_ORDER), *FORMS, *TURNED, DAY_SHORT, MONTH_SHORT]
    )
)
"""The forms of times that are searched for in text: those with AM or PM before those that are the same without it."""


class Candidate(Struct, frozen=True):
    """A format that some lines of a sample fit: how many of them."""

    format: Format
    fitting: int
    lines: int

    @property
    def share(self) -> float:
        return self.fitting / self.lines if self.lines else 0.0


class Sample(Struct, frozen=True, dict=True):
    """The first lines of a source that are not blank, with their numbers."""

    lines: tuple[bytes, ...]
    numbers: tuple[int, ...]

    @cached_property
    def whole_texts(self) -> pyarrow.Array:
        return pyarrow.array(self.lines, pyarrow.binary())

    @cached_property
    def texts(self) -> pyarrow.Array:
        """The beginning of each line."""
        if all(len(line) <= LINE_BYTES for line in self.lines):
            return self.whole_texts
        return pyarrow.array([line[:LINE_BYTES] for line in self.lines], pyarrow.binary())

    def keep(self, mask: Mask) -> Sample:
        which = numpy.flatnonzero(mask).tolist()
        return Sample(tuple(self.lines[at] for at in which), tuple(self.numbers[at] for at in which))


def sample_of(sample: bytes, count: int, *, whole: bool) -> Sample:
    """Return the first `count` lines of a sample, blank ones left out."""
    lines = sample.removeprefix(UTF8_MARK).split(b"\n", count)
    if not whole or len(lines) > count:
        lines.pop()
    kept = [(line.removesuffix(b"\r"), number) for number, line in enumerate(lines, 1) if not is_blank(line)]
    return Sample(tuple(line for line, _ in kept), tuple(number for _, number in kept))


def generic(sample: Sample, least_share: float, *, anywhere: bool = True) -> Format | None:
    """Return the format of text with a time of the form that most lines have, None if too few have one.

    A time at the beginning opens a record, and lines without one belong to it. A time further on is only looked for, if
    it may be `anywhere`.
    Only times that exist count: `07 Mar 2026 10:00:00` holds `2026 10:00:00` as well, which would be day 26 of month 20.
    Of two forms that as many lines have, the one with a year is meant.
    """
    heads = pyarrow.compute.binary_slice(sample.texts, 0, HEAD_BYTES)
    # A match without groups rules out most forms, once for all the places that are asked below.
    forms = [form for form in SEARCHED if not form.epoch and has_match(heads, form.expression)]
    places = ((True, False), (True, True), (False, False)) if anywhere else ((True, False), (True, True))
    for leading, with_level in places if forms else ():
        found = [timed(form, leading=leading, with_level=with_level) for form in forms]
        counts = [(counted(form, time, sample.texts), not time.year_less) for form, time in zip(found, forms, strict=True)]
        best = max(range(len(found)), key=counts.__getitem__)
        if counts[best][0] > least_share * len(sample.lines) * (1 if leading else 3):
            form = learned(forms[best], sample.lines, with_level=with_level) if leading else found[best]
            other = OTHER_ORDER.get(forms[best])
            in_doubt = other in forms and counts[forms.index(other)][0] == counts[best][0]
            assumed = assumed_in(forms[best]) if in_doubt else ""
            if forms[best] is SHORT_YEAR and not is_sure(texts_of(sample.texts)):
                assumed = "year first"
            return replace(form, order=Order(assumed=assumed)) if assumed else form
    return of_epoch(sample) or of_clock(sample)


def of_clock(sample: Sample) -> Format | None:
    """Return the format of text whose lines begin with a time of day; None unless most do. Its records have no time."""
    fits = matching(sample.texts, rf"^{OPENING}{CLOCK}(?:[^0-9a-zA-Z:]|$)")
    most = int(pyarrow.compute.sum(fits).as_py() or 0) * 2 > len(sample.lines)
    return learned(None, sample.lines) if most else None


def of_epoch(sample: Sample) -> Format | None:
    """Return the format of text whose lines begin with seconds since 1970; None unless nearly all do, and are close together.

    A number of ten digits alone may as well be somebody's account.
    """
    form = timed(EPOCH, leading=True)
    reader = form.exact
    seconds = reader.times(reader.found_in(sample.texts, ()), Context())[0] if isinstance(reader, Expression) else None
    times = numpy.empty(0, numpy.int64) if seconds is None else seconds[seconds != NO_TIME]
    if len(times) < max(2, NEARLY * len(sample.lines)) or times.max() - times.min() > CLOSE_S:
        return None
    return learned(EPOCH, sample.lines)


def counted(form: Format, time: TimeForm, texts: pyarrow.Array) -> int:
    """Return how many lines have a time of a form. One without seconds does not count where seconds follow."""
    count = times_in(form, texts)
    if count and time in SHORT_YEARS and (time is SHORT_YEAR) is not year_is_first(texts_of(texts)):
        return 0
    if count and time is MINUTES:
        followed = matching(texts, time.expression.replace(ZONE, "") + r":\d")
        return count - int(pyarrow.compute.sum(followed).as_py() or 0)
    return count


def texts_of(texts: pyarrow.Array) -> list[str]:
    return [text.decode("latin-1") for text in texts.to_pylist()]


def times_in(form: Format, texts: pyarrow.Array) -> int:
    return form.exact.times_in(texts) if isinstance(form.exact, Expression) else 0
