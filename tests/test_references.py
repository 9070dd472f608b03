"""What the documents name exists: files, links, classes, functions, options and make targets."""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import logproc

ROOT = Path(__file__).parents[1]
GENERATED = {"docs/faults.md", "docs/messages.md"}
DOCUMENTS = [
    *("README.md", "THREADING.md", "CONTRIBUTING.md", "SECURITY.md"),
    *sorted({f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} - GENERATED),
]
NEWER = {"Queue.shutdown": (3, 13), "queue.Queue.shutdown": (3, 13), "sys._is_gil_enabled": (3, 13)}
"""Names in the documents that only newer Pythons have."""
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?:logproc|tests|tools|docs|config|sample_data|threads|\.ci|\.github)/[\w./-]*")
NAME = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\(.*\))?")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"")
NAME_OF_A_FILE = re.compile(r".*\.(?:py|md|toml|log|gz|json|csv|txt|svg|sh)")


def prose(document: str) -> str:
    """Return a document without its fenced blocks."""
    return FENCED.sub("", (ROOT / document).read_text("utf-8"))


def known_names() -> dict[str, Any]:
    """Return by name the modules of the program (by their last names) and everything that they define."""
    modules = [importlib.import_module(item.name) for item in pkgutil.walk_packages(logproc.__path__, "logproc.")]
    defined = {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if (getattr(value, "__module__", None) or "").startswith(("logproc", "threading", "queue", "concurrent", "_thread"))
    }
    return defined | {"logproc": logproc} | {module.__name__.rpartition(".")[2]: module for module in reversed(modules)}


KNOWN = known_names()


def exists(dotted: str) -> bool:
    """Whether a dotted name exists in the program, in one of its classes, or in a module that can be imported."""
    first, *rest = dotted.split(".")
    return any(leads_on(start, rest) for start in (KNOWN.get(first), getattr(builtins, first, None), module(first)) if start)


def module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def leads_on(owner: Any, names: list[str]) -> bool:
    """Whether each name is an attribute of the one before."""
    for name in names:
        owner = step(owner, name)
        if owner is None:
            return False
    return True


def step(owner: Any, name: str) -> Any:
    """Return an attribute, also of instances, or a submodule that is not imported yet; None if there is none."""
    if hasattr(owner, name):
        return getattr(owner, name)
    if inspect.ismodule(owner):
        return module(f"{owner.__name__}.{name}")
    sources = [inspect.getsource(base) for base in inspect.getmro(owner)[:-1]] if inspect.isclass(owner) else []
    return name if any(f"self.{name}" in source or f"    {name}:" in source for source in sources) else None


def references(document: str, pattern: re.Pattern[str]) -> list[str]:
    """Return the inline code in a document that matches a pattern as a whole."""
    return sorted({code for code in CODE.findall(prose(document)) if pattern.fullmatch(code)})


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_exist(document: str) -> None:
    """Every named path exists."""
    paths = references(document, FILE)
    assert [path for path in paths if not any((ROOT / place / path).exists() for place in ("", "logproc"))] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    """Every link and picture within the project exists, relative to the document."""
    folder = (ROOT / document).parent
    targets = [found[0] or found[1] for found in LINK.findall(prose(document))]
    assert [target for target in targets if not target.startswith("http") and not (folder / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_names_exist(document: str) -> None:
    """Every dotted name exists in the program, the standard library or an installed package."""
    names = {NAME.fullmatch(code)[1] for code in references(document, NAME) if not NAME_OF_A_FILE.fullmatch(code)}  # type: ignore[index]
    due = {name for name in names if sys.version_info >= NEWER.get(name, (3,))}
    assert [name for name in sorted(due) if not exists(name)] == []


def test_threading_names_enough() -> None:
    """THREADING.md names each file of threads/ and many of its parts."""
    text = prose("THREADING.md")
    files = {f"threads/{path.name}" for path in (ROOT / "logproc" / "threads").glob("[!_]*.py")}
    assert {file for file in files if file not in text} == set()
    assert len(references("THREADING.md", NAME)) > 20


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_exist(document: str) -> None:
    """Every named make target exists."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {match for code in CODE.findall(prose(document)) for match in re.findall(r"^make ([a-z-]+)", code)}
    assert named - targets == set()


@pytest.mark.parametrize(
    ("dotted", "there"), [("Stop.set", True), ("ByteBudget.take", True), ("Stop.unset", False), ("nowhere.x", False)]
)
def test_a_wrong_name_is_found(dotted: str, there: bool) -> None:
    """Missing names are found, so the tests above can fail."""
    assert exists(dotted) is there
