"""What was probably meant where a `--where` expression cannot be read."""

from __future__ import annotations

from datetime import tzinfo

from logproc.formats.columns.levels import LEVELS
from logproc.model.errors import nearest
from logproc.questions.names import meant
from logproc.questions.where.tokens import Token, excerpt
from logproc.questions.where.values import FIELD_TYPES, WEEKDAYS, FieldType, example_of, text_value, type_of

BARE = {FieldType.LEVEL: (*LEVELS, "warn", "fatal", "alert", "emergency"), FieldType.WEEKDAY: WEEKDAYS}
"""Fields whose values are words without quotes, and the usual ones of these words."""
MISWRITTEN = {"=>": ">=", "=<": "<=", "<>": "!=", "><": "!=", "===": "==", "!==": "!=", "==>": ">="}
"""Operators of other languages, which are two of ours in a row."""


OTHER_OPERATORS = {
    **dict.fromkeys(("like", "includes", "has", "containing"), 'write contains "…"'),
    **dict.fromkeys(("matches", "match", "regex", "rlike"), 'write =~ "…"'),
    **dict.fromkeys(("startswith", "starts", "starts_with", "beginswith"), 'write =~ "^…"'),
    **dict.fromkeys(("endswith", "ends", "ends_with"), 'write =~ "…$"'),
    **dict.fromkeys(("eq", "equals"), "write =="),
}
"""Operators of other languages that are words."""


def hint_for_value(field: str, operator: Token, token: Token, tz: tzinfo) -> str:
    """Return the hint for a token behind an operator that is not a value."""
    if token.kind == "symbol":
        together = MISWRITTEN.get(operator.text + token.text) if operator.end == token.start else None
        return f"write `{together}`" if together else ""
    if token.kind != "name":
        return ""
    probably = meant(field) if field not in FIELD_TYPES else ""
    if type_of(probably) in BARE and text_value(probably, type_of(probably), token.text, tz) is not None:
        return f"did you mean {probably!r}?"
    return f'write a text in quotes: "{excerpt(token.text)}"'


def hint_for_call(name: str, within: Token) -> str:
    """Return the hint for a name with a parenthesis behind it, such as `shap(path)`."""
    hint = nearest(name, ("shape", "query", "every"), "write a field, such as shape(path) or query(NAME)")
    return hint.replace("'?", f"({excerpt(within.text)})'?")


def hint_for_text(field: str, kind: FieldType, text: str) -> str:
    """Return the hint for a text that is not a value of a field."""
    example = example_of(field, kind)
    return nearest(text, BARE[kind], example) if kind in BARE else example
