"""Rules for every test: it leaves no thread behind, the switch interval is restored, the summary lists tests not run.

tests/       mirrors logproc/; in addition:
  faults/    a test for every row of docs/faults.md
  torture/   every call to the operating system fails in turn
  formats/samples/   a log of each format, with the expected result
  command/usage/help/   the stored output of `--help`
  tools/     tests of tools/
  support/   shared by several folders: logs, processes, a faulty web server, an oracle that counts in plain Python
  *.py       tests of the documents, the layers of imports, the settings and the messages
tools/soak/  tests that take minutes; `make soak` runs them together with the other tests marked `soak`
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.support.leftovers import JOIN_S, threads_left
from tests.support.processes import MEANS
from tests.support.twins import without_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

SWITCH_INTERVAL_S = float(os.environ.get("LOGPROC_TEST_SWITCH_INTERVAL") or sys.getswitchinterval())
"""Seconds after which a thread is asked to release the GIL: `make test-switch` runs the suite with a microsecond."""

ORDER = os.environ.get("LOGPROC_TEST_ORDER")
"""The seed of a random order of the tests: no test may depend on another."""
FAULT = "test_the_fault_is_met_as_promised["

for ignored in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        # In the background of a shell, or under nohup. Child processes inherit an ignored signal, so those that the tests
        # start would never get it; a signal with a handler is reset to its default there. SIGHUP still has no effect here.
        signal.signal(ignored, signal.default_int_handler if ignored is signal.SIGINT else lambda *_: None)

not_run = pytest.StashKey[list[str]]()

hypothesis.settings.register_profile("quick", deadline=None, derandomize=True, database=None, max_examples=10)
hypothesis.settings.register_profile("many", deadline=None, database=None, max_examples=100, print_blob=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("quick")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Fail a test that leaves a thread behind; name the thread."""
    before = set(threading.enumerate())
    yield
    left = threads_left(before, time.monotonic() + JOIN_S)
    if left:
        pytest.fail("threads left behind: " + ", ".join(sorted(thread.name for thread in left)))


@pytest.fixture(scope="module", params=["numpy", pytest.param("native", marks=pytest.mark.needs("the compiled kernel"))])
def quick_reader(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the tests of a module twice: with numpy's quick reader of access logs, and with the compiled one."""
    with nullcontext() if request.param == "native" else without_kernel():
        yield


@pytest.fixture(autouse=True)
def switch_interval() -> Iterator[None]:
    """Restore the suite's switch interval for every test."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    yield
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that need a program that is not installed; the summary names them."""
    missing = {item: lacks for item in items if (lacks := missing_programs(item))}
    config.stash[not_run] = [f"{item.nodeid} needs {', '.join(lacks)}" for item, lacks in missing.items()]
    if missing:
        config.hook.pytest_deselected(items=list(missing))
        items[:] = [item for item in items if item not in missing]
    if ORDER:
        random.Random(ORDER).shuffle(items)


def missing_programs(item: pytest.Item) -> list[str]:
    """Return what `@pytest.mark.needs(…)` of a test names and this machine lacks."""
    return [name for marker in item.iter_markers("needs") for name in marker.args if not is_there(name)]


def is_there(name: str) -> bool:
    """Whether a program is installed, or another requirement is met here."""
    if name in MEANS:
        return MEANS[name]()
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the tests that could not run here, and count the faults that were handled as promised."""
    met = [report.nodeid.partition(FAULT)[2] for report in terminalreporter.stats.get("passed", []) if FAULT in report.nodeid]
    if met:
        rows = {name.partition(":")[0] for name in met}
        order = f", in the order of seed {ORDER}" if ORDER else ""
        terminalreporter.write_line(f"FAULTS: {len(met)} of {len(rows)} rows met as promised{order}")
    for line in config.stash.get(not_run, []):
        terminalreporter.write_line(f"NOT RUN {line}")
