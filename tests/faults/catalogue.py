"""All faults, and docs/faults.md, which has one sentence for each."""

from __future__ import annotations

import os
from pathlib import Path

from tests.faults import compression, content, copies, files, going_on, going_on_states, network, process, rewritten, security
from tests.faults.fault import Fault
from tests.faults.sentences import SENTENCES

MODULES = (content, files, copies, rewritten, going_on, going_on_states, compression, network, process, security)
FAULTS: list[Fault] = [fault for module in MODULES for fault in module.FAULTS]
TITLES = {
    "C": "Bad content",
    "F": "Bad files",
    "Z": "Compression",
    "N": "Network",
    "P": "Process and system",
    "S": "Security",
}
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
HEAD = """# What goes wrong, and what logproc does

One row per fault. `make faults` makes every one of them, most in several variants, and checks the exit code, the message and
the report; this page is generated from its tables in `tests/faults/`. *Exit* lists the exit codes of the variants, *tests* is
their number. In nearly all of them a sound log is read beside the fault, and its counts are the same as without it. In every
run accounts close, a JSON report is strict JSON, nothing printed controls the terminal, and no temporary file is left.
"""


def page() -> str:
    """Return docs/faults.md."""
    return HEAD + "".join(f"\n## {title}\n\n{table(letter)}" for letter, title in TITLES.items())


def table(letter: str) -> str:
    """Return the faults whose numbers begin with a letter as a table in Markdown."""
    numbers = sorted((number for number in SENTENCES if number[0] == letter), key=lambda number: int(number[1:]))
    return "\n".join(["| | what happens | exit | tests |", "|---|---|---|---|", *map(row, numbers)]) + "\n"


def row(number: str) -> str:
    """Return one fault as a row of a table."""
    cases = [fault for fault in FAULTS if fault.row == number]
    codes = ", ".join(map(str, sorted({fault.code for fault in cases})))
    return f"| {number} | {SENTENCES[number]} | {codes} | {len(cases)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(os.fspath(PAGE))
