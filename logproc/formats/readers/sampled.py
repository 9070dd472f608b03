"""What JSON, logfmt and LTSV have in common: the fields are keys in the records, and a sample shows what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from logproc.formats.columns.aliases import Meaning, has_unreadable_times
from logproc.formats.engine import Format
from logproc.formats.raw import Reader

if TYPE_CHECKING:
    from logproc.formats.columns.coalesce import Source

UNKNOWN = Meaning({}, ())
"""The meaning of keys without a sample."""


class Sampled(Struct):
    """The keys of a sample: their values, and the numbers of the lines that have them."""

    values: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, set[int]] = field(default_factory=dict)

    def add(self, key: str, value: bytes, line: int) -> None:
        self.values.setdefault(key, []).append(value.decode("utf-8", "replace"))
        self.lines.setdefault(key, set()).add(line)


def format_of_keys(
    name: str,
    reader: Reader,
    aliases: Sequence[tuple[str, tuple[Source, ...]]],
    meaning: Meaning,
    *,
    quick: tuple[Reader, ...] = (),
    summary: str,
    example: str,
    multi_line: bool = False,
    in_parts: bool = False,
) -> Format:
    """Return the format of records with any keys, given what those of a sample mean. aliases: which hold standard columns."""
    known = dict(aliases).keys()
    return Format(
        name,
        reader,
        quick,
        summary,
        example,
        units=meaning.units,
        maps=meaning.maps,
        multi_line=multi_line,
        mixed=True,
        open_fields=True,
        has_requests="request" in known,
        has_targets="target" in known,
        keeps_untimed=has_unreadable_times(aliases),
        levels=meaning.levels,
        in_parts=in_parts,
        order=meaning.order,
        unnamed_time=meaning.unnamed_time,
    )
