"""What an expression may cost: counted repeats, written out, bound the lines that it is tried on."""

from __future__ import annotations

import random
import time

import numpy
import pytest

from logproc.formats.custom import format_of_pattern, format_of_table
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME
from logproc.formats.readers.cost import repeated
from logproc.formats.readers.expression import TOO_LONG_FOR_IT, Expression
from logproc.model.chunk import Context
from logproc.model.errors import UsageError
from logproc.questions.where.grammar import parse_where

HARD = bytes(random.Random(1).choices(b"ab", k=1 << 20))
"""A line of 1 MiB, in which an expression such as `a.{0,990}c` may be in hundreds of states at once."""
COSTLY = {
    "one repeat": ".*a.{0,990}c.*",
    "nested repeats": ".*a(?:.{0,30}b?){0,30}c.*",
    "alternatives": ".*(?:a.{0,300}c|b.{0,300}d|a.{0,300}e).*",
    "any case": "(?i).*a.{0,990}c.*",
    "classes of Unicode": r".*a[\pL]{0,140}c.*",
    "a fixed number": ".*a[ab]{900}c.*",
    "at least": ".*a[ab]{900,}c.*",
}


@pytest.mark.parametrize(
    ("expression", "pieces"),
    [
        ("a.{0,990}c", 990),
        (r"^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$", 15),
        ("(?:ab{3}){4}", 16),
        ("a{5}{6}", 30),
        ("(?P<x>(?i:a|b){10})", 20),
        ("a*b+c?(?:d|e)*", 0),
        (r"[{0,9}]\{0,9}\Q{0,9}\E", 0),
        (r"[]{5}]{2}[^]]{3}[[:alpha:]{9}]{4}", 9),
        ("(((", 0),
    ],
)
def test_counted_repeats_are_written_out(expression: str, pieces: int) -> None:
    """Nested ones multiply, neighbours add up; what only looks like one does not count."""
    assert repeated(expression) == pieces


def forms(expression: str) -> list[Format]:
    """Return an expression as each kind of format that a user can write."""
    named = f"(?P<x>{expression})"
    return [format_of_pattern("p", named, "--pattern"), format_of_table("f", {"expression": named}, "formats")]


@pytest.mark.parametrize("expression", COSTLY.values(), ids=COSTLY)
def test_a_line_that_would_take_minutes_is_rejected_with_a_reason(expression: str) -> None:
    """RE2 is not asked about it, whose calls nothing ends; shorter lines are read."""
    data = numpy.frombuffer(HARD + b"\n" + b"a" + b"ab" * 450 + b"c\n", numpy.uint8)
    for form in forms(expression):
        before = time.process_time()
        parsed = form.parse(data, Context(), {"x"}, 2 << 20)
        assert (parsed.rejected_reasons, parsed.account.rejected, parsed.account.closes) == ((TOO_LONG_FOR_IT,), 1, True)
        assert time.process_time() - before < 3


def test_known_formats_and_usual_patterns_are_not_bounded() -> None:
    """No known format has a bound below the longest line, nor has a pattern with the repeats of an address or a date."""
    for form in BY_NAME.values():
        assert not 0 < getattr(form.exact, "longest", 0) < 1 << 20
    usual = format_of_pattern("p", r"(?P<client>(?:[0-9]{1,3}\.){3}[0-9]{1,3}) .*(?P<status>[0-9]{3}).*", "--pattern").exact
    assert isinstance(usual, Expression)
    assert usual.longest >= 1 << 20


def test_a_filter_with_a_costly_expression_is_refused() -> None:
    """Its values may be as long as a line. Many alternatives and repeats of any number are not costly."""
    for expression in COSTLY.values():
        with pytest.raises(UsageError, match=r"an expression that repeats \d+ pieces at column 9: .* write `\*` or `\+`"):
            parse_where(f"path =~ '{expression}'")
        with pytest.raises(UsageError, match="pieces"):
            parse_where(f"path !~ '{expression}'")
    alternatives = "|".join(f"/item/{number}" for number in range(3000))
    parse_where(f"path =~ '^(?:{alternatives})$' and path contains 'a.{{0,990}}c'")
