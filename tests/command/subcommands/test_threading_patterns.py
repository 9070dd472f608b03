"""`logproc threads` is up to date: the code and the tests that it names exist."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from logproc.command.subcommands.threading_patterns import MOST_LINES, PACKAGE, PATTERNS, Excerpt, Pattern, lines_of, listing
from tests.support.processes import ROOT, environment, logproc

CONSTRUCTS = [
    "(Thread)",
    "Thread(target=",
    "Queue()",
    "with self._lock",
    "wait_for(",
    "with semaphore",
    "_event.wait(",
    ".submit(",
    ".map(",
    "_results.get()",
    "_early.pop(",
    "class Follower",
    "_positions[",
    "self._paint()",
    "_Noted.wake()",
]
"""What each pattern looks like in code."""
one_each = pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
SOURCE = '''class A:
    """Words: with lock."""

    # with lock
    @decorated
    def f(self):
        """Words: with lock."""
        first()

        # why
        with lock:  # why
            second()


def f():
    third()
'''


def test_every_pattern_is_listed() -> None:
    """There is one entry for each pattern of the guide, in its order, then signals; its code shows the pattern."""
    assert len(PATTERNS) == len(CONSTRUCTS)
    shown = ["\n".join(text for _, text in pattern.lines) for pattern in PATTERNS]
    assert all(words in code for words, code in zip(CONSTRUCTS, shown, strict=True))


@one_each
def test_an_entry_is_short_and_from_its_file(pattern: Pattern) -> None:
    """An entry has an invariant of one sentence, and a few lines that are in the file at their numbers."""
    texts = (PACKAGE / pattern.home).read_text("utf-8").splitlines()
    assert 3 <= len(pattern.lines) <= MOST_LINES
    assert all(texts[number - 1] == text for number, text in pattern.lines)
    assert pattern.invariant.endswith(".")
    assert "\n" not in pattern.invariant


@one_each
def test_an_entry_does_not_outlive_its_code(pattern: Pattern) -> None:
    """If the code moves to another class, function or file, the entry is an error."""
    (excerpt, *_) = pattern.excerpts
    moved = [
        msgspec.structs.replace(pattern, excerpts=(msgspec.structs.replace(excerpt, owner="Nobody"),)),
        msgspec.structs.replace(pattern, excerpts=(msgspec.structs.replace(excerpt, start=f"other {excerpt.start}"),)),
        msgspec.structs.replace(pattern, home="threads/spool.py"),
    ]
    for entry in moved:
        with pytest.raises(LookupError):
            _ = entry.lines


def test_a_module_without_an_invariant_is_an_error() -> None:
    """A module must state its invariant itself."""
    with pytest.raises(LookupError):
        _ = msgspec.structs.replace(PATTERNS[0], home="model/errors.py").invariant


@pytest.mark.parametrize(
    ("excerpt", "numbers"),
    [
        (Excerpt("A.f", "with lock", 9), [11, 12]),
        (Excerpt("A.f", "first", 2), [8, 11]),
        (Excerpt("A", "class A", 2), [1, 5]),
        (Excerpt("f", "def f", 9), [15, 16]),
    ],
)
def test_words_are_not_code(excerpt: Excerpt, numbers: list[int]) -> None:
    """Docstrings, comments and empty lines are left out; a name is looked up in its scope."""
    assert [number for number, _ in lines_of(SOURCE, excerpt)] == numbers


@one_each
def test_the_test_of_an_entry_exists(pattern: Pattern) -> None:
    """The named test is a function of the named file, and has a docstring."""
    file, _, name = pattern.test.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(found) == 1
    assert name.startswith("test_")
    assert ast.get_docstring(found[0])


def test_every_pattern_has_a_test_of_its_own() -> None:
    """No two patterns name the same test."""
    assert len({pattern.test for pattern in PATTERNS}) == len(PATTERNS)


def test_the_command_shows_where_to_look() -> None:
    """`logproc threads` names file and line, and shows the invariant, the code and a command that pytest understands."""
    shown = logproc("threads").stdout.decode()
    assert shown == listing()
    places = re.findall(r"^    (logproc/\S+\.py):(\d+)$", shown, re.MULTILINE)
    assert places == [(f"logproc/{pattern.home}", str(pattern.lines[0][0])) for pattern in PATTERNS]
    words = " ".join(shown.split())
    assert all(pattern.invariant[1:] in words for pattern in PATTERNS)
    assert re.findall(r"^    python -m pytest (.*)$", shown, re.MULTILINE) == [pattern.test for pattern in PATTERNS]


def test_the_former_name_still_works() -> None:
    """`logproc patterns` does the same and is not listed."""
    assert logproc("patterns").stdout == logproc("threads").stdout
    assert b"patterns  " not in logproc("--help").stdout


def test_without_the_lock_a_tally_is_lost(tmp_path: Path) -> None:
    """In a copy of the module without its lock, the named test fails and says why."""
    path = tmp_path / "shared_tally.py"
    source = (PACKAGE / "threads" / "shared_tally.py").read_text("utf-8")
    path.write_text(source.replace("with self._lock:", "if True:"), "utf-8")
    assert "if True:" in path.read_text("utf-8")
    script = f"""
import importlib.util, sys, pytest
spec = importlib.util.spec_from_file_location("logproc.threads.shared_tally", {str(path)!r})
module = importlib.util.module_from_spec(spec)
sys.modules["logproc.threads.shared_tally"] = module
spec.loader.exec_module(module)
import logproc.threads
logproc.threads.shared_tally = module
sys.exit(pytest.main(["-q", "-n0", "-p", "no:cacheprovider", {PATTERNS[3].test!r}]))
"""
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "AssertionError: a tally was lost" in run.stdout
