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

from logproc.formats.columns.levels import is_level_word
from logproc.formats.engine import Format
from logproc.formats.envelope import MESSAGE, Envelope, joined_lines, lines_of_messages
from logproc.formats.known import ENVELOPES, FORMATS, LAYOUT_FORMATS, OF_PROGRAMS, leveled, plain_of, timed
from logproc.formats.mixed import Mixed
from logproc.formats.readers.access_lines import access_formats
from logproc.formats.readers.expression import Expression, matching
from logproc.formats.readers.json_lines import JsonReader
from logproc.formats.readers.layout import LayoutReader
from logproc.formats.readers.logfmt import PairsReader
from logproc.formats.readers.ltsv import LtsvReader
from logproc.formats.readers.w3c import W3cReader
from logproc.formats.sample import LEAST_SHARE, LINE_BYTES, NEARLY, SAMPLE_LINES, Candidate, Sample, generic, sample_of
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
MOST = 0.5
LEAST_FURTHER = 0.05
"""A layout that fewer of the lines have is not one of the source."""
MOST_LAYOUTS = 4
GENERIC = frozenset({"text", "plain"})
CARRIERS = frozenset({"syslog", "syslog_iso", "syslog_5424", "cri", "heroku", "json"})
"""Formats whose messages are often the lines of another log."""
IS_DATE = re.compile(rb"\d{2,4}([-/.])\d\d\1\d{2,4}")
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
    parts, columns = outer.claimed(outer.lines(data), numpy.ones(len(sample.lines), bool), {MESSAGE, "level"}, Context())
    filled = [part for part, _ in parts if len(part.line)]
    if not filled or not all(MESSAGE in part.fields for part in filled):
        return None
    order = numpy.argsort(numpy.concatenate([part.line for part in filled]), kind="stable")
    messages = joined_lines(lines_of_messages(outer, filled, order)).tobytes()
    inner = one_of(
        [form for form in layouts_of(sample_of(messages, len(sample.lines), whole=True), alone=False) if form.name != "plain"]
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
    is_further = IS_FURTHER if alone else IS_FURTHER_INSIDE
    counts_for = numpy.array([is_further.match(line) is None for line in sample.lines], bool)
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
            if counts[at] and counts[at] >= fewest(candidate.format, sample, weight, further=bool(layouts), alone=alone)
        ]
        if not able:
            break
        # Of formats that nearly as many lines fit, the first one asks for the most.
        most = NEARLY * max(counts[at] for at in able)
        best = next(at for at in able if counts[at] >= most)
        best = next((at for at in able if at < best and is_narrower(found[at], found[best], left)), best)
        form, (_, fits) = found[best][0].format, found[best]
        layouts.append(ordered(form, sample.keep(fits)))
        left &= ~(form.exact.claims(sample.whole_texts) if is_layout(form) else fits)
    rest = sample.keep(left & counts_for)
    of_table = bool(layouts) and isinstance(layouts[0].exact, W3cReader)
    layouts.sort(key=lambda form: isinstance(form.exact, PairsReader))  # last, as any line with a pair in it is one of logfmt
    if layouts and rest.lines:
        return with_text(layouts, text_of(rest, weight, of_table=of_table), sample, found)
    if not layouts and sample.lines:
        text = generic(rest, LEAST_SHARE, anywhere=alone) if rest.lines else None
        text = text or (None if alone else leveled(rest.lines))  # the time is that of the format around them
        return (not found and alone and loosely(sample)) or ([text] if text else [])
    return layouts


def is_narrower(one: tuple[Candidate, Mask], other: tuple[Candidate, Mask], left: Mask) -> bool:
    """Return whether a format is that of one program, and nearly all of its lines fit another one as well, which asks for less.

    So lines of CEF in syslog are CEF, although more of the lines are some syslog.
    """
    (candidate, fits), (broad, others) = one, other
    mine = fits & left
    is_looser = isinstance(broad.format.exact, Expression)  # where a header names the fields, as in W3C's, it knows them better
    return candidate.format in OF_PROGRAMS and is_looser and bool((mine & others).sum() >= NEARLY * mine.sum())


def is_sound(form: Format, sample: Sample, fits: Mask, known: Mask) -> bool:
    """Return whether what a format finds can be what it is called. known: which lines fit any format.

    A level or a date in the place of a host shows that it is another format. And so do lines with the same time that do not
    fit: the first word of some messages looks like a logger.
    """
    reader = form.exact
    if not isinstance(reader, Expression):
        return True
    if "(?P<host>" in reader.expression:
        found = reader.found_in(sample.keep(fits).texts, {"host"})
        hosts = reader.texts_of(found, "host").to_pylist()
        return sum(is_level_word(host) or IS_DATE.fullmatch(host) is not None for host in hosts) * 2 < len(hosts)
    if reader.time and not known.all():
        leading = timed(reader.time, leading=True).fits(sample.texts)
        if not (leading & fits).any():  # its own time is further on: lines that begin with one are of another layout
            return True
        others = leading & ~known
        share = NEARLY if "logger" in form.fields else 0.5
        return bool(fits.sum() >= share * (fits.sum() + others.sum()))
    return True


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


def fewest(form: Format, sample: Sample, weight: int, *, further: bool, alone: bool) -> float:
    """Return how many lines must fit a format for it to be a layout. weight: the lines that count, without further lines."""
    least = least_of(form, sample, further=further, alone=alone)
    return least * (len(sample.lines) if least == MOST else weight)


def least_of(form: Format, sample: Sample, *, further: bool, alone: bool) -> float:
    """Return the share of the lines that a format must fit to be a layout.

    As a further one it must know the time. Messages of other formats look like pairs now and then; beside another log they
    are one if they have a time, or a level and a message: then the time may be that of the format around them.
    Source code and documents have some lines that look like pairs, JSON or a level with a text: where nothing shows that
    these are from a log, they must be most of the lines.
    """
    if not alone and isinstance(form.exact, PairsReader):
        known = dict(form.exact.aliases).keys()
        return LEAST_FURTHER if further and ("time" in known or known >= {"level", "message"}) else 0.5
    if further:
        return LEAST_FURTHER if "time" in form.fields else 2.0
    if is_layout(form):
        return 0.0
    return LEAST_SHARE if is_of_log(form, sample) else MOST


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


def text_of(rest: Sample, weight: int, *, of_table: bool) -> list[Format]:
    """Return the layout of the lines that no other one fits: text if they begin with a time, plain if nearly all are left.

    of_table: whether the rest may be cut rows of a table, which are not text.
    """
    form = None if of_table else generic(rest, LEAST_FURTHER * weight / len(rest.lines), anywhere=False)
    if form:
        return [form]
    return [plain_of(rest.texts)] if weight - len(rest.lines) < LEAST_SHARE * weight else []


def with_text(
    layouts: list[Format], text: list[Format], sample: Sample, found: Sequence[tuple[Candidate, Mask]]
) -> list[Format]:
    """Return the layouts of a source and its text, in the order in which they are asked.

    Text is the last, but for logfmt: a line that begins with a time, and has a pair somewhere, is text. Unless most lines of
    logfmt begin with one.
    """
    if text and isinstance(layouts[-1].exact, PairsReader):
        pairs = next(fits for candidate, fits in found if candidate.format is layouts[-1])
        if 2 * (text[0].fits(sample.texts) & pairs).sum() < pairs.sum():
            return [*layouts[:-1], *text, layouts[-1]]
    return layouts + text


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
    return (generic(lines, LEAST_SHARE) if only != "plain" else None) or plain_of(lines.texts)
