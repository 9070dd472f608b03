"""What a Parquet file that `show` wrote says about itself besides its columns: by this it is read again as the log was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from logproc.formats.columns.fields import REQUEST
from logproc.formats.columns.units import Unit, unit_of
from logproc.formats.engine import Format
from logproc.formats.envelopes.envelope import Envelope
from logproc.formats.mixed import Mixed
from logproc.model.chunk import Parser
from logproc.records.tables.layout import TEXT, Layout, type_of

KEY = b"logproc"
"""The key of the facts in the metadata of a file, as JSON."""
SCHEMA = 1


class Facts(Struct, frozen=True):
    """What is not in the columns.

    schema: which version of them this is. has_text: as of the layout. loses_lines: whether records may have had further lines
    of messages that are not in `text`, or beside others there: in an envelope each line has a beginning of its own.
    requests: whether a `request` among the other values is a malformed one. maps: the fields that were taken from another
    one, with that. numbers: the columns of numbers that a format reads as such; others hold what may be a number, as text.
    units: how the numbers of columns of text are read, where their names do not say it.
    """

    schema: int
    has_text: bool = False
    loses_lines: bool = False
    requests: bool = False
    maps: tuple[tuple[str, str], ...] = ()
    numbers: tuple[str, ...] = ()
    units: Mapping[str, Unit] = field(default_factory=dict)

    @classmethod
    def of(cls, formats: Iterable[Parser], layout: Layout) -> Facts:
        """Return the facts about records of some formats that are written with a layout."""
        formats = list(formats)
        parts = [part for form in formats for part in within(form)]
        read = {name for part in parts for name in (*dict(part.units), *part.exact.numbers)}
        read |= {found.field for part in parts for found in part.maps if found.unit}
        units: dict[str, set[Unit]] = {}
        for form in formats:
            own = units_of(form)
            for name in set(form.fields).intersection(layout.names):
                units.setdefault(name, set()).add(own.get(name, unit_of(name)))
        return cls(
            SCHEMA,
            layout.has_text,
            any(form.multi_line and not (form.by_line and layout.has_text) for form in formats),
            REQUEST in layout.known,
            tuple(dict.fromkeys((found.field, found.source) for part in parts for found in part.maps)),
            tuple(name for name in layout.names if name in read and type_of(name) != TEXT),
            # Where the same column has two units, nothing shows which one a number has.
            {
                name: found.pop() if len(found) == 1 else replace(unit_of(name), unknown=True)
                for name, found in units.items()
                if type_of(name) == TEXT and found != {unit_of(name)}
            },
        )

    @property
    def metadata(self) -> dict[bytes, bytes]:
        return {KEY: msgspec.json.encode(self)}

    @classmethod
    def read(cls, metadata: Mapping[bytes, bytes] | None) -> Facts | None:
        """Return the facts in the metadata of a file, None if there are none."""
        try:
            return msgspec.json.decode((metadata or {})[KEY], type=cls)
        except (KeyError, msgspec.DecodeError):
            return None


def units_of(form: Parser) -> dict[str, Unit]:
    """Return how the numbers of columns are read whose text is as the log has it: several formats together have numbers."""
    if not isinstance(form, Format):
        return {}
    return {name: unit_of(name, power) for name, power in form.units} | {
        found.field: found.unit for found in form.maps if found.unit
    }


def within(form: Parser) -> Iterator[Format]:
    """Yield the formats that a format consists of."""
    if isinstance(form, Envelope):
        yield form.outer
        yield from within(form.inner)
    elif isinstance(form, Mixed):
        yield from form.layouts
    elif isinstance(form, Format):
        yield form
