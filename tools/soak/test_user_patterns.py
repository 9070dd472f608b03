"""Ten thousand random user expressions, over lines that are hard to match. RE2 runs them or refuses them.

RE2 takes time in proportion to the line and to the expression with its repeats written out: `(?:a|b){1000}` over a line of
a megabyte may take a minute. It holds no GIL meanwhile, and Ctrl-C ends the program in a second all the same.
"""

from __future__ import annotations

import random
import time
from collections import Counter

import pyarrow
import pyarrow.compute
import pytest

from logproc.formats.custom import format_of_pattern
from logproc.model.errors import UsageError

pytestmark = pytest.mark.soak
PATTERNS = 10_000
SLOWEST_S = 5.0
ATOMS = ["a", "b", ".", "[a-z]", "[^a]", r"\w", r"\d", r"\s", "^", "$", r"\b", "(?:a|aa)", "(?:a|b|ab)", "é", r"\x41", "(?i:A)"]
REPEATS = ["", "", "", "*", "+", "?", "*?", "+?", "{2}", "{3,}", "{0,50}", "{10,20}?", "{1000}", "{1001}", "++", "**"]
OTHERS = [r"\1", "(?=a)", "(?<!a)", "(?P=x)", "(?>a)", "(", ")", "[", r"\\", r"\Q", "|", "(?P<y>a)", r"\p{Greek}", r"\C", "\0"]
LINES = ["a" * 2_000, "ab" * 1_000, "a" * 2_000 + "!", " ", "", "é" * 500, "\\" * 500, "(" * 500]
ROWS = pyarrow.array([line.encode() for line in LINES], pyarrow.binary())


def expression(random_: random.Random, depth: int = 0) -> str:
    """Return a random nested expression."""
    parts = []
    for _ in range(random_.randrange(1, 5)):
        inner = f"(?:{expression(random_, depth + 1)})" if depth < 4 and random_.random() < 0.4 else random_.choice(ATOMS)
        parts.append(random_.choice(OTHERS) if random_.random() < 0.02 else inner + random_.choice(REPEATS))
    return random_.choice(["", "|"]).join(parts) if random_.random() < 0.9 else "|".join(parts)


def became(text: str) -> str:
    """Return whether --pattern refuses an expression or runs it to its end."""
    try:
        form = format_of_pattern("pattern", text, "--pattern")
    except UsageError:
        return "refused"
    pyarrow.compute.extract_regex(ROWS, pattern=form.exact.expression)  # type: ignore[attr-defined]  # a pattern is read by an Expression
    return "run"


def test_no_expression_hangs_the_program() -> None:
    """Each expression is refused, or ends soon over lines of two thousand characters."""
    outcomes: Counter[str] = Counter()
    slowest_s, slowest = 0.0, ""
    for seed in range(PATTERNS):
        text = f"(?P<x>{expression(random.Random(seed))})"
        before = time.monotonic()
        outcomes[became(text)] += 1
        took_s = time.monotonic() - before
        if took_s > slowest_s:
            slowest_s, slowest = took_s, text
    print(f"\n{PATTERNS:,} expressions: {dict(outcomes)}, the slowest took {slowest_s:.2f} s: {slowest}")
    assert slowest_s < SLOWEST_S
