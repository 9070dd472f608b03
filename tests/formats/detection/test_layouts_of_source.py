"""Which layouts a source has: what a program's own format has to say against a looser one, and what nobody's lines are."""

from __future__ import annotations

import pytest

from logproc.formats.detection.detect import detect
from logproc.formats.mixed import Mixed
from tests.formats.readings import detected, read

CEF = b"Mar  7 10:00:%02d fw1 CEF:0|Example|Wall|1.0|100|scan|7|src=192.0.2.7"
SYSLOG = b"Mar  7 10:00:%02d host sshd[1234]: message"
RUBY = b"I, [2026-03-07T10:00:%02d.123456 #4242]  INFO -- worker: message"
TEXT = b"2026-03-07 10:00:%02d ERROR cannot reach 192.0.2.1, giving up"
REDIS_OLD = b"4961:M 07 Mar 10:00:%02d.457 * Ready to accept connections"
PYTHON_BASIC = b"INFO:shop.cart:message %02d"
MYSQL = b"2026-03-07T10:00:%02d.123456Z 0 [Warning] [MY-010068] [Server] message"


def lines(*parts: tuple[bytes, int]) -> bytes:
    """Return so many lines of each kind."""
    return b"".join(line % at + b"\n" for line, count in parts for at in range(count))


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ([(CEF, 5), (SYSLOG, 15)], "cef + syslog"),
        ([(TEXT, 15), (RUBY, 5)], "ruby + text"),
        ([(MYSQL, 15), (PYTHON_BASIC, 6), (REDIS_OLD, 4)], "mysql_error + redis_old"),
    ],
)
def test_a_program_keeps_its_lines_among_others(parts: list[tuple[bytes, int]], name: str) -> None:
    """Also where a looser format fits them, text has the same times, or a format that cannot be a further one fits more."""
    assert detected(lines(*parts)).name == name


def test_the_fields_of_a_header_win_over_the_usual_ones() -> None:
    """A row of W3C that fits the usual fields of IIS has the fields that its header names."""
    row = b"2026-03-07 10:00:%02d 10.0.0.1 GET /cart id=7 443 - 192.0.2.7 curl/8 - 200 0 0 15\n"
    header = (
        b"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer)"
        b" sc-status sc-substatus sc-win32-status time-taken\n"
    )
    assert detected(header + b"".join(row % at for at in range(5))).name == "w3c"


TIMED = [
    b"192.0.2.7 [07/Mar/2026:10:00:00 +0000] no more",
    b"192.0.2.7:5000 [07/Mar/2026:10:00:00.655] no more",
    b"192.0.2.7 -  07/Mar/2026:10:00:00 +0000 no more",
    b"03/07/2026-10:00:00.123456  [**] no more",
    b"07/03/2026 10:00:00 no more",
    b"26/03/07 10:00:00 no more",
    b"I, [2026-03-07T10:00:00.123 #4242] no more",
    b"INFO  [main] 2026-03-07 10:00:00,123 no more",
    b"Sat 2026-03-07 10:00:00 UTC no more",
    b"4961:M 07 Mar 10:00:00.457 no more",
    b"<34>Mar  7 10:00:00 no more",
    b"<34>1 2026-03-07T10:00:00Z no more",
    b"[07-Mar-2026 10:00:00 UTC] no more",
    b"260307 10:00:00 no more",
    b"260307 100000 148 no more",
    b"20260307-10:00:00:606|no more",
    b"W0307 10:00:00.123456 no more",
    b"03-07 10:00:00.123 no more",
    b"[03.07 10:00:00] no more",
    b"[I 260307 10:00:00 no more",
    b"[GIN] 2026/03/07 - 10:00:00 no more",
    b"1772877600.659   9307 no more",
    b"type=CWD msg=audit(1772877600.415:3): no more",
    b"time:07/Mar/2026:10:00:00 +0000\tno:more",
]
"""Lines of no layout of the source, which begin with a time as programs write it."""
FURTHER = [
    b"    at org.example.Foo.bar(Foo.java:12)",
    b'  File "/srv/2026-03-07 10:00:00/pay.py", line 7, in pay',
    b"Caused by: java.lang.Error: begun at 2026-03-07 10:00:00",
    b"WHERE begun > '2026-03-07 10:00:00'",
    b"total 1772877600",
    b"12 rows in 10:00:00",
]


@pytest.mark.parametrize("line", TIMED, ids=str)
def test_a_line_with_its_own_time_belongs_to_no_other_record(line: bytes) -> None:
    """It is rejected, wherever programs write the time first: behind a level, a priority, brackets or a client."""
    log = lines((MYSQL, 30))
    form = detect(log, whole=True)
    assert form is not None
    account = read(form, log + line + b"\n").account
    assert (account.rejected, account.continuation) == (1, 0)


@pytest.mark.parametrize("line", FURTHER, ids=str)
def test_a_line_that_speaks_of_a_time_goes_on_with_its_record(line: bytes) -> None:
    """Frames, causes and statements are parts of the entry."""
    log = lines((MYSQL, 30))
    form = detect(log, whole=True)
    assert form is not None
    account = read(form, log + line + b"\n").account
    assert (account.rejected, account.continuation) == (0, 1)


def test_a_word_too_many_in_front_is_not_a_part_of_the_user() -> None:
    """A line of `vhost_combined` in a log of `combined` is rejected, rather than read with the host as the client."""
    combined = b'192.0.2.7 - al ex [07/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"\n'
    form = detected(combined * 20)
    reading = read(form, combined + b"shop.example.com " + combined)
    assert reading.account.records == reading.account.rejected == 1
    assert reading.columns["user"] == ["al ex"]


def test_a_number_in_the_place_of_a_level_is_not_a_level() -> None:
    """Neither where words are levels, nor where all lines have a small number in brackets."""
    levels = b"2026-03-07 10:00:00,123 [INFO] shop.cart: done\n" * 30
    form = detected(levels)
    other = read(form, levels + b"2026-03-07 10:00:01,123 [6] [ERROR] no\n", ("raw_level", "level"))
    assert other.columns["raw_level"][-1] != "6"
    numbers = b"".join(b"2026-03-07 10:00:00,123 [%d] shop.cart: done\n" % (at % 5) for at in range(30))
    assert "level" not in read(detected(numbers), numbers).columns


def test_a_level_is_not_a_logger_where_others_have_one() -> None:
    """Lines with a level and lines with a name in the same place have neither."""
    levels = b"2026-03-07 10:00:%02d,123 | ERROR | shop.cart | no"
    names = b"2026-03-07 10:00:%02d,123 | mail | shop.cart | no"
    log = lines((levels, 16), (names, 4))
    assert set(read(detected(log), log).columns.get("logger", [None])).isdisjoint({"ERROR", "mail"})


def test_a_pair_in_a_message_makes_no_line_of_logfmt() -> None:
    """Where most lines are logfmt, those of another layout keep their fields."""
    pairs = b'time=2026-03-07T10:00:%02dZ level=info msg="ready" took=3ms'
    other = b"[2026-03-07 10:00:%02d,123] [4711] [DEBUG] user=alice"
    text = b"2026-03-07 10:00:%02d,123 | INFO | 4711 | shop.cart | user=alice"
    for further in (other, text):
        log = lines((pairs, 16), (further, 4), (further.replace(b"user=", b"no "), 4))
        columns = read(detected(log), log, ("pid", "user", "level", "message")).columns
        assert columns["pid"].count("4711") == 8
        assert "user" not in columns
    timed = b"2026-03-07T10:00:%02dZ level=info msg=ready user=alice"
    log = lines((timed, 16), (b"2026-03-07T10:00:%02dZ and now?", 4))
    assert read(detected(log), log, ("user",)).columns["user"].count("alice") == 16


def test_an_element_of_xml_is_not_a_level() -> None:
    """`<System>` is one of MySQL's words and the first element of Windows' events."""
    elements = b"<Event><System><EventID>7</EventID></System></Event>\n<Error>no</Error>\n" * 5
    assert not {"level", "raw_level"} & read(detected(elements), elements, ("level", "raw_level")).columns.keys()
    words = b"2026-03-07 10:00:00 <error> no stock\n" * 5
    assert set(read(detected(words), words, ("level",)).columns["level"]) == {"error"}


def test_the_letters_of_tornado_are_levels() -> None:
    """Also `C`, for critical."""
    line = b"[C 260307 10:00:00 web:2344] out of memory\n"
    assert read(detected(line), line).columns["level"] == ["critical"]


def test_the_end_of_an_ipv6_address_is_not_a_port() -> None:
    """`2001:db8::1` is an address, and not `2001:db8:` with a port."""
    lines_ = b'2001:db8::1 - - [07/Mar/2026 10:00:00] "GET /cart?id=7 HTTP/1.1" 200 15\n' * 5
    reading = read(detected(lines_), lines_)
    assert set(reading.columns["client"]) == {"2001:db8::1"}
    assert set(reading.columns["query"]) == {"id=7"}


def test_a_mixture_is_one() -> None:
    """What is tested above is a list of layouts."""
    assert isinstance(detect(lines((TEXT, 15), (RUBY, 5)), whole=True), Mixed)


def test_most_lines_in_braces_are_json_although_most_are_damaged() -> None:
    """They are rejected with their reasons, and are neither text nor plain text."""
    log = b'{"a": 1}\n{"a": 2}\n' + b'{"a": NaN}\n' * 7 + b"{'a': 1}\n" * 3
    assert detected(log).name == "json"
    assert read(detected(log), log).account.rejected == 10


def test_a_few_lines_in_braces_make_no_json_of_text() -> None:
    """Nothing shows that such lines are from a log."""
    assert detected(b'{"a": 1}\n{"a": b}\n' + b"if (a) b = {c};\n" * 8).name != "json"
