"""The list of patterns cannot rot: each is where it says, and its test is there."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from logproc.patterns import PACKAGE, PATTERNS, Pattern, table

ROOT = Path(__file__).parents[1]
CONSTRUCTS = [
    "(Thread)",
    "Thread(target=",
    "Queue()",
    "Lock()",
    "Condition()",
    "Semaphore(",
    "Event()",
    ".submit(",
    ".map(",
    "self.reading = ",
]
"""What the guide teaches, as it stands in code."""
one_each = pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)


def test_all_ten_are_listed() -> None:
    """There is one entry for each pattern of the guide, in its order."""
    assert len(PATTERNS) == len(CONSTRUCTS)
    assert all(words in pattern.construct for words, pattern in zip(CONSTRUCTS, PATTERNS, strict=True))


@one_each
def test_the_construct_is_where_the_entry_says(pattern: Pattern) -> None:
    """The line that is shown holds the construct as code, not as a word of a comment or a docstring."""
    path = PACKAGE / pattern.home
    assert pattern.construct in path.read_text("utf-8").splitlines()[pattern.line - 1]
    statements = ast.walk(ast.parse(path.read_text("utf-8")))
    kinds = (ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Expr, ast.Return)
    at_line = [node for node in statements if isinstance(node, kinds) and node.lineno <= pattern.line <= (node.end_lineno or 0)]
    assert any(not is_text(node) for node in at_line)


def is_text(node: ast.AST) -> bool:
    """Return whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@one_each
def test_an_entry_does_not_outlive_its_code(pattern: Pattern) -> None:
    """If the construct moves to another class or function, or its owner to another file, the entry is an error."""
    elsewhere = "threads/signals.py" if pattern.home != "threads/signals.py" else "threads/stop.py"
    with pytest.raises(LookupError):
        _ = dataclasses.replace(pattern, home=elsewhere).line
    with pytest.raises(LookupError):
        _ = dataclasses.replace(pattern, owner="Nobody").line
    with pytest.raises(LookupError):
        _ = dataclasses.replace(pattern, construct=f"Other{pattern.construct}").line


@one_each
def test_the_test_of_an_entry_exists(pattern: Pattern) -> None:
    """The test that shows what breaks without the pattern is a function of the file that is named."""
    file, _, name = pattern.test.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(found) == 1
    assert name.startswith("test_")
    assert ast.get_docstring(found[0])


def test_every_pattern_has_a_test_of_its_own() -> None:
    """No test stands for two patterns."""
    assert len({pattern.test for pattern in PATTERNS}) == len(PATTERNS)


def test_the_command_shows_where_to_look() -> None:
    """`logproc patterns` names file and line, the reason, and the test."""
    command = [sys.executable, "-m", "logproc", "patterns"]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert shown == table()
    places = re.findall(r"^    (logproc/\S+\.py):(\d+)$", shown, re.MULTILINE)
    assert len(places) == len(PATTERNS)
    for pattern, (file, line) in zip(PATTERNS, places, strict=True):
        assert pattern.construct in (ROOT / file).read_text("utf-8").splitlines()[int(line) - 1]
        assert all(words in shown for words in (pattern.name, pattern.why, pattern.test))
