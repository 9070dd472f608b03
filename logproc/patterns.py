"""Where each pattern of the threading guide lives in this program, why there, and which test shows what breaks without it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern.

    construct: the words of the `threading`, `queue` or `concurrent.futures` module that make it, as they stand in the code.
    home: the file, from the package's folder; owner: the class or function in it.
    test: the test that fails when the pattern is taken out.
    """

    name: str
    construct: str
    home: str
    owner: str
    why: str
    test: str

    @property
    def line(self) -> int:
        """The line where the construct stands in its owner. Raises LookupError if it is no longer there."""
        source = (PACKAGE / self.home).read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == self.owner:
                lines = source.splitlines()[node.lineno - 1 : node.end_lineno]
                found = next((number for number, line in enumerate(lines, node.lineno) if self.construct in line), None)
                if found:
                    return found
        raise LookupError(f"{self.construct} is no longer in {self.owner} of {self.home}")


PATTERNS = (
    Pattern(
        "subclass of Thread, with run, start and join",
        "class Reader(Thread)",
        "threads/reader.py",
        "Reader",
        "a reader has an identity and state: the source it is at, how far it is, how it ended",
        "tests/threads/test_reader.py::test_an_exception_in_run_stops_the_run_and_names_the_source",
    ),
    Pattern(
        "Thread(target=…)",
        "Thread(target=",
        "threads/channel.py",
        "close_after",
        "one stateless line of work: join every reader, then put the one END",
        "tests/threads/test_channel.py::test_end_comes_after_everything_that_was_put",
    ),
    Pattern(
        "Queue between producers and a consumer, with a sentinel",
        "SimpleQueue()",
        "threads/channel.py",
        "__init__",
        "the hand-over from the readers to main; END is last because all readers were joined first",
        "tests/threads/test_channel.py::test_a_consumer_that_waits_gets_what_is_put_later",
    ),
    Pattern(
        "Lock round a shared resource",
        "Lock()",
        "threads/shared_tally.py",
        "SharedTally",
        "many workers, one result; held for an append, never for work",
        "tests/threads/test_shared_tally.py::test_no_tally_is_lost_when_two_threads_decide_at_once",
    ),
    Pattern(
        "Condition",
        "Condition()",
        "threads/budget.py",
        "ByteBudget",
        "readers wait until enough bytes are free, in the order in which they came",
        "tests/threads/test_budget.py::test_a_take_waits_until_bytes_are_given_back",
    ),
    Pattern(
        "Semaphore",
        "Semaphore(self._connections)",
        "threads/hosts.py",
        "HostLimit",
        "at most N connections to one web server, however many URLs name it",
        "tests/threads/test_hosts.py::test_never_more_than_the_limit_hold_a_permit",
    ),
    Pattern(
        "Event",
        "Event()",
        "threads/stop.py",
        "Stop",
        "set once, seen by all; also the sleep of every retry",
        "tests/threads/test_stop.py::test_a_sleeper_wakes_at_once_when_the_run_is_stopped",
    ),
    Pattern(
        "ThreadPoolExecutor.submit",
        "_executor.submit(",
        "threads/pool.py",
        "submit",
        "an unbounded stream of chunks whose results merge themselves",
        "tests/threads/test_pool.py::test_chunks_are_worked_on_by_several_threads_at_once",
    ),
    Pattern(
        "ThreadPoolExecutor.map",
        "executor.map(",
        "threads/probe.py",
        "probe_all",
        "a short finite list with answers in the order typed: what each file is",
        "tests/threads/test_probe.py::test_answers_come_in_the_order_asked_while_the_questions_run_together",
    ),
    Pattern(
        "shared variables",
        "self.reading = ",
        "threads/reader.py",
        "Reader",
        "what each thread is doing, with one writer each; the live view only looks",
        "tests/threads/test_live.py::test_the_view_sees_what_a_reader_is_reading_while_it_reads",
    ),
)


def table() -> str:
    """Return the patterns as text: name and place, why, and the test."""
    return "\n".join(
        f"{pattern.name}\n    logproc/{pattern.home}:{pattern.line}\n    {pattern.why}\n    {pattern.test}\n"
        for pattern in PATTERNS
    )
