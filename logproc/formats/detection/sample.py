"""The first lines of a source, and the time that text of any kind has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.columns.lines import is_blank
from logproc.formats.engine import Format
from logproc.formats.known import HEAD_BYTES, learned, timed
from logproc.formats.readers.beginnings import CLOCK, OPENING
from logproc.formats.readers.expression import Expression, matching
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
    """The first lines of a source that are not blank, with their numbers.

    asked: the lines of many samples, these among them, if they are asked together; rows: which of those they are.
    """

    lines: tuple[bytes, ...]
    numbers: tuple[int, ...]
    asked: Asked | None = None
    rows: Any = None

    @cached_property
    def whole_texts(self) -> pyarrow.Array:
        return pyarrow.array(self.lines, pyarrow.binary())

    @cached_property
    def texts(self) -> pyarrow.Array:
        """The beginning of each line."""
        if all(len(line) <= LINE_BYTES for line in self.lines):
            return self.whole_texts
        return pyarrow.array([line[:LINE_BYTES] for line in self.lines], pyarrow.binary())

    def fits(self, form: Format) -> Mask:
        """Return which lines start a record of a format."""
        return self.asked.fits(form)[self.rows] if self.asked else form.fits(self.texts)

    def fits_whole(self, form: Format) -> Mask:
        """Return the same for a format that has to see the end of a line."""
        return self.asked.fits_whole(form)[self.rows] if self.asked else form.fits(self.whole_texts)

    def claims(self, form: Format) -> Mask:
        """Return which lines a format would take."""
        return self.asked.claims(form)[self.rows] if self.asked else form.exact.claims(self.whole_texts)

    def matches(self, expression: str, first_bytes: int | None = None) -> Mask:
        """Return which lines match an expression, within so many of their first bytes."""
        return self.asked.matches(expression, first_bytes)[self.rows] if self.asked else self.matching(expression, first_bytes)

    def matching(self, expression: str, first_bytes: int | None) -> Mask:
        texts = self.texts if first_bytes is None else pyarrow.compute.binary_slice(self.texts, 0, first_bytes)
        found: Mask = matching(texts, expression).to_numpy(zero_copy_only=False)
        return found

    def has_match(self, expression: str, first_bytes: int | None = None) -> bool:
        return bool(self.matches(expression, first_bytes).any())

    def may_fit(self, forms: Sequence[Format]) -> Sequence[Format]:
        """Return the formats that may fit some lines: where many samples are asked, those that fit a line of any of them."""
        return self.asked.fitting(forms) if self.asked else forms

    def may_have(self, forms: Sequence[TimeForm]) -> Sequence[TimeForm]:
        """Return the forms of times that some lines may begin with, as `may_fit` does."""
        return self.asked.having(forms) if self.asked else forms

    def keep(self, mask: Mask) -> Sample:
        if mask.all():
            return self
        which = numpy.flatnonzero(mask).tolist()
        rows: Any = None
        if self.asked:
            rows = self.rows.start + numpy.flatnonzero(mask) if isinstance(self.rows, slice) else self.rows[mask]
        return Sample(tuple(self.lines[at] for at in which), tuple(self.numbers[at] for at in which), self.asked, rows)


class Asked:
    """The lines of many samples, which are asked together.

    Arrow compiles an expression whenever it is asked about one: some thirty microseconds, for one line or for thousands. There
    are a hundred formats. So each is asked once about all lines, and each sample takes its own part of the answers.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._all = Sample(tuple(line for sample in samples for line in sample.lines), ())
        self._answers: dict[object, Mask] = {}
        self._formats: dict[int, tuple[Format, int]] = {}
        self._numbers: dict[Format, int] = {}
        self._possible: dict[int, list[Any]] = {}  # by the `id` of FORMATS, ENVELOPES and SEARCHED, which stay
        starts = numpy.cumsum([0, *(len(sample.lines) for sample in samples)]).tolist()
        self.samples = [
            replace(sample, asked=self, rows=slice(start, end))
            for sample, start, end in zip(samples, starts, starts[1:], strict=False)
        ]

    def fits(self, form: Format) -> Mask:
        return self._answer(("fits", self._number(form)), lambda: form.fits(self._all.texts))

    def fits_whole(self, form: Format) -> Mask:
        return self._answer(("whole", self._number(form)), lambda: form.fits(self._all.whole_texts))

    def claims(self, form: Format) -> Mask:
        return self._answer(("claims", self._number(form)), lambda: form.exact.claims(self._all.whole_texts))

    def matches(self, expression: str, first_bytes: int | None) -> Mask:
        return self._answer((first_bytes, expression), lambda: self._all.matching(expression, first_bytes))

    def fitting(self, forms: Sequence[Format]) -> list[Format]:
        if id(forms) not in self._possible:
            self._possible[id(forms)] = [form for form in forms if self.fits(form).any()]
        return self._possible[id(forms)]

    def having(self, forms: Sequence[TimeForm]) -> list[TimeForm]:
        if id(forms) not in self._possible:
            self._possible[id(forms)] = [form for form in forms if self.matches(form.expression, HEAD_BYTES).any()]
        return self._possible[id(forms)]

    def _number(self, form: Format) -> int:
        """Return a number that equal formats share. Most are the same objects, which need not be compared field by field."""
        known = self._formats.get(id(form))
        if known is None:  # the format is kept, so that its `id` stays its own
            known = self._formats[id(form)] = form, self._numbers.setdefault(form, len(self._numbers))
        return known[1]

    def _answer(self, question: object, answer: Callable[[], Mask]) -> Mask:
        found = self._answers.get(question)
        if found is None:
            found = self._answers[question] = answer()
        return found


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
    # A match without groups rules out most forms, once for all the places that are asked below.
    forms = [form for form in sample.may_have(SEARCHED) if not form.epoch and sample.has_match(form.expression, HEAD_BYTES)]
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
    fits = sample.matches(rf"^{OPENING}{CLOCK}(?:[^0-9a-zA-Z:]|$)")
    return learned(None, sample.lines) if fits.sum() * 2 > len(sample.lines) else None


def of_epoch(sample: Sample) -> Format | None:
    """Return the format of text whose lines begin with seconds since 1970; None unless nearly all do, and are close together.

    A number of ten digits alone may as well be somebody's account.
    """
    form = timed(EPOCH, leading=True)
    if not sample.fits(form).any():
        return None
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
