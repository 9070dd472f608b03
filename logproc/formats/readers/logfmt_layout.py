r"""Lines of logfmt that have the same keys in the same order, as most lines of one program do: cut as one expression.

The keys of one line make an expression, and RE2 says which lines fit it. In these only the wanted values are searched for
(see `cuts`). A line with other keys, further blanks or a backslash in a value does not fit. Such lines may have a layout of
their own: a few of them are tried.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import Slices
from logproc.formats.readers.cuts import cuts_of, fitting
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.formats.columns.lines import Lines
    from logproc.model.arrays import Integers, Mask

PAIR = regex(rb'([!#-<>-~]{1,64})=(?:("[^"\\]*+")|[^\x00-\x20"]*+)(?: |\Z)')
"""A pair as layouts have them: with a value, and a key of ASCII."""
MOST_PAIRS, MOST_BYTES, MOST_LAYOUTS = 64, 1 << 12, 4
SHARE = 8
"""A layout is worth its search if one line of so many has it."""
SAMPLE = 16
BARE, QUOTED = r'[^\x00-\x20"]*', r'"[^"\\]*"'
QUOTE = ord('"')


def of_layouts(lines: Lines, left: Mask, wanted: Collection[str]) -> Iterator[tuple[Integers, dict[str, Slices]]]:
    """Yield the lines of each layout and, by key, where the wanted values are; take these lines out of `left`."""
    for _ in range(MOST_LAYOUTS):
        which = numpy.flatnonzero(left)
        expression, keys = layout_of([lines.text(line) for line in which[:SAMPLE].tolist()])
        cuts, names = cuts_of(expression), [f"k{at}" for at, key in enumerate(keys) if key in wanted]
        if not cuts or not set(names) <= cuts.groups.keys():
            return
        having = fitting(lines, which, partial(fits, expression))
        if len(having) * SHARE < len(which):
            return
        left[having] = False
        found = cuts.slices(lines, having, names)
        yield having, {keys[int(name[1:])]: unquoted(values) for name, values in found.items()}


def fits(expression: str, texts: pyarrow.Array) -> Mask:
    found: Mask = pyarrow.compute.match_substring_regex(texts, expression).to_numpy(zero_copy_only=False)
    return found


def layout_of(sample: Sequence[bytes]) -> tuple[str, Sequence[str]]:
    """Return the expression of lines with the keys of the first of some lines, with a group for each value, and the keys.

    The expression is empty if the first line is not of a layout. At most one value may be in quotes in some lines only.
    """
    first = kinds_of(sample[0]) if sample else {}
    kinds = {key: {kind} for key, kind in first.items()}
    for line in sample[1:]:
        if list(other := kinds_of(line)) == list(first):
            for key, kind in other.items():
                kinds[key].add(kind)
    forms = [next(iter(kind)) if len(kind) == 1 else f"{QUOTED}|{BARE}" for kind in kinds.values()]
    pairs = (f"{re.escape(key)}=(?P<k{at}>{form})" for at, (key, form) in enumerate(zip(first, forms, strict=True)))
    return f"(?s)^(?:{' '.join(pairs)})$" if first else "", list(first)


def kinds_of(line: bytes) -> Mapping[str, str]:
    """Return for each key of a line how its value is written; nothing if the line is not of a layout."""
    kinds: dict[str, str] = {}
    at = 0
    while at < len(line) <= MOST_BYTES:
        match = PAIR.match(line, at)
        if not match or (key := match[1].decode()) in kinds or len(kinds) == MOST_PAIRS:
            return {}
        kinds[key], at = QUOTED if match[2] else BARE, match.end()
    return {} if at < len(line) or line.endswith(b" ") else kinds


def unquoted(values: Slices) -> Slices:
    """Return values without the quotes around them."""
    filled = numpy.flatnonzero(values.starts < values.ends)
    quoted = filled[values.data[values.starts[filled]] == QUOTE]
    if not len(quoted):
        return values
    starts, ends = values.starts.copy(), values.ends.copy()
    starts[quoted] += 1
    ends[quoted] -= 1
    return Slices(values.data, starts, ends)
