"""Which format a source has. It depends only on the first bytes, never on block, chunk or network sizes.

A sample is the first 256 KiB, or the first 4 MiB if that is less than a hundred lines and none of them fits (a file may
open with one huge damaged line). Each known format is asked how many lines of the sample fit it. The one that fits most
of them is the first layout, and of several that fit nearly as many the one that asks for more. Then the rest of the lines
is looked at in the same way: a source may have several layouts, such as an application and a web server on one stdout.

Lines that only go on with a record, such as the frames of a traceback, do not count. Where most of the others have no
layout they are text: a minority never rejects the rest. Text is also what fits nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.levels import level_of
from logproc.formats.columns.lines import is_blank
from logproc.formats.engine import Format
from logproc.formats.envelope import MESSAGE, Envelope, lines_of_messages
from logproc.formats.known import ENVELOPES, FORMATS, LAYOUT_FORMATS, PLAIN, learned, timed
from logproc.formats.mixed import Mixed
from logproc.formats.readers.access_lines import access_formats
from logproc.formats.readers.expression import Expression, matching
from logproc.formats.readers.json_lines import JsonReader
from logproc.formats.readers.labels import LabelsReader
from logproc.formats.readers.layout import LayoutReader
from logproc.formats.readers.logfmt import PairsReader
from logproc.formats.readers.w3c import W3cReader
from logproc.formats.times.forms import DAY_FIRST_HALF, EPOCH, FORMS, MINUTES, OTHER_ORDER, US, ZONE, TimeForm
from logproc.formats.times.order import TURNED, Order, assumed_in
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME

if TYPE_CHECKING:
    from logproc.model.arrays import Mask
    from logproc.model.chunk import Parser

SAMPLE_BYTES = (256 << 10, 4 << 20)
SAMPLE_LINES = (100, 2_000)
LINE_BYTES = 64 << 10
"""Most formats are asked about only this much of a line, so that a sample of huge lines costs no more than one of short ones.
The readers of JSON, logfmt and access logs need the end of a line to know it; they are quick, and few.
"""
HEAD_BYTES = 4 << 10
"""Where a time is looked for before a format is asked."""
UTF8_MARK = b"\xef\xbb\xbf"
SURE = 0.9
NEARLY = 0.9
LEAST_SHARE = 0.1
LEAST_FURTHER = 0.05
"""A layout that fewer of the lines have is not one of the source."""
MOST_LAYOUTS = 4
CLOSE_S = 366 * 86_400
SEARCHED = tuple(dict.fromkeys([*(form for form in FORMS if form not in OTHER_ORDER), US, DAY_FIRST_HALF, *FORMS, *TURNED]))
"""The forms of times that are searched for in text: those with AM or PM before those that are the same without it."""
GENERIC = frozenset({"text", "plain"})
CARRIERS = frozenset({"syslog", "syslog_iso", "syslog_5424", "cri", "heroku", "json"})
"""Formats whose messages are often the lines of another log."""
FURTHER = re.compile(
    rb"\s|at |Caused by: |Traceback \(|\.\.\. \d+ |goroutine \d+|Stack trace:|#\d+ |[})\]]"
    rb"|(?:[A-Za-z_][\w$]*[.:\\]+)*[A-Z][\w$]*(?:Error|Exception|Warning|Interrupt)(?::| |$)"
)
"""How lines begin that go on with a record: the frames of a traceback, the name of an exception, closing brackets."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A format that some lines of a sample fit: how many of them, and the number of the first that does not."""

    format: Format
    fitting: int
    lines: int
    first_misfit: int | None = None

    @property
    def share(self) -> float:
        return self.fitting / self.lines if self.lines else 0.0


@dataclass(frozen=True)
class Sample:
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

    def candidate(self, form: Format, fits: Mask) -> Candidate:
        misfits = numpy.flatnonzero(~fits)
        return Candidate(form, int(fits.sum()), len(self.lines), self.numbers[misfits[0]] if len(misfits) else None)


def detect(sample: bytes, *, whole: bool, only: str | None = None) -> Parser | None:
    """Return the format of a sample, None if there is no line in it, or none that fits a format other than any text.

    whole: whether the sample is all of the source; otherwise its last line may be cut and is not looked at.
    only: the name of the one format to ask, for those that depend on the sample.
    """
    for count in SAMPLE_LINES:
        lines = sample_of(sample, count, whole=whole)
        found: Parser | None
        if only is not None:
            found = next((candidate.format for candidate, _ in candidates(lines, only=only)), None)
        else:
            found = opened(lines, one_of(layouts_of(lines)))
        if found or sample.count(b"\n") < count:
            return found
    return None


def one_of(layouts: Sequence[Format]) -> Format | Mixed | None:
    if len(layouts) > 1:
        return Mixed(tuple(layouts))
    return layouts[0] if layouts else None


def opened(sample: Sample, found: Format | Mixed | None) -> Parser | None:
    """Return the format of a sample whose lines, or messages, may be those of another log, given what the lines are."""
    generic = found is None or found.name in GENERIC
    if generic or (is_access(found) and not is_sure(sample)):
        for form in ENVELOPES:
            inner = inner_of(form, sample) if form.fits(sample.texts).sum() >= NEARLY * len(sample.lines) else None
            if inner and (inner.name not in {"text", "access"} or (generic and form.name != "timestamps")):
                return Envelope(form, inner)
    if isinstance(found, Format) and found.name in CARRIERS and (inner := inner_of(found, sample)):
        return Envelope(found, inner)
    return found


def is_access(found: Format | Mixed | None) -> bool:
    """Return whether all layouts are access logs, which any beginning of a line may be taken for."""
    layouts = found.layouts if isinstance(found, Mixed) else [found]
    return all(form is not None and (is_layout(form) or form.name == "access") for form in layouts)


def is_sure(sample: Sample) -> bool:
    """Return whether the lines are surely those of a usual access log, with nothing in front."""
    return any(form.fits(sample.whole_texts).sum() >= SURE * len(sample.lines) for form in LAYOUT_FORMATS)


def inner_of(outer: Format, sample: Sample) -> Format | Mixed | None:
    """Return the format of the messages of an outer format, None unless they are a log of their own."""
    data = numpy.frombuffer(b"".join(line + b"\n" for line in sample.lines), numpy.uint8)
    parts, _ = outer.claim(outer.lines(data), numpy.ones(len(sample.lines), bool), {MESSAGE}, Context())
    filled = [part for part in parts if len(part.line)]
    if not filled or not all(MESSAGE in part.fields for part in filled):
        return None
    messages = lines_of_messages(outer, filled, numpy.arange(sum(len(part.line) for part in filled))).tobytes()
    inner = one_of(
        [form for form in layouts_of(sample_of(messages, len(sample.lines), whole=True), alone=False) if form is not PLAIN]
    )
    if inner and outer.name == "json":  # an object in a message now and then is part of the message
        account = inner.parse(numpy.frombuffer(messages, numpy.uint8), Context(), (), LINE_BYTES).account
        return inner if 2 * account.records > account.lines else None
    return inner


def sample_of(sample: bytes, count: int, *, whole: bool) -> Sample:
    """Return the first `count` lines of a sample, blank ones left out."""
    lines = sample.removeprefix(UTF8_MARK).split(b"\n", count)
    if not whole or len(lines) > count:
        lines.pop()
    kept = [(line.removesuffix(b"\r"), number) for number, line in enumerate(lines, 1) if not is_blank(line)]
    return Sample(tuple(line for line, _ in kept), tuple(number for _, number in kept))


def candidates(sample: Sample, *, only: str | None = None) -> list[tuple[Candidate, Mask]]:
    """Return the formats that any line fits, in the order in which they are asked, with the lines that do.

    If an access log is certain, the other formats are only asked about the rest of the lines: there are many formats, and a
    run over one line should start at once.
    """
    found = [(form, form.fits(sample.whole_texts)) for form in LAYOUT_FORMATS if only in {None, form.name}]
    rest = numpy.ones(len(sample.lines), bool)
    if only is None and any(fits.sum() >= SURE * len(fits) for _, fits in found):
        rest = ~numpy.logical_or.reduce([fits for _, fits in found])
    if rest.any():
        for form, fits in all_fits(sample.keep(rest), only):
            mask = numpy.zeros(len(rest), bool)
            mask[rest] = fits
            found.append((form, mask))
    return [(sample.candidate(form, fits), fits) for form, fits in found if fits.any() and only in {None, form.name}]


def all_fits(sample: Sample, only: str | None) -> Iterator[tuple[Format, Mask]]:
    """Yield each known format, except for the usual access logs, with the lines of a sample that fit it."""
    known: dict[str, bool] = {}
    for form in FORMATS:
        if only in {None, form.name} and may_fit(form, sample, known):
            yield form, form.fits(sample.texts)
    for reader in (JsonReader, PairsReader, LabelsReader, W3cReader):
        yield reader.of_sample(sample.lines)
    if only is None:
        yield from access_formats(sample.lines)


def may_fit(form: Format, sample: Sample, known: dict[str, bool]) -> bool:
    """Return whether some lines may fit a format: if it needs a time, one of them must have it.

    There are few forms of times, so this is soon known, and most formats need not be asked.
    known: which forms of times the sample has, as far as that was asked.
    """
    time = form.exact.time if isinstance(form.exact, Expression) and not form.exact.may_lack_time else None
    if time is None:
        return True
    if time.name not in known:
        heads = pyarrow.compute.binary_slice(sample.texts, 0, HEAD_BYTES)
        known[time.name] = bool(pyarrow.compute.any(matching(heads, time.expression)).as_py())
    return known[time.name]


def layouts_of(sample: Sample, *, alone: bool = True) -> list[Format]:
    """Return the layouts of a sample's lines, first that of most lines; none if it is better called plain text.

    alone: whether the lines are a log of their own, and not the messages of one.
    """
    asked = candidates(sample)
    known = numpy.logical_or.reduce([numpy.zeros(len(sample.lines), bool), *(fits for _, fits in asked)])
    found = [(candidate, fits) for candidate, fits in asked if is_sound(candidate.format, sample, fits, known)]
    left = numpy.ones(len(sample.lines), bool)
    counts_for = numpy.array([FURTHER.match(line) is None for line in sample.lines], bool)
    for _, fits in found:
        counts_for |= fits
    counts_for |= not counts_for.any()
    weight = int(counts_for.sum())
    layouts: list[Format] = []
    while found and len(layouts) < MOST_LAYOUTS:
        counts = [int((fits & left).sum()) for _, fits in found]
        # Of formats that nearly as many lines fit, the first one asks for the most.
        best = next(at for at, count in enumerate(counts) if count >= NEARLY * max(counts))
        form, (_, fits) = found[best][0].format, found[best]
        if not counts[best] or counts[best] < least_of(form, further=bool(layouts), alone=alone) * weight:
            break
        layouts.append(form)
        left &= ~(form.exact.claims(sample.texts) if is_layout(form) else fits)
    rest = sample.keep(left & counts_for)
    if layouts and rest.lines:
        return layouts + text_of(rest, weight, of_table=isinstance(layouts[0].exact, W3cReader))
    if not layouts and sample.lines:
        text = generic(rest, LEAST_SHARE, anywhere=alone) if rest.lines else None
        return (not found and alone and loosely(sample)) or ([text] if text else [])
    return layouts


def is_sound(form: Format, sample: Sample, fits: Mask, known: Mask) -> bool:
    """Return whether what a format finds can be what it is called. known: which lines fit any format.

    A level in the place of a host shows that it is another format. And so do lines with the same time and without the logger:
    the first word of some messages looks like one.
    """
    reader = form.exact
    if not isinstance(reader, Expression):
        return True
    if "host" in form.fields:
        found = reader.found_in(sample.keep(fits).texts, {"host"})
        hosts = reader.texts_of(found, "host").to_pylist()
        return sum(level_of(host.decode("latin-1")) is not None for host in hosts) * 2 < len(hosts)
    if "logger" in form.fields and reader.time and not known.all():
        others = timed(reader.time, leading=True).fits(sample.texts) & ~known
        return bool(fits.sum() >= NEARLY * (fits.sum() + others.sum()))
    return True


def least_of(form: Format, *, further: bool, alone: bool) -> float:
    """Return the share of the lines that a format must fit to be a layout.

    As a further one it must know the time. Messages of other formats look like pairs now and then.
    """
    if not alone and form.name == "logfmt":
        return 0.5
    if further:
        return LEAST_FURTHER if "time" in form.fields else 2.0
    return 0.0 if is_layout(form) else LEAST_SHARE


def text_of(rest: Sample, weight: int, *, of_table: bool) -> list[Format]:
    """Return the layout of the lines that no other one fits: text if they begin with a time, plain if nearly all are left.

    of_table: whether the rest may be cut rows of a table, which are not text.
    """
    form = None if of_table else generic(rest, LEAST_FURTHER * weight / len(rest.lines), anywhere=False)
    if form:
        return [form]
    return [PLAIN] if weight - len(rest.lines) < LEAST_SHARE * weight else []


def is_layout(form: Format) -> bool:
    """Return whether a format is an access log that is cut at quotes and spaces."""
    return isinstance(form.exact, LayoutReader)


def loosely(sample: Sample) -> list[Format]:
    """Return the access log that fits the most lines if users may contain spaces, nothing if none fits any."""
    fits = [
        int(form.exact.fits_loosely(sample.whole_texts).sum()) if isinstance(form.exact, LayoutReader) else 0
        for form in LAYOUT_FORMATS
    ]
    best = max(range(len(fits)), key=fits.__getitem__)
    return [LAYOUT_FORMATS[best]] if fits[best] else []


def generic(sample: Sample, least_share: float, *, anywhere: bool = True) -> Format | None:
    """Return the format of text with a time of the form that most lines have, None if too few have one.

    A time at the beginning opens a record, and lines without one belong to it. A time further on is only looked for, if
    it may be `anywhere`.
    Only times that exist count: `07 Mar 2026 10:00:00` holds `2026 10:00:00` as well, which would be day 26 of month 20.
    Of two forms that as many lines have, the one with a year is meant.
    """
    for leading in (True, False) if anywhere else (True,):
        forms = [form for form in SEARCHED if not form.epoch]
        found = [timed(form, leading=leading) for form in forms]
        counts = [(counted(form, time, sample.texts), not time.year_less) for form, time in zip(found, forms, strict=True)]
        best = max(range(len(found)), key=counts.__getitem__)
        if counts[best][0] > least_share * len(sample.lines) * (1 if leading else 3):
            form = (learned(forms[best], sample.lines) if leading else None) or found[best]
            other = OTHER_ORDER.get(forms[best])
            in_doubt = other is not None and counts[forms.index(other)][0] == counts[best][0]
            return replace(form, order=Order(assumed=assumed_in(forms[best]))) if in_doubt else form
    return of_epoch(sample)


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
    return learned(EPOCH, sample.lines) or form


def counted(form: Format, time: TimeForm, texts: pyarrow.Array) -> int:
    """Return how many lines have a time of a form. One without seconds is none where seconds follow."""
    count = times_in(form, texts)
    if count and time is MINUTES:
        followed = matching(texts, time.expression.replace(ZONE, "") + r":\d")
        return count - int(pyarrow.compute.sum(followed).as_py() or 0)
    return count


def times_in(form: Format, texts: pyarrow.Array) -> int:
    return form.exact.times_in(texts) if isinstance(form.exact, Expression) else 0


def fallback(sample: bytes, *, whole: bool, only: str | None = None) -> Format | None:
    """Return a text format for a sample that fits nothing else, with a time if one is found. None without a line."""
    lines = sample_of(sample, SAMPLE_LINES[0], whole=whole)
    if not lines.lines:
        return None
    return (generic(lines, LEAST_SHARE) if only != "plain" else None) or PLAIN
