r"""One line of JSON → an object, and values of it → text. This is the definition that the quick way is held equal to.

Values are text as they are meant: strings without their escapes, numbers by their value (`1.50` is 1.5, `1e2` is 100).
Servers write `\x22` into strings that should be JSON (nginx without `escape=json`), and bytes that are not UTF-8: both stay
as they were written. Of a key that comes twice the last value counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from logproc.formats.columns.lines import BLANKS, is_blank
from logproc.model.patterns import regex

DEEPEST, TOO_DEEP = 500, "bad-json-too-deep"
"""Levels of objects and arrays. msgspec goes as deep as the stack of its thread allows, which no count may depend on."""
DEEPEST_KEY = 8
"""Objects around the one whose keys are still fields. What is deeper is a field with the text of an object."""
EXACT_IN_A_DOUBLE = 2**53
ESCAPES = regex(rb"(?:\\(?!x[0-9a-fA-F]{2}).)++|\\(x[0-9a-fA-F]{2})", re.DOTALL)
AS_TEXT = {0xDC00 + byte: f"\\\\x{byte:02x}" for byte in range(0x80, 0x100)}
"""Bytes that are not UTF-8, as `surrogateescape` has them, → text that is valid in JSON."""
MOST_DIGITS = 308
"""Numbers from ten times this power of ten on keep their exponent."""
SURROGATE = regex(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
CLOSED = (b"}", b"]")
ABSENT = (None, "-")
MAY_BE_BYTES = frozenset({"message", "program"})
IN_ONE_LINE = "array-in-one-line"
OVER_LINES = "object-over-lines"
FINE_IN_A_DOUBLE = 2**22
"""Doubles below differ by less than a billionth, and metrics count in those."""


def number_of(text: str) -> float | Decimal:
    """Return a number with a point or an exponent, exactly where a double would lose what metrics count."""
    number = float(text)
    try:
        return number if abs(number) < FINE_IN_A_DOUBLE else Decimal(text)
    except InvalidOperation as error:
        raise ValueError("the exponent has too many digits") from error


decode: Callable[[bytes], Any] = msgspec.json.Decoder(float_hook=number_of).decode
encode: Callable[[Any], bytes] = msgspec.json.Encoder(decimal_format="number").encode


def object_of(line: bytes) -> dict[str, Any] | str:
    r"""Return the object that a line is, or the reason why it is not a record. This is the definition.

    >>> object_of(rb'{"a": {"b": "\x22"}}'), object_of(b"[1]"), object_of(b'{"a": NaN}')
    ({'a': {'b': '\\x22'}}, 'not-an-object', 'bad-json')
    """
    if is_blank(line):
        return "blank"
    line = without_array(line)
    try:
        found = decode(line)
    except (ValueError, RecursionError):
        try:
            found = decode(as_json(line))
        except (ValueError, RecursionError) as error:
            return why_bad(line, error)
    if not isinstance(found, dict):
        return IN_ONE_LINE if isinstance(found, list) and is_of_objects(found) else "not-an-object"
    return TOO_DEEP if brackets(line) > DEEPEST and is_deeper(found, DEEPEST) else found


def without_array(line: bytes) -> bytes:
    """Return an object without what an array that goes over several lines has around it.

    >>> without_array(b'[{"a":1},'), without_array(b'{"a":[2]}]'), without_array(b'[{"a":1}]')
    (b'{"a":1}', b'{"a":[2]}', b'[{"a":1}]')
    """
    text = line.strip(BLANKS)
    opened, closed = text.startswith(b"[{"), text.endswith(b"}]")
    if opened == closed:  # none of an array, or all of it
        return text.removesuffix(b",") if text.startswith(b"{") else text.removeprefix(b",") if text[:2] == b",{" else line
    return text.removeprefix(b"[").removesuffix(b",") if opened else text.removeprefix(b",").removesuffix(b"]")


def is_of_objects(found: list[Any]) -> bool:
    return bool(found) and all(isinstance(element, dict) for element in found)


def is_bracket(line: bytes) -> bool:
    """Return whether a line only opens or closes an array of objects, or is the comma between two of them."""
    return line.strip(BLANKS) in {b"[", b"]", b"],", b","}


def why_bad(line: bytes, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return TOO_DEEP
    if isinstance(error, msgspec.ValidationError):
        return "bad-json-number"
    if line.rstrip(BLANKS) == b"{":
        return OVER_LINES
    return "bad-json-surrogate" if SURROGATE.search(line) and line.endswith(CLOSED) else "bad-json"


def brackets(line: bytes) -> int:
    """Return how many brackets open, in strings too: an upper bound for the depth of a line."""
    return line.count(b"[") + line.count(b"{")


def is_deeper(value: Any, levels: int) -> bool:
    """Return whether objects and arrays are nested more than `levels` deep. Iterative, so the stack is never at risk."""
    level = [value]
    for _ in range(levels):
        level = [inner for outer in level if isinstance(outer, (dict, list)) for inner in inside(outer)]
    return any(isinstance(inner, (dict, list)) for inner in level)


def inside(outer: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return outer.values() if isinstance(outer, dict) else outer


def as_json(line: bytes) -> bytes:
    r"""Return a line made valid JSON: `\xHH` in strings, and bytes that are not UTF-8, become the text `\xHH`."""
    text = ESCAPES.sub(lambda match: rb"\\" + match[1] if match[1] else match[0], line)
    return text.decode("utf-8", "surrogateescape").translate(AS_TEXT).encode()


def value_at(found: Mapping[str, Any], name: str) -> Any:
    """Return the value of a key, either written with dots or nested in objects; None if it is missing."""
    if found.get(name) not in ABSENT:
        return found[name]
    front, point, rest = name.partition(".")
    while point:
        inner = found.get(front)
        if isinstance(inner, dict) and (value := value_at(inner, rest)) is not None:
            return value
        step, point, rest = rest.partition(".")
        front = f"{front}.{step}"
    return None


def text_of(value: Any) -> bytes:
    """Return a value as the text of a key; `-` is absent.

    >>> text_of(1.50), text_of(100.0), text_of(True), text_of({"a": [1]}), text_of(None)
    (b'1.5', b'100', b'true', b'{"a":[1]}', b'-')
    """
    if isinstance(value, str):
        return value.encode()
    if value is None:
        return b"-"
    if isinstance(value, float | Decimal):
        return number_text(value).encode()
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return str(value).encode() if isinstance(value, int) else encode(value)


def column_text_of(value: Any, column: str) -> bytes:
    r"""Return a value as the text of a standard column: an array of texts, as servers write headers, is a list of them.

    The journal writes a text that is not UTF-8, or has controls in it, as an array of bytes. Only messages are objects.

    >>> column_text_of(["curl/8.5.0"], "user_agent"), column_text_of(["a", "b"], "forwarded_for")
    (b'curl/8.5.0', b'a, b')
    >>> column_text_of([82, 7], "message"), column_text_of({"id": 7}, "message"), column_text_of({"id": 7}, "user")
    (b'R\x07', b'{"id":7}', b'-')
    """
    if not isinstance(value, dict | list):
        return text_of(value)
    if isinstance(value, list):
        if column in MAY_BE_BYTES and value and all(type(part) is int and 0 <= part < 256 for part in value):
            return bytes(value)
        if column != "message" and all(isinstance(part, str) for part in value):
            return ", ".join(value).encode()
    return text_of(value) if column == "message" else b"-"


def number_text(value: float | Decimal) -> str:
    """Return a JSON number by its value: a whole number has no decimal point.

    >>> number_text(100.0), number_text(Decimal("1.50e7")), number_text(Decimal("9007199254740993.50"))
    ('100', '15000000', '9007199254740993.5')
    """
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT_IN_A_DOUBLE else repr(value)
    if value.adjusted() > MOST_DIGITS:
        return f"{value:e}"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
