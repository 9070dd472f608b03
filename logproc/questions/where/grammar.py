r"""The language of `--where`, which selects records. `parse_where` returns a syntax tree of the nodes in `predicates`.

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
    value       = text | number, [ unit ] | "true" | "false" | level ;
    field       = name | "net:", digits | "shape(", name, ")" | ( "query(" | "every(" ), any characters but quotes and
                  parentheses, ")" | "`", any characters, a backtick doubled, "`" ;
    name        = a letter, "_" or "@", then letters, digits, "_", ".", "@" and "-" (all of ASCII) ;
    text        = any characters between two '"' or two "'", with escapes ;
    number      = [ "+" | "-" ], ( digits, [ ".", digits ] | ".", digits ) ;
    level       = a name, for the fields `level` and `weekday` ;
    unit        = "B" | "k" | "kB" | "MB" | "GB" | "KiB" | "MiB" | "GiB" | "us" | "ms" | "s" | "m" | "h" ;

White space (blank, TAB, CR, LF) between tokens is optional. Keywords are case-insensitive, and are keywords only where one is
expected: `in in (1, 2)` filters by a field named `in`. Only a field named `not` needs backticks.

Escapes in a text are \" \' \\ \n \t. In any other sequence the backslash stays, so `"\d+"` is the RE2 expression, and a key
copied from a report, such as `/caf\xe9`, matches itself.

The type of a value depends on the field (`FieldType`): status is a number, client an address, path a text, and level is on an
ordered scale: `level >= warning` finds errors too, and `level == WARN` is `level == warning`. A stretch of time
is compared by where it begins: `hour >= "2026-03-07 10:00"`, `day < "2026-03-07"`, `week == "2026-W10"`, in the zone
of `--tz`; `hour_of_day >= 9` and `weekday < "Sat"` are those of any day. For any other
field the value decides: 404 compares as a number, "404" as a text. `true` and `false` are texts. Sizes are in bytes,
durations in seconds: `duration > 500ms` is `duration > 0.5`. Times are in ISO 8601, or as access logs have them; a
date means midnight. Of several
addresses in one field, as in forwarded_for, any may match; search the text with `=~`.

`=~` searches for an RE2 expression anywhere in the field, `contains` for a text. In `message` they see the further lines of
a record too, such as a traceback; `text` is the whole record. `^` and `$` match at each line of these two.

`in` is `==` with several values, one of which has to match; `not in` is `!=` with several, all of which have to differ.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from logproc.formats.columns.addresses import ADDRESS_BITS
from logproc.formats.columns.levels import severity_of
from logproc.formats.readers.cost import MOST_REPEATED, repeated
from logproc.model.errors import UsageError
from logproc.questions.fields.derived import derive
from logproc.questions.fields.stretches import stretch_of
from logproc.questions.where.hints import BARE, OTHER_OPERATORS, hint_for_call, hint_for_text, hint_for_value
from logproc.questions.where.predicates import (
    BILLION,
    Absent,
    And,
    Not,
    Or,
    Predicate,
    Relation,
    Rows,
    TextComparison,
    expression_fault,
)
from logproc.questions.where.tokens import Token, excerpt, fault, tokens_of
from logproc.questions.where.values import (
    OPERATORS,
    SEARCHED,
    UNITS,
    FieldType,
    Value,
    comparison_of,
    known,
    text_value,
    type_of,
    unescaped,
)

if TYPE_CHECKING:
    from logproc.model.arrays import Mask
    from logproc.model.columns import Columns, KeyColumn, Numbers

MAX_DEPTH = 100
"""The deepest nesting of parentheses and `not`."""
NUMBER_CHARACTERS = 40


class Where(Struct, frozen=True):
    """A filter. `fields`: the fields it uses, in order of appearance, without backticks, such as `net:24` and `status`.

    searched: those in which it searches for a text or an expression. fractions: whether it compares times so that their
    fractions matter: whether one is before a whole second does not depend on them.
    """

    tree: Predicate
    fields: tuple[str, ...]
    searched: frozenset[str] = frozenset()
    fractions: bool = False

    def mask(self, columns: Columns, field: Callable[[str], KeyColumn | Numbers | None]) -> Mask:
        """Return a mask of the records that pass.

        `field` returns a column by name, None if the chunk lacks it. It is called once for each name, never for
        `time`, which is `columns.time`.
        """
        return self.tree.mask(Rows(columns, functools.cache(field)))


def parse_where(text: str, tz: tzinfo = UTC) -> Where:
    """Return the filter of an expression.

    Times without an offset are in `tz`; when clocks go back, the earlier of the two. Raises UsageError, which names the column,
    if the expression is not valid or a value does not suit its field.

    >>> parse_where("status >= 500 and not path contains 'health'").fields
    ('status', 'path')
    """
    if not text.strip():
        raise UsageError("--where is empty", "leave it out, or write a filter such as 'status >= 500'")
    return Parser(text, tz).where()


class Literal(Struct, frozen=True):
    """A value as written: its first token, where it ends, a text or a number, and the number's unit."""

    token: Token
    end: int
    value: str | Fraction
    unit: str = ""


class Parser:
    """Parses one expression by recursive descent, with one method for each rule of the grammar.

    It nests at most `MAX_DEPTH` levels and reads each token once.
    """

    def __init__(self, text: str, tz: tzinfo) -> None:
        self.text = text
        self.tz = tz
        try:
            text.encode()
        except UnicodeEncodeError as error:  # surrogates: the argument is not valid UTF-8
            raise fault(text, "not valid UTF-8", error.start) from None
        self.tokens = list(tokens_of(text))
        self.position = 0
        self.fields: dict[str, None] = {}
        self.searched_fields: set[str] = set()
        self.fractions = False

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.position += 1
        return token

    def take_word(self, *words: str) -> bool:
        found = self.token.is_word(*words)
        if found:
            self.take()
        return found

    def take_symbol(self, symbol: str) -> bool:
        found = self.token.is_symbol(symbol)
        if found:
            self.take()
        return found

    def fault(self, what: str, token: Token, hint: str = "") -> UsageError:
        return fault(self.text, what, token.start, hint)

    def unexpected(self, what: str, hint: str = "") -> UsageError:
        found = "the end" if self.token.kind == "end" else f"`{excerpt(self.token.text)}`"
        return self.fault(f"expected {what}, found {found}", self.token, hint)

    def where(self) -> Where:
        tree = self.expression(0)
        if self.token.kind != "end":
            raise self.unexpected("`and`, `or` or the end", "write `and`" if self.token.is_symbol(",") else "")
        return Where(tree, tuple(self.fields), frozenset(self.searched_fields), self.fractions)

    def expression(self, depth: int) -> Predicate:
        parts = [self.conjunction(depth)]
        while self.take_word("or"):
            parts.append(self.conjunction(depth))
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def conjunction(self, depth: int) -> Predicate:
        parts = [self.negation(depth)]
        while self.take_word("and"):
            parts.append(self.negation(depth))
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def negation(self, depth: int) -> Predicate:
        if depth == MAX_DEPTH:
            raise self.fault(f"more than {MAX_DEPTH} levels", self.token, "nest fewer parentheses and `not`")
        if self.take_word("not"):
            return Not(self.negation(depth + 1))
        if self.take_symbol("("):
            inner = self.expression(depth + 1)
            if not self.take_symbol(")"):
                raise self.unexpected("`and`, `or` or `)`")
            return inner
        return self.comparison()

    def comparison(self) -> Predicate:
        field = self.field()
        if self.take_word("is"):
            negated = self.take_word("not")
            if not self.take_word("absent"):
                raise self.unexpected("`absent`" if negated else "`absent` or `not absent`", "equality is written `==`")
            return Absent(field, negated)
        if self.token.kind == "symbol" and self.token.text in OPERATORS:
            operator = self.take()
            return self.compared(field, operator, *OPERATORS[operator.text], [self.literal(type_of(field))])
        negated = self.take_word("not")
        operator = self.token
        if self.take_word("contains"):
            return self.compared(field, operator, "contains", negated, [self.literal(type_of(field))])
        if self.take_word("in"):
            return self.compared(field, operator, "==", negated, self.literals(type_of(field)))
        if negated:
            raise self.unexpected("`in` or `contains`")
        only_a_field = self.token.kind == "end" and not self.position > 1
        hint = f"put the whole filter in quotes: --where '{field} == 200'" if only_a_field else ""
        if self.token.is_symbol("("):
            hint = hint_for_call(field, self.tokens[self.position + 1])
        elif self.token.kind == "name":
            hint = OTHER_OPERATORS.get(self.token.text.lower(), "")
        raise self.unexpected("`==`, `=~`, `in` or another operator", hint)

    def field(self) -> str:
        if self.token.kind not in {"name", "form", "quoted"}:
            hint = "write the field without quotes, or in backticks" if self.token.kind == "text" else ""
            raise self.unexpected("a field", hint)
        token = self.take()
        if token.kind == "form" and token.text.startswith("net:") and int(token.text[4:]) > ADDRESS_BITS:
            raise self.fault(f"{token.text} has more bits than an address", token, f"at most {ADDRESS_BITS}, or 32 for IPv4")
        name = token.text[1:-1].replace("``", "`") if token.kind == "quoted" else token.text
        if name.startswith(("every(", "query(")):
            try:
                stretch_of(name), derive(name)
            except UsageError as error:
                raise self.fault(error.what, token, error.hint) from error
        self.fields[name] = None
        return name

    def literals(self, kind: FieldType) -> list[Literal]:
        if not self.take_symbol("("):
            raise self.unexpected("`(`", "as in `status in (404, 410)`")
        found = [self.literal(kind)]
        while self.take_symbol(",") and not self.token.is_symbol(")"):
            found.append(self.literal(kind))
        if not self.take_symbol(")"):
            raise self.unexpected("`,` or `)`")
        return found

    def literal(self, kind: FieldType) -> Literal:
        token = self.token
        if token.kind == "number":
            return self.number()
        if token.kind == "name" and kind in BARE:
            self.take()
            return Literal(token, token.end, token.text)
        if token.kind != "text" and not token.is_word("true", "false"):
            field, operator = self.tokens[max(self.position - 2, 0)], self.tokens[self.position - 1]
            raise self.unexpected("a value", hint_for_value(field.text, operator, token, self.tz))
        self.take()
        return Literal(token, token.end, unescaped(token.text[1:-1]) if token.kind == "text" else token.text.lower())

    def number(self) -> Literal:
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
        kind = type_of(field)
        if relation not in kind.value.relations:
            raise self.fault(f"{field} is {kind.value.noun}, which has no `{operator.text}`", operator, f"it has {known(kind)}")
        if relation in SEARCHED:
            self.searched_fields.add(field)
            return TextComparison(field, relation, negated, tuple(self.searched(operator, literal) for literal in literals))
        values = [self.suited(field, kind, literal) for literal in literals]
        if kind is FieldType.TIME:
            self.fractions |= relation != "<" or any(isinstance(value, int) and value % BILLION for value in values)
        return comparison_of(field, relation, negated, values)

    def searched(self, operator: Token, literal: Literal) -> str:
        if not isinstance(literal.value, str):
            raise self.fault(f"`{operator.text}` needs a text, not a number", literal.token, "write it in quotes")
        fault = None if operator.is_word("contains") else expression_fault(literal.value)
        if fault is not None:
            raise self.fault(f'not a regular expression ("{excerpt(fault)}")', literal.token, "the syntax is RE2's")
        pieces = 0 if operator.is_word("contains") else repeated(literal.value)
        if pieces > MOST_REPEATED:
            hint = f"at most {MOST_REPEATED}, or a long value could take minutes; write `*` or `+` for `{{…}}`"
            raise self.fault(f"an expression that repeats {pieces} pieces", literal.token, hint)
        return literal.value

    def suited(self, field: str, kind: FieldType, literal: Literal) -> Value:
        of_text = isinstance(literal.value, str)
        value = text_value(field, kind, str(literal.value), self.tz) if of_text else self.number_value(kind, literal)
        if value is None:
            written = excerpt(self.text[literal.token.start : literal.end])
            hint = hint_for_text(field, kind, str(literal.value))
            raise self.fault(f"{field} is {kind.value.noun}, unlike {written}", literal.token, hint)
        return value

    def number_value(self, kind: FieldType, literal: Literal) -> int | None:
        """Return a number in billionths, None if the field does not take numbers or this unit."""
        if literal.unit not in kind.value.units:
            return None
        if kind is FieldType.LEVEL:
            return severity_of(str(literal.value))
        billionths = Fraction(literal.value) * kind.value.units[literal.unit] * BILLION
        if billionths.denominator != 1:
            raise self.fault("a number finer than a billionth", literal.token)
        return int(billionths)
