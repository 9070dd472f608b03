"""Which columns records are written with, and of which type: decided once per run, so that all pieces have one schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow
from msgspec import Struct

from logproc.formats.columns.units import unit_of
from logproc.model.errors import UsageError
from logproc.questions.metrics import split_outside
from logproc.questions.question import SOURCE
from logproc.questions.view import base_of

if TYPE_CHECKING:
    from logproc.model.chunk import Parser

TIME, LINE, OTHER, STATUS, WHOLE = "time", "line", "other", "status", "text"
OURS = frozenset({SOURCE, LINE, OTHER})
"""The columns that are not fields of a log."""
TEXT = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
TYPES: Mapping[str, pyarrow.DataType] = {
    TIME: pyarrow.timestamp("ns", "UTC"),
    LINE: pyarrow.int64(),
    OTHER: pyarrow.map_(pyarrow.string(), pyarrow.string()),
    STATUS: pyarrow.int32(),
    "bytes": pyarrow.int64(),
}
"""The types of columns by name. Durations are seconds as doubles, and all other columns are text."""
FIRST = (TIME, "level", "client", "user", "method", "path", "query", "protocol", "status", "bytes", "duration")
"""The order in which known columns come first."""


class Layout(Struct, frozen=True):
    """The columns of all pieces of a run, in order. Frozen, so threads can share it.

    names: of the columns, without `other`. other: whether a column `other` has what the columns do not hold: fields that come
    later in a log with open fields, and values that do not fit their type, as text. Without it these are absent.
    known: fields that are left out on purpose, because other columns say the same.
    exact: whether `other` also has texts that a number of its column is not written as, such as a status of `000`, and absent
    requests that are malformed. Then nothing is lost for who reads the records again.
    has_text: whether the column `text` is the whole record, and only for records of several lines: of others the columns have
    all, but of these only the first line.
    """

    names: tuple[str, ...]
    other: bool = True
    known: frozenset[str] = frozenset()
    exact: bool = False
    has_text: bool = False

    @property
    def schema(self) -> pyarrow.Schema:
        return pyarrow.schema([(name, type_of(name)) for name in (*self.names, *([OTHER] if self.other else []))])

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns that are fields of records, as a question asks for them."""
        return tuple(name for name in self.names if name != LINE)

    @classmethod
    def of_formats(cls, formats: Iterable[Parser]) -> Layout:
        """Return the layout for all fields that formats list, and for what else their records may have."""
        formats = list(formats)
        fields = dict.fromkeys(name for form in formats for name in form.shown)
        names = [TIME, *(name for name in FIRST if name in fields), *fields]
        columns = [name for name in dict.fromkeys(names) if name not in OURS]
        known = {name for form in formats for name in form.fields}.difference(columns, OURS)
        has_text = WHOLE not in columns and any(form.multi_line for form in formats)
        return cls((*columns, *([WHOLE] if has_text else []), SOURCE, LINE), known=frozenset(known), has_text=has_text)

    @classmethod
    def of_fields(cls, names: Sequence[str]) -> Layout:
        """Return the layout for fields that the user names."""
        return cls(tuple(name for name in names if name != OTHER), other=OTHER in names)


def type_of(name: str) -> pyarrow.DataType:
    """Return the type of a column by its name.

    >>> str(type_of("bytes")), str(type_of("upstream_duration")), str(type_of("path"))
    ('int64', 'double', 'dictionary<values=string, indices=int32, ordered=0>')
    """
    if name in TYPES:
        return TYPES[name]
    return pyarrow.float64() if unit_of(name).kind == "duration" else TEXT


def other_name(name: str) -> str:
    """Return what a field is called in `other`, so that no two have one name there.

    >>> other_name("user"), other_name("line"), other_name("log.line")
    ('user', 'log.line', 'log.log.line')
    """
    own = name
    while own.startswith("log."):
        own = own.removeprefix("log.")
    return f"log.{name}" if own in OURS else name


def fields_of(text: str) -> tuple[str, ...]:
    """Return the names in `--fields time,status,path`. Raises UsageError for an empty, repeated or malformed one."""
    names = tuple(name.strip() for name in split_outside(text))
    if not all(names):
        raise UsageError(f"--fields {text!r} does not name fields", "write --fields time,status,path")
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"--fields {text!r}: {twice} is named twice", "name it once")
    for name in names:
        base_of(name)
    return names
