"""Which format a source has. It depends only on the first bytes, never on block, chunk or network sizes.

A sample is the first 256 KiB, or the first 4 MiB if that is less than a hundred lines and none of them fits (a file may
open with one huge damaged line). Each known format is asked how many lines of the sample fit it. The one that fits most
of them wins, and of several that fit as many the one that asks for more. So a file that opens with damaged lines is
recognised, and JSON objects are an access log only where they say what was asked for and with which status.

Where lines of other formats are more than half as many as those of the best one, the source is a mixture, such as a
journal of many programs: it is text, in which a time and a level are looked for. Text is also what fits nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy
import pyarrow

from logproc.formats.columns.lines import is_blank
from logproc.formats.engine import Format
from logproc.formats.known import FORMATS, LAYOUT_FORMATS, PLAIN, timed
from logproc.formats.readers.expression import Expression
from logproc.formats.readers.json_lines import JsonReader
from logproc.formats.readers.layout import LayoutReader
from logproc.formats.readers.logfmt import PairsReader
from logproc.formats.readers.w3c import W3cReader
from logproc.formats.times.forms import FORMS

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

SAMPLE_BYTES = (256 << 10, 4 << 20)
SAMPLE_LINES = (100, 2_000)
LINE_BYTES = 64 << 10
"""Most formats are asked about only this much of a line, so that a sample of huge lines costs no more than one of short ones.
The readers of JSON, logfmt and access logs need the end of a line to know it; they are quick, and few.
"""
UTF8_MARK = b"\xef\xbb\xbf"
SURE = 0.9
LEAST_SHARE = 0.1
GENERIC = frozenset({"text", "plain"})


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

    def candidate(self, form: Format, fits: Mask) -> Candidate:
        misfits = numpy.flatnonzero(~fits)
        return Candidate(form, int(fits.sum()), len(self.lines), self.numbers[misfits[0]] if len(misfits) else None)


def detect(sample: bytes, *, whole: bool, only: str | None = None) -> Format | None:
    """Return the format of a sample, None if there is no line in it, or none that fits a format other than any text.

    whole: whether the sample is all of the source; otherwise its last line may be cut and is not looked at.
    only: the name of the one format to ask, for those that depend on the sample.
    """
    for count in SAMPLE_LINES:
        lines = sample_of(sample, count, whole=whole)
        asked = candidates(lines, only=only)
        found = choose(lines, asked) if only is None else asked[0][0].format if asked else None
        if found or sample.count(b"\n") < count:
            return found
    return None


def sample_of(sample: bytes, count: int, *, whole: bool) -> Sample:
    """Return the first `count` lines of a sample, blank ones left out."""
    lines = sample.removeprefix(UTF8_MARK).split(b"\n", count)
    if not whole or len(lines) > count:
        lines.pop()
    kept = [(line.removesuffix(b"\r"), number) for number, line in enumerate(lines, 1) if not is_blank(line)]
    return Sample(tuple(line for line, _ in kept), tuple(number for _, number in kept))


def candidates(sample: Sample, *, only: str | None = None) -> list[tuple[Candidate, Mask]]:
    """Return the formats that any line fits, in the order in which they are asked, with the lines that do.

    If an access log is certain, no other formats are tried: there are many, and a run over one line should start at once.
    """
    found: list[tuple[Candidate, Mask]] = []
    for form, fits in all_fits(sample, only):
        if fits.any() and only in {None, form.name}:
            found.append((sample.candidate(form, fits), fits))
        if form is LAYOUT_FORMATS[-1] and only is None and any(candidate.share >= SURE for candidate, _ in found):
            return found
    return found


def all_fits(sample: Sample, only: str | None) -> Iterable[tuple[Format, Mask]]:
    """Yield each known format with the lines of a sample that fit it."""
    for form in LAYOUT_FORMATS:
        yield form, form.fits(sample.whole_texts)
    for reader in (JsonReader, PairsReader, W3cReader):
        yield reader.of_sample(sample.lines)
    for form in FORMATS:
        if only in {None, form.name}:
            yield form, form.fits(sample.texts)


def is_layout(form: Format) -> bool:
    """Return whether a format is an access log that is cut at quotes and spaces."""
    return isinstance(form.exact, LayoutReader)


def choose(sample: Sample, found: list[tuple[Candidate, Mask]]) -> Format | None:
    """Return the best of the formats that fit any line of a sample; None if none is better than plain text."""
    if not found:
        loose = loosely(sample)
        return loose or (generic(sample, LEAST_SHARE) if sample.lines else None)
    best, fits = max(found, key=lambda pair: pair[0].fitting)
    others = numpy.zeros_like(fits)
    for candidate, other in found:
        if not (is_layout(best.format) and is_layout(candidate.format)):
            others |= other
    if int((others & ~fits).sum()) * 2 > best.fitting:
        return generic(sample, LEAST_SHARE) or PLAIN
    if is_layout(best.format) or best.share >= 0.5:
        return best.format
    better = generic(sample, max(best.share, LEAST_SHARE))
    return better or (best.format if best.share >= LEAST_SHARE else None)


def loosely(sample: Sample) -> Format | None:
    """Return the access log that fits the most lines if users may contain spaces, None if none fits any."""
    fits = [
        int(form.exact.fits_loosely(sample.whole_texts).sum()) if isinstance(form.exact, LayoutReader) else 0
        for form in LAYOUT_FORMATS
    ]
    best = max(range(len(fits)), key=fits.__getitem__)
    return LAYOUT_FORMATS[best] if fits[best] else None


def generic(sample: Sample, least_share: float) -> Format | None:
    """Return the format of text with a time of the form that most lines have, None if too few have one.

    A time at the beginning opens a record, and lines without one belong to it. A time further on is only looked for.
    Only times that exist count: `07 Mar 2026 10:00:00` holds `2026 10:00:00` as well, which would be day 26 of month 20.
    Of two forms that as many lines have, the one with a year is meant.
    """
    for leading in (True, False):
        found = [timed(form, leading=leading) for form in FORMS]
        counts = [(times_in(form, sample.texts), not (time.year_less)) for form, time in zip(found, FORMS, strict=True)]
        best = max(range(len(found)), key=counts.__getitem__)
        if counts[best][0] > least_share * len(sample.lines) * (1 if leading else 3):
            return found[best]
    return None


def times_in(form: Format, texts: pyarrow.Array) -> int:
    return form.exact.times_in(texts) if isinstance(form.exact, Expression) else 0


def fallback(sample: bytes, *, whole: bool, only: str | None = None) -> Format | None:
    """Return a text format for a sample that fits nothing else, with a time if one is found. None without a line."""
    lines = sample_of(sample, SAMPLE_LINES[0], whole=whole)
    if not lines.lines:
        return None
    return (generic(lines, LEAST_SHARE) if only != "plain" else None) or PLAIN
