"""What the filter has found in a record: the texts that it looks for, where they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.questions.where.predicates import AddressComparison, And, Or, TextComparison

if TYPE_CHECKING:
    from logproc.questions.where.predicates import Predicate

Span = tuple[int, int]
Find = Callable[[str], Iterator[Span]]
START, END = "\ufdd0", "\ufdd1"
"""Noncharacters, which no text has (Unicode 23.7): they mark where RE2 has found something."""
MARK = re.compile(f"([{START}{END}])")
KEPT = 4096
"""Of so many values it is kept whether the filter looks for them."""


class Highlight(Struct, frozen=True):
    """One comparison of the filter.

    field: its field. whole: whether the value itself is what was looked for; then `holds` tells whether a value is. Otherwise
    `find` yields where in a text it was found. literal: whether that does not depend on where the text begins.
    """

    field: str
    whole: bool
    holds: Callable[[str], bool] = lambda _: False
    find: Find = lambda _: iter(())
    literal: bool = False


def highlights_of(tree: Predicate) -> Iterator[Highlight]:
    """Yield what a filter looks for. What it negates is not found in a record, and numbers and levels have their colours."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from highlights_of(part)
    elif isinstance(tree, TextComparison | AddressComparison) and not tree.negated:
        if tree.relation == "==":
            yield Highlight(tree.field, True, holds=holder(tree))
        elif tree.relation == "contains":
            yield Highlight(tree.field, False, find=finder(str(tree.values[0])), literal=True)
        elif tree.relation == "=~":
            yield Highlight(tree.field, False, find=expression_finder(str(tree.values[0])))


def holder(tree: TextComparison | AddressComparison) -> Callable[[str], bool]:
    """Return a function that tells whether a value is one of those that a comparison looks for."""

    @lru_cache(KEPT)
    def holds(value: str) -> bool:
        hits, _ = tree.of_keys(pyarrow.array([value], pyarrow.string()))
        return bool(hits[0])

    return holds


def finder(text: str) -> Find:
    pattern = re.compile(re.escape(text))
    return lambda value: (found.span() for found in pattern.finditer(value) if text)


def expression_finder(expression: str) -> Find:
    """Return a function that finds an RE2 expression. By RE2 itself: Python's matcher differs, and may take for ever."""

    def find(value: str) -> Iterator[Span]:
        if START in value or END in value:
            return
        text = value.encode("utf-8", "replace").decode()  # one `?` for each byte that is not text: no position changes
        marked = pyarrow.compute.replace_substring_regex([text], f"(?m){expression}", rf"{START}\0{END}")[0].as_py()
        at = 0
        for piece in MARK.split(marked):
            if piece == START:
                start = at
            elif piece == END:
                yield start, at
            else:
                at += len(piece)

    return find
