r"""The language of `--where`: which records count. `parse_where` makes a tree of it, `predicates` says what the tree means.

    status >= 500 and path =~ "^/api" and not client in ("10.0.0.0/8", "::1")

Its grammar, in EBNF (ISO/IEC 14977):

    expression  = conjunction, { "or", conjunction } ;
    conjunction = negation, { "and", negation } ;
    negation    = "not", negation | "(", expression, ")" | comparison ;
    comparison  = field, ( relation, value
                         | [ "not" ], "in", "(", value, { "," , value }, [ "," ], ")"
                         | [ "not" ], "contains", value
                         | "is", [ "not" ], "absent" ) ;
    relation    = "==" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~" ;
    value       = text | number, [ unit ] | "true" | "false" ;
    field       = name | "net:", digits | "shape(", name, ")" | "`", any characters, a backtick doubled, "`" ;
    name        = a letter, "_" or "@", then letters, digits, "_", ".", "@" and "-" (all of ASCII) ;
    text        = any characters between two '"' or two "'", with escapes ;
    number      = [ "+" | "-" ], ( digits, [ ".", digits ] | ".", digits ) ;
    unit        = "B" | "k" | "kB" | "MB" | "GB" | "KiB" | "MiB" | "GiB" | "us" | "ms" | "s" | "m" | "h" ;

Between two of these, white space (blank, TAB, CR, LF) is free. Words in quotes may be in capitals as well, and are special only
where they are expected: `in in (1, 2)` asks for a field `in`. Only `not` as a field needs backticks.

Escapes in a text are \" \' \\ \n \t. Any other stays as it is written, its backslash included. So `"\d+"` is an expression as
RE2 has it, and a key copied from a report, such as `/caf\xe9`, is itself.

What a field is compared with depends on the field (`FieldType`): status is a number, client an address, path a text. What is no
standard field is a number or a text as the value is: 404 is compared with numbers, "404" with texts. `true` and `false` are the
texts. A size is in bytes, a duration in seconds: `duration > 500ms` is `duration > 0.5`. A time is that of ISO 8601, a day its
midnight. Several addresses in one field, as forwarded_for may have, are no address, and are searched with `=~`.

`=~` searches for an expression of RE2 anywhere in the field, `contains` for a text. `in` is `==` with several values, one of
which has to match; `not in` is `!=` with several, all of which have to differ.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from logproc.errors import UsageError
from logproc.formats.columns.printable import shown
from logproc.questions.predicates import (
    ADDRESS_BITS,
    BILLION,
    Absent,
    AddressComparison,
    And,
    Network,
    Not,
    NumberComparison,
    Or,
    Predicate,
    Relation,
    Rows,
    TextComparison,
    expression_fault,
    network_of,
)

if TYPE_CHECKING:
    from logproc.model import Columns, KeyColumn, Mask, Numbers

MAX_DEPTH = 100
"""How deep parentheses and `not` may be nested."""
SHOWN_CHARACTERS = 60
"""How much of an expression an error repeats."""
NUMBER_CHARACTERS = 40
LARGEST = 2**63 - 1

TOKEN = re.compile(
    r"""
    [ \t\r\n]*+ (?:
      (?P<text> "[^"\\]*+(?:\\.[^"\\]*+)*+" | '[^'\\]*+(?:\\.[^'\\]*+)*+' )
    | (?P<quoted> `[^`]*+(?:``[^`]*+)*+` )
    | (?P<number> [+-]?(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++) )
    | (?P<form> net:[0-9]{1,3}+ | shape\([A-Za-z_@][A-Za-z0-9_.@-]*+\) )
    | (?P<name> [A-Za-z_@][A-Za-z0-9_.@-]*+ )
    | (?P<symbol> =~ | !~ | == | != | <= | >= | [=<>(),] )
    | (?P<end> \Z )
    )""",
    re.VERBOSE | re.DOTALL,
)
FORM = re.compile(r"net:[0-9]{1,3}|shape\(.*\)", re.DOTALL)
BLANKS = " \t\r\n"
UNCLOSED = {'"': "a text is not closed", "'": "a text is not closed", "`": "a name is not closed"}
FOREIGN = {"&": "write `and`", "|": "write `or`", "!": "write `not`", "~": "write `=~`", "[": "write `(`"}
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "t": "\t"}

OPERATORS: dict[str, tuple[Relation, bool]] = {
    "==": ("==", False),
    "=": ("==", False),
    "!=": ("==", True),
    "<": ("<", False),
    ">=": ("<", True),
    "<=": ("<=", False),
    ">": ("<=", True),
    "=~": ("=~", False),
    "!~": ("=~", True),
}
"""The relation that each operator asks for, and whether it asks for the contrary."""

Factor: TypeAlias = int | Fraction
SIZES: dict[str, Factor] = {
    "": 1,
    "B": 1,
    "k": 1000,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
DURATIONS: dict[str, Factor] = {"": 1, "us": Fraction(1, 10**6), "ms": Fraction(1, 1000), "s": 1, "m": 60, "h": 3600}
UNITS = SIZES | DURATIONS

Value: TypeAlias = str | int | Network
"""What a field is compared with: a text, a number in billionths (of a time: since 1970), or a network."""
ORDERED: tuple[Relation, ...] = ("==", "<", "<=")
SEARCHED: tuple[Relation, ...] = ("=~", "contains")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FieldKind:
    """What a field of a type is, how a value is written, which relations it knows, and what the units of its numbers are.

    units: by name, the empty one is that of a number without a unit; none at all where numbers do not suit.
    """

    noun: str
    example: str
    relations: tuple[Relation, ...]
    units: Mapping[str, Factor]


class FieldType(Enum):
    """The types of fields."""

    NUMBER = FieldKind("a number", "write 200 without quotes or unit", ORDERED, {"": 1})
    SIZE = FieldKind("a size", "write 4096 or 4KiB without quotes", ORDERED, SIZES)
    DURATION = FieldKind("a duration", "write 0.5 (seconds) or 500ms without quotes", ORDERED, DURATIONS)
    TIME = FieldKind("a moment", 'write "2026-03-07", "2026-03-07 13:30" or "2026-03-07T13:30:00+01:00"', ORDERED, {})
    ADDRESS = FieldKind("an address", 'write "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"', ("==", *SEARCHED), {})
    TEXT = FieldKind("a text", 'write it in quotes: "text"', (*ORDERED, *SEARCHED), {})
    DYNAMIC = FieldKind("a number or a text", "", (*ORDERED, *SEARCHED), UNITS)


FIELD_TYPES = {
    "status": FieldType.NUMBER,
    "bytes": FieldType.SIZE,
    "duration": FieldType.DURATION,
    "time": FieldType.TIME,
    "client": FieldType.ADDRESS,
    "forwarded_for": FieldType.ADDRESS,
    **dict.fromkeys(
        ("user", "method", "target", "path", "query", "protocol", "referrer", "user_agent", "host"), FieldType.TEXT
    ),
    **dict.fromkeys(("level", "logger", "program", "thread", "message"), FieldType.TEXT),
}
"""The types of the standard fields. A pid, and whatever else a log may have, is dynamic."""


@dataclass(frozen=True, slots=True)
class Where:
    """A filter. `fields`: the names of all fields it needs, in order of appearance, without backticks: `net:24`, `status`."""

    tree: Predicate
    fields: tuple[str, ...]

    def mask(self, columns: Columns, field: Callable[[str], KeyColumn | Numbers | None]) -> Mask:
        """Return for each record whether it passes.

        `field` gives the column of a name, None if no record of the chunk has it. It is asked once for each name, but for
        `time`, which is `columns.time`.
        """
        return self.tree.mask(Rows(columns, functools.cache(field)))


def parse_where(text: str, tz: tzinfo = UTC) -> Where:
    """Return the filter that an expression is. Times without an offset are in `tz`; in an hour that it has twice, the first.

    Raises UsageError, which names the place, if the expression is none, or if a value does not suit its field.

    >>> parse_where("status >= 500 and not path contains 'health'").fields
    ('status', 'path')
    """
    return Parser(text, tz).where()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression: its kind is the name of its group in `TOKEN`, `start` and `end` are where it stands."""

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in whatever case."""
        return self.kind == "name" and self.text.lower() in words

    def is_symbol(self, symbol: str) -> bool:
        """Whether it is this symbol."""
        return self.kind == "symbol" and self.text == symbol


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written: its first token, where it ends, a text or a number, and the number's unit."""

    token: Token
    end: int
    value: str | Fraction
    unit: str = ""


def fault(text: str, what: str, at: int, hint: str = "") -> UsageError:
    """Return the error for a place in an expression."""
    return UsageError(f"--where {excerpt(text)}: {what} at column {at + 1}", hint)


def excerpt(text: str) -> str:
    """Return the beginning of a text as it can be shown on one line."""
    beginning = text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    return shown(beginning.encode("utf-8", "backslashreplace"))


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens, the end as the last. Raises UsageError where none begins."""
    position, kind = 0, ""
    while kind != "end":
        match = TOKEN.match(text, position)
        if not match:
            raise character_fault(text, position)
        kind, position = str(match.lastgroup), match.end()
        yield Token(kind, match[kind], match.start(kind), position)


def character_fault(text: str, position: int) -> UsageError:
    """Return the error for the place where no token begins."""
    at = position + len(text[position:]) - len(text[position:].lstrip(BLANKS))
    character = text[at]
    return fault(text, UNCLOSED.get(character, f"{excerpt(character)} means nothing"), at, FOREIGN.get(character, ""))


class Parser:
    """Reads one expression by recursive descent: a method for each rule of the grammar.

    It goes down at most `MAX_DEPTH` levels, and looks at each token once.
    """

    def __init__(self, text: str, tz: tzinfo) -> None:
        self.text = text
        self.tz = tz
        self.refuse_surrogates()
        self.tokens = list(tokens_of(text))
        self.position = 0
        self.fields: dict[str, None] = {}

    def refuse_surrogates(self) -> None:
        """Raise UsageError if the expression is not of Unicode's characters, as arguments that are no UTF-8 are."""
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise fault(self.text, "no UTF-8", error.start) from None

    @property
    def token(self) -> Token:
        """The token that is next."""
        return self.tokens[self.position]

    def take(self) -> Token:
        """Return the next token and go on to the one behind it."""
        token = self.token
        self.position += token.kind != "end"
        return token

    def take_word(self, *words: str) -> bool:
        """Go on if one of these keywords is next, and return whether it was."""
        found = self.token.is_word(*words)
        self.position += found
        return found

    def take_symbol(self, symbol: str) -> bool:
        """Go on if this symbol is next, and return whether it was."""
        found = self.token.is_symbol(symbol)
        self.position += found
        return found

    def fault(self, what: str, token: Token, hint: str = "") -> UsageError:
        """Return the error for a token."""
        return fault(self.text, what, token.start, hint)

    def wanted(self, what: str, hint: str = "") -> UsageError:
        """Return the error of something else being next than what is wanted."""
        found = "the end" if self.token.kind == "end" else f"`{excerpt(self.token.text)}`"
        return self.fault(f"{what} is wanted instead of {found}", self.token, hint)

    def where(self) -> Where:
        """Read the whole expression."""
        tree = self.expression(0)
        if self.token.kind != "end":
            raise self.wanted("`and`, `or` or the end")
        return Where(tree, tuple(self.fields))

    def expression(self, depth: int) -> Predicate:
        """Read what `or` joins."""
        parts = [self.conjunction(depth)]
        while self.take_word("or"):
            parts.append(self.conjunction(depth))
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def conjunction(self, depth: int) -> Predicate:
        """Read what `and` joins."""
        parts = [self.negation(depth)]
        while self.take_word("and"):
            parts.append(self.negation(depth))
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def negation(self, depth: int) -> Predicate:
        """Read what may have a `not` in front, or stand in parentheses."""
        if depth == MAX_DEPTH:
            raise self.fault(f"more than {MAX_DEPTH} levels", self.token, "nest fewer parentheses and `not`")
        if self.take_word("not"):
            return Not(self.negation(depth + 1))
        if self.take_symbol("("):
            return self.parenthesis(depth + 1)
        return self.comparison()

    def parenthesis(self, depth: int) -> Predicate:
        """Read what stands behind `(`."""
        inner = self.expression(depth)
        if not self.take_symbol(")"):
            raise self.wanted("`and`, `or` or `)`")
        return inner

    def comparison(self) -> Predicate:
        """Read a field and what is asked of it."""
        field = self.field()
        if self.take_word("is"):
            return self.absence(field)
        if self.token.kind == "symbol" and self.token.text in OPERATORS:
            operator = self.take()
            return self.compared(field, operator, *OPERATORS[operator.text], [self.literal()])
        negated = self.take_word("not")
        operator = self.token
        if self.take_word("contains"):
            return self.compared(field, operator, "contains", negated, [self.literal()])
        if self.take_word("in"):
            return self.compared(field, operator, "==", negated, self.literals())
        raise self.wanted("`in` or `contains`" if negated else "`==`, `=~`, `in` or another operator")

    def field(self) -> str:
        """Read the name of a field."""
        if self.token.kind not in {"name", "form", "quoted"}:
            raise self.wanted("a field", "a field stands without quotes, or in backticks" if self.token.kind == "text" else "")
        token = self.take()
        if token.kind == "form" and token.text.startswith("net:") and int(token.text[4:]) > ADDRESS_BITS:
            raise self.fault(f"{token.text} has more bits than an address", token, f"at most {ADDRESS_BITS}, or 32 for IPv4")
        name = token.text[1:-1].replace("``", "`") if token.kind == "quoted" else token.text
        self.fields[name] = None
        return name

    def absence(self, field: str) -> Predicate:
        """Read what stands behind `is`."""
        negated = self.take_word("not")
        if not self.take_word("absent"):
            raise self.wanted("`absent`" if negated else "`absent` or `not absent`", "equality is written `==`")
        return Absent(field, negated)

    def literals(self) -> list[Literal]:
        """Read the values behind `in`."""
        if not self.take_symbol("("):
            raise self.wanted("`(`", "as in `status in (404, 410)`")
        found = [self.literal()]
        while self.take_symbol(",") and not self.token.is_symbol(")"):
            found.append(self.literal())
        if not self.take_symbol(")"):
            raise self.wanted("`,` or `)`")
        return found

    def literal(self) -> Literal:
        """Read a value."""
        token = self.token
        if token.kind == "number":
            return self.number()
        if token.kind != "text" and not token.is_word("true", "false"):
            raise self.wanted("a value", f'write a text in quotes: "{excerpt(token.text)}"' if token.kind == "name" else "")
        self.take()
        return Literal(token, token.end, unescaped(token.text[1:-1]) if token.kind == "text" else token.text.lower())

    def number(self) -> Literal:
        """Read a number and its unit, which stands at its end or behind white space."""
        token, unit = self.take(), self.token
        if len(token.text) > NUMBER_CHARACTERS:
            raise self.fault(f"a number of more than {NUMBER_CHARACTERS} characters", token)
        if unit.kind == "name" and unit.text in UNITS:
            self.take()
            return Literal(token, unit.end, Fraction(token.text), unit.text)
        if unit.kind == "name" and unit.start == token.end:
            raise self.fault(f"unknown unit {excerpt(unit.text)}", unit, "known are " + ", ".join(filter(None, UNITS)))
        return Literal(token, token.end, Fraction(token.text))

    def compared(
        self, field: str, operator: Token, relation: Relation, negated: bool, literals: Sequence[Literal]
    ) -> Predicate:
        """Return the comparison of a field with values that suit it; those of a dynamic field may be of two types."""
        kind = type_of(field)
        if relation not in kind.value.relations:
            raise self.fault(f"{field} is {kind.value.noun}, which has no `{operator.text}`", operator, f"it has {known(kind)}")
        if relation in SEARCHED:
            return TextComparison(field, relation, negated, tuple(self.searched(operator, literal) for literal in literals))
        return comparison_of(field, relation, negated, [self.suited(field, kind, literal) for literal in literals])

    def searched(self, operator: Token, literal: Literal) -> str:
        """Return the text that is searched for. Raises UsageError if it is no text, or no expression of RE2."""
        if not isinstance(literal.value, str):
            raise self.fault(f"`{operator.text}` wants a text instead of a number", literal.token, "write it in quotes")
        fault = None if operator.is_word("contains") else expression_fault(literal.value)
        if fault is not None:
            raise self.fault(f'no regular expression ("{excerpt(fault)}")', literal.token, "the syntax is RE2's")
        return literal.value

    def suited(self, field: str, kind: FieldType, literal: Literal) -> Value:
        """Return the value in the type of the field. Raises UsageError if it has none there."""
        value = text_value(kind, literal.value, self.tz) if isinstance(literal.value, str) else self.number_value(kind, literal)
        if value is None:
            written = excerpt(self.text[literal.token.start : literal.end])
            raise self.fault(f"{field} is {kind.value.noun}, unlike {written}", literal.token, kind.value.example)
        return value

    def number_value(self, kind: FieldType, literal: Literal) -> int | None:
        """Return a number in billionths, None if the type of the field has no such numbers or no such unit.

        Raises UsageError if it is finer than a billionth, or its whole part is beyond 64 bits.
        """
        if literal.unit not in kind.value.units:
            return None
        billionths = Fraction(literal.value) * kind.value.units[literal.unit] * BILLION
        if billionths.denominator != 1:
            raise self.fault("a number finer than a billionth", literal.token)
        if abs(billionths) > LARGEST * BILLION:
            raise self.fault("a number beyond 64 bits", literal.token)
        return int(billionths)


def text_value(kind: FieldType, text: str, tz: tzinfo) -> Value | None:
    """Return a text in the type of a field, None if it is none of these."""
    if kind is FieldType.TIME:
        return moment_of(text, tz)
    if kind is FieldType.ADDRESS:
        return network_of(text)
    return text if kind in {FieldType.TEXT, FieldType.DYNAMIC} else None


def moment_of(text: str, tz: tzinfo) -> int | None:
    """Return the billionths of a second since 1970 of a day or time of ISO 8601, None if there is no such time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=tz)) - EPOCH
    return since // timedelta(microseconds=1) * 1000


def unescaped(text: str) -> str:
    """Return what stands between two quotes without the backslashes that escape something."""
    return ESCAPE.sub(lambda match: ESCAPES.get(match[1], match[0]), text)


def type_of(field: str) -> FieldType:
    """Return the type of a field: networks and shapes are texts, what is not standard is dynamic."""
    return FieldType.TEXT if FORM.fullmatch(field) else FIELD_TYPES.get(field, FieldType.DYNAMIC)


def known(kind: FieldType) -> str:
    """Return the operators of a type of fields, to be shown."""
    symbols = [symbol for symbol, (relation, _) in OPERATORS.items() if relation in kind.value.relations and symbol != "="]
    return ", ".join([*symbols, "in", *({"contains"} & set(kind.value.relations))])


def comparison_of(field: str, relation: Relation, negated: bool, values: Sequence[Value]) -> Predicate:
    """Return the comparison with values, or one for each of their types."""
    texts = tuple(value for value in values if isinstance(value, str))
    numbers = tuple(value for value in values if isinstance(value, int))
    networks = tuple(value for value in values if isinstance(value, Network))
    parts: list[Predicate] = []
    if texts:
        parts.append(TextComparison(field, relation, negated, texts))
    if numbers:
        parts.append(NumberComparison(field, relation, negated, numbers))
    if networks:
        parts.append(AddressComparison(field, relation, negated, networks))
    if len(parts) == 1:
        return parts[0]
    return And(tuple(parts)) if negated else Or(tuple(parts))
