"""The formats of many small sources at once: what `detect` finds for each by itself, where that is certain.

Asking an expression about a dozen lines costs nearly as much as asking it about a thousand. So the lines of all sources are
asked together, and the answers are taken apart. `detect` is the definition: where its answer is not certain from what was
asked here, the source gets none, and `detect` is asked.

An access log is certain if all of its lines fit a usual format, and fewer than `NEARLY` of the lines that are looked at fit
one that is asked before. Then no other format is asked, there is no line left that could be another layout, and nothing in
the messages, of which there are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy

from logproc.formats.columns.lines import blank_lines, plain_lines
from logproc.formats.detection.detect import detect_together
from logproc.formats.detection.sample import NEARLY, SAMPLE_LINES, UTF8_MARK
from logproc.formats.known import LAYOUT_FORMATS
from logproc.formats.readers.access_lines import is_client
from logproc.formats.readers.layout import LayoutReader

if TYPE_CHECKING:
    from logproc.formats.detection.choice import Choice
    from logproc.formats.engine import Format
    from logproc.model.arrays import Integers, Mask
    from logproc.model.chunk import Parser

NEVER_ACCESS = frozenset(b"{[<")
"""No log of requests begins so, but JSON does, text with a time, and a page or a report of this program."""


def formats_of_whole(choice: Choice, samples: Sequence[bytes]) -> list[Parser | None]:
    """Return for each sample, the whole of a source, the format that `detect` finds if that is certain, else None."""
    found: list[Parser | None] = [None] * len(samples)
    if choice.named or choice.sampled or choice.own:
        return found
    asked = [at for at, sample in enumerate(samples) if sample and sample[0] not in NEVER_ACCESS]
    if asked:
        mapped = [choice.mapped(form) for form in LAYOUT_FORMATS]
        for at, which in zip(asked, access_logs([samples[at] for at in asked]), strict=True):
            found[at] = mapped[which] if which >= 0 else None
    left = [at for at, sample in enumerate(samples) if not found[at] and sample.count(b"\n") < SAMPLE_LINES[0]]
    if left:
        for at, form in zip(left, detect_together([samples[at] for at in left]), strict=True):
            found[at] = choice.mapped(form)
    return found


def access_logs(samples: Sequence[bytes]) -> list[int]:
    """Return which of LAYOUT_FORMATS each whole source certainly is, -1 if that is not certain."""
    bodies = [sample.removeprefix(UTF8_MARK) for sample in samples]
    bodies = [body if body.endswith(b"\n") else body + b"\n" for body in bodies]
    lines = plain_lines(numpy.frombuffer(b"".join(bodies), numpy.uint8))
    counts = numpy.array([body.count(b"\n") for body in bodies])
    ends = numpy.cumsum(counts)
    first = ends - counts
    last = numpy.minimum(ends, first + SAMPLE_LINES[0])
    filled = ~blank_lines(lines)
    number, looked_at = within(filled, first, ends), within(filled, first, last)
    texts = lines.texts(numpy.arange(len(lines)))
    found = numpy.full(len(samples), -1)
    is_open = (number > 0) & (counts <= SAMPLE_LINES[1])
    for at, form in enumerate(LAYOUT_FORMATS):
        fits = form.fits(texts) & filled
        most = within(fits, first, last) >= NEARLY * looked_at
        takes_all = is_open & most & (within(fits, first, ends) == number)
        for source in numpy.flatnonzero(takes_all).tolist():
            if begins_with_client(form, bodies[source]):
                found[source] = at
        is_open &= ~most  # this format is the first that most lines fit: `detect` asks no later one
    return found.tolist()


def within(mask: Mask, first: Integers, end: Integers) -> Integers:
    """Return how many of the lines from `first` to before `end` a mask has, for many ranges."""
    before = numpy.concatenate([[0], numpy.cumsum(mask)])
    found: Integers = before[end] - before[first]
    return found


def begins_with_client(form: Format, body: bytes) -> bool:
    """Return whether a log begins with the address of a client: then it passes the check on hosts (see `plausibility`)."""
    reader = form.exact
    return (
        isinstance(reader, LayoutReader) and reader.layout.tokens[0] == "client" and is_client(body.lstrip().split(b" ", 1)[0])
    )
