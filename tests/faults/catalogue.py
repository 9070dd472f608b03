"""All faults, in the order in which they are told."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults import compression, content, files, network, process, security
from tests.faults.fault import Fault

GROUPS = {
    "Bad content": content.FAULTS,
    "Bad files": files.FAULTS,
    "Compression": compression.FAULTS,
    "Network": network.FAULTS,
    "Process and system": process.FAULTS,
    "Security": security.FAULTS,
}
FAULTS: list[Fault] = [fault for faults in GROUPS.values() for fault in faults]
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD = """# What goes wrong, and what logproc makes of it

Each row is run by the tests (`make faults`); this page is written from them. *Exit* is the program's exit code with a sound
log beside the fault, which is read as if it were alone, unless the row is marked *alone*. What is said stands on stderr.
On every run accounts close, a report is strict JSON, nothing printed steers a terminal, and no temporary file or thread is
left.
"""


def page() -> str:
    """Return the catalogue as Markdown."""
    return HEAD + "".join(f"\n## {title}\n\n{table(faults)}" for title, faults in GROUPS.items())


def table(faults: list[Fault]) -> str:
    """Return some faults as a table."""
    rows = ["| | how it is made | exit | said | what holds |", "|---|---|---|---|---|"]
    return "\n".join([*rows, *map(row, faults)]) + "\n"


def row(fault: Fault) -> str:
    """Return a fault as a row of a table."""
    said = ", ".join(f"`{piece}`" for piece in fault.says) or "nothing"
    alone = " *alone*" if fault.alone else ""
    cells = [fault.row, fault.how + alone, str(fault.code), said, fault.holds]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(os.fspath(PAGE))
