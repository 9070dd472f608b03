"""Imports point one way, and dangerous or heavy libraries have one room. Checked in the source, and once for real."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"model"},
    {"formats"},
    {"questions"},
    {"counting"},
    {"reports"},
    {"records"},
    {"settings", "sources", "threads"},
    {"pipeline"},
    {"command"},
    {"", "__main__"},
]
"""From the ground up: a room may import itself and those below. The empty name is the package itself."""
STRANGERS = {"settings", "sources", "threads"}
"""The rooms of a layer that must not import one another."""
NAMES_FOR_ALL = {"logproc.__version__"}
"""What every room may import from the package itself."""
STORES = ["sources.objects"]
ONLY_IN = {
    "_signal": ["__main__"],
    "_thread": ["threads"],
    "adlfs": STORES,
    "aiobotocore": STORES,
    "asyncio": [],
    "azure": STORES,
    "botocore": STORES,
    "click": ["command"],
    "concurrent": ["threads"],
    "dask": ["pipeline.cluster"],
    "distributed": ["pipeline.cluster"],
    "faulthandler": ["threads"],
    "fsspec": STORES,
    "gcsfs": STORES,
    "multiprocessing": ["pipeline.cluster"],
    "queue": ["threads"],
    "requests": ["sources.http"],
    "s3fs": STORES,
    "signal": ["threads", "model.errors"],
    "threading": ["threads"],
    "tornado": ["pipeline.cluster"],
    "urllib3": ["sources.http"],
}
LIGHT = [
    "logproc",
    "logproc.__main__",
    "logproc.command.cli",
    "logproc.model.errors",
    "logproc.model.panel",
    "logproc.model.overview",
    "logproc.model.snapshot",
    "logproc.settings",
]
HEAVY = {"fsspec", "jinja2", "numpy", "pyarrow", "requests", "rich", "structlog", "urllib3"}
MOST_LINES = 350
MOST_ENTRIES = 14
"""In one folder, besides `__init__.py`."""
FULL_FOLDERS = {"logproc/formats/readers", "logproc/threads"}
"""The only folders with more: the readers of all kinds of logs stay side by side, and so do the threading patterns."""


def module_name(path: Path) -> str:
    """Return the dotted name of a module of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted((ROOT / "logproc").rglob("*.py"))}


def imports(module: str, source: str, *, package: bool = False) -> Iterator[str]:
    """Yield the dotted names that a module imports anywhere, also those that only type checkers see.

    `from a import b` gives `a.b`, which may be a module or a name in one.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: None if package and node.level == 1 else -node.level + package] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def room(name: str) -> str:
    """Return the room that a dotted name is in: `formats` for `logproc.formats.detection.detect.find`."""
    second = name.partition(".")[2].partition(".")[0]
    return second if any(second in layer for layer in LAYERS) else ""


def height(name: str) -> int:
    """Return the height of a room's layer."""
    return next(number for number, rooms in enumerate(LAYERS) if name in rooms)


def faults(module: str, source: str, *, package: bool = False) -> list[str]:
    """Return a sentence for each import that breaks a rule."""
    return [
        f"{module} imports {name}"
        for name in imports(module, source, package=package)
        if (wrong_layer(module, name) if name.partition(".")[0] == "logproc" else wrong_place(module, name))
    ]


def wrong_layer(module: str, name: str) -> bool:
    """Whether an import within the program points upwards or to a stranger."""
    importer, imported = room(module), room(name)
    strangers = {importer, imported} <= STRANGERS and importer != imported
    return name not in NAMES_FOR_ALL and (strangers or height(imported) > height(importer))


def wrong_place(module: str, name: str) -> bool:
    """Whether a library is imported outside the only room that may use it."""
    homes = ONLY_IN.get(name.partition(".")[0])
    return homes is not None and not any(f"{module}.".startswith(f"logproc.{home}.") for home in homes)


def circles(sources: Mapping[str, str], packages: frozenset[str] = frozenset()) -> list[list[str]]:
    """Return the circles among modules that import one another, each as the modules on it.

    A module that imports a name of a package depends on the package's `__init__`; the package itself, when a module in it is
    imported, is left out, because Python loads it first.
    """
    edges = {
        module: {
            found
            for name in imports(module, source, package=module in packages)
            if (found := nearest(name, sources)) and found != module
        }
        for module, source in sources.items()
    }
    rings: list[list[str]] = []
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            rings.append([*path[path.index(module) :], module])
        elif module not in done:
            for other in sorted(edges[module]):
                visit(other, [*path, module])
            done.add(module)

    for module in sources:
        visit(module, [])
    return rings


def nearest(name: str, modules: Mapping[str, str]) -> str | None:
    """Return the module that a dotted name is or belongs to, None if there is none."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    """No module imports a room above it, a stranger beside it, or a library that belongs to another room."""
    path = MODULES[module]
    assert faults(module, path.read_text("utf-8"), package=path.name == "__init__.py") == []


def test_no_circle() -> None:
    """No two modules import each other, not even under TYPE_CHECKING."""
    sources = {module: path.read_text("utf-8") for module, path in MODULES.items() if module != "logproc"}
    packages = frozenset(module for module, path in MODULES.items() if path.name == "__init__.py")
    assert circles(sources, packages) == []


def test_a_circle_is_found() -> None:
    """Two modules that import one another are a circle, also where one import is only for type checkers."""
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from logproc.a import A"
    assert circles({"logproc.a": "from logproc.b import B", "logproc.b": guarded}) == [["logproc.a", "logproc.b", "logproc.a"]]
    assert circles({"logproc.a": "from logproc.b import B", "logproc.b": "import ast"}) == []


def test_every_module_is_in_a_room() -> None:
    """A new room needs a layer in LAYERS."""
    assert {module for module in MODULES if not room(module)} <= {"logproc", "logproc.__main__"}


def full_folders(root: Path) -> set[str]:
    """Return the folders of the package under `root` that have more than MOST_ENTRIES entries."""
    entries = Counter(path.parent for path in (root / "logproc").rglob("*") if path.name not in {"__init__.py", "__pycache__"})
    return {
        folder.relative_to(root).as_posix()
        for folder, count in entries.items()
        if count > MOST_ENTRIES and folder.name != "__pycache__"
    }


def test_folders_stay_small() -> None:
    """A folder can be read at a glance. One that no longer needs its exception loses it."""
    assert full_folders(ROOT) == FULL_FOLDERS


def test_a_full_folder_is_found(tmp_path: Path) -> None:
    """One entry too many is a fault, at any depth; `__init__.py` and what Python compiles do not count."""
    (tmp_path / "logproc" / "inner" / "__pycache__").mkdir(parents=True)
    for number in range(MOST_ENTRIES + 1):
        (tmp_path / "logproc" / "inner" / "__pycache__" / f"{number}.pyc").touch()
    for name in ["__init__.py", *(f"{number}.py" for number in range(MOST_ENTRIES))]:
        (tmp_path / "logproc" / "inner" / name).touch()
    assert full_folders(tmp_path) == set()
    (tmp_path / "logproc" / "inner" / "more").mkdir()
    assert full_folders(tmp_path) == {"logproc/inner"}


def test_no_module_is_long() -> None:
    """A long module is split before it is hard to read."""
    long = {
        module: lines for module, path in MODULES.items() if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_light_modules_stay_light() -> None:
    """The modules behind `logproc --help` load no heavy library."""
    script = f"import sys, {', '.join(LIGHT)}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (run.stdout.split(), run.stderr, run.returncode) == ([], "", 0)


@pytest.mark.parametrize(
    ("form", "loaded"), [("json", []), ("csv", []), ("terminal", []), ("html", ["jinja2", "logproc.reports.html.page"])]
)
def test_the_page_is_loaded_only_if_asked_for(form: str, loaded: list[str]) -> None:
    """Other reports do not wait for jinja2 and the page."""
    script = (
        "import sys; from logproc.command.cli import run; run(sys.argv[1:]);"
        "print(*sorted({'jinja2', 'logproc.reports.html.page'} & set(sys.modules)), file=sys.stderr)"
    )
    arguments = ["analyze", "sample_data/damaged.log", "-q", "--output", form]
    run = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.stderr.split() == loaded


GUARDED = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from logproc.settings import Settings"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("logproc.model.errors", "import logproc.formats"),
        ("logproc.sources.reading", "from logproc.settings import Settings"),
        ("logproc.formats.engine", "from logproc.settings import Settings"),
        ("logproc.formats.engine", "from logproc import settings"),
        ("logproc.formats.engine", "from ..threads.stop import Stop"),
        ("logproc.formats.engine", "def late():\n    from logproc.sources import files"),
        ("logproc.formats.engine", GUARDED),
        ("logproc.sources.files", "from logproc.threads.stop import Stop"),
        ("logproc.threads.reader", "import logproc.sources.files as f"),
        ("logproc.settings", "from logproc import pipeline"),
        ("logproc.pipeline.threaded", "from logproc.command.cli import main"),
        ("logproc.pipeline.threaded", "from logproc import analyze"),
        ("logproc.command.cli", "import logproc"),
        ("logproc.command.terminal.log", "import threading"),
        ("logproc.pipeline.threaded", "from concurrent import futures"),
        ("logproc.pipeline.threaded", "from concurrent.futures import Future"),
        ("logproc.counting.tally", "try:\n    import queue\nexcept ImportError:\n    pass"),
        ("logproc.command.cli", "import signal"),
        ("logproc.sources.files", "import requests.exceptions"),
        ("logproc.sources.https", "import requests"),
        ("logproc.pipeline.api", "from click import echo"),
        ("logproc.sources.opening", "from fsspec.asyn import sync"),
    ],
)
def test_an_offender_is_found(module: str, source: str) -> None:
    """Each way to break a rule is one fault."""
    assert len(faults(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("logproc.formats.engine", "from logproc.model.chunk import Chunk\nfrom .times import to_seconds"),
        ("logproc.threads.reader", "import threading, queue\nfrom logproc.model.chunk import Chunk\nfrom .stop import Stop"),
        ("logproc.sources.http", "import requests, urllib3.exceptions"),
        ("logproc.model.errors", "import signal"),
        ("logproc.pipeline.threaded", "from logproc import __version__, settings, sources, threads"),
        ("logproc.command.cli", "import click\nfrom logproc import __version__, pipeline"),
    ],
)
def test_what_is_allowed_is_not_a_fault(module: str, source: str) -> None:
    """Imports that point down, or stay in their room, break no rule."""
    assert faults(module, source) == []


def test_a_package_is_the_base_of_its_own_relative_imports() -> None:
    """In an `__init__`, one dot is the package itself, two are its parent."""
    source = "from . import reader\nfrom .stop import Stop\nfrom ..model import Chunk"
    names = {"logproc.threads.reader", "logproc.threads.stop.Stop", "logproc.model.Chunk"}
    assert set(imports("logproc.threads", source, package=True)) == names
