"""Which format a source has, told from its first bytes alone, so never from how they came: block, chunk or network sizes.

A sample is the first 256 KiB, or the first 4 MiB if that is less than a hundred lines and none of them fits (a file may
open with one huge damaged line). Each known format is asked how many lines of the sample fit it. The one that fits most
of them wins, and of several that fit as many the one that asks for more. So a file that opens with damaged lines is
recognised, and JSON objects are an access log only where they say what was asked for and with which status.

Where lines of other formats are more than half as many as those of the best one, the source is a mixture, such as a
journal of many programs: it is text, in which a time and a level are looked for. Text is also what fits nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.aliases import aliases_of, duration_of, is_access
from logproc.formats.known import FORMATS, PLAIN, timed
from logproc.formats.readers import json_lines, logfmt, w3c
from logproc.formats.readers.access import AccessFormat
from logproc.formats.readers.expression import TextFormat
from logproc.formats.readers.json_lines import JsonFormat
from logproc.formats.readers.layout import LAYOUTS
from logproc.formats.readers.logfmt import LogfmtFormat
from logproc.formats.readers.pattern import expression, is_blank
from logproc.formats.readers.w3c import W3cFormat
from logproc.formats.times.forms import FORMS
from logproc.formats.wide import looks_wide, wide_encoding

if TYPE_CHECKING:
    from logproc.formats.format import Format
    from logproc.model import Mask

SAMPLE_BYTES = (256 << 10, 4 << 20)
SAMPLE_LINES = (100, 2_000)
LINE_BYTES = 64 << 10
"""As much of a line is looked at, so that a sample of huge lines costs no more than one of short ones."""
BINARY = "looks binary: skipped", "give logs, or archives of them as .gz .bz2 .xz .zst"
HEAD_BYTES = 4096
"""As much is looked at to tell text from what is none."""
UTF8_MARK = b"\xef\xbb\xbf"
HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
SURE = 0.9
LEAST_SHARE = 0.1
GENERIC = frozenset({"text", "plain"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A format that some lines of a sample fit: how many of how many, and the number of the first that does not."""

    format: Format
    fitting: int
    lines: int
    first_misfit: int | None = None

    @property
    def share(self) -> float:
        """The part of the lines that fit."""
        return self.fitting / self.lines if self.lines else 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The first lines of a source that are not blank, with their numbers."""

    lines: tuple[bytes, ...]
    numbers: tuple[int, ...]

    @property
    def texts(self) -> pyarrow.Array:
        """The lines as an Arrow array."""
        return pyarrow.array(self.lines, pyarrow.binary())

    def candidate(self, form: Format, fits: Mask) -> Candidate:
        """Return a format with what of the sample fits it."""
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
    """Return at most `count` lines of a sample."""
    lines = sample.removeprefix(UTF8_MARK).split(b"\n", count)
    if not whole or len(lines) > count:
        lines.pop()
    kept = [(line.removesuffix(b"\r")[:LINE_BYTES], number) for number, line in enumerate(lines, 1) if not is_blank(line)]
    return Sample(tuple(line for line, _ in kept), tuple(number for _, number in kept))


def candidates(sample: Sample, *, only: str | None = None) -> list[tuple[Candidate, Mask]]:
    """Return the formats that any line fits, in the order in which they are asked, with the lines that do.

    Where an access log is sure, the others are not asked: there are many, and a run over one line should start at once.
    """
    found: list[tuple[Candidate, Mask]] = []
    for form, fits in all_fits(sample, only):
        if fits.any() and only in {None, form.name}:
            found.append((sample.candidate(form, fits), fits))
        if only is None and form.name == LAYOUTS[-1].name and any(candidate.share >= SURE for candidate, _ in found):
            return found
    return found


def all_fits(sample: Sample, only: str | None) -> Iterable[tuple[Format, Mask]]:
    """Yield each known format with the lines of a sample that fit it."""
    lines = sample.lines
    for layout in LAYOUTS:
        yield AccessFormat(layout), score(AccessFormat(layout), lines)
    yield json_of(lines)
    yield logfmt_of(lines)
    yield w3c_of(lines)
    texts = sample.texts
    for form in FORMATS:
        if only in {None, form.name}:
            yield form, form.fits(texts)


def fitting(form: Format, sample: Sample) -> int:
    """Return how many lines of a sample fit a format that does not depend on it."""
    if isinstance(form, AccessFormat):
        return int(score(form, sample.lines).sum())
    return int(form.fits(sample.texts).sum()) if isinstance(form, TextFormat) else 0


def score(form: AccessFormat, lines: Sequence[bytes]) -> Mask:
    """Return which lines fit a layout with a user of one word.

    A line of `vhost_combined` is one of `combined` as well, by a user that holds a blank: that is no sign of the format.
    """
    strict = expression(form.layout, strict=True)
    return numpy.array([strict.fullmatch(line) is not None for line in lines], bool)


def choose(sample: Sample, found: list[tuple[Candidate, Mask]]) -> Format | None:
    """Return the format of a sample, given those that any line fits; None if it is no better than any text."""
    if not found:
        loose = loosely(sample)
        return loose or (generic(sample, LEAST_SHARE) if sample.lines else None)
    best, fits = max(found, key=lambda pair: pair[0].fitting)
    others = numpy.zeros_like(fits)
    for candidate, other in found:
        if not (isinstance(best.format, AccessFormat) and isinstance(candidate.format, AccessFormat)):
            others |= other
    if int((others & ~fits).sum()) * 2 > best.fitting:
        return generic(sample, LEAST_SHARE) or PLAIN
    if isinstance(best.format, AccessFormat) or best.share >= 0.5:
        return best.format
    better = generic(sample, max(best.share, LEAST_SHARE))
    return better or (best.format if best.share >= LEAST_SHARE else None)


def loosely(sample: Sample) -> Format | None:
    """Return the layout that most lines fit if a user may hold blanks, None if none fits any."""
    fits = {layout: sum(expression(layout).fullmatch(line) is not None for line in sample.lines) for layout in LAYOUTS}
    best = max(LAYOUTS, key=lambda layout: fits[layout])
    return AccessFormat(best) if fits[best] else None


def generic(sample: Sample, least_share: float) -> Format | None:
    """Return the format of text with a time of the form that most lines have, None if too few have one.

    A time at the beginning opens a record, and what has none goes on with it. One further on is only looked for.
    Only times that exist count: `07 Mar 2026 10:00:00` holds `2026 10:00:00` as well, which would be day 26 of month 20.
    Of two forms that as many lines have, the one with a year is meant.
    """
    texts = sample.texts
    for leading in (True, False):
        found = [timed(form, leading=leading) for form in FORMS]
        counts = [(form.times_in(texts), not (form.time and form.time.year_less)) for form in found]
        best = max(range(len(found)), key=counts.__getitem__)
        if counts[best][0] > least_share * len(sample.lines) * (1 if leading else 3):
            return found[best]
    return None


def fallback(sample: bytes, *, whole: bool, only: str | None = None) -> Format | None:
    """Return the format of a sample that fits no other: any text with a time in it, or any text. None for no line."""
    lines = sample_of(sample, SAMPLE_LINES[0], whole=whole)
    if not lines.lines:
        return None
    return (generic(lines, LEAST_SHARE) if only != "plain" else None) or PLAIN


def json_of(lines: Sequence[bytes]) -> tuple[JsonFormat, Mask]:
    """Return JSON lines with the keys of a sample, and which lines are objects."""
    objects = [json_lines.object_of(line) if line.lstrip()[:1] == b"{" else "" for line in lines]
    kinds: dict[str, set[str]] = {}
    values: dict[str, list[str]] = {}
    nested: set[str] = set()
    for found in objects:
        if isinstance(found, dict):
            collect(found, "", kinds, values, nested)
    access = is_access(values)
    aliases = aliases_of(values, access=access)
    units = units_of(values, aliases, access=access)
    known = tuple((name, kind_of(found)) for name, found in kinds.items())
    form = JsonFormat(known, tuple(aliases.items()), units, frozenset(nested))
    return form, numpy.array([isinstance(found, dict) for found in objects], bool)


def collect(
    found: dict[str, Any], front: str, kinds: dict[str, set[str]], values: dict[str, list[str]], nested: set[str]
) -> None:
    """Note the keys of an object, those within objects as `a.b`, with the kinds of their values and the values themselves."""
    for key, value in found.items():
        name = front + key
        if isinstance(value, dict) and value and name.count(".") < 8:
            nested.add(name)
            collect(value, name + ".", kinds, values, nested)
        elif value is None:
            kinds.setdefault(name, set())
        else:
            kinds.setdefault(name, set()).add(json_lines.KINDS.get(type(value), ""))
            values.setdefault(name, []).append(json_lines.text_of(value).decode("utf-8", "replace"))


def kind_of(kinds: set[str]) -> str:
    """Return the one kind of all values of a key; whole numbers among others are numbers."""
    if kinds == {"integer", "number"}:
        return "number"
    return next(iter(kinds)) if len(kinds) == 1 else "text" if not kinds else ""


def units_of(values: dict[str, list[str]], aliases: dict[str, str], *, access: bool) -> tuple[tuple[str, int], ...]:
    """Return the columns that hold numbers; the duration becomes one of the aliases."""
    duration = duration_of(values)
    if duration:
        aliases["duration"] = duration[0]
    units = {"duration": duration[1]} if duration else {}
    return tuple((units | ({"bytes": 0} if access and "bytes" in aliases else {})).items())


def logfmt_of(lines: Sequence[bytes]) -> tuple[LogfmtFormat, Mask]:
    """Return logfmt with the keys of a sample, and which lines are such: two pairs, and more pairs than bare words."""
    values: dict[str, list[str]] = {}
    fits = numpy.zeros(len(lines), bool)
    for at, line in enumerate(lines):
        pairs = logfmt.pairs_of(line) if b"=" in line else ""
        valued = 0 if isinstance(pairs, str) else sum(bool(value) for value in pairs.values())
        if not isinstance(pairs, str) and valued >= 2 and valued * 2 > len(pairs):
            fits[at] = True
            for key, value in pairs.items():
                values.setdefault(key.decode("utf-8", "replace"), []).append(value.decode("utf-8", "replace"))
    access = is_access(values)
    aliases = aliases_of(values, access=access)
    if "level" not in aliases and "at" in values:  # Heroku's router
        aliases["level"] = "at"
    units = units_of(values, aliases, access=access)
    return LogfmtFormat(tuple(values), tuple(aliases.items()), units), fits


def w3c_of(lines: Sequence[bytes]) -> tuple[W3cFormat, Mask]:
    """Return W3C extended with the fields of a sample, and which lines are directives or have as many fields."""
    directives: tuple[str, ...] = ()
    every: dict[str, None] = {}
    fits = numpy.zeros(len(lines), bool)
    for at, line in enumerate(lines):
        if named := w3c.fields_named(line):
            directives = named
            every |= dict.fromkeys(named)
        fits[at] = bool(directives) and (line[:1] == b"#" or len(directives) in w3c.field_counts(line))
    first = next((at for at, line in enumerate(lines) if line[:1] == b"#"), 0) if directives else 0
    fits[first:][[line[:1] == b"#" for line in lines[first:]]] = bool(directives)
    return W3cFormat(tuple(every)), fits


def unreadable(sample: bytes) -> tuple[str, str] | None:
    """Return what a sample that fits no format is instead of text, with a hint; None if it may be text."""
    head = sample[:HEAD_BYTES]
    if wide := wide_encoding(head):
        return looks_wide(wide)
    if HTML.match(head):
        return "looks like an HTML page, not a log", "does the address want a login, or is it another one?"
    controls = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")
    erased = head.count(0xFE) + head.count(0xFF)
    if controls > len(head) // 32 or erased > len(head) // 4:
        return BINARY
    return None
