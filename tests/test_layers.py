"""Imports point one way, and what is dangerous or heavy is imported in one place. Read from the source, and once for real."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"errors", "events", "process", "threading_patterns", "unreadable"},
    {"model"},
    {"chunks", "counts", "formats", "measures", "panels", "questions", "reports", "tally"},
    {"reading"},
    {"settings", "sources", "threads"},
    {"doors", "plan"},
    {"summary"},
    {"pipeline"},
    {"api", "exit_codes", "explain", "logs", "screen", "watching"},
    {"analysis"},
    {"cli_errors", "completion"},
    {"cli_options"},
    {"cli"},
    {"", "__main__"},
]
"""From the ground up: a part may import its own layer and those below. The empty name is the package itself."""
STRANGERS = {"settings", "sources", "threads"}
"""The parts of a layer that do not know one another."""
NAMES_FOR_ALL = {"logproc.__version__"}
"""What every part may have from the package itself."""
ONLY_IN = {
    "_thread": ["threads"],
    "asyncio": [],
    "click": ["cli", "cli_errors", "cli_options", "completion"],
    "concurrent": ["threads"],
    "multiprocessing": [],
    "queue": ["threads"],
    "requests": ["sources.http"],
    "signal": ["threads", "errors"],
    "threading": ["threads"],
    "urllib3": ["sources.http"],
}
LIGHT = ["logproc", "logproc.__main__", "logproc.cli", "logproc.errors", "logproc.model", "logproc.settings"]
HEAVY = {"numpy", "pyarrow", "requests", "rich", "structlog", "urllib3"}


def module_name(path: Path) -> str:
    """Return the dotted name of a module of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted((ROOT / "logproc").rglob("*.py"))}


def imports(module: str, source: str, *, package: bool = False) -> Iterator[str]:
    """Yield the dotted names that a module imports anywhere, but for what only type checkers see.

    `from a import b` gives `a.b`, which may be a module or a name of one.
    """
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: None if package and node.level == 1 else -node.level + package] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            todo.extend(node.orelse)
        else:
            todo.extend(ast.iter_child_nodes(node))


def part(name: str) -> str:
    """Return the part of the program that a dotted name within it belongs to: `formats` for `logproc.formats.detect.find`."""
    second = name.partition(".")[2].partition(".")[0]
    return second if any(second in layer for layer in LAYERS) else ""


def layer(name: str) -> int:
    """Return how high a part stands."""
    return next(height for height, parts in enumerate(LAYERS) if name in parts)


def faults(module: str, source: str, *, package: bool = False) -> list[str]:
    """Return one sentence for each import of a module that breaks a rule."""
    return [
        f"{module} imports {name}"
        for name in imports(module, source, package=package)
        if (wrong_layer(module, name) if name.partition(".")[0] == "logproc" else wrong_place(module, name))
    ]


def wrong_layer(module: str, name: str) -> bool:
    """Whether an import within the program points upwards or to a stranger."""
    importer, imported = part(module), part(name)
    strangers = {importer, imported} <= STRANGERS and importer != imported
    return name not in NAMES_FOR_ALL and (strangers or layer(imported) > layer(importer))


def wrong_place(module: str, name: str) -> bool:
    """Whether an import from outside is kept for other modules."""
    homes = ONLY_IN.get(name.partition(".")[0])
    return homes is not None and not any(f"{module}.".startswith(f"logproc.{home}.") for home in homes)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    """No module imports a part above it, a stranger beside it, or what is kept for another module."""
    path = MODULES[module]
    assert faults(module, path.read_text("utf-8"), package=path.name == "__init__.py") == []


def test_every_module_has_a_layer() -> None:
    """A new part of the program has to be given its place."""
    assert {module for module in MODULES if not part(module)} <= {"logproc", "logproc.__main__"}


def test_light_modules_stay_light() -> None:
    """What `logproc --help` needs does not pull in a heavy library."""
    script = f"import sys, {', '.join(LIGHT)}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (run.stdout.split(), run.stderr, run.returncode) == ([], "", 0)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("logproc.errors", "import logproc.model"),
        ("logproc.reading", "from logproc.settings import Settings"),
        ("logproc.formats.detect", "from logproc.settings import Settings"),
        ("logproc.formats.detect", "from logproc import settings"),
        ("logproc.formats.detect", "from ..threads.stop import Stop"),
        ("logproc.formats.detect", "def late():\n    from logproc.sources import files"),
        ("logproc.sources.files", "from logproc.threads.stop import Stop"),
        ("logproc.threads.reader", "import logproc.sources.files as f"),
        ("logproc.settings", "from logproc import pipeline"),
        ("logproc.pipeline", "from logproc.cli import main"),
        ("logproc.pipeline", "from logproc import analyze"),
        ("logproc.cli", "import logproc"),
        ("logproc.logs", "import threading"),
        ("logproc.pipeline", "from concurrent import futures"),
        ("logproc.pipeline", "from concurrent.futures import Future"),
        ("logproc.tally", "try:\n    import queue\nexcept ImportError:\n    pass"),
        ("logproc.cli", "import signal"),
        ("logproc.sources.files", "import requests.exceptions"),
        ("logproc.sources.https", "import requests"),
        ("logproc.logs", "from click import echo"),
        ("logproc.tally", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import rich\nelse:\n    import threading"),
    ],
)
def test_an_offender_is_found(module: str, source: str) -> None:
    """Each way to break a rule is one fault."""
    assert len(faults(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("logproc.formats.detect", "from logproc.model import Chunk\nfrom .choice import Choice"),
        (
            "logproc.formats.engine",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from logproc.settings import Settings",
        ),
        ("logproc.threads.reader", "import threading, queue\nfrom logproc.chunks import cut\nfrom .stop import Stop"),
        ("logproc.sources.http", "import requests, urllib3.exceptions"),
        ("logproc.errors", "import signal"),
        ("logproc.pipeline", "from logproc import __version__, settings, sources, threads"),
        ("logproc.cli", "import click\nfrom logproc import __version__, logs, pipeline"),
    ],
)
def test_what_is_allowed_is_no_fault(module: str, source: str) -> None:
    """The rules leave alone what points down or is at home."""
    assert faults(module, source) == []


def test_a_package_is_the_base_of_its_own_relative_imports() -> None:
    """In an `__init__`, one dot is the package itself, two are its parent."""
    source = "from . import reader\nfrom .stop import Stop\nfrom ..model import Chunk"
    names = {"logproc.threads.reader", "logproc.threads.stop.Stop", "logproc.model.Chunk"}
    assert set(imports("logproc.threads", source, package=True)) == names
