"""`logproc threads`: where this program uses each threading pattern, with its invariant, its code, and a test of it.

Only names are kept here. The invariant is the paragraph `Invariant:` of the module's docstring, and the lines are cut out of
the source when they are shown, so neither can be out of date.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

PACKAGE = Path(__file__).parents[2]
INVARIANT = "Invariant: "
MOST_LINES = 6
Definition: TypeAlias = ast.ClassDef | ast.FunctionDef


class Excerpt(Struct, frozen=True):
    """Lines of a class or a function: `lines` of them, from the first one that contains `start`.

    Empty lines, docstrings and comment lines are left out and not counted.
    """

    owner: str
    start: str
    lines: int


class Pattern(Struct, frozen=True):
    """One pattern. home: its file, relative to the package. test: the test that fails when the pattern is taken out."""

    name: str
    home: str
    excerpts: tuple[Excerpt, ...]
    test: str

    @property
    def source(self) -> str:
        return (PACKAGE / self.home).read_text("utf-8")

    @property
    def invariant(self) -> str:
        """The invariant. Raises LookupError if the module does not state one."""
        paragraphs = (ast.get_docstring(ast.parse(self.source)) or "").split("\n\n")
        found = next((text for text in paragraphs if text.startswith(INVARIANT)), None)
        if found is None:
            raise LookupError(f"{self.home} does not state its invariant")
        return " ".join(found.removeprefix(INVARIANT).split())

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The lines of code that matter, with their numbers. Raises LookupError if they are not found."""
        return [line for excerpt in self.excerpts for line in lines_of(self.source, excerpt)]


def lines_of(source: str, excerpt: Excerpt) -> list[tuple[int, str]]:
    """Return the lines of an excerpt with their numbers. Raises LookupError if the owner or the text is not found."""
    owner = definition(ast.parse(source), excerpt.owner)
    texts = source.splitlines()
    hidden = {number for node in ast.walk(owner) for number in docstring_lines(node)}
    first = owner.lineno - len(owner.decorator_list)
    code = [(number, texts[number - 1]) for number in range(first, (owner.end_lineno or first) + 1) if number not in hidden]
    code = [(number, text) for number, text in code if text.strip() and not text.lstrip().startswith("#")]
    at = next((at for at, (_, text) in enumerate(code) if excerpt.start in text), None)
    if at is None:
        raise LookupError(f"{excerpt.start!r} is no longer in {excerpt.owner}")
    return code[at : at + excerpt.lines]


def definition(module: ast.Module, name: str) -> Definition:
    """Return the definition of `function`, `Class` or `Class.method`. Raises LookupError if it is not found."""
    found: ast.Module | Definition = module
    for part in name.split("."):
        found = next((node for node in found.body if isinstance(node, Definition) and node.name == part), module)
    if isinstance(found, ast.Module):
        raise LookupError(f"{name} is no longer there")
    return found


def docstring_lines(node: ast.AST) -> range:
    if isinstance(node, Definition) and ast.get_docstring(node, clean=False) is not None:
        return range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    return range(0)


PATTERNS = (
    Pattern(
        "subclass of Thread, with run, start and join",
        "threads/reader.py",
        (Excerpt("Reader", "class Reader", 1), Excerpt("Reader.run", "def run", 4)),
        "tests/threads/test_reader.py::test_an_exception_in_run_stops_the_run_and_names_the_source",
    ),
    Pattern(
        "Thread(target=…)",
        "threads/channel.py",
        (Excerpt("Channel.close_after", "Thread(target=", 1), Excerpt("Channel.close", "def close", 4)),
        "tests/threads/test_channel.py::test_end_comes_after_everything_that_was_put",
    ),
    Pattern(
        "Queue between producers and a consumer, with a sentinel",
        "threads/channel.py",
        (
            Excerpt("Channel.__init__", "Queue()", 1),
            Excerpt("Channel.put", "def put", 2),
            Excerpt("Channel.get", "_queue.get(", 1),
        ),
        "tests/threads/test_channel.py::test_a_consumer_that_waits_gets_what_is_put_later",
    ),
    Pattern(
        "Lock around a shared tally",
        "threads/shared_tally.py",
        (Excerpt("SharedTally._decide", "with self._lock", MOST_LINES),),
        "tests/threads/test_shared_tally.py::test_no_tally_is_lost_when_two_threads_decide_at_once",
    ),
    Pattern(
        "Condition",
        "threads/budget.py",
        (Excerpt("ByteBudget.take", "with self._changed", MOST_LINES),),
        "tests/threads/test_budget.py::test_a_take_waits_until_bytes_are_given_back",
    ),
    Pattern(
        "Semaphore",
        "threads/hosts.py",
        (Excerpt("HostLimit.permit", "semaphore =", MOST_LINES),),
        "tests/threads/test_hosts.py::test_never_more_than_the_limit_hold_a_permit",
    ),
    Pattern(
        "Event",
        "threads/stop.py",
        (Excerpt("Stop.wait", "def wait", 2), Excerpt("Stop.set", "if self._event.is_set()", 3)),
        "tests/threads/test_stop.py::test_a_sleeper_wakes_at_once_when_the_run_is_stopped",
    ),
    Pattern(
        "ThreadPoolExecutor.submit",
        "threads/pool.py",
        (
            Excerpt("Pool.__init__", "ThreadPoolExecutor(", 1),
            Excerpt("Pool.submit", "_executor.submit(", 1),
            Excerpt("Pool._run", "def _run", 3),
        ),
        "tests/threads/test_pool.py::test_chunks_are_worked_on_by_several_threads_at_once",
    ),
    Pattern(
        "ThreadPoolExecutor.map",
        "threads/probe.py",
        (Excerpt("probe_all", "executor =", MOST_LINES),),
        "tests/threads/test_probe.py::test_answers_come_in_the_order_asked_while_the_questions_run_together",
    ),
    Pattern(
        "in order what is made out of order",
        "threads/unpackers.py",
        (Excerpt("Turns._run", "self._results.put((number, result))", 1), Excerpt("Turns._result", "while not", 5)),
        "tests/threads/test_unpackers.py::test_results_come_in_the_order_of_the_work",
    ),
    Pattern(
        "delivering in order what was made out of order: a reorder window with a reserve",
        "threads/delivery.py",
        (
            Excerpt("ReorderBudget._may_take", "if self._is_due(source) and not", 2),
            Excerpt("Delivery._write_due", "found = self._early.pop", 1),
        ),
        "tests/threads/test_delivery.py::test_the_reserve_keeps_the_source_due_from_waiting_for_later_ones",
    ),
    Pattern(
        "a producer that never ends",
        "threads/follower.py",
        (Excerpt("Follower", "class Follower", 1), Excerpt("Follower.__init__", "super().__init__(", 2)),
        "tests/threads/test_follower.py::test_what_is_added_is_handed_on_until_the_run_is_stopped",
    ),
    Pattern(
        "a commit that survives kill -9",
        "threads/committer.py",
        (Excerpt("Committer._take_ready", "found.append(chunk)", MOST_LINES),),
        "tests/threads/test_committer.py::test_at_any_moment_counts_and_positions_fit",
    ),
    Pattern(
        "shared variables",
        "threads/live.py",
        (Excerpt("LiveView", "class LiveView", 1), Excerpt("LiveView.run", "def run", 4)),
        "tests/threads/test_live.py::test_the_view_sees_what_a_reader_is_reading_while_it_reads",
    ),
    Pattern(
        "signals",
        "threads/signals.py",
        (Excerpt("_handle", "def _handle", 1), Excerpt("_handle", "if _Noted.signal_number is None and", 4)),
        "tests/threads/test_signals.py::test_the_first_signal_is_noted_and_wakes_main",
    ),
)
"""The patterns of the guide, in its order; behind `map` what goes beyond it: order, no end, commits. Then signals."""


def listing() -> str:
    return "\n".join(map(entry, PATTERNS))


def entry(pattern: Pattern) -> str:
    """Return one pattern as text: name and place, invariant, code, and the command that runs the test."""
    invariant = pattern.invariant[:1].upper() + pattern.invariant[1:]
    return "\n".join(
        [
            pattern.name,
            f"    logproc/{pattern.home}:{pattern.lines[0][0]}",
            textwrap.fill(invariant, 96, initial_indent="    ", subsequent_indent="    "),
            "",
            textwrap.indent(code_of(pattern), " " * 8),
            "",
            "    Take it out, and this test fails:",
            f"    python -m pytest {pattern.test}",
            "",
        ]
    )


def code_of(pattern: Pattern) -> str:
    """Return the code of a pattern, with an empty line between excerpts, except within a function and below its class."""
    blocks: list[str] = []
    last = ""
    for excerpt in pattern.excerpts:
        text = "\n".join(line for _, line in lines_of(pattern.source, excerpt))
        if last and f"{excerpt.owner}.".startswith(f"{last}."):
            blocks[-1] += f"\n{text}"
        else:
            blocks.append(text)
        last = excerpt.owner
    return "\n\n".join(map(textwrap.dedent, blocks))
