"""Mutants of a module: the same source with one small mistake in it.

Most are made by cosmic-ray's operators: another comparison, another number, a condition turned round. To these come the
mistakes that threads are prone to: a statement left out, such as `notify_all()`, and a `with` without its lock.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

LEFT_OUT = ast.Expr | ast.AugAssign | ast.Return | ast.Raise | ast.Delete
"""Statements that run on without a NameError where they are left out; assignments to attributes and items are such, too."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one mistake. change: the line before and after, which is how people and the list of survivors know it."""

    module: str
    line: int
    change: str
    source: str


def mutants(module: str, source: str, without: Sequence[str] = ()) -> Iterator[Mutant]:
    """Yield the mutants of a module, each once; not those of operators whose names match one of `without`."""
    seen = {code(source)}
    for mutated in (*operated(source, without), *shortened(source)):
        if code(mutated) not in seen:
            seen.add(code(mutated))
            line, change = first_change(source, mutated)
            yield Mutant(module, line, change, mutated)


def operated(source: str, without: Sequence[str]) -> Iterator[str]:
    """Yield what each operator of cosmic-ray makes at each place."""
    plugins, trees = importlib.import_module("cosmic_ray.plugins"), importlib.import_module("cosmic_ray.ast")
    mutate = importlib.import_module("cosmic_ray.mutating").mutate_code
    nodes = list(trees.ast_nodes(trees.get_ast(source)))
    for name in plugins.operator_names():
        operator = plugins.get_operator(name)
        if not operator.arguments() and not any(re.search(pattern, name) for pattern in without):
            for occurrence in range(sum(len(list(operator().mutation_positions(node))) for node in nodes)):
                yield mutate(source, operator(), occurrence)


def shortened(source: str) -> Iterator[str]:
    """Yield the source without one of its statements, and with the block of a `with` that is no longer in it."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.With):
            yield replaced(lines, node.lineno, node.body[0].lineno - 1, "if True:")
        elif isinstance(node, ast.stmt) and is_left_out(node):
            yield replaced(lines, node.lineno, node.end_lineno or node.lineno, "pass")


def is_left_out(node: ast.stmt) -> bool:
    """Return whether a statement is worth leaving out. A docstring is not."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        return not isinstance(target, ast.Name)
    return isinstance(node, LEFT_OUT) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def replaced(lines: Sequence[str], first: int, last: int, text: str) -> str:
    """Return lines, of which some are replaced by a text that is indented as they are. Counted from 1."""
    old = lines[first - 1]
    indent = old[: len(old) - len(old.lstrip())]
    return "\n".join([*lines[: first - 1], indent + text, *lines[last:], ""])


def code(source: str) -> str:
    """Return what of a source has an effect when it runs: mutants that have the same are the same."""
    try:
        return ast.dump(Bare().visit(ast.parse(source)))
    except SyntaxError:
        return ""


def outside(source: str) -> str:
    """Return what of a source is outside of its functions' bodies."""
    try:
        return ast.dump(Hollow().visit(ast.parse(source)))
    except SyntaxError:
        return ""


class Hollow(ast.NodeTransformer):
    """Takes out what functions do."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Take the body out."""
        node.body = []
        return node


class Bare(ast.NodeTransformer):
    """Takes out what has no effect: annotations, and what only type checkers see."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Take the annotation of an argument out."""
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Take the annotation of what is returned out."""
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        """Take the annotation of a variable out; that there is one matters to dataclasses."""
        node.annotation = ast.Constant(None)
        self.generic_visit(node)
        return node

    def visit_If(self, node: ast.If) -> ast.If | None:
        """Take imports for type checkers out."""
        self.generic_visit(node)
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node


def first_change(before: str, after: str) -> tuple[int, str]:
    """Return the number of the first line that differs, and how the source does."""
    old, new = before.splitlines(), after.splitlines()
    changes = [change for change in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if change[0] != "equal"]
    was, now = (
        " ".join(line.strip() for _, *at in changes for line in lines[at[side] : at[side + 1]])
        for side, lines in ((0, old), (2, new))
    )
    return changes[0][1] + 1, f"{was} → {now}"
