"""The format of a source is detected from its first bytes, damaged or not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.detection.choice import Choice
from logproc.formats.detection.detect import detect as detect_format
from logproc.formats.detection.sample import SAMPLE_BYTES
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME, SAMPLED
from logproc.model.errors import SourceError
from logproc.sources import reading
from logproc.sources.unreadable import unreadable
from tests.formats.readings import read, time_of
from tests.support import logs

EACH = pytest.mark.parametrize("name", logs.NAMES)


def detect(sample: bytes, *, whole: bool) -> str | None:
    """Return the name of the format of a sample."""
    found = detect_format(sample, whole=whole)
    return found.name if found else None


def recognised(content: bytes) -> str | None:
    """Return the format of a whole source, found as the program does it: by samples that grow."""

    def read_on(head: bytes, wanted_bytes: int) -> tuple[bytes, bool]:
        assert content.startswith(head)
        return content[:wanted_bytes], wanted_bytes > len(content)

    found = reading.detect_format(Choice(), read_on)[1]
    return found.name if found else None


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
    assert recognised(b"garbage\n" * 150 + logs.log(20, name=name)) == name
    assert recognised(b"\n" * 1999 + logs.line(name) + b"\n") == name


@EACH
def test_a_huge_first_line_is_passed_over(name: str) -> None:
    """A damaged first line that is longer than the first sample leaves the second sample to find the format in."""
    huge = logs.line(name, request=b"GET /" + b"A" * 300_000)[:-30]
    assert len(huge) > SAMPLE_BYTES[0]
    assert recognised(huge + b"\n" + logs.log(50, name=name)) == name
    assert recognised(b"x" * (3 << 20) + b"\n" + logs.log(50, name=name)) == name


def test_a_byte_order_mark_is_not_part_of_the_first_line() -> None:
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


@pytest.mark.parametrize("name", ["combined", "vhost_combined"])
@pytest.mark.parametrize("share", [0.4, 0.6, 1.0])
def test_users_of_two_words_do_not_turn_a_log_into_another(name: str, share: float) -> None:
    """A client is not a host before a client `-`, and `-` is not the first word of a user, however many have two words."""
    lines = [logs.line(name, user=b"john doe" if at < 10 * share else b"bob") for at in range(10)]
    assert detect(b"\n".join(lines), whole=True) == name
    assert detect(b"\n".join(lines[::-1]), whole=True) == name


def test_most_lines_decide() -> None:
    """Of two formats the one with more lines is the first, wherever they are; a few lines do not count."""
    common, combined = logs.log(20, name="common"), logs.log(30, name="combined")
    assert detect(common + combined, whole=True) == detect(combined + common, whole=True) == "combined + common"
    assert detect(logs.log(30, name="common") + logs.line() + b"\n", whole=True) == "common"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"", None),
        (b"\n\n\n", None),
        (b"hello\nworld\n", "plain"),
        ("né\n".encode(), "plain"),
        (b"\xe9\xe8 latin\n", "plain"),
        (b'{"status": 200}\n', "json"),
        (b"level=info msg=x\n", "logfmt"),
        (b"x=1 is an assignment\n", "plain"),
        (b"May 17 10:05:03 host sshd[1]: x\n", "syslog"),
        (b"2026-03-07 10:00:00 disk is full\n", "text"),
        (b"[07.03.2026 10:00:00] disk is full\n", "text"),
        (b"disk is full since 2026-03-07 10:00:00\n", "text"),
        (b"#Fields: date time\n2026-03-07 10:00:00\n", "w3c"),
    ],
)
def test_any_text_has_a_format(text: bytes, name: str | None) -> None:
    """Text that fits nothing is text with a time or plain; no text has no format, and either may be read."""
    assert recognised(text) == name
    assert unreadable(text) is None


@pytest.mark.parametrize("form", BY_NAME.values(), ids=lambda form: form.name)
def test_an_example_has_its_format(form: Format) -> None:
    """The example that is shown for a format is recognised as one, alone and thirty times."""
    line = form.example.encode() + b"\n"
    assert detect(line, whole=True) == detect(line * 30, whole=False) == form.name


@pytest.mark.parametrize(
    ("line", "form", "first"),
    [
        (b"1:X 07 Mar 2026 10:00:00.001 text", "day-month-year", 1772877600),
        (b"at Sun Dec 04 04:47:44 2005 it broke", "ctime", 1133671664),
        (b"Date:   Sun Dec 4 04:47:44 2005 +0100", "ctime-zone", 1133668064),
        (b"job 17 on 2026-03-07 10:00:00 ended", "iso", 1772877600),
        (b"I0307 10:00:00.1 worker: text", "klog", None),
    ],
)
def test_a_time_in_the_text_is_the_one_that_exists(line: bytes, form: str, first: int | None) -> None:
    """Where one time holds what looks like another, the one that exists is taken, and rather the one with a year."""
    found = detect_format(line + b"\n", whole=True)
    assert found is not None
    time = time_of(found)
    assert time
    assert (found.name, time.name) == ("text", form)
    reading = read(found, line + b"\n")
    assert reading.account.records == 1
    assert first in {None, reading.time[0]}


def test_a_source_may_have_several_layouts() -> None:
    """Each kind of lines has its own layout, as in a journal of many programs."""
    lines = [
        b"2026-03-07 10:00:00 [INFO]  a: x",
        b"time=2026-03-07T10:00:00Z level=info msg=x",
        b'{"time":"2026-03-07T10:00:00Z"}',
    ]
    assert detect(b"".join(line + b"\n" for line in lines * 10), whole=True) == "json + text + logfmt"


def test_a_few_lines_never_reject_the_others() -> None:
    """One access line among a hundred lines of prose is not an access log, and the prose is read as it is."""
    prose = [b"worker %d says hello" % number for number in range(99)]
    found = detect_format(b"".join(line + b"\n" for line in [*prose, logs.line()]), whole=True)
    assert found
    assert read(found, b"prose\n" + logs.line() + b"\n").account.rejected == 0


def test_traces_do_not_hide_the_format() -> None:
    """A log that is mostly stack traces has the format of the lines between them."""
    trace = b"java.lang.Error: x\n" + b"\tat a.b(C.java:1)\n" * 8
    entry = b"2026-03-07 10:00:00,123 ERROR [main] org.example.App: message\n"
    assert detect((entry + trace) * 5, whole=True) == "log4j"


BINARY = [
    random.Random(1).randbytes(5000),
    b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00\x01" * 200,
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + random.Random(2).randbytes(3000),
    bytes(4096),
]


@pytest.mark.parametrize("content", BINARY, ids=["random", "elf", "jpeg", "zeros"])
def test_binary_files_are_not_logs(content: bytes) -> None:
    """Bytes that are not text are refused with words that say so."""
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
    assert (caught.value.what, caught.value.hint) == ("looks like UTF-16", f"use --encoding {encoding}")


def test_a_log_with_binary_lines_is_a_log() -> None:
    """Damage does not make a log unreadable as long as a line fits."""
    content = random.Random(3).randbytes(3000) + b"\n" + bytes(300) + b"\n" + logs.log(20)
    assert recognised(content) == "combined"


@given(logs.contents(), st.booleans())
def test_any_sample_has_an_answer(sample: bytes, whole: bool) -> None:
    """Whatever the bytes, the answer is a format's name, several, or none."""
    found = detect(sample, whole=whole)
    assert found is None or {*found.split(" + ")} <= {*BY_NAME, *SAMPLED}


@EACH
def test_what_follows_the_sample_does_not_matter(name: str) -> None:
    """A source has the format of its first 256 KiB, whatever comes behind them, wherever they cut a line."""
    log = logs.log(4000, name=name)
    for start in (0, 1, 50, 99):
        first = log[start : start + SAMPLE_BYTES[0]]
        assert len(first) == SAMPLE_BYTES[0]
        assert recognised(first) == recognised(first + b"\n" + b"garbage\n" * 50) == name
