"""Mutants of a module: the same source with one small mistake in it.

Most are made by cosmic-ray's operators: another comparison, another number, a negated condition. In addition there are the
mistakes typical of threads: a missing statement, such as `notify_all()`, and a `with` without its lock.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

LEFT_OUT = ast.Expr | ast.AugAssign | ast.Return | ast.Raise | ast.Delete
"""Statements that can be removed without a NameError later on; so can assignments to attributes and items."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one mistake. change: the line before and after, which identifies the mutant in the list of survivors."""

    module: str
    line: int
    change: str
    source: str


def mutants(module: str, source: str, without: Sequence[str] = ()) -> Iterator[Mutant]:
    """Yield the distinct mutants of a module, without those of operators whose names match one of `without`."""
    seen = {code(source)}
    for mutated in (*operated(source, without), *shortened(source)):
        if code(mutated) not in seen:
            seen.add(code(mutated))
            line, change = first_change(source, mutated)
            yield Mutant(module, line, change, mutated)


def operated(source: str, without: Sequence[str]) -> Iterator[str]:
    """Yield the result of each cosmic-ray operator at each place."""
    plugins, trees = importlib.import_module("cosmic_ray.plugins"), importlib.import_module("cosmic_ray.ast")
    mutate = importlib.import_module("cosmic_ray.mutating").mutate_code
    nodes = list(trees.ast_nodes(trees.get_ast(source)))
    for name in plugins.operator_names():
        operator = plugins.get_operator(name)
        if not operator.arguments() and not any(re.search(pattern, name) for pattern in without):
            for occurrence in range(sum(len(list(operator().mutation_positions(node))) for node in nodes)):
                yield mutate(source, operator(), occurrence)


def shortened(source: str) -> Iterator[str]:
    """Yield the source without one of its statements, or with one `with` replaced by `if True`."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.With):
            yield replaced(lines, node.lineno, node.body[0].lineno - 1, "if True:")
        elif isinstance(node, ast.stmt) and is_left_out(node):
            yield replaced(lines, node.lineno, node.end_lineno or node.lineno, "pass")


def is_left_out(node: ast.stmt) -> bool:
    """Whether to try the source without a statement. Docstrings do not matter."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        return not isinstance(target, ast.Name)
    return isinstance(node, LEFT_OUT) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def replaced(lines: Sequence[str], first: int, last: int, text: str) -> str:
    """Return the source with the lines from `first` to `last` (counted from 1) replaced by a text with their indent."""
    old = lines[first - 1]
    indent = old[: len(old) - len(old.lstrip())]
    return "\n".join([*lines[: first - 1], indent + text, *lines[last:], ""])


def code(source: str) -> str:
    """Return the part of a source that has an effect when it runs, to find equal mutants; empty if it does not parse."""
    try:
        return ast.dump(Bare().visit(ast.parse(source)))
    except SyntaxError:
        return ""


def outside(source: str) -> str:
    """Return the part of a source outside of function bodies; empty if it does not parse."""
    try:
        return ast.dump(Hollow().visit(ast.parse(source)))
    except SyntaxError:
        return ""


class Hollow(ast.NodeTransformer):
    """Removes the bodies of functions."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = []
        return node


class Bare(ast.NodeTransformer):
    """Removes what has no effect: annotations, and imports under TYPE_CHECKING."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        """Replace the annotation of a variable by None: for dataclasses it matters that there is one."""
        node.annotation = ast.Constant(None)
        self.generic_visit(node)
        return node

    def visit_If(self, node: ast.If) -> ast.If | None:
        self.generic_visit(node)
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node


def first_change(before: str, after: str) -> tuple[int, str]:
    """Return the number of the first line that differs, and the change as `before → after`."""
    old, new = before.splitlines(), after.splitlines()
    changes = [change for change in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if change[0] != "equal"]
    was, now = (
        " ".join(line.strip() for _, *at in changes for line in lines[at[side] : at[side + 1]])
        for side, lines in ((0, old), (2, new))
    )
    return changes[0][1] + 1, f"{was} → {now}"
