"""UTF-16 and UTF-32 are detected by the positions of their NULs."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.detection.choice import Choice
from logproc.model.errors import SourceError
from logproc.sources.reading import detect_format
from logproc.sources.unreadable import laid_out_json, looks_wide, wide_encoding
from tests.support import logs
from tests.support.processes import ROOT, analyze

MARKED = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@pytest.mark.parametrize(("encoding", "mark"), MARKED.items())
@given(size=st.integers(8, 400))
def test_a_log_is_told_by_its_nuls(encoding: str, mark: bytes, size: int) -> None:
    """The name contains the byte order only if there is no mark. Eight bytes are enough."""
    head = logs.log(3).decode().encode(encoding)[:size]
    assert wide_encoding(head) == encoding
    assert wide_encoding(mark + head) == encoding[:6]


@given(st.text(st.characters(min_codepoint=1, codec="utf-8"), min_size=20))
def test_text_without_nuls_is_not_wide(text: str) -> None:
    """Text that has neither a NUL nor a mark is not taken for a wide one."""
    assert wide_encoding(text.encode()) is None


@pytest.mark.parametrize(
    "head", [b"", b"\0", b"GET /", b"\0" * 100, b"a" * 50 + b"\0" * 50, bytes(range(256)), b"ab\0cd\0ef\0gh\0ij\0"]
)
def test_nuls_alone_make_no_wide_text(head: bytes) -> None:
    """NULs in a row, or in places that are not always the same, are something else."""
    assert wide_encoding(head) is None


def test_the_hint_names_the_option() -> None:
    """The hint works."""
    assert looks_wide("utf-32-be") == ("looks like UTF-32", "use --encoding utf-32-be")


ENTRIES = [
    {"time": f"2026-03-07T10:00:0{at}Z", "level": "error", "ctx": {"id": -1.5e3, "ok": [True, None, {}]}} for at in range(4)
]
LAID_OUT = {
    "objects": "\n".join(json.dumps(entry, indent=2) for entry in ENTRIES),
    "tabs": "\r\n".join(json.dumps(entry, indent="\t") for entry in ENTRIES),
    "one object": json.dumps({"Records": ENTRIES}, indent=4),
    "bracket and key in one line": "\n".join('{ "time" : "2026-03-07T10:00:00Z",\n  "id" : 7 }' for _ in ENTRIES),
    "begins inside": json.dumps(ENTRIES[0], indent=2).partition("\n")[2] + "\n" + json.dumps(ENTRIES[1], indent=2),
}


@pytest.mark.parametrize("kind", LAID_OUT)
def test_json_over_several_lines_is_refused_with_what_to_do(kind: str) -> None:
    """It would be read as lines of text."""
    content = LAID_OUT[kind].encode() + b"\n"
    with pytest.raises(SourceError) as caught:
        detect_format(Choice(), lambda *_: (content, True))
    assert caught.value.what == "JSON over several lines, not one object a line"
    assert caught.value.hint == "`jq -c . FILE | logproc analyze -`"


def test_an_array_over_several_lines_has_another_filter() -> None:
    """Its elements are the records."""
    assert (laid_out_json(json.dumps(ENTRIES, indent=2).encode()) or ("", ""))[1] == "`jq -c '.[]' FILE | logproc analyze -`"


def test_who_asks_for_plain_text_gets_it() -> None:
    """The format was named."""
    content = LAID_OUT["objects"].encode() + b"\n"
    choice = Choice.of("plain", None, None, {})
    assert detect_format(choice, lambda *_: (content, True))[1] is not None


@pytest.mark.parametrize(
    "content",
    [
        b"1,2,3\n4,5,6\n" * 5,
        b"starting with\n{\n  a: 1\n}\n" * 5,
        b'request\n{\n  "id": 7\n}\ndone\n' * 5,
        b"ready\n" * 5,
        b"[1]\n[2]\n",
        b"",
    ],
)
def test_other_text_is_not_json(content: bytes) -> None:
    """Numbers, what Node prints, and objects between lines of text."""
    assert laid_out_json(content) is None


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_report_of_our_own_is_not_a_log(name: str, tmp_path: Path) -> None:
    """It has lines that look like one; the error names the command that reads reports."""
    assert analyze(ROOT / "sample_data" / "damaged.log", "-q", "-o", tmp_path / name).code == 0
    run = analyze("--recursive", tmp_path)
    assert run.code == 3
    assert "is a report of logproc, not a log: compare it with another by `logproc diff`" in run.stderr
