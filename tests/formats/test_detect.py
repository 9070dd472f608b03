"""The format of a source is told from its first bytes, damaged or not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.errors import SourceError
from logproc.formats.detect import SAMPLE_BYTES, detect, unreadable
from logproc.reading import recognise
from tests import logs

EACH = pytest.mark.parametrize("name", logs.NAMES)


def recognised(content: bytes) -> str | None:
    """Return the format of a whole source, found as the program does it: by samples that grow."""

    def read_on(head: bytes, wanted_bytes: int) -> tuple[bytes, bool]:
        assert content.startswith(head)
        return content[:wanted_bytes], wanted_bytes > len(content)

    return recognise(read_on)[1]


@EACH
@pytest.mark.parametrize("damaged", [0.0, 0.5])
def test_a_format_is_told_from_its_lines(name: str, damaged: float) -> None:
    """Lines of a format are recognised, also if half of them are anything else."""
    content = logs.log(60, name=name, damaged=damaged)
    assert detect(content, whole=True) == detect(content, whole=False) == name


@EACH
def test_one_line_is_enough(name: str) -> None:
    """A source of one line, with or without its end, has a format; a line that may be cut is not looked at."""
    line = logs.line(name)
    assert [detect(line + end, whole=True) for end in (b"", b"\n", b"\r\n")] == [name] * 3
    assert detect(line, whole=False) is None
    assert detect(line + b"\n", whole=False) == name


@EACH
def test_a_damaged_beginning_is_passed_over(name: str) -> None:
    """Up to two thousand lines that fit nothing may stand before the first good one."""
    assert recognised(b"garbage\n" * 150 + logs.line(name) + b"\n") == name
    assert recognised(b"\n" * 1999 + logs.line(name) + b"\n") == name


@EACH
def test_a_huge_first_line_is_passed_over(name: str) -> None:
    """A damaged first line that is longer than the first sample leaves the second sample to find the format in."""
    huge = logs.line(name, request=b"GET /" + b"A" * 300_000)[:-30]
    assert len(huge) > SAMPLE_BYTES[0]
    assert recognised(huge + b"\n" + logs.log(50, name=name)) == name
    assert recognised(b"x" * (3 << 20) + b"\n" + logs.log(50, name=name)) == name


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    """UTF-8 with a mark in front is recognised by its only line."""
    assert detect(b"\xef\xbb\xbf" + logs.line("common"), whole=True) == "common"


def test_a_virtual_host_is_told_from_a_user_of_two_words() -> None:
    """A line of vhost_combined is one of combined with a user of two words; the lines with one word decide."""
    two_words = logs.line(user=b"john doe")
    assert detect(two_words + b"\n" + logs.line() + b"\n", whole=True) == "combined"
    hosts = [logs.line("vhost_combined", user=user) for user in (b"-", b"alice", b"john doe")]
    assert detect(b"\n".join(hosts), whole=True) == "vhost_combined"
    mixed = [two_words] * 3 + [logs.line()] * 9
    random.Random(1).shuffle(mixed)
    assert detect(b"\n".join(mixed), whole=True) == "combined"


def test_most_lines_decide() -> None:
    """Where a source holds lines of two formats, the one with more lines wins, whichever comes first."""
    common, combined = logs.log(20, name="common"), logs.log(30, name="combined")
    assert detect(common + combined, whole=True) == detect(combined + common, whole=True) == "combined"
    assert detect(common + combined[: len(combined) // 5], whole=True) == "common"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n\n\n",
        b"hello\nworld\n",
        b'{"status": 200}\n',
        b"May 17 10:05:03 host sshd[1]: x\n",
        "né\n".encode(),
        b"\xe9\xe8 latin\n",
    ],
)
def test_unknown_text_has_no_format(text: bytes) -> None:
    """Text that fits nothing, or no text, is not guessed at, and may still be read."""
    assert recognised(text) is None
    assert unreadable(text) is None


BINARY = [
    random.Random(1).randbytes(5000),
    b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00\x01" * 200,
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + random.Random(2).randbytes(3000),
    bytes(4096),
]


@pytest.mark.parametrize("content", BINARY, ids=["random", "elf", "jpeg", "zeros"])
def test_binary_files_are_no_logs(content: bytes) -> None:
    """Bytes that are no text are refused with words that say so."""
    with pytest.raises(SourceError) as caught:
        recognised(content)
    assert caught.value.what in {"looks binary: skipped", "looks like UTF-16"}
    assert caught.value.hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("lines", [1, 500])
def test_utf_16_is_named(encoding: str, lines: int) -> None:
    """UTF-16, with a mark or without, big or little end first, is never read as if it were empty or unknown text."""
    text = logs.log(lines).decode().encode(encoding)
    with pytest.raises(SourceError) as caught:
        recognised(text)
    assert (caught.value.what, caught.value.hint) == ("looks like UTF-16", "use --encoding utf-16")


def test_a_log_with_binary_lines_is_a_log() -> None:
    """Damage does not make a log unreadable as long as a line fits."""
    content = random.Random(3).randbytes(3000) + b"\n" + bytes(300) + b"\n" + logs.line() + b"\n"
    assert recognised(content) == "combined"


@given(logs.contents(), st.booleans())
def test_any_sample_has_an_answer(sample: bytes, whole: bool) -> None:
    """Whatever the bytes, the answer is a format's name or none."""
    assert detect(sample, whole=whole) in {*logs.NAMES, None}


@EACH
def test_what_follows_the_sample_does_not_matter(name: str) -> None:
    """A source has the format of its first 256 KiB, whatever comes behind them, wherever they cut a line."""
    log = logs.log(4000, name=name)
    for start in (0, 1, 50, 99):
        first = log[start : start + SAMPLE_BYTES[0]]
        assert len(first) == SAMPLE_BYTES[0]
        assert recognised(first) == recognised(first + b"\n" + b"garbage\n" * 50) == name
