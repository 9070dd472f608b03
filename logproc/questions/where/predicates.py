"""What a filter says of each record of a chunk: the syntax tree of `--where`, each node of which makes a mask of columns.

A comparison is answered on the dictionary of its column, once for each distinct value, and taken to the records through the
index; where the column is of numbers, on the records themselves. Nothing is rounded: numbers are counted in billionths.

A record without the field, or with a value that cannot be compared (a text that is not a number), fits no comparison, a
negated one included: `status != 200` and `not status == 200` differ in the records without a status.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.printable import shown
from logproc.model.columns import NO_TIME, KeyColumn, Numbers
from logproc.questions.where.networks import Network, address_of

if TYPE_CHECKING:
    from logproc.model.arrays import Mask
    from logproc.model.columns import Columns

Relation: TypeAlias = Literal["==", "<", "<=", "=~", "contains"]
"""What can hold between a field and a value. The other operators of the language are these, negated."""
Answer: TypeAlias = "tuple[Mask, Mask]"
"""For each key or record whether the relation holds, and whether it can be asked at all."""

BILLION = 10**9
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
NUMBER_BYTES = 64
ORDER: dict[str, Callable[[Any, Any], Any]] = {"==": operator.eq, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True, slots=True)
class Rows:
    """The records that are asked about: `field` gives a column by name, None if no record has it."""

    columns: Columns
    field: Callable[[str], KeyColumn | Numbers | None]

    def column(self, name: str) -> KeyColumn | Numbers | None:
        """Return the column of a name; the time is a number as well, of seconds."""
        if name == "time":
            return Numbers(self.columns.time, None, self.columns.time != NO_TIME)
        return self.field(name)

    def all(self, value: bool) -> Mask:
        return numpy.full(self.columns.records, value)


class Predicate(Protocol):
    """A node of the tree: something that is true or false of a record."""

    def mask(self, rows: Rows) -> Mask:
        """Return for each record whether it is true."""


@dataclass(frozen=True, slots=True)
class And:
    """True where all its parts are."""

    parts: tuple[Predicate, ...]

    def mask(self, rows: Rows) -> Mask:
        return functools.reduce(operator.and_, (part.mask(rows) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Or:
    """True where one of its parts is."""

    parts: tuple[Predicate, ...]

    def mask(self, rows: Rows) -> Mask:
        return functools.reduce(operator.or_, (part.mask(rows) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Not:
    """True where its part is false, so also where a comparison fails because the field is absent."""

    part: Predicate

    def mask(self, rows: Rows) -> Mask:
        return ~self.part.mask(rows)


@dataclass(frozen=True, slots=True)
class Absent:
    """True where the record has no such field; `negated`: where it has."""

    field: str
    negated: bool

    def mask(self, rows: Rows) -> Mask:
        """Return where the field is absent, or where it is not."""
        column = rows.column(self.field)
        return present(column, rows) if self.negated else ~present(column, rows)


def present(column: KeyColumn | Numbers | None, rows: Rows) -> Mask:
    """Return which records have a value in the column."""
    if column is None:
        return rows.all(False)
    if isinstance(column, KeyColumn):
        return of_records(truths(column.keys.is_valid()), column)
    return rows.all(True) if column.valid is None else column.valid


@dataclass(frozen=True, slots=True)
class TextComparison:
    r"""Compares with texts, of which one has to match, or none if it is negated. Order is that of the UTF-8 bytes.

    values: bytes that keys show as `\xNN` are written so; expressions are RE2's, searched for in the shown text.
    """

    field: str
    relation: Relation
    negated: bool
    values: tuple[str, ...]

    def mask(self, rows: Rows) -> Mask:
        return compared(self, rows)

    def of_keys(self, keys: pyarrow.Array) -> Answer:
        """Answer for each key."""
        if self.relation == "==":
            return is_in(keys, self.values), truths(keys.is_valid())
        return truths(TEXT_KERNELS[self.relation](keys, self.values[0])), truths(keys.is_valid())

    def of_numbers(self, numbers: Numbers) -> Answer:
        """Answer for each record: a number is not a text."""
        return incomparable(len(numbers.whole))


TEXT_KERNELS: dict[str, Callable[[pyarrow.Array, str], pyarrow.Array]] = {
    "<": lambda keys, text: pyarrow.compute.less(keys, escaped(text)),
    "<=": lambda keys, text: pyarrow.compute.less_equal(keys, escaped(text)),
    "contains": lambda keys, text: pyarrow.compute.match_substring(keys, escaped(text)),
    "=~": pyarrow.compute.match_substring_regex,
}


@dataclass(frozen=True, slots=True)
class NumberComparison:
    """Compares with numbers, in billionths, of which one has to match, or none if it is negated."""

    field: str
    relation: Relation
    negated: bool
    values: tuple[int, ...]

    def mask(self, rows: Rows) -> Mask:
        return compared(self, rows)

    def of_keys(self, keys: pyarrow.Array) -> Answer:
        """Answer for each key: what is not a number cannot be compared."""
        numbers = [None if text is None else number_of(text) for text in keys.to_pylist()]
        values = [Decimal(f"{value}e-9") for value in self.values]
        order = ORDER[self.relation]
        hits = [number is not None and any(order(number, value) for value in values) for number in numbers]
        return numpy.array(hits, bool), numpy.array([number is not None for number in numbers], bool)

    def of_numbers(self, numbers: Numbers) -> Answer:
        """Answer for each record."""
        hits = functools.reduce(operator.or_, (ordered(numbers, self.relation, value) for value in self.values))
        return hits, numpy.ones(len(hits), bool) if numbers.valid is None else numbers.valid


def ordered(numbers: Numbers, relation: Relation, billionths: int) -> Mask:
    """Return which numbers stand in the relation to a value: the whole parts decide, or the rests if those are equal."""
    whole, nanos = divmod(billionths, BILLION)
    rests = 0 if numbers.nanos is None else numbers.nanos
    hits: Mask = (numbers.whole == whole) & ORDER[relation](rests, nanos)
    return hits if relation == "==" else hits | (numbers.whole < whole)


def number_of(text: str) -> Decimal | None:
    """Return the exact number that a value is, None if it is not one: digits, a fraction, an exponent, as JSON has them.

    Longer than 64 characters is not a number, nor is an exponent of more than four digits. A plus sign and zeros in front are
    allowed, as logs have them.

    >>> number_of("-0.10"), number_of("1e3"), number_of("12ms")
    (Decimal('-0.10'), Decimal('1E+3'), None)
    """
    return Decimal(text) if len(text) <= NUMBER_BYTES and NUMBER.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class AddressComparison:
    """Compares an address with networks, addresses and names, of which one has to match, or none if it is negated.

    A name matches the same text. An address matches however it is written, IPv4 also as `::ffff:192.0.2.1`.
    """

    field: str
    relation: Relation
    negated: bool
    values: tuple[Network, ...]

    def mask(self, rows: Rows) -> Mask:
        return compared(self, rows)

    def of_keys(self, keys: pyarrow.Array) -> Answer:
        """Answer for each key."""
        hits = is_in(keys, [network.text for network in self.values])
        found = [None if text is None else address_of(text) for text in keys.to_pylist()]
        table = numpy.frombuffer(b"".join(address or bytes(16) for address in found), numpy.uint8).reshape(-1, 16)
        within = functools.reduce(operator.or_, (network.holds(table) for network in self.values))
        return hits | within & numpy.array([address is not None for address in found], bool), truths(keys.is_valid())

    def of_numbers(self, numbers: Numbers) -> Answer:
        """Answer for each record: a number is not an address."""
        return incomparable(len(numbers.whole))


def compared(comparison: TextComparison | NumberComparison | AddressComparison, rows: Rows) -> Mask:
    """Return where a comparison is true: on the dictionary of a column of text, on the records of one of numbers."""
    column = rows.column(comparison.field)
    if column is None:
        return rows.all(False)
    if isinstance(column, KeyColumn):
        return of_records(settled(*comparison.of_keys(column.keys), comparison.negated), column)
    return settled(*comparison.of_numbers(column), comparison.negated)


def of_records(keys: Mask, column: KeyColumn) -> Mask:
    """Return for each record the answer for its key."""
    records: Mask = keys[column.index]
    return records


def settled(hits: Mask, comparable: Mask, negated: bool) -> Mask:
    """Return what is true in the end: what cannot be compared never is."""
    return (hits ^ negated) & comparable


def incomparable(size: int) -> Answer:
    """Return the answer of values of which none can be compared."""
    nothing = numpy.zeros(size, bool)
    return nothing, nothing


def is_in(keys: pyarrow.Array, texts: Iterable[str]) -> Mask:
    return truths(pyarrow.compute.is_in(keys, value_set=pyarrow.array(map(escaped, texts), pyarrow.string())))


def escaped(text: str) -> str:
    """Return a text of a user as keys show it."""
    return shown(text.encode())


def truths(bits: pyarrow.Array) -> Mask:
    """Return Arrow's truth values as a mask: null is false."""
    found: Mask = bits.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def expression_fault(expression: str) -> str | None:
    """Return why RE2 refuses an expression, None if it takes it."""
    try:
        pyarrow.compute.match_substring_regex(pyarrow.array([""], pyarrow.string()), expression)
    except pyarrow.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return None
