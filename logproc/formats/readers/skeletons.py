r"""JSON lines that have the same keys in the same order, as most lines of one program do: cut by the compiled kernel.

The text between the values of such lines is the same: it is their skeleton.

    {"time":"2026-03-07T10:00:00Z","level":"info","request":{"path":"/cart"},"status":200,"took":0.5}
    └──────┘                      └────────┘      └───────────────────┘       └─────────┘   └──────┘   └

One line is read exactly, to know the keys. Another line with the same text between its values is an object with the same
keys, as long as its values are valid: text in UTF-8 without a backslash or a control character, and numbers and words as
`PLAIN` has them. All other lines are left, and may have a skeleton of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.fields import again
from logproc.formats.columns.lines import LF, Lines, blocks
from logproc.formats.columns.slices import ABSENT, BLANK, places
from logproc.formats.readers.json_values import DEEPEST_KEY, object_of
from logproc.model.columns import KeyColumn
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

MEMBER = regex(rb'((?:[ }]*+[{,] *+"[^"\\]*+": *+)++)(?:("[^"\\]*+")|[+\-.0-9A-Za-z]++)')
"""A value behind its key, and those of the objects that it is the first one in. Arrays and empty objects do not fit."""
MOMENT = regex(rb'"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]++)?Z"')
END = regex(rb"[ }]++")
MOST_BYTES, MOST_VALUES, MOST_LITERAL = 1 << 12, 64, 127
SAMPLE = 8
PLAIN = r"^(?:true|false|null|0(?:\.0+)?|-?[1-9][0-9]*(?:\.[0-9]+)?|-?0\.0{0,3}[1-9][0-9]*)$"
MOST_PLAIN = 16
"""With at most 15 digits, or no point, these numbers are written as `text_of` does, but for zeros at the end."""
ZEROS = r"(\.[0-9]*[1-9])0+$|\.0+$"
NULL = pyarrow.scalar(b"null", pyarrow.binary())


class Skeleton(Struct, frozen=True):
    """What lines have in common.

    names: of each value the keys that lead to it, joined by dots. kinds: what the kernel calls it: V; in quotes q, or m for a
    moment that the kernel can read. before: the text before it. end: the text behind the last one. objects: the names of what
    values are in.
    """

    names: tuple[str, ...]
    kinds: tuple[bytes, ...]
    before: tuple[bytes, ...]
    end: bytes
    objects: frozenset[str]

    def cut(self, keys: Collection[str], moment: str | None = None) -> tuple[bytes, dict[str, bool]]:
        """Return the parts of a line in the kernel's terms, and of each column whether it is in quotes: all plain ones are.

        moment: the name of the one value that is read as a moment, and is not a column.
        """
        parts, columns = [], {}
        for name, kind, before in zip(self.names, self.kinds, self.before, strict=True):
            part = kind if kind == b"V" or name == moment else b"Q" if name in keys else b"q"
            if part in b"VQ":
                columns[name] = part == b"Q"
            parts += [literal(before), part]
        return b"".join([*parts, literal(self.end)]), columns

    def has_moment(self, name: str | None) -> bool:
        return any(found == name and kind == b"m" for found, kind in zip(self.names, self.kinds, strict=True))


def literal(text: bytes) -> bytes:
    pieces = [text[start : start + MOST_LITERAL] for start in range(0, len(text), MOST_LITERAL)]
    return b"".join(b"=%c%b" % (len(piece), piece) for piece in pieces)


def usual_skeleton(sample: Sequence[bytes]) -> Skeleton | None:
    """Return the skeleton that most of some lines have, None if none has one."""
    counts = Counter(skeleton for line in sample if (skeleton := skeleton_of(line)))
    return max(counts, key=counts.__getitem__, default=None)


def skeleton_of(line: bytes) -> Skeleton | None:
    """Return the skeleton of a line; None if it is not an object, is too deep, or has arrays, empty objects or a key twice."""
    kinds, before, at = [], [], 0
    while at < len(line) <= MOST_BYTES and (member := MEMBER.match(line, at)):
        before.append(member[1])
        kinds.append(b"V" if member[2] is None else b"m" if MOMENT.fullmatch(member[2]) else b"q")
        at = member.end()
    found = object_of(line) if END.fullmatch(line, at) else None
    if not isinstance(found, dict):
        return None
    paths = list(paths_in(found))
    names = [".".join(path) for path in paths]
    objects = frozenset(".".join(path[:end]) for path in paths for end in range(1, len(path)))
    if max(map(len, paths), default=0) > DEEPEST_KEY + 1:
        return None
    # Of a key that comes twice the exact way returns one value, so that there are fewer of them than in the line.
    if not len(set(names) - objects) == len(names) == len(kinds) <= MOST_VALUES:
        return None
    return Skeleton(tuple(names), tuple(kinds), tuple(before), line[at:], objects)


def paths_in(found: dict[str, Any], front: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the keys that lead to each value in an object, in their order."""
    for key, value in found.items():
        if isinstance(value, dict) and value:
            yield from paths_in(value, (*front, key))
        else:
            yield (*front, key)


def with_controls(lines: Lines) -> Mask:
    """Return which lines hold a control character. Usually the line feeds are the only ones in the chunk."""
    found = numpy.zeros(len(lines), bool)
    if sum(numpy.count_nonzero(block < BLANK) for _, block in blocks(lines.data)) == len(lines):
        return found
    odd = numpy.concatenate([places((block < BLANK) & (block != LF), start) for start, block in blocks(lines.data)])
    line = numpy.searchsorted(lines.ends, odd)
    found[line[odd < lines.ends[line]]] = True  # and not the CR behind it
    return found


def are_valid(column: KeyColumn) -> Mask:
    """Return which records have a value without quotes that `meant` is right for."""
    valid = pyarrow.compute.match_substring_regex(column.keys, PLAIN).to_numpy(zero_copy_only=False)
    valid &= pyarrow.compute.binary_length(column.keys).to_numpy() <= MOST_PLAIN
    found: Mask = valid[column.index]
    return found


def meant(column: KeyColumn) -> KeyColumn:
    """Return valid values without quotes as `text_of` gives them."""
    keys = pyarrow.compute.replace_substring_regex(column.keys, ZEROS, r"\1")
    keys = pyarrow.compute.if_else(pyarrow.compute.equal(keys, NULL), ABSENT, keys)
    return again(keys, column.index)
