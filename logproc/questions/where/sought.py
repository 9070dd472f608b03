"""The texts that a filter looks for."""

from __future__ import annotations

from collections.abc import Iterator

from logproc.questions.where.predicates import And, Or, Predicate, TextComparison, escaped


def sought(tree: Predicate) -> Iterator[tuple[str, str]]:
    """Yield each field that is compared with one text, and that text as keys are written. What `not` negates is left out."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from sought(part)
    elif isinstance(tree, TextComparison) and tree.relation == "==" and not tree.negated and len(tree.values) == 1:
        yield tree.field, escaped(tree.values[0])
