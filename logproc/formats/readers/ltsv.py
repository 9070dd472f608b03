r"""LTSV, labelled tab-separated values: `time:07/Mar/2026:10:00:00 +0000<TAB>host:192.0.2.7<TAB>status:200<TAB>reqtime:0.02`.

    line  = field, TAB, field, { TAB, field } ;
    field = label, ":", value ;
    label = ( letter | "_" ), { letter | digit | "_" | "." | "-" } ;      value = { any byte but TAB }

Of a label that comes twice the last value counts, as in logfmt. Source: ltsv.org, whose labels are those of `LABELS`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec.structs import replace

from logproc.formats.columns.aliases import Meaning, is_access, meaning_of, sources_of
from logproc.formats.columns.coalesce import Source
from logproc.formats.columns.fields import EMPTY, asks_for_others, with_others
from logproc.formats.columns.slices import arrow
from logproc.formats.engine import Format
from logproc.formats.raw import Field, Found, Reader
from logproc.formats.readers.logfmt import fields_of
from logproc.formats.readers.sampled import UNKNOWN, Sampled, format_of_keys
from logproc.model.chunk import Context
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.formats.columns.lines import Lines
    from logproc.model.arrays import Mask

LABEL = r"[A-Za-z_][0-9A-Za-z_.-]*"
LINE = rf"(?s)^{LABEL}:[^\t]*(?:\t{LABEL}:[^\t]*)+$"
FIELD = regex(rf"({LABEL}):([^\t]*)(?:\t|$)".encode(), re.DOTALL)
LABELS: Mapping[str, str] = {
    "client": "host",
    "forwarded_for": "forwardedfor",
    "request": "req",
    "bytes": "size",
    "user_agent": "ua",
    "host": "vhost",
    "duration": "reqtime",
}
"""The labels of ltsv.org that mean something else elsewhere, or nothing: `host` is the client."""
VALUE, IN_BRACKETS = r"(?P<value>[^\t]*)", r"\[?(?P<value>[^\t\[\]]*(?:\[[^\t\]]*\])?)"
"""A value, and a time as Apache's `%t` writes it."""
MICROSECONDS = "reqtime_microsec"


class LtsvReader(Reader, frozen=True):
    """LTSV, with the labels of a sample and what they mean.

    labels: those of the sample. aliases: which of them hold standard columns.
    """

    labels: tuple[str, ...] = ()
    aliases: tuple[tuple[str, tuple[Source, ...]], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns: a label that holds another column is not one of its own."""
        held = {label for name, sources in self.aliases for source in sources for label in source.keys if label != name}
        return tuple(dict.fromkeys([*dict(self.aliases), *(label for label in self.labels if label not in held)]))

    @classmethod
    def of_sample(cls, lines: Sequence[bytes]) -> tuple[Format, Mask]:
        """Return LTSV with the labels of a sample, and which lines fit: none unless two labels are in most of these."""
        keys = Sampled()
        fits = cls().fits(pyarrow.array(lines, pyarrow.binary()))
        found = Counter(label for at in numpy.flatnonzero(fits).tolist() for label in dict(FIELD.findall(lines[at])))
        if sum(2 * count > fits.sum() for count in found.values()) < 2:
            fits[:] = False
        for at in numpy.flatnonzero(fits).tolist():
            for label, value in FIELD.findall(lines[at]):
                keys.add(label.decode(), value[1:-1] if label == b"time" and value.startswith(b"[") else value, at)
        values = keys.values
        access = is_access({**values, **{column: values[label] for column, label in LABELS.items() if label in values}})
        meaning = meaning_of(values, keys.lines, access=access)
        aliases, units = meaning.aliases, dict(meaning.units)
        if access:
            named = {column: label for column, label in LABELS.items() if label in values}
            others = {
                column: tuple(source for source in sources if not set(source.keys) & set(named.values()))
                for column, sources in aliases.items()
            }
            aliases = {column: sources for column, sources in others.items() if sources}
            aliases |= {column: (Source((label,)),) for column, label in named.items()}
            if "reqtime" in values:
                units["duration"] = 0
            elif MICROSECONDS in values:
                aliases["duration"], units["duration"] = (Source((MICROSECONDS,)),), 6
            units |= {"bytes": 0} if "bytes" in aliases else {}
        reader = cls(tuple(values), tuple(aliases.items()))
        return ltsv_format(reader, replace(meaning, units=tuple(units.items()))), fits

    def fits(self, texts: pyarrow.Array) -> Mask:
        fits: Mask = pyarrow.compute.match_substring_regex(texts, LINE).to_numpy(zero_copy_only=False)
        return fits

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], _context: Context) -> Found:
        which = numpy.flatnonzero(left)
        texts = lines.texts(which)
        fits = self.fits(texts)
        texts, line = texts.take(arrow(numpy.flatnonzero(fits), pyarrow.int64())), which[fits]
        aliases = dict(self.aliases)
        times = {label for source in aliases.get("time", ()) for label in source.keys}

        def found(label: str) -> Field | None:
            if not re.fullmatch(LABEL, label):
                return None
            return Field(value_of(label, texts, IN_BRACKETS if label in times else VALUE))

        if asks_for_others(wanted):
            wanted = with_others(wanted, labels_of(texts), self.labels)
        sources = sources_of(self.fields, self.labels, aliases, wanted, frozenset({"time"} - aliases.keys()))
        return Found(line, fields_of(sources, len(line), found))


def labels_of(texts: pyarrow.Array) -> list[str]:
    """Return the labels of the fields of some lines."""
    fields = pyarrow.compute.list_flatten(pyarrow.compute.split_pattern(texts, "\t"))
    found = pyarrow.compute.extract_regex(fields, rf"^(?P<label>{LABEL}):").field("label")
    return [label.decode() for label in found.unique().to_pylist() if label is not None]


def value_of(label: str, texts: pyarrow.Array, value: str) -> pyarrow.Array:
    """Return the last value of a label in each text, empty where there is none."""
    found = pyarrow.compute.extract_regex(texts, rf"(?s)^(?:.*\t)?{re.escape(label)}:{value}")
    return pyarrow.compute.fill_null(found.field("value"), EMPTY)


def ltsv_format(reader: LtsvReader, meaning: Meaning = UNKNOWN) -> Format:
    return format_of_keys(
        "ltsv",
        reader,
        reader.aliases,
        meaning,
        summary="LTSV: `label:value` between TABs",
        example="time:07/Mar/2026:10:00:00 +0000\thost:192.0.2.7\treq:GET /cart HTTP/1.1\tstatus:200\tsize:42\treqtime:0.020",
    )
