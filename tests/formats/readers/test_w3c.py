"""W3C extended: lines are cut by the fields that the log names, wherever it names them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logproc.formats.readers.w3c import W3cReader, field_counts, w3c_format
from logproc.formats.readers.w3c_directives import fields_named, names_of
from logproc.model.columns import NO_TIME, Account
from tests.formats.readings import CONTEXT, MAX_LINE_BYTES, Reading, bytes_of, detected, read

HEAD = b"#Version: 1.0\n#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status sc-bytes time-taken\n"
NAMES = ("date", "time", "cs-method", "cs-uri-stem", "cs-uri-query", "sc-status", "sc-bytes", "time-taken")
FORM = w3c_format(W3cReader(NAMES))
WANTED = ("method", "path", "query", "status", "bytes", "duration", "x-note", "cs(Cookie)")


def rows(content: bytes) -> Reading:
    """Return what the format makes of a log."""
    return read(FORM, content, WANTED)


def test_fields_have_their_standard_names() -> None:
    """`cs-method` is the method, `cs-uri-stem` the path; whole times taken are milliseconds, those with a point seconds."""
    reading = rows(HEAD + b"2026-03-07 10:00:00 GET / a=b 200 12 15\n2026-03-07 10:00:01 HEAD /x - 304 0 0.250\n")
    assert reading.time == [1772877600, 1772877601]
    assert reading.columns["method"] == ["GET", "HEAD"]
    assert reading.columns["path"] == ["/", "/x"]
    assert reading.columns["query"] == ["a=b", None]
    assert reading.columns["bytes as a number"] == [12 * 10**9, 0]
    assert reading.columns["duration as a number"] == [15_000_000, 250_000_000]


def test_directives_are_not_records() -> None:
    """What begins with `#` belongs to the file; lines before the first `#Fields` and those with other fields are rejected."""
    content = (
        b"2026-03-07 10:00:00 GET / - 200 0 1\n"
        + HEAD
        + b"2026-03-07 10:00:00 GET /\n\n#Remark: x\n2026-03-07 10:00:00 GET / - 200 0 1\n"
    )
    reading = rows(content)
    assert reading.account == Account(lines=7, records=1, rejected=2, blank=1, continuation=3)
    assert [(line, reason) for line, reason, _ in reading.rejected] == [(0, "no-match"), (3, "no-match")]


def test_fields_may_change() -> None:
    """Each line is cut by the last `#Fields` before it; a record has nothing of what its own do not name."""
    content = HEAD + b"2026-03-07 10:00:00 GET / - 200 0 1\n#Fields: time date x-note\n10:00:01 2026-03-07 hello\n"
    reading = rows(content)
    assert reading.time == [1772877600, 1772877601]
    assert reading.columns["x-note"] == [None, "hello"]
    assert reading.columns["status"] == ["200", None]


def test_a_time_of_day_alone_is_not_a_time() -> None:
    """Where the fields lose their date, records have no time, as they have none in a log that never names one."""
    reading = rows(HEAD + b"2026-03-07 10:00:00 GET / - 200 0 1\n#Fields: time x-note\n10:00:01 hello\n")
    assert reading.account == Account(lines=5, records=2, continuation=3)
    assert reading.time == [1772877600, NO_TIME]


def test_the_fields_are_remembered_behind_a_cut() -> None:
    """A chunk without `#Fields` of its own is cut by those that came before it."""
    context = FORM.follow(CONTEXT, bytes_of(HEAD + b"2026-03-07 10:00:00 GET / - 200 0 1\n"), MAX_LINE_BYTES)
    assert context.directives == NAMES
    assert FORM.follow(context, bytes_of(b"# Fields are not named here\n"), MAX_LINE_BYTES) == context
    assert read(FORM, b"2026-03-07 10:00:00 GET / - 200 0 1\n", WANTED, context).account.records == 1


@pytest.mark.parametrize(
    ("line", "note"),
    [
        (b'10:00:00 2026-03-07 "two words"', "two words"),
        (b'10:00:00 2026-03-07 "a ""b"" c"', 'a ""b"" c'),
        (b'10:00:00 2026-03-07 "one"', "one"),
        (b'10:00:00 2026-03-07 " "', " "),
        (b'10:00:00 2026-03-07 in"side', 'in"side'),
        (b'10:00:00 2026-03-07 "', '"'),
        (b"10:00:00\t2026-03-07\ttwo words", "two words"),
        (b'10:00:00 2026-03-07 "torn words', None),
        (b"10:00:00 2026-03-07 two words", None),
    ],
)
def test_a_string_may_hold_blanks(line: bytes, note: str | None) -> None:
    """A field in quotes is a string of the draft; quotes in other places are bytes like any others."""
    reading = rows(b"#Fields: time date x-note\n" + line + b"\n")
    assert reading.columns.get("x-note", [None]) == [note]
    assert reading.account.records == (note is not None)


@pytest.mark.parametrize("moment", [b"2026-02-30 10:00:00", b"2026-03-07 24:00:00", b"2026-03-07 10:00", b"- 10:00:00", b"x y"])
def test_a_line_with_a_time_that_does_not_exist_is_not_a_record(moment: bytes) -> None:
    """Days and times of day are checked."""
    assert rows(HEAD + moment + b" GET / - 200 0 1\n").rejected[0][1] == "bad-time"


def test_fields_that_change_often_cost_no_more_than_others() -> None:
    """Ten thousand `#Fields`, all different, and as many that come again, are read in a moment; an empty chunk too."""
    different = b"".join(b'#Fields: time date x-%d\n10:00:00 2026-03-07 "a b"\n' % at for at in range(10_000))
    again = b"".join(b"#Fields: time date x-%d\n10:00:00 2026-03-07 a\n" % (at % 3) for at in range(10_000))
    for content in (different, again):
        assert rows(content).account == Account(lines=20_000, records=10_000, continuation=10_000)
    context = FORM.follow(CONTEXT, bytes_of(again), MAX_LINE_BYTES)
    assert context.directives == ("time", "date", "x-0")
    assert read(FORM, b"", WANTED, context).account == Account()


def test_a_log_may_have_no_time() -> None:
    """Without `date` or `time` among the fields a record has none."""
    reading = rows(b"#Fields: time cs-method\n10:00:00 GET\n")
    assert (reading.account.records, reading.columns["method"]) == (1, ["GET"])


def test_names_stand_once() -> None:
    """Two fields of one name are two columns."""
    assert names_of(("cs-method", "CS-Method", "x", "x")) == ("method", "method_2", "x", "x_2")
    assert len(set(names_of(("x", "x", "x")))) == 3


@pytest.mark.parametrize(
    ("line", "names"), [(b"#Fields: a b\tc", ("a", "b", "c")), (b"#Fields:", ()), (b"#Field: a", ()), (b"Fields: a", ())]
)
def test_a_directive_names_fields(line: bytes, names: tuple[str, ...]) -> None:
    """`#Fields:` and nothing else does."""
    assert fields_named(line) == names


@pytest.mark.parametrize(("line", "counts"), [(b"a b", {2}), (b"a\tb c", {2}), (b'a "b c"', {2, 3}), (b"a", {1})])
def test_fields_can_be_counted(line: bytes, counts: set[int]) -> None:
    """TABs part fields where there are any, else blanks, or those outside of quotes."""
    assert field_counts(line) == counts


DATED = b"#Date: 2026-03-07 22:00:00\n#Fields: time cs-uri-stem\n22:00:01 /a\n00:10:00 /b\n"


def test_a_time_of_day_has_the_date_above_it() -> None:
    """Behind midnight it is the next day. Where nothing says a date there is no time; an impossible clock is refused."""
    form = detected(DATED)
    assert [shown(second) for second in read(form, DATED).time] == ["2026-03-07T22:00:01Z", "2026-03-08T00:10:00Z"]
    undated = DATED.partition(b"\n")[2]
    assert read(detected(undated), undated).time == [NO_TIME] * 2
    assert read(form, DATED + b"25:00:00 /c\n").account.rejected == 1


def test_the_date_is_known_in_later_chunks() -> None:
    """The next chunk has the same day, and its own `#Date` counts from there on."""
    form = detected(DATED)
    context = form.follow(CONTEXT, bytes_of(DATED), 1 << 20)
    later = read(form, b"23:00:00 /c\n#Date: 2026-03-20\n01:00:00 /d\n", context=context)
    assert [shown(second) for second in later.time] == ["2026-03-07T23:00:00Z", "2026-03-20T01:00:00Z"]
    assert form.follow(context, bytes_of(b"#Remark: x\n"), 1 << 20) == context


def test_a_local_date_is_the_date_where_there_is_no_other() -> None:
    """IIS' advanced logs may have both; then it is UTC that counts."""
    both = b"#Fields: date-local time-local date time c-ip\n2026-03-07 11:00:00 2026-03-07 10:00:00 192.0.2.7\n"
    local = b"#Fields: date-local time-local c-ip\n2026-03-07 11:00:00 192.0.2.7\n"
    assert [shown(second) for text in (both, local) for second in read(detected(text), text).time] == [
        "2026-03-07T10:00:00Z",
        "2026-03-07T11:00:00Z",
    ]


def shown(second: int) -> str:
    """Return a time as reports write it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
