"""The layouts of a sample's lines.

The format that most lines of the sample fit is the first layout; of several that nearly as many fit, the strictest one. The
rest of the lines is examined in the same way: a source may have several layouts, such as an application and a web server on
one stdout.

Lines that only continue a record, such as the frames of a traceback, do not count. If most of the others have no layout, they
are text: a minority never rejects the rest. What fits nothing else is text too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy
from msgspec.structs import replace

from logproc.formats.detection.plausibility import has_hosts, is_plausible
from logproc.formats.detection.sample import LEAST_SHARE, NEARLY, Candidate, Sample, generic
from logproc.formats.engine import Format
from logproc.formats.envelopes.continuation import CONTINUATION, CONTINUATION_INSIDE
from logproc.formats.known import FORMATS, LAYOUT_FORMATS, OF_PROGRAMS, leveled, plain_of
from logproc.formats.mixed import Mixed
from logproc.formats.readers.access_lines import access_formats
from logproc.formats.readers.access_variants import access_variants
from logproc.formats.readers.expression import Expression
from logproc.formats.readers.json_lines import JsonReader
from logproc.formats.readers.layout import LayoutReader
from logproc.formats.readers.logfmt import PairsReader
from logproc.formats.readers.ltsv import LtsvReader
from logproc.formats.readers.w3c import W3cReader
from logproc.formats.times.order import order_of
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

HEAD_BYTES = 4 << 10
"""Where a time is looked for before a format is asked."""
SURE = 0.9
MAJORITY = 0.5
LEAST_ADDITIONAL = 0.05
"""An additional layout that a smaller share of the lines has is ignored."""
NEVER = 2.0
"""A share that no number of lines reaches."""
MOST_LAYOUTS = 6
IS_CONTINUATION = regex(CONTINUATION.encode())
IS_CONTINUATION_INSIDE = regex(CONTINUATION_INSIDE.encode())


def layouts_of(sample: Sample, *, inside: bool = False) -> list[Format]:
    """Return the layouts of a sample's lines, first that of most lines; none if it is better called plain text.

    inside: whether the lines are the messages of another log.
    """
    asked = candidates(sample)
    known = numpy.logical_or.reduce([numpy.zeros(len(sample.lines), bool), *(fits for _, fits in asked)])
    found = [(candidate, fits) for candidate, fits in asked if is_plausible(candidate.format, sample, fits, known)]
    left = numpy.ones(len(sample.lines), bool)
    is_continuation = IS_CONTINUATION_INSIDE if inside else IS_CONTINUATION
    counts_for = numpy.array([is_continuation.match(line) is None for line in sample.lines], bool)
    for _, fits in found:
        counts_for |= fits
    counts_for |= not counts_for.any()
    weight = int(counts_for.sum())
    layouts: list[Format] = []
    while len(layouts) < MOST_LAYOUTS:
        counts = [int((fits & left).sum()) for _, fits in found]
        able = [
            at
            for at, (candidate, _) in enumerate(found)
            if counts[at] and counts[at] >= fewest(candidate.format, sample, weight, additional=bool(layouts), inside=inside)
        ]
        if not able:
            break
        # Of formats that nearly as many lines fit, the first one asks for the most.
        most = NEARLY * max(counts[at] for at in able)
        best = next(at for at in able if counts[at] >= most)
        best = next((at for at in able if at < best and is_narrower(found[at], found[best], left)), best)
        form, (_, fits) = found[best][0].format, found[best]
        layouts.append(ordered(form, sample.keep(fits)))
        left &= ~(sample.claims(form) if is_quoted_access_log(form) else fits)
        if isinstance(form.exact, JsonReader):
            left &= ~in_braces(sample)
    rest = sample.keep(left & counts_for)
    text = text_of(rest, weight, layouts) if layouts and rest.lines else []
    layouts.sort(key=lambda form: isinstance(form.exact, PairsReader))  # last, as any line with a pair in it is one of logfmt
    if layouts and rest.lines:
        return with_text(layouts, text, sample, found)
    if not layouts and sample.lines:
        other = generic(rest, LEAST_SHARE, anywhere=not inside) if rest.lines else None
        other = other or (leveled(rest.lines) if inside else None)  # the time is that of the format around them
        return (not found and not inside and loosely(sample)) or ([other] if other else [])
    return layouts


def candidates(sample: Sample, *, only: str | None = None) -> list[tuple[Candidate, Mask]]:
    """Return the formats that any line fits, in the order in which they are asked, with the lines that do.

    If an access log is certain, the other formats are only asked about the rest of the lines: there are many formats, and a
    run over one line should start at once.
    """
    if only is None:
        found = usual_access_logs(sample)
    else:
        found = [(form, sample.fits_whole(form)) for form in LAYOUT_FORMATS if form.name == only]
    rest = numpy.ones(len(sample.lines), bool)
    if only is None and is_certain(found):
        rest = ~numpy.logical_or.reduce([fits for _, fits in found])
    if rest.any():
        for form, fits in all_fits(sample.keep(rest), only):
            mask = numpy.zeros(len(rest), bool)
            mask[rest] = fits
            found.append((form, mask))
    return [
        (Candidate(form, int(fits.sum()), len(fits)), fits) for form, fits in found if fits.any() and only in {None, form.name}
    ]


def usual_access_logs(sample: Sample) -> list[tuple[Format, Mask]]:
    """Return the usual access logs, each with the lines that fit it; without those whose hosts are not hosts."""
    found = [(form, sample.fits_whole(form)) for form in LAYOUT_FORMATS]
    return [(form, fits) for form, fits in found if not fits.any() or has_hosts(form, sample, fits)]


def is_certain(found: Sequence[tuple[Format, Mask]]) -> bool:
    return any(fits.sum() >= SURE * len(fits) for _, fits in found)


def all_fits(sample: Sample, only: str | None) -> Iterator[tuple[Format, Mask]]:
    """Yield each known format, except for the usual access logs, with the lines of a sample that fit it."""
    known: dict[str, bool] = {}
    for form in sample.may_fit(FORMATS):
        if only in {None, form.name} and may_fit(form, sample, known):
            yield form, sample.fits(form)
    for reader in (JsonReader, PairsReader, LtsvReader, W3cReader):
        yield reader.of_sample(sample.lines)
    if only is None:
        left = numpy.ones(len(sample.lines), bool)
        for form, fits in access_formats(sample.lines):
            left &= ~fits
            yield form, fits
        yield from access_variants(sample.lines, left)


def may_fit(form: Format, sample: Sample, known: dict[str, bool]) -> bool:
    """Return whether some lines may fit a format: if it needs a time, one of them must have it.

    There are few forms of times, so this is soon known, and most formats need not be asked.
    known: which forms of times the sample has, as far as that was asked.
    """
    time = form.exact.time if isinstance(form.exact, Expression) and not form.exact.may_lack_time else None
    if time is None:
        return True
    if time.name not in known:
        known[time.name] = sample.has_match(time.expression, HEAD_BYTES)
    return known[time.name]


def is_narrower(one: tuple[Candidate, Mask], other: tuple[Candidate, Mask], left: Mask) -> bool:
    """Return whether a format is that of one program, and nearly all of its lines fit another one as well, which asks for less.

    So lines of CEF in syslog are CEF, although more of the lines are some syslog.
    """
    (candidate, fits), (broad, others) = one, other
    mine = fits & left
    is_looser = isinstance(broad.format.exact, Expression)  # where a header names the fields, as in W3C's, it knows them better
    return candidate.format in OF_PROGRAMS and is_looser and bool((mine & others).sum() >= NEARLY * mine.sum())


def ordered(form: Format, sample: Sample) -> Format:
    """Return a format with the order of day and month that its lines show, if it reads its times as they come."""
    reader = form.exact
    if not isinstance(reader, Expression) or reader.time or "time" not in reader.raw:
        return form
    times = reader.texts_of(reader.found_in(sample.texts, {"time"}), "time").to_pylist()
    found = order_of(time.decode("latin-1") for time in times)
    if found.assumed and all(b"/" in time for time in times):  # with points, the day is first everywhere
        found = form.order
    return replace(form, order=found)


def fewest(form: Format, sample: Sample, weight: int, *, additional: bool, inside: bool) -> float:
    """Return how many lines must fit a format for it to be a layout. weight: how many lines count."""
    least = least_of(form, sample, additional=additional, inside=inside)
    return least * (len(sample.lines) if least == MAJORITY else weight)


def least_of(form: Format, sample: Sample, *, additional: bool, inside: bool) -> float:
    """Return the share of the lines that a format must fit to be a layout.

    An additional layout must know the time. Messages of other formats look like pairs now and then; beside another log they
    are one if they have a time, or a level and a message, or a request: then the time may be that of the format around them.
    Source code and documents have some lines that look like pairs, JSON or a level with a text: where nothing shows that
    these are from a log, they must be most of the lines.
    """
    if inside and isinstance(form.exact, PairsReader):
        known = dict(form.exact.aliases).keys()
        is_request = known >= {"method", "status"}
        if additional and ("time" in known or known >= {"level", "message"} or is_request):
            return LEAST_ADDITIONAL
        return LEAST_SHARE if is_request else MAJORITY
    if additional:
        return LEAST_ADDITIONAL if "time" in form.fields else NEVER
    if is_quoted_access_log(form):
        return 0.0
    return LEAST_SHARE if is_of_log(form, sample) or is_damaged_json(form, sample) else MAJORITY


def is_damaged_json(form: Format, sample: Sample) -> bool:
    """Return whether most lines are in braces, as objects are: those of them that are not valid JSON are damaged, not text."""
    return isinstance(form.exact, JsonReader) and in_braces(sample).sum() > MAJORITY * len(sample.lines)


def in_braces(sample: Sample) -> Mask:
    lines = map(bytes.strip, sample.lines)
    return numpy.array([line.startswith(b"{") and line.endswith(b"}") for line in lines], bool)


def is_of_log(form: Format, sample: Sample) -> bool:
    """Return whether lines of a format are surely from a log: with a time, a client, or a key each for level and message."""
    reader = form.exact
    if isinstance(reader, JsonReader | PairsReader | LtsvReader):
        known = dict(reader.aliases).keys()
        return bool(known & {"time", "client"}) or known >= {"level", "message"}
    if isinstance(reader, Expression) and not reader.time:
        found = reader.found_in(sample.texts, {"client"})
        return "client" in reader.raw and any(reader.texts_of(found, "client").to_pylist())
    return True


def text_of(rest: Sample, weight: int, layouts: Sequence[Format]) -> list[Format]:
    """Return the layouts of the lines that no other one fits: text if they begin with a time, plain if most lines are left.

    Nearly all must be left beside access logs, which are often damaged, and beside records of several lines. Cut rows of a
    table are not text.
    """
    found: list[Format] = []
    of_table = isinstance(layouts[0].exact, W3cReader)
    going_on = any(form.multi_line and not isinstance(form.exact, JsonReader) for form in layouts)
    most = 1 - LEAST_SHARE if going_on or all(map(is_access, layouts)) else MAJORITY
    left = numpy.ones(len(rest.lines), bool)
    while not of_table and left.any() and len(found) < MOST_LAYOUTS:
        some = rest.keep(left)
        form = generic(some, min(LEAST_ADDITIONAL * weight / len(some.lines), MAJORITY), anywhere=False)
        fits = some.fits(form) if form else None
        if form is None or fits is None or not fits.any():
            break
        found.append(form)
        left[left] = ~fits
    return [*found, plain_of(rest.keep(left).texts)] if left.sum() > most * weight else found


def with_text(
    layouts: list[Format], text: list[Format], sample: Sample, found: Sequence[tuple[Candidate, Mask]]
) -> list[Format]:
    """Return the layouts of a source and its text, in the order in which they are asked.

    Text is the last, but for logfmt: a line that begins with a time, and has a pair somewhere, is text. Unless most lines of
    logfmt begin with one. Any line is plain text.
    """
    timed = [form for form in text if form.name != "plain"]
    if timed and isinstance(layouts[-1].exact, PairsReader):
        pairs = next(fits for candidate, fits in found if candidate.format is layouts[-1])
        begin = numpy.logical_or.reduce([sample.fits(form) for form in timed])
        if 2 * (begin & pairs).sum() < pairs.sum():
            return [*layouts[:-1], *timed, layouts[-1], *text[len(timed) :]]
    return layouts + text


def is_quoted_access_log(form: Format) -> bool:
    """Return whether a format is an access log that is cut at quotes and spaces."""
    return isinstance(form.exact, LayoutReader)


def is_access(found: Format | Mixed | None) -> bool:
    """Return whether all layouts are access logs, which any beginning of a line may be taken for."""
    layouts = found.layouts if isinstance(found, Mixed) else [found]
    return all(form is not None and (is_quoted_access_log(form) or form.name == "access") for form in layouts)


def loosely(sample: Sample) -> list[Format]:
    """Return the access log that fits the most lines if users may contain spaces, nothing if none fits any."""
    fits = [
        int(form.exact.fits_loosely(sample.whole_texts).sum()) if isinstance(form.exact, LayoutReader) else 0
        for form in LAYOUT_FORMATS
    ]
    best = max(range(len(fits)), key=fits.__getitem__)
    return [LAYOUT_FORMATS[best]] if fits[best] else []
