"""Mutation testing of the most critical modules: a test should fail for each small mistake.

    python -m tools.mutation                        # every module of mutation.toml; an hour on two cores
    python -m tools.mutation threads/budget.py      # the modules whose path ends like this

Each mutant (see mutants) is tested in a copy of this tree by the tests that mutation.toml names for its module, in a process
forked from one with everything loaded, which saves most of the time. A mutant that makes the tests hang counts as killed.
Known survivors are listed in mutation.toml with the reason. Ends with 1 if there is another one.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import multiprocessing
import os
import select
import shutil
import signal
import sys
import tempfile
import tomllib
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from tools.mutation.mutants import Mutant, mutants, outside

ROOT = Path(__file__).parents[2]
COPIED = (
    "logproc",
    "tests",
    "tools",
    "conftest.py",
    "config",
    "docs",
    "sample_data",
    "pyproject.toml",
    "README.md",
    "THREADING.md",
)
PYTEST = ("-x", "-q", "-p", "no:cacheprovider")
NO_RUN = 99
"""The exit code of a child that could not run any test."""
KILLED, TIMEOUT, SURVIVED, KNOWN = "killed", "timeout", "survived", "known"


class Worker:
    """A process that tests mutants in its own copy of the tree."""

    tree: Path
    config: dict[str, Any]

    @classmethod
    def begin(cls, folder: str, config: dict[str, Any]) -> None:
        """Make the copy, and load the program and its tests from it."""
        cls.tree, cls.config = Path(tempfile.mkdtemp(dir=folder)), config
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, cls.tree / name)
        os.chdir(cls.tree)
        sys.path[:] = [str(cls.tree), *(path for path in sys.path if path not in ("", str(ROOT)))]
        for module in config["tests"]:
            importlib.import_module(dotted(module))
        with redirect_stdout(StringIO()):
            pytest.main([*PYTEST, "--collect-only", *{test: None for tests in config["tests"].values() for test in tests}])

    @classmethod
    def test(cls, mutant: Mutant) -> tuple[Mutant, str]:
        """Return a mutant and the outcome of its tests."""
        path = cls.tree / mutant.module
        original = path.read_text()
        path.write_text(mutant.source)
        try:
            return mutant, cls.outcome(mutant, is_within_functions=outside(original) == outside(mutant.source))
        finally:
            path.write_text(original)

    @classmethod
    def outcome(cls, mutant: Mutant, *, is_within_functions: bool) -> str:
        """Run the tests in a child process; kill its process group when its time is over."""
        child = os.fork()
        if not child:
            cls.run_tests(mutant, is_within_functions=is_within_functions)
        ended, _, _ = select.select([os.pidfd_open(child)], [], [], cls.config["mutant_s"])
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == NO_RUN:
            raise RuntimeError(f"cannot plant {mutant.change}")
        return (KILLED if code else SURVIVED) if ended else TIMEOUT

    @classmethod
    def run_tests(cls, mutant: Mutant, *, is_within_functions: bool) -> None:
        """Run pytest, and exit with its code without joining threads that a mutant left behind."""
        code = NO_RUN
        try:
            os.setsid()
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            sys.dont_write_bytecode = True  # a .pyc could match another mutant of the same size and second
            if is_within_functions:
                plant(mutant, cls.tree / mutant.module)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):
                os.dup2(nowhere, descriptor)
            arguments = [*PYTEST, f"--timeout={cls.config['test_s']}", *cls.config["tests"][mutant.module]]
            if not is_within_functions:
                os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])
            code = 1  # an exception that gets out of pytest is a failed test too
            code = int(pytest.main(arguments))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)


def plant(mutant: Mutant, path: Path) -> None:
    """Replace the code of the loaded module's functions by the mutant's: faster than loading everything again."""
    mutated = ModuleType(dotted(mutant.module))
    exec(compile(mutant.source, path, "exec"), mutated.__dict__)
    replant(importlib.import_module(mutated.__name__), mutated, mutated.__name__)


def dotted(module: str) -> str:
    """Return the dotted name of a module's path."""
    return module.removesuffix(".py").replace("/", ".")


def replant(old: Any, new: Any, module: str) -> None:
    """Replace the code of each function of a module or class by that of the function of the same name."""
    for name, value in vars(new).items():
        if isinstance(value, type) and value.__module__ == module:
            replant(getattr(old, name), value, module)
        function = unwrapped(value)
        if isinstance(function, FunctionType) and function.__module__ == module and function.__code__.co_filename != "<string>":
            unwrapped(vars(old)[name]).__code__ = function.__code__


def unwrapped(value: Any) -> Any:
    """Return the function inside its decorators."""
    value = value.fget if isinstance(value, property) else value
    return inspect.unwrap(value) if callable(value) or isinstance(value, classmethod | staticmethod) else value


def main() -> int:
    """Test the mutants of the given modules; print survivors and totals."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutation")
    parser.add_argument("ending", nargs="*", help="the end of a module's path; default: all of mutation.toml")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes; default: one a core")
    parser.add_argument("--only", default="", help="only mutants whose change contains this text")
    given = parser.parse_args()
    config = tomllib.loads((Path(__file__).with_name("mutation.toml")).read_text())
    modules = [module for module in config["tests"] if module.endswith(tuple(given.ending) or "")]
    whole = [Mutant(module, 0, "nothing changed", (ROOT / module).read_text()) for module in modules]
    changed = (mutant for same in whole for mutant in mutants(same.module, same.source, config["without"]))
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("fork").Pool(given.jobs, Worker.begin, (folder, config)) as pool,
    ):
        for same, outcome in pool.imap(Worker.test, whole):
            if outcome != SURVIVED:
                sys.exit(f"the tests of {same.module} fail without any mutant")
        asked = (mutant for mutant in changed if given.only in mutant.change)
        return report(pool.imap_unordered(Worker.test, asked), config["survivor"])


def report(tested: Any, known: Sequence[dict[str, str]]) -> int:
    """Print each survivor as it comes, and the totals of each module; return 1 if a survivor is not known."""
    reasons = {(one["module"], one["change"]): one["reason"] for one in known}
    figures: dict[str, Counter[str]] = {}
    code = 0
    for number, (mutant, outcome) in enumerate(tested):
        if number % 100 == 0:
            print(f"{number} tested", file=sys.stderr)
        figures.setdefault(mutant.module, Counter())[outcome] += 1
        if outcome == SURVIVED:
            reason = reasons.get((mutant.module, mutant.change), "")
            code = code if reason else 1
            figures[mutant.module][KNOWN] += bool(reason)
            print(f"{mutant.module}:{mutant.line}: {mutant.change}   {reason or 'NOT KNOWN'}", flush=True)
    for module, outcomes in [*figures.items(), ("in all", sum(figures.values(), Counter()))]:
        print(f"{module}: {table(outcomes)}")
    return code


def table(outcomes: Counter[str]) -> str:
    killed, survived, known = outcomes[KILLED] + outcomes[TIMEOUT], outcomes[SURVIVED], outcomes[KNOWN]
    words = f"{killed + survived} mutants, {outcomes[KILLED]} killed, {outcomes[TIMEOUT]} ended by time, {survived} survived"
    shares = (100 * killed / total if total else 100 for total in (killed + survived, killed + survived - known))
    return words + ", {} of them known: {:.1f} % killed, {:.1f} % without the known".format(known, *shares)


if __name__ == "__main__":
    sys.exit(main())
