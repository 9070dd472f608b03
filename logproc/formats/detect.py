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
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.engine import Format
from logproc.formats.envelope import MESSAGE, Envelope, carried_by, joined_lines, lines_of_messages
from logproc.formats.known import ENVELOPES, FORMATS, LAYOUT_FORMATS, PLAIN, leveled
from logproc.formats.mixed import Mixed
from logproc.formats.readers.access_lines import access_formats
from logproc.formats.readers.access_variants import access_variants
from logproc.formats.readers.expression import Expression, matching
from logproc.formats.readers.json_lines import JsonReader
from logproc.formats.readers.layout import LayoutReader
from logproc.formats.readers.logfmt import FIRST_PAIR, PairsReader
from logproc.formats.readers.ltsv import LtsvReader
from logproc.formats.readers.w3c import W3cReader
from logproc.formats.sample import LEAST_SHARE, LINE_BYTES, NEARLY, SAMPLE_LINES, Candidate, Sample, generic, sample_of
from logproc.formats.soundness import has_hosts, is_sound
from logproc.formats.spread import FURTHER, FURTHER_INSIDE
from logproc.formats.times.order import order_of
from logproc.model.chunk import Context

if TYPE_CHECKING:
    from logproc.model.arrays import Mask
    from logproc.model.chunk import Parser
    from logproc.model.columns import Columns

HEAD_BYTES = 4 << 10
"""Where a time is looked for before a format is asked."""
SURE = 0.9
LEAST_FURTHER = 0.05
"""A layout that fewer of the lines have is not one of the source."""
MOST_LAYOUTS = 6
TIMES_OR_WORDS = frozenset({"timestamps", "timestamps_iso", "timestamps_go", "stern_namespaces"})
"""Envelopes that may be taken for the beginning of any text: what they hold must be more than text."""
GENERIC = frozenset({"text", "plain"})
CARRIERS = frozenset(
    {"syslog", "syslog_iso", "syslog_5424", "syslog_year", "journald_full", "monotonic", "cri", "heroku", "heroku_drain"}
    | {"fly", "svlogd", "ruby", "caddy_console", "json"}
)
"""Formats whose messages are often the lines of another log."""
QUOTED_REQUEST = r'"[A-Z]+ [^"]*" \d\d\d(?: |$)'
NOTICE = re.compile(rb"Attaching to |\S+ exited with code \d|==> .+ <==$|(?:Gracefully s|S)topping |-- ")
"""What programs that show the logs of others say in between."""
IS_FURTHER = re.compile(FURTHER.encode())
IS_FURTHER_INSIDE = re.compile(FURTHER_INSIDE.encode())


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
            found = with_rare(sample_of(sample, SAMPLE_LINES[1], whole=whole), found)
        if found or sample.count(b"\n") < count:
            return found
    return None


def with_rare(sample: Sample, found: Parser | None) -> Parser | None:
    """Return the format of a source with the layouts that only a few lines of a longer sample have.

    They must have a time, so that no part of a record above becomes one; and no access log is added to another: a cut line
    of one may be a whole line of the other.
    """
    layouts = found.layouts if isinstance(found, Mixed) else (found,)
    known = [form for form in layouts if isinstance(form, Format)]
    if not known or any(isinstance(form.exact, W3cReader | LtsvReader) or form is PLAIN for form in known):
        return found
    left = numpy.array([IS_FURTHER.match(line) is None for line in sample.lines], bool)
    for form in known:
        if left.any():
            left[left] = ~claimed_by(form, sample.keep(left))
    rare = [
        form
        for form in (layouts_of(sample.keep(left), alone=False) if left.any() else [])
        if "time" in form.fields and not (is_access(form) and any(map(is_access, known)))
    ]
    return one_of([*known, *rare[: MOST_LAYOUTS - len(known)]]) if rare else found


def claimed_by(form: Format, sample: Sample) -> Mask:
    """Return which lines a format takes; of JSON and logfmt, which ones look as if it did."""
    if isinstance(form.exact, JsonReader):
        return numpy.array([line.lstrip()[:1] in {b"{", b"["} for line in sample.lines], bool)
    if isinstance(form.exact, PairsReader):
        return numpy.array([FIRST_PAIR.match(line) is not None for line in sample.lines], bool)
    return form.exact.claims(sample.whole_texts)


def one_of(layouts: Sequence[Format]) -> Format | Mixed | None:
    if len(layouts) > 1:
        return Mixed(tuple(layouts))
    return layouts[0] if layouts else None


def opened(sample: Sample, found: Format | Mixed | None) -> Parser | None:
    """Return the format of a sample whose lines, or messages, may be those of another log, given what the lines are."""
    generic = found is None or found.name in GENERIC
    if generic or (is_access(found) and not is_sure(sample)):
        lines = sum(NOTICE.match(line) is None for line in sample.lines)
        for form in ENVELOPES:
            inner = inner_of(form, sample) if form.fits(sample.texts).sum() >= NEARLY * lines else None
            if inner and may_be_inside(form, inner, generic=generic):
                return Envelope(form, inner)
    inner = inner_of(found, sample) if isinstance(found, Format) and may_carry(found, sample) else None
    if inner and isinstance(found, Format) and (found.name in CARRIERS or has_requests(inner)):
        return Envelope(found, inner)
    if isinstance(found, Format) and is_bare(found) and (inner := inner_of(found, sample)):
        told = {"time", "status"} & set(inner.fields) or {"level", "message"} <= set(inner.fields)
        return Envelope(found, inner) if told and inner.name != "text" else found
    return found


def may_be_inside(outer: Format, inner: Format | Mixed, *, generic: bool) -> bool:
    """Return whether what an envelope has inside is sure enough. generic: whether all that is known of the lines is a time.

    Any word may be in front of a log, so nothing but an access log shows that it is only a mark.
    """
    if outer.name == "marked":
        return is_access(inner)
    told = {"time", "level"} & {*inner.fields}
    return inner.name not in {"text", "access"} or (generic and outer.name not in TIMES_OR_WORDS and bool(told))


def is_bare(form: Format) -> bool:
    """Return whether a format is text of which only the time in front is known: all behind it may be another log."""
    reader = form.exact
    return (
        isinstance(reader, Expression) and form.name == "text" and reader.head_bytes > 0 and "(?P<message>" in reader.expression
    )


def is_access(found: Format | Mixed | None) -> bool:
    """Return whether all layouts are access logs, which any beginning of a line may be taken for."""
    layouts = found.layouts if isinstance(found, Mixed) else [found]
    return all(form is not None and (is_layout(form) or form.name == "access") for form in layouts)


def may_carry(found: Format, sample: Sample) -> bool:
    """Return whether messages may be lines of another log, of an access log at least: then some have a request in quotes."""
    if found.name in CARRIERS:
        return True
    others = MESSAGE not in found.fields or found is PLAIN or {"request", "method"} & {*found.fields}
    return not others and bool(pyarrow.compute.any(matching(sample.texts, QUOTED_REQUEST)).as_py())


def has_requests(found: Format | Mixed) -> bool:
    """Return whether all layouts are of requests, as a logger may have them in its messages."""
    layouts = found.layouts if isinstance(found, Mixed) else (found,)
    return all(not form.open_fields and {"status", "method"} <= {*form.fields} for form in layouts)


def is_sure(sample: Sample) -> bool:
    """Return whether the lines are surely those of a usual access log, with nothing in front."""
    found = [(form, form.fits(sample.whole_texts)) for form in LAYOUT_FORMATS]
    return any(fits.sum() >= SURE * len(sample.lines) and has_hosts(form, sample, fits) for form, fits in found)


def inner_of(outer: Format, sample: Sample) -> Format | Mixed | None:
    """Return the format of the messages of an outer format, None unless they are a log of their own."""
    data = numpy.frombuffer(b"".join(line + b"\n" for line in sample.lines), numpy.uint8)
    needed = {carried_by(outer), "level"}
    parts, columns = outer.claimed(outer.lines(data), numpy.ones(len(sample.lines), bool), needed, Context())
    filled = [part for part, _ in parts if len(part.line)]
    if not filled or not all(carried_by(outer) in part.fields for part in filled):
        return None
    order = numpy.argsort(numpy.concatenate([part.line for part in filled]), kind="stable")
    messages = joined_lines(lines_of_messages(outer, filled, order)).tobytes()
    inner = one_of(
        [form for form in layouts_of(sample_of(messages, len(sample.lines), whole=True), alone=False) if form is not PLAIN]
    )
    untimed = inner is not None and inner.name == "text" and "time" not in inner.fields
    if untimed and (says_levels(columns) or outer.name == "stern"):  # any two words may be in front of stern's messages
        return None
    if inner and outer.name == "json":  # an object in a message now and then is part of the message
        account = inner.parse(numpy.frombuffer(messages, numpy.uint8), Context(), (), LINE_BYTES).account
        lines = sum(IS_FURTHER_INSIDE.match(line) is None for line in messages.splitlines())
        return inner if 2 * account.records > lines else None
    return inner


def says_levels(columns: Columns) -> bool:
    """Return whether records have several levels: then a level in a message is a part of it. Journald gives all lines one."""
    level = columns.keys.get("level")
    return level is not None and len(level.keys.drop_null()) > 1


def candidates(sample: Sample, *, only: str | None = None) -> list[tuple[Candidate, Mask]]:
    """Return the formats that any line fits, in the order in which they are asked, with the lines that do.

    If an access log is certain, the other formats are only asked about the rest of the lines: there are many formats, and a
    run over one line should start at once.
    """
    found = [(form, form.fits(sample.whole_texts)) for form in LAYOUT_FORMATS if only in {None, form.name}]
    if only is None:
        found = [(form, fits) for form, fits in found if has_hosts(form, sample, fits)]
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
    is_further = IS_FURTHER if alone else IS_FURTHER_INSIDE
    counts_for = numpy.array([is_further.match(line) is None for line in sample.lines], bool)
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
        layouts.append(ordered(form, sample.keep(fits)))
        left &= ~(form.exact.claims(sample.whole_texts) if is_layout(form) else fits)
    rest = sample.keep(left & counts_for)
    if layouts and rest.lines:
        return layouts + text_of(rest, weight, layouts)
    if not layouts and sample.lines:
        text = generic(rest, LEAST_SHARE, anywhere=alone) if rest.lines else None
        text = text or (None if alone else leveled(rest.lines))  # the time is that of the format around them
        return (not found and alone and loosely(sample)) or ([text] if text else [])
    return layouts


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


def least_of(form: Format, *, further: bool, alone: bool) -> float:
    """Return the share of the lines that a format must fit to be a layout.

    As a further one it must know the time. Messages of other formats look like pairs now and then; beside another log they
    are one if they have a time, or a level and a message, or a request: then the time may be that of the format around them.
    """
    if not alone and isinstance(form.exact, PairsReader):
        known = dict(form.exact.aliases).keys()
        is_request = known >= {"method", "status"}
        if further and ("time" in known or known >= {"level", "message"} or is_request):
            return LEAST_FURTHER
        return LEAST_SHARE if is_request else 0.5
    if further:
        return LEAST_FURTHER if "time" in form.fields else 2.0
    return 0.0 if is_layout(form) else LEAST_SHARE


def text_of(rest: Sample, weight: int, layouts: Sequence[Format]) -> list[Format]:
    """Return the layouts of the lines that no other one fits: text if they begin with a time, plain if most lines are left.

    Nearly all must be left beside access logs, which are often damaged, and beside records of several lines. Cut rows of a
    table are not text.
    """
    found: list[Format] = []
    of_table = isinstance(layouts[0].exact, W3cReader)
    going_on = any(form.multi_line and not isinstance(form.exact, JsonReader) for form in layouts)
    most = 1 - LEAST_SHARE if going_on or all(map(is_access, layouts)) else 0.5
    left = numpy.ones(len(rest.lines), bool)
    while not of_table and left.any() and len(found) < MOST_LAYOUTS:
        some = rest.keep(left)
        form = generic(some, min(LEAST_FURTHER * weight / len(some.lines), 0.5), anywhere=False)
        fits = form.fits(some.texts) if form else None
        if form is None or fits is None or not fits.any():
            break
        found.append(form)
        left[left] = ~fits
    return [*found, PLAIN] if left.sum() > most * weight else found


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


def fallback(sample: bytes, *, whole: bool, only: str | None = None) -> Format | None:
    """Return a text format for a sample that fits nothing else, with a time if one is found. None without a line."""
    lines = sample_of(sample, SAMPLE_LINES[0], whole=whole)
    if not lines.lines:
        return None
    return (generic(lines, LEAST_SHARE) if only != "plain" else None) or PLAIN
