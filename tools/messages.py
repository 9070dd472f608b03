"""All messages of the program in one list, extracted from its source: what is wrong, and what to do next.

`python -m tools.messages` updates docs/messages.md.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "messages.md"
MAKERS = {
    "UsageError": "Options, settings and questions",
    "SourceError": "Sources",
    "PassingError": "Sources",
    "LimitError": "Sources",
    "failed": "Sources",
    "OutputError": "Outputs",
    "InternalError": "The program itself",
}
"""The calls that make a message, with its kind: the errors, and the verdict on a source that cannot be read."""
HEAD = """# What logproc says when something is wrong

Each message is one line on stderr, `logproc: WHERE: WHAT: NEXT`. This list is extracted from the source; ‹…› is filled in.
`docs/faults.md` has the exit codes, and what is kept of the data.
"""


@dataclass(frozen=True, slots=True, order=True)
class Message:
    """One message: its kind, what is wrong, what to do next, and its place in the source."""

    kind: str
    what: str
    hint: str
    place: str


@cache
def messages() -> list[Message]:
    """Return all messages, in the order of the page."""
    paths = sorted((ROOT / "logproc").rglob("*.py"))
    return sorted({message for path in paths for message in found_in(path)})


def found_in(path: Path) -> Iterator[Message]:
    """Yield the messages that a module words itself, not those that it only passes on."""
    source = path.read_text("utf-8")
    if not any(f"{maker}(" in source for maker in MAKERS):
        return  # parsing every module would add a second to the start of the tests
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS and node.args:
            words = [part for argument in node.args for part in parts_of(argument)]
            what, hint = text(words[0]), text(words[1]) if len(words) > 1 else ""
            if any(character.isalpha() for character in without_parts(what)):
                yield Message(MAKERS[node.func.id], what, hint, f"{path.relative_to(ROOT)}:{node.lineno}")


@cache
def constants() -> dict[str, ast.expr]:
    """Return the texts, and the pairs of texts, that modules give a name, which is the only one of its kind in the program."""
    found: dict[str, list[ast.expr]] = {}
    for path in (ROOT / "logproc").rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.Assign):
                continue
            target, value = node.targets[0], node.value
            is_split = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            names, values = (elements(target), elements(value)) if is_split else ([target], [value])
            for name, each in zip(names, values, strict=True):
                if isinstance(name, ast.Name) and all(is_text(part) for part in elements(each)):
                    found.setdefault(name.id, []).append(each)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def elements(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def parts_of(node: ast.expr) -> list[ast.expr]:
    """Return what an argument stands for: several ones, if it is a pair of texts with a star before its name."""
    if isinstance(node, ast.Starred) and isinstance(node.value, ast.Name):
        pair = constants().get(node.value.id)
        return list(pair.elts) if isinstance(pair, ast.Tuple) else [node]
    return [node]


def text(node: ast.expr) -> str:
    """Return the words of an expression, with what is filled in between ‹ and ›."""
    if isinstance(node, ast.Name) and isinstance(constants().get(node.id), ast.Constant):
        node = constants()[node.id]
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return text(node.left) + text(node.right)
    return f"‹{ast.unparse(node.value if isinstance(node, ast.FormattedValue) else node)}›"


def without_parts(words: str) -> str:
    """Return the text outside of ‹…›."""
    return "".join(piece.rpartition("›")[2] for piece in words.split("‹"))


def page() -> str:
    """Return the list as Markdown."""
    parts = [HEAD]
    for kind in dict.fromkeys(MAKERS.values()):
        rows = dict.fromkeys((message.what, message.hint) for message in messages() if message.kind == kind)
        parts += [
            f"\n## {kind}\n\n| what | next |\n|---|---|\n",
            *(f"| {cell(what)} | {cell(hint)} |\n" for what, hint in rows),
        ]
    return "".join(parts)


def cell(words: str) -> str:
    """Return words as a cell of a table."""
    return words.replace("|", "\\|").replace("\n", " ") or "please report it"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
