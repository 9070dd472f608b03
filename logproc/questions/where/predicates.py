"""The syntax tree of `--where`: each node turns the columns of a chunk into a mask of its records.

A comparison runs on the dictionary of its column, once for each distinct value, and the index spreads the result to the
records; a column of numbers is compared record by record. Nothing is rounded: numbers are compared in billionths.

A record that lacks the field, or whose value cannot be compared (text that is not a number), never matches a comparison, not
even a negated one: `status != 200` and `not status == 200` differ for records without a status.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.addresses import address_of, bare
from logproc.formats.columns.levels import LEVELS
from logproc.formats.columns.printable import LAID_OUT, shown
from logproc.formats.columns.quantities import total_of
from logproc.formats.columns.units import ANY, Unit, unit_of
from logproc.model.columns import KeyColumn, Numbers
from logproc.model.patterns import regex
from logproc.questions.where.networks import Network

if TYPE_CHECKING:
    from logproc.model.arrays import Mask
    from logproc.model.columns import Columns

Relation: TypeAlias = Literal["==", "<", "<=", "=~", "contains"]
"""The relations between a field and a value. The language's other operators negate these."""
Answer: TypeAlias = "tuple[Mask, Mask]"
"""Two masks over keys or records: whether the relation holds, and whether the value can be compared at all."""

BILLION = 10**9
NUMBER = regex(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
NUMBER_BYTES = 1024
ORDER: dict[str, Callable[[Any, Any], Any]] = {"==": operator.eq, "<": operator.lt, "<=": operator.le}


class Rows(Struct, frozen=True):
    """The records of a chunk. `field` returns a column by name, None if the chunk lacks it."""

    columns: Columns
    field: Callable[[str], KeyColumn | Numbers | None]

    def column(self, name: str) -> KeyColumn | Numbers | None:
        """`time` is a column of seconds, with their fractions if these are needed."""
        if name == "time":
            return self.columns.moments
        return self.field(name)

    def searched(self, name: str) -> KeyColumn | None:
        """Return the texts of whole records that are searched in place of a column, None if the column itself is."""
        return self.columns.searched.get(name)

    def all(self, value: bool) -> Mask:
        return numpy.full(self.columns.records, value)


class Predicate(Protocol):
    """A node of the tree: a condition on a record."""

    def mask(self, rows: Rows) -> Mask:
        """Return a mask of the records for which it is true."""


class And(Struct, frozen=True):
    """True where all parts are."""

    parts: tuple[Predicate, ...]

    def mask(self, rows: Rows) -> Mask:
        return functools.reduce(operator.and_, (part.mask(rows) for part in self.parts))


class Or(Struct, frozen=True):
    """True where at least one part is."""

    parts: tuple[Predicate, ...]

    def mask(self, rows: Rows) -> Mask:
        return functools.reduce(operator.or_, (part.mask(rows) for part in self.parts))


class Not(Struct, frozen=True):
    """True where its part is false, and so also where a comparison fails because the field is absent."""

    part: Predicate

    def mask(self, rows: Rows) -> Mask:
        return ~self.part.mask(rows)


class Absent(Struct, frozen=True):
    """True where the record lacks the field; `negated`: where it has it."""

    field: str
    negated: bool

    def mask(self, rows: Rows) -> Mask:
        column = rows.column(self.field)
        if isinstance(column, KeyColumn):
            present: Mask = truths(column.keys.is_valid())[column.index]
        elif column is None:
            present = rows.all(False)
        else:
            present = has_number(column)
        return present if self.negated else ~present


Value = TypeVar("Value")


class Comparison(Struct, Generic[Value], frozen=True):
    """Compares a field with values: true if one of them matches, or if none does when negated."""

    field: str
    relation: Relation
    negated: bool
    values: tuple[Value, ...]

    def mask(self, rows: Rows) -> Mask:
        column = rows.column(self.field)
        if column is None:
            return rows.all(False)
        hits, comparable = self.of_keys(column.keys) if isinstance(column, KeyColumn) else self.of_numbers(column)
        matches: Mask = (hits ^ self.negated) & comparable
        return matches[column.index] if isinstance(column, KeyColumn) else matches

    def of_keys(self, keys: pyarrow.Array) -> Answer:
        """Return the answer for each key of a dictionary."""
        raise NotImplementedError

    def of_numbers(self, numbers: Numbers) -> Answer:
        """Return the answer for each record. Only NumberComparison can compare numbers."""
        nothing = numpy.zeros(len(numbers.whole), bool)
        return nothing, nothing


class TextComparison(Comparison[str], frozen=True):
    r"""Compares texts, ordered by their UTF-8 bytes. Values write unprintable bytes as keys do, `\xNN`; `=~` is RE2's."""

    def mask(self, rows: Rows) -> Mask:
        column = rows.searched(self.field) if self.relation in {"contains", "=~"} else None
        if column is None:
            return Comparison.mask(self, rows)
        kernel, text = WHOLE_KERNELS[self.relation], self.values[0]
        hits, present = truths(kernel(column.keys, text)), truths(column.keys.is_valid())
        matches: Mask = ((hits ^ self.negated) & present)[column.index]
        return matches

    def of_keys(self, keys: pyarrow.Array) -> Answer:
        if self.relation == "==":
            return is_in(keys, self.values), truths(keys.is_valid())
        return truths(TEXT_KERNELS[self.relation](keys, self.values[0])), truths(keys.is_valid())


TEXT_KERNELS: dict[str, Callable[[pyarrow.Array, str], pyarrow.Array]] = {
    "<": lambda keys, text: pyarrow.compute.less(keys, escaped(text)),
    "<=": lambda keys, text: pyarrow.compute.less_equal(keys, escaped(text)),
    "contains": lambda keys, text: pyarrow.compute.match_substring(keys, escaped(text)),
    "=~": pyarrow.compute.match_substring_regex,
}
WHOLE_KERNELS: dict[str, Callable[[pyarrow.Array, str], pyarrow.Array]] = {
    "contains": lambda keys, text: pyarrow.compute.match_substring(keys, shown(text.encode(), LAID_OUT)),
    "=~": lambda keys, text: pyarrow.compute.match_substring_regex(keys, f"(?m){text}"),
}
"""For texts of several lines, which keep their line feeds and TABs."""


class NumberComparison(Comparison[int], frozen=True):
    """Compares numbers, in billionths."""

    def of_keys(self, keys: pyarrow.Array) -> Answer:
        unit = unit_of(self.field)
        numbers = [None if text is None else number_of(text, unit) for text in keys.to_pylist()]
        # A Decimal of any exponent is compared at once; it cannot be compared with a Fraction.
        values: dict[type, list[Any]] = {
            Decimal: [Decimal(f"{value}e-9") for value in self.values],
            Fraction: [Fraction(n, BILLION) for n in self.values],
        }
        order = ORDER[self.relation]
        hits = [number is not None and any(order(number, value) for value in values[type(number)]) for number in numbers]
        return numpy.array(hits, bool), numpy.array([number is not None for number in numbers], bool)

    def of_numbers(self, numbers: Numbers) -> Answer:
        hits = functools.reduce(operator.or_, (ordered(numbers, self.relation, value) for value in self.values))
        if numbers.large is not None:
            order = ORDER[self.relation]
            hits[numbers.large.at] = [any(order(n, value) for value in self.values) for n in numbers.large.nanos.tolist()]
        return hits, has_number(numbers)


def ordered_fields(node: Predicate) -> frozenset[str]:
    """Return the fields in which a filter looks for smaller or larger numbers: values may not be numbers at all."""
    if isinstance(node, NumberComparison):
        return frozenset({node.field} if node.relation in {"<", "<="} else ())
    parts = node.parts if isinstance(node, And | Or) else (node.part,) if isinstance(node, Not) else ()
    return frozenset(name for part in parts for name in ordered_fields(part))


class LevelComparison(Comparison[int], frozen=True):
    """Compares levels by how severe they are; values are positions in LEVELS."""

    def of_keys(self, keys: pyarrow.Array) -> Answer:
        order = ORDER[self.relation]
        severities = [LEVELS.index(level) if level in LEVELS else None for level in keys.to_pylist()]
        hits = [severity is not None and any(order(severity, value) for value in self.values) for severity in severities]
        return numpy.array(hits, bool), numpy.array([severity is not None for severity in severities], bool)


class AddressComparison(Comparison[Network], frozen=True):
    """Compares an address with networks, addresses and names.

    A name matches the same text. An address matches in every notation, IPv4 also as `::ffff:192.0.2.1`, and with a port.
    Of several in one field, as in forwarded_for, any may match.
    """

    def of_keys(self, keys: pyarrow.Array) -> Answer:
        hits = is_in(keys, [network.text for network in self.values])
        pairs = [(at, address) for at, text in enumerate(keys.to_pylist()) if text for address in addresses_of(text)]
        table = numpy.frombuffer(b"".join(address for _, address in pairs), numpy.uint8).reshape(-1, 16)
        within = functools.reduce(operator.or_, (network.holds(table) for network in self.values))
        hits[numpy.array([at for at, _ in pairs], numpy.int64)[within]] = True
        return hits, truths(keys.is_valid())


def addresses_of(text: str) -> list[bytes]:
    """Return the addresses of a text: its own, or those of a list."""
    if address := address_of(text):
        return [address]
    return [address for entry in text.split(",") if (address := address_of(bare(entry.strip(" "))))]


def has_number(numbers: Numbers) -> Mask:
    """Return which records have a number, a large one too."""
    found = numpy.ones(len(numbers.whole), bool) if numbers.valid is None else numbers.valid.copy()
    if numbers.large is not None:
        found[numbers.large.at] = True
    return found


def ordered(numbers: Numbers, relation: Relation, billionths: int) -> Mask:
    """Return which numbers are in the relation to a value: the whole parts decide, the nanos where those are equal."""
    whole, nanos = divmod(billionths, BILLION)
    rests = 0 if numbers.nanos is None else numbers.nanos
    hits: Mask = (numbers.whole == whole) & ORDER[relation](rests, nanos)
    return hits if relation == "==" else hits | (numbers.whole < whole)


def number_of(text: str, unit: Unit = ANY) -> Decimal | Fraction | None:
    """Return a text as an exact number, None if it is not one, as metrics read it: `12ms` is in seconds, `4KiB` in bytes.

    At most 1,024 characters, and four digits of exponent.

    >>> number_of("-0.10"), number_of("1e3"), number_of("12ms"), number_of("12 apples")
    (Decimal('-0.10'), Decimal('1E+3'), Fraction(3, 250), None)
    """
    if len(text) > NUMBER_BYTES:
        return None
    if NUMBER.fullmatch(text):
        number = Decimal(text)
        return None if unit.measured and number == -1 else number
    found = total_of(text.strip(" \t"), unit)
    return found if isinstance(found, Fraction) else None


def is_in(keys: pyarrow.Array, texts: Iterable[str]) -> Mask:
    return truths(pyarrow.compute.is_in(keys, value_set=pyarrow.array(map(escaped, texts), pyarrow.string())))


def escaped(text: str) -> str:
    """Return a user's text escaped as keys are."""
    return shown(text.encode())


def truths(bits: pyarrow.Array) -> Mask:
    """Return Arrow's booleans as a mask; null is false."""
    found: Mask = bits.fill_null(False).to_numpy(zero_copy_only=False)
    return found


def expression_fault(expression: str) -> str | None:
    """Return why RE2 refuses an expression, None if it is valid."""
    try:
        pyarrow.compute.match_substring_regex(pyarrow.array([""], pyarrow.string()), expression)
    except pyarrow.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return None
