"""Text that is not a log: no field is found that is not there, in texts of our own and in files of this machine."""

from __future__ import annotations

import gzip
import ipaddress
import os
import re
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from logproc.formats.columns.levels import is_level
from logproc.formats.detection.choice import Choice
from logproc.model.columns import NO_TIME
from logproc.model.errors import SourceError
from logproc.sources.reading import detect_format
from tests.formats.readings import CONTEXT, MAX_LINE_BYTES, STANDARD, bytes_of, values_of

LITERAL = ("client", "user", "host", "logger", "program", "pid", "thread", "raw_level")
"""Fields whose values stand in the text as they are."""
NAME = re.compile(r"[\w.$/@:+-]+")
DIGITS_OF_TIME = re.compile(
    rb"\d{1,4}[-/.: ]\d{1,2}[-/.: ]|\d{2}:\d{2}|[1-9]\d{9}|[A-Z][a-z]{2} +\d{1,2}|\d{8}[T ]\d{4}|\d{6} \d{6}"
)
FILES = 200
FEWEST = 50
HEAD_BYTES = 4 << 10
ROOTS = (
    "/usr/share/doc",
    "/etc",
    "/usr/share/perl",
    "/usr/share/perl5",
    "/usr/lib/python3",
    "/usr/include",
    "/usr/share/man/man1",
)

NEVER = frozenset({"client", "user", "host", "logger", "program", "pid", "thread", "level", "method", "status", "path"})
TEXTS = {
    name: table["text"] for name, table in tomllib.loads(Path(__file__).with_name("not_logs.toml").read_text("utf-8")).items()
}
"""Texts without times."""
TIMED = {
    "chat with times": [f"2026-03-07 10:00:0{at} {name}: hello {at}" for at, name in enumerate(["eve", "adam", "eve", "adam"])],
    "chat with nicks": [f"2026-03-07 10:00:0{at} <{name}> hello" for at, name in enumerate(["eve", "adam", "eve", "adam"])],
    "phone": [f"27/03/2026, 10:0{at} - {name}: hello: you" for at, name in enumerate(["Eve", "Adam", "Eve", "Eve"])],
    "diary": [f"2026-03-0{at} 10:00 {what}: with Eve" for at, what in enumerate(["Lunch", "Meeting", "Lunch", "Meeting"], 1)],
    "changes": [
        "shop (1.2) unstable; urgency=low",
        "  * Fix ERROR in it.",
        " -- Eve <eve@example.org>  Sat, 07 Mar 2026 10:00:00 +0100",
    ],
    "dump": ["-- Dump of 2026-03-07 10:00:00", "INSERT INTO t VALUES (1,'error','192.0.2.7');", "CREATE TABLE u (level TEXT);"],
}
"""Texts with times, which are those of their lines."""


def recognised(content: bytes) -> Iterator[tuple[dict[str, object], bytes]]:
    """Yield the records that a run would find in a text, each with its lines."""
    _, form = detect_format(Choice(), lambda _, __: (content, True))
    if form is None:
        return
    parsed = form.parse(bytes_of(content), CONTEXT, (*STANDARD, "raw_level", "text"), MAX_LINE_BYTES)
    columns = parsed.columns
    assert columns is not None
    values = values_of(columns)
    texts = columns.searched["text"] if "text" in columns.searched else columns.keys["text"]
    keys = texts.keys.to_pylist()
    for at in range(columns.records):
        record = {name: values[name][at] for name in values if values[name][at] is not None}
        if columns.time[at] != NO_TIME:
            record["time"] = int(columns.time[at])
        yield record, str(keys[texts.index[at]]).encode()


@pytest.mark.parametrize("content", TEXTS.values(), ids=TEXTS)
def test_no_field_is_found_in_what_is_not_a_log(content: str) -> None:
    """Words that are levels, hosts or users elsewhere are part of the text."""
    for record, _ in recognised(content.encode()):
        assert not (NEVER | {"time"}) & record.keys()


@pytest.mark.parametrize("lines", TIMED.values(), ids=TIMED)
def test_a_time_makes_no_log(lines: list[str]) -> None:
    """Who speaks in a chat is not a logger, and a line with a time has no other field for it."""
    times = 0
    for record, text in recognised("".join(line + "\n" for line in lines).encode()):
        assert not NEVER & record.keys()
        times += "time" in record
        assert ("time" in record) == (re.search(rb"2026", text) is not None)
    assert times


def test_a_level_in_front_of_its_text_is_one() -> None:
    """Without a time, a level is in brackets or has a colon behind it, unless most lines have one."""
    few = b"ready\n[error] disk is full\nnpm: WARN: old package found\nERROR: disk is full\n" + b"done\n" * 9
    assert [record.get("level") for record, _ in recognised(few)] == [None, "error", "warning", "error", *[None] * 9]
    most = b"INFO ready to serve\nERROR disk is full\nused 3 ERROR\n"
    assert [record.get("level") for record, _ in recognised(most)] == ["info", "error", None]


def test_git_dates_have_their_zone() -> None:
    """`git log` writes the zone behind the year."""
    content = b"Date:   Sat Mar 7 10:00:00 2026 +0100\n\n    Fix it\n"
    assert next(recognised(content))[0]["time"] == 1772877600 - 3600


def files() -> list[Path]:
    """Return some text files of this machine, always the same ones."""
    found = [Path(folder, name) for root in ROOTS for folder, _, names in os.walk(root) for name in names]
    return sorted(found, key=lambda path: (zlib.crc32(os.fsencode(path)), path))[: 3 * FILES]


def head_of(path: Path) -> bytes | None:
    """Return the first whole lines of a text file, None for another one."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(HEAD_BYTES)
        content.decode()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error):
        return None
    whole = content[: content.rfind(b"\n") + 1]
    return whole if whole.strip() and b"\0" not in whole else None


def wrong(record: dict[str, object], text: bytes) -> list[str]:
    """Return the fields of a record that its lines do not bear out."""
    plain = text.decode("utf-8", "replace")
    shown = {name: str(record[name]) for name in LITERAL if name in record and "\\x" not in str(record[name])}
    found = [name for name, value in shown.items() if value not in plain and name != "client"]
    found += [name for name in ("logger", "program", "host") if name in shown and not NAME.fullmatch(shown[name])]
    if "raw_level" in shown and "level" in record and not is_level(shown["raw_level"].encode()):
        found.append("level")
    if "time" in record and not DIGITS_OF_TIME.search(text):
        found.append("time")
    if "client" in shown and not is_client(shown["client"], plain):
        found.append("client")
    return found


def is_client(value: str, text: str) -> bool:
    """Return whether a value is an address or a name of the text."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return value in text and re.fullmatch(r"[\w.:%-]+", value) is not None
    return ":" in value or value in text


@pytest.mark.parametrize("most", [FEWEST, pytest.param(FILES, marks=pytest.mark.soak)])
def test_files_of_this_machine_have_no_field_that_is_not_there(most: int) -> None:
    """Whatever documents, settings and source code it has: a field that is found stands in its line, and has its grammar."""
    heads = [(path, head) for path in files() if (head := head_of(path))][:most]
    if len(heads) < FEWEST:
        pytest.skip("this machine has too few documents")
    found = {}
    for path, head in heads:
        try:
            bad = [(record, text) for record, text in recognised(head) if wrong(record, text)]
        except SourceError:
            continue  # refused: HTML, or not text
        if bad:
            found[path] = bad[0]
    assert found == {}
