"""Detect the format of a source from its first bytes, whatever the sizes of blocks, chunks or network packets.

The sample is the first 256 KiB. If these are fewer than a hundred lines, and none fits, it is the first 4 MiB: a file may
begin with one huge damaged line. The lines may have several layouts, and they or their messages may be the lines of another
log. Layouts that only a few lines have are searched for in a longer sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy

from logproc.formats.detection.layouts import (
    IS_CONTINUATION,
    IS_CONTINUATION_INSIDE,
    MOST_LAYOUTS,
    candidates,
    is_access,
    is_certain,
    layouts_of,
    usual_access_logs,
)
from logproc.formats.detection.messages import InnerLines, messages_in, messages_in_many
from logproc.formats.detection.sample import LEAST_SHARE, LINE_BYTES, NEARLY, SAMPLE_LINES, Asked, Sample, generic, sample_of
from logproc.formats.engine import Format
from logproc.formats.envelopes.envelope import MESSAGE, Envelope
from logproc.formats.known import ENVELOPES, plain_of
from logproc.formats.mixed import Mixed
from logproc.formats.readers.expression import Expression
from logproc.formats.readers.json_lines import JsonReader
from logproc.formats.readers.logfmt import FIRST_PAIR, PairsReader
from logproc.formats.readers.ltsv import LtsvReader
from logproc.formats.readers.w3c import W3cReader
from logproc.model.chunk import Context
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Mask
    from logproc.model.chunk import Parser

TIMES_OR_WORDS = frozenset({"timestamps", "timestamps_iso", "timestamps_go", "stern_namespaces"})
"""Envelopes that may be taken for the beginning of any text: what they hold must be more than text."""
GENERIC = frozenset({"text", "plain"})
CARRIERS = frozenset(
    {"syslog", "syslog_iso", "syslog_5424", "syslog_year", "journald_full", "monotonic", "cri", "heroku", "heroku_drain"}
    | {"fly", "svlogd", "ruby", "caddy_console", "json"}
)
"""Formats whose messages are often the lines of another log."""
InnerOf = Callable[[Format, Sample], Format | Mixed | None]
QUOTED_REQUEST = r'"[A-Z]+ [^"]*" \d\d\d(?: |$)'
NOTICE = regex(rb"Attaching to |\S+ exited with code \d|==> .+ <==$|(?:Gracefully s|S)topping |-- ")
"""What programs that show the logs of others print between them."""


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


def detect_together(samples: Sequence[bytes]) -> list[Parser | None]:
    """Return the same as `detect` for each of some whole sources of at most SAMPLE_LINES[0] lines.

    Step by step for all of them, so that each format is asked once about the lines, and once about the messages, of all.
    """
    lines = Asked([sample_of(sample, SAMPLE_LINES[0], whole=True) for sample in samples]).samples
    layouts = [one_of(layouts_of(sample)) for sample in lines]
    by_outer: dict[Format, list[int]] = {}
    for at, (sample, found) in enumerate(zip(lines, layouts, strict=True)):
        for outer in outers_of(sample, found):
            by_outer.setdefault(outer, []).append(at)
    carried: dict[tuple[int, Format], InnerLines] = {}
    for outer, which in by_outer.items():
        every = messages_in_many(outer, [lines[at] for at in which])
        carried |= {(at, outer): messages for at, messages in zip(which, every, strict=True) if messages}
    inner_lines = Asked([sample_of(messages.text, SAMPLE_LINES[0], whole=True) for messages in carried.values()]).samples
    inner = {
        (at, outer): inner_of(outer, messages, some)
        for ((at, outer), messages), some in zip(carried.items(), inner_lines, strict=True)
    }

    def known(at: int) -> InnerOf:
        return lambda outer, _: inner.get((at, outer))

    return [
        with_rare(sample, opened(sample, found, known(at)))
        for at, (sample, found) in enumerate(zip(lines, layouts, strict=True))
    ]


def with_rare(sample: Sample, found: Parser | None) -> Parser | None:
    """Return the format of a source with the layouts that only a few lines of a longer sample have.

    They must have a time, so that no part of a record above becomes one; and no access log is added to another: a cut line
    of one may be a whole line of the other.
    """
    layouts = found.layouts if isinstance(found, Mixed) else (found,)
    known = [form for form in layouts if isinstance(form, Format)]
    if not known or any(isinstance(form.exact, W3cReader | LtsvReader) or form.name == "plain" for form in known):
        return found
    left = numpy.array([IS_CONTINUATION.match(line) is None for line in sample.lines], bool)
    for form in known:
        if left.any():
            left[left] = ~claimed_by(form, sample.keep(left))
    rare = [
        form
        for form in (layouts_of(sample.keep(left), inside=True) if left.any() else [])
        if "time" in form.fields and not (is_access(form) and any(map(is_access, known)))
    ]
    # Any line with a pair in it is one of logfmt.
    place = next((at for at, form in enumerate(known) if isinstance(form.exact, PairsReader)), len(known))
    return one_of([*known[:place], *rare[: MOST_LAYOUTS - len(known)], *known[place:]]) if rare else found


def claimed_by(form: Format, sample: Sample) -> Mask:
    """Return which lines a format takes; of JSON and logfmt, which ones look as if it did."""
    if isinstance(form.exact, JsonReader):
        return numpy.array([line.lstrip()[:1] in {b"{", b"["} for line in sample.lines], bool)
    if isinstance(form.exact, PairsReader):
        return numpy.array([FIRST_PAIR.match(line) is not None for line in sample.lines], bool)
    return sample.claims(form)


def one_of(layouts: Sequence[Format]) -> Format | Mixed | None:
    if len(layouts) > 1:
        return Mixed(tuple(layouts))
    return layouts[0] if layouts else None


def opened(sample: Sample, found: Format | Mixed | None, inner_of: InnerOf | None = None) -> Parser | None:
    """Return the format of a sample whose lines, or messages, may be those of another log, given what the lines are.

    inner_of: returns the format of the messages of an outer format, if that is known already.
    """
    generic = found is None or found.name in GENERIC
    for form in outers_of(sample, found):
        inner = inner_of(form, sample) if inner_of else inner_in(form, sample)
        if not inner:
            continue
        if form is not found:
            if may_be_inside(form, inner, generic=generic):
                return Envelope(form, inner)
        elif found.name in CARRIERS or has_requests(inner):
            return Envelope(form, inner)
        elif is_bare(form):
            is_of_log = {"time", "status"} & set(inner.fields) or {"level", "message"} <= set(inner.fields)
            return Envelope(form, inner) if is_of_log and inner.name != "text" else found
    return found


def outers_of(sample: Sample, found: Format | Mixed | None) -> Iterator[Format]:
    """Yield the formats whose messages may be the lines of another log."""
    generic = found is None or found.name in GENERIC
    if generic or (is_access(found) and not is_certain(usual_access_logs(sample))):
        lines = sum(NOTICE.match(line) is None for line in sample.lines)
        yield from (form for form in sample.may_fit(ENVELOPES) if sample.fits(form).sum() >= NEARLY * lines)
    if isinstance(found, Format) and (is_bare(found) or may_carry(found, sample)):
        yield found


def may_be_inside(outer: Format, inner: Format | Mixed, *, generic: bool) -> bool:
    """Return whether what an envelope has inside is sure enough. generic: whether all that is known of the lines is a time.

    Any word may be in front of a log, so nothing but an access log shows that it is only a mark.
    """
    if outer.name == "marked":
        return is_access(inner)
    is_of_log = bool({"time", "level"} & {*inner.fields})
    return inner.name not in {"text", "access"} or (generic and outer.name not in TIMES_OR_WORDS and is_of_log)


def is_bare(form: Format) -> bool:
    """Return whether a format is text of which only the time in front is known: all behind it may be another log."""
    reader = form.exact
    return (
        isinstance(reader, Expression) and form.name == "text" and reader.head_bytes > 0 and "(?P<message>" in reader.expression
    )


def may_carry(found: Format, sample: Sample) -> bool:
    """Return whether messages may be lines of another log, of an access log at least: then some have a request in quotes."""
    if found.name in CARRIERS:
        return True
    others = MESSAGE not in found.fields or found.name == "plain" or {"request", "method"} & {*found.fields}
    return not others and sample.has_match(QUOTED_REQUEST)


def has_requests(found: Format | Mixed) -> bool:
    """Return whether all layouts are of requests, as a logger may have them in its messages."""
    layouts = found.layouts if isinstance(found, Mixed) else (found,)
    return all(not form.open_fields and {"status", "method"} <= {*form.fields} for form in layouts)


def inner_in(outer: Format, sample: Sample) -> Format | Mixed | None:
    """Return the format of the messages of an outer format, None unless they are a log of their own."""
    messages = messages_in(outer, sample)
    return inner_of(outer, messages, sample_of(messages.text, len(sample.lines), whole=True)) if messages else None


def inner_of(outer: Format, messages: InnerLines, lines: Sample) -> Format | Mixed | None:
    """Return the format of messages, None unless they are a log of their own. lines: the first of them."""
    inner = one_of([form for form in layouts_of(lines, inside=True) if form.name != "plain"])
    untimed = inner is not None and inner.name == "text" and "time" not in inner.fields
    if untimed and (messages.levels or outer.name == "stern"):  # any two words may be in front of stern's messages
        return None
    if inner and outer.name == "json":  # an object in a message now and then is part of the message
        account = inner.parse(numpy.frombuffer(messages.text, numpy.uint8), Context(), (), LINE_BYTES).account
        count = sum(IS_CONTINUATION_INSIDE.match(line) is None for line in messages.text.splitlines())
        return inner if 2 * account.records > count else None
    return inner


def fallback(sample: bytes, *, whole: bool, only: str | None = None) -> Format | None:
    """Return a text format for a sample that fits nothing else, with a time if one is found. None without a line."""
    lines = sample_of(sample, SAMPLE_LINES[0], whole=whole)
    if not lines.lines:
        return None
    return (generic(lines, LEAST_SHARE) if only != "plain" else None) or plain_of(lines.texts)
