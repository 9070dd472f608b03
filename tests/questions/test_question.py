"""Questions: the columns they need, the records they select, what they count by, and what they anonymize."""

from __future__ import annotations

from datetime import UTC
from operator import eq, ge, gt, le, lt, ne
from zoneinfo import ZoneInfo

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logproc.counting.tally import count
from logproc.model.columns import Account, Columns
from logproc.model.errors import UsageError
from logproc.questions.fields.stretches import with_offset
from logproc.questions.metrics import VISITOR, Metric, Need, parse_metric, parse_metrics
from logproc.questions.question import (
    ACCESS_PANELS,
    DEFAULT_PANELS,
    PanelSpec,
    Question,
    panels_for,
    sort_of,
    split_fields,
    unknown_fields,
)
from logproc.questions.view import View
from logproc.questions.where.grammar import parse_where
from tests.questions.records import records, values
from tests.support.chunks_of import chunk_of, parse
from tests.support.logs import line

NANO = 10**9
UNIQUE_CLIENTS = Need("uniques", "client")


def chosen(question: Question, columns: Columns) -> list[bool]:
    """Return which records a question selects."""
    return list(question.select(View(columns, question.zone)).tolist())


def test_a_panel_is_named_by_its_fields() -> None:
    """A title takes precedence over the fields, and a panel without fields is the total."""
    names = [PanelSpec(("hour", "path")).name, PanelSpec(("bot",), title="visitors").name, PanelSpec(()).name]
    assert names == ["hour,path", "visitors", "total"]


def test_stretches_of_time_come_in_their_order() -> None:
    """A panel is in order of time if its first field is a stretch of time; weekdays are not."""
    ordered = [PanelSpec(by).in_order for by in (("hour",), ("day", "path"), ("path", "day"), ("weekday",), ())]
    assert ordered == [True, True, False, False, False]


def test_usual_panels_are_those_of_all_kinds_of_logs() -> None:
    """They include the panels of an access log, and each name is there once."""
    names = [panel.name for panel in DEFAULT_PANELS]
    assert set(ACCESS_PANELS) < set(names)
    assert len(set(names)) == len(names)


def test_a_question_wants_the_columns_that_its_fields_are_made_of() -> None:
    """It needs the columns that panels and filters use, and always bytes; a log may itself have a computed field."""
    panel = PanelSpec(("hour", "ext"), needs=(Need("uniques", "net:24"), Need("buckets", "duration")))
    question = Question((panel,), where=parse_where("status >= 500 and shape(message) contains 'x' and day == '2026-01-01'"))
    assert {"time", "path", "ext", "client", "duration", "status", "message", "bytes"} <= set(question.wanted)
    assert not {"hour", "day", "referrer", "forwarded_for"} & set(question.wanted)


def test_clients_from_a_proxy_want_both_columns() -> None:
    """The header is needed although no panel names it."""
    question = Question((PanelSpec(("status",)),), from_forwarded=True)
    assert {"client", "forwarded_for"} <= set(question.wanted)


def test_visitors_want_clients_and_agents() -> None:
    """A visitor is two columns."""
    assert {"client", "user_agent"} <= set(Question((PanelSpec((), needs=(Need("uniques", VISITOR),)),)).wanted)
    assert Need("uniques", VISITOR).fields == ("client", "user_agent")
    assert Need("totals", "a,b").fields == ("a,b",)


def test_a_question_without_bounds_and_filter_chooses_all() -> None:
    """Nothing is filtered by default."""
    assert not Question().filters
    assert chosen(Question(), records([0, None, -5])) == [True, True, True]
    assert all(question.filters for question in (Question(since=0), Question(until=0), Question(where=parse_where("a == 1"))))


def test_the_first_moment_counts_and_the_last_does_not() -> None:
    """`since` is inclusive, `until` is exclusive, and a record without a time is outside."""
    columns = records([9, 10, 11, 20, None])
    assert chosen(Question(since=10 * NANO), columns) == [False, True, True, True, False]
    assert chosen(Question(until=20 * NANO), columns) == [True, True, True, False, False]
    assert chosen(Question(since=10 * NANO, until=20 * NANO), columns) == [False, True, True, False, False]
    assert chosen(Question(until=2**62 * NANO), columns) == [True, True, True, True, False]
    assert chosen(Question(since=-(2**62) * NANO), columns) == [True, True, True, True, False]


MOMENTS = st.tuples(st.integers(-3, 3), st.sampled_from([0, 1, 500_000_000, 999_999_999]))


@given(st.lists(MOMENTS | st.none(), min_size=1), MOMENTS, st.booleans())
def test_times_are_compared_as_integers_of_nanoseconds(
    times: list[tuple[int, int] | None], bound: tuple[int, int], near: bool
) -> None:
    """In spans and in filters, and by whole seconds where fractions were not read; before 1970 too."""
    seconds = [None if time is None else time[0] for time in times]
    columns = (
        replace(records(seconds), nanos=numpy.array([time[1] if time else 0 for time in times])) if near else records(seconds)
    )
    moments = [None if time is None else time[0] * NANO + time[1] * near for time in times]
    value = bound[0] * NANO + bound[1]
    assert chosen(Question(since=value), columns) == [at is not None and at >= value for at in moments]
    assert chosen(Question(until=value), columns) == [at is not None and at < value for at in moments]
    text = with_offset(bound[0], UTC, bound[1])
    for name, order in {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}.items():
        found = chosen(Question(where=parse_where(f"time {name} '{text}'")), columns)
        assert found == [at is not None and order(at, value) for at in moments], name


def metrics_of(*names: str) -> Question:
    metrics = tuple(map(parse_metric, names))
    return Question(panels_for(["path"], metrics, None, visitors=False), metrics=metrics)


@pytest.mark.parametrize(
    ("question", "needed"),
    [
        (Question(), False),
        (Question(since=5 * NANO, until=9 * NANO), False),
        (Question(since=5 * NANO + 1), True),
        (Question(until=-1), True),
        (Question(where=parse_where("time < '2026-03-07' and status == 200")), False),
        (Question(where=parse_where("not time >= '2026-03-07T10:00:00Z'")), False),
        (Question(where=parse_where("time is absent or hour == '2026-03-07 10:00'")), False),
        (Question(where=parse_where("time < '2026-03-07T10:00:00.5Z'")), True),
        (Question(where=parse_where("status == 200 or time > '2026-03-07'")), True),
        (Question(where=parse_where("time in ('2026-03-07')")), True),
        (metrics_of("first:time"), True),
        (metrics_of("peak(1s)", "rate", "share(time < '2026-03-07')"), False),
        (metrics_of("share(time == '2026-03-07')"), True),
    ],
)
def test_fractions_are_read_where_the_answer_depends_on_them(question: Question, needed: bool) -> None:
    """Whether a time is before a whole second does not depend on its fraction; whether it is after one does."""
    assert question.needs_fractions is needed


def test_a_filter_and_a_span_both_hold() -> None:
    """A record must pass the filter and be in the time span."""
    columns = records([0, 10, 10], status=["500", "500", "200"])
    assert chosen(Question(since=5 * NANO, where=parse_where("status >= 500")), columns) == [False, True, False]


def test_a_filter_looks_at_the_clocks_of_the_zone() -> None:
    """Filters compare the same local hours and days that panels count by."""
    zone = ZoneInfo("Europe/Berlin")
    question = Question(zone=zone, where=parse_where('day == "2026-03-08"', zone))
    assert chosen(question, records([1772924400 - 1, 1772924400])) == [False, True]


def test_without_wishes_columns_stay_as_they_are() -> None:
    """Columns are passed through."""
    columns = records([0], client=["192.0.2.7"], forwarded_for=["203.0.113.9"])
    assert Question().prepared(columns).keys == columns.keys


def test_clients_are_those_that_a_proxy_names() -> None:
    """The first address of the header is the client; without one the client stays."""
    columns = records([0, 0, 0], client=["192.0.2.7"] * 3, forwarded_for=["203.0.113.9, 198.51.100.1", None, "unknown"])
    found = Question(from_forwarded=True).prepared(columns)
    assert values(found.keys["client"]) == ["203.0.113.9", "192.0.2.7", "192.0.2.7"]
    assert values(found.keys["forwarded_for"])[0] == "203.0.113.9, 198.51.100.1"


def test_a_log_without_the_header_keeps_its_clients() -> None:
    """The option affects only logs with the header. A log with nothing but it has clients, too; without both there are none."""
    question = Question(from_forwarded=True, asked=("client", "net:24"))
    assert values(question.prepared(records([0], client=["192.0.2.7"])).keys["client"]) == ["192.0.2.7"]
    assert values(question.prepared(records([0], forwarded_for=["203.0.113.9"])).keys["client"]) == ["203.0.113.9"]
    assert "client" not in question.prepared(records([0], host=["a"])).keys
    assert unknown_fields(question, {"forwarded_for"}) == []
    assert unknown_fields(question, {"host"}) == ["client", "net:24"]


SECRET = {
    "client": "203.0.113.77",
    "forwarded_for": "203.0.113.77, 2001:db8:1:2::77",
    "host": "203.0.113.77:8080",
    "message": "user logged in from 203.0.113.77 port 22",
    "referrer": "https://203.0.113.77/cart",
    "target": "/whois?ip=203.0.113.77",
    "path": "/whois/203.0.113.77",
    "query": "ip=2001:db8:1:2::77",
}


@pytest.mark.parametrize("name", SECRET)
def test_addresses_are_cut_wherever_they_may_stand(name: str) -> None:
    """An anonymous report shows no whole address in any column."""
    (shown,) = values(Question(anonymous=True).prepared(records([0], None, **{name: [SECRET[name]]})).keys[name])
    assert "77" not in shown.replace("8077", "")
    assert shown != SECRET[name]


def test_clients_are_cut_after_they_were_taken_from_the_header() -> None:
    """The forwarded address is anonymized like the client's."""
    columns = records([0], client=["192.0.2.7"], forwarded_for=["203.0.113.77"])
    assert values(Question(from_forwarded=True, anonymous=True).prepared(columns).keys["client"]) == ["203.0.113.0"]


def test_what_is_not_an_address_stays() -> None:
    """Other columns, numbers, times and malformed requests are unchanged; an absent client stays absent."""
    columns = replace(
        records([7, 8], {"bytes": [1, 2]}, client=["203.0.113.77", None], user=["1.2.3.4", None]),
        malformed=numpy.array([True, False]),
    )
    found = Question(anonymous=True).prepared(columns)
    assert values(found.keys["client"]) == ["203.0.113.0", None]
    assert found.keys["user"] is columns.keys["user"]
    assert (found.records, found.time, found.numbers, found.malformed) == (2, columns.time, columns.numbers, columns.malformed)


def test_rejected_lines_are_anonymous_too() -> None:
    """The sample of rejected lines is cut as well, but only with `--anonymize`."""
    chunk = chunk_of(line() + b"\n203.0.113.77 knocks at 2001:db8:1:2::77\n")
    parsed = parse(chunk.data, "combined", 1 << 20)
    texts = [count(chunk, parsed, Question(anonymous=wish)).sources[0].sample[0].text for wish in (False, True)]
    assert texts == ["203.0.113.77 knocks at 2001:db8:1:2::77", "203.0.113.0 knocks at 2001:db8:1::"]


def test_anonymous_counts_are_of_what_is_shown() -> None:
    """Two clients of one network are one key with the records of both."""
    lines = [line(client=client) + b"\n" for client in (b"203.0.113.7", b"203.0.113.8", b"198.51.100.1")]
    chunk = chunk_of(b"".join(lines))
    tally = count(chunk, parse(chunk.data, "combined", 1 << 20), Question(anonymous=True))
    counts = tally.panels["client"]
    assert dict(zip(counts.keys[0].to_pylist(), counts.count.tolist(), strict=True)) == {"203.0.113.0": 2, "198.51.100.0": 1}


def test_filtered_records_are_accounted_for() -> None:
    """Records that do not pass are counted as filtered."""
    chunk = chunk_of(b"".join(line(status=status) + b"\n" for status in (b"200", b"500", b"503")) + b"\nno record\n")
    tally = count(chunk, parse(chunk.data, "combined", 1 << 20), Question(where=parse_where("status >= 500")))
    assert tally.account == Account(lines=5, records=2, rejected=1, blank=1, filtered=1)
    assert tally.account.closes


def test_panels_are_those_of_by() -> None:
    """Each `--by` is a panel with the measures for metrics and sort; a repeated one is there once."""
    metrics = parse_metrics("count,uniques:client,p95:bytes,p50:bytes")
    needs = (UNIQUE_CLIENTS, Need("buckets", "bytes"), Need("totals", "bytes"))
    found = panels_for(["status", "hour, path", "status"], metrics, parse_metric("mean:bytes"), visitors=False)
    assert found == (PanelSpec(("status",), needs=needs), PanelSpec(("hour", "path"), needs=needs))


def test_without_by_there_are_the_usual_panels() -> None:
    """Metrics make a total, in front of the usual panels."""
    assert panels_for([], (), None, visitors=False) == DEFAULT_PANELS
    assert panels_for([], parse_metrics("visitors"), None, visitors=False) == (
        PanelSpec((), needs=(Need("uniques", VISITOR),)),
        *DEFAULT_PANELS,
    )


def test_visitors_have_two_panels_of_their_own() -> None:
    """By day and in total, whatever else is asked for."""
    found = panels_for(["status"], (), None, visitors=True)
    assert [panel.name for panel in found] == ["status", "visitors_by_day", "visitors"]
    assert [panel.by for panel in found[1:]] == [("day", "bot"), ("bot",)]
    assert all(panel.whole and panel.needs == (Need("uniques", VISITOR),) for panel in found[1:])


def test_fields_stand_between_commas() -> None:
    """Blanks around them are ignored."""
    assert split_fields(" hour , net:24,shape(path)") == ("hour", "net:24", "shape(path)")


@pytest.mark.parametrize("text", ["", " ", "hour,", ",hour", "hour,hour", "hour, hour", "net:129", "shape(", "hour,net:x"])
def test_what_names_no_fields_is_refused(text: str) -> None:
    """No field, an empty one, a repeated one, or a malformed one."""
    with pytest.raises(UsageError) as caught:
        split_fields(text)
    assert caught.value.hint


def test_rows_are_sorted_by_a_metric_or_the_key() -> None:
    """The metric need not be shown; if it is, it is the same one."""
    metrics = parse_metrics("p95:bytes")
    assert sort_of(None, metrics) is None
    assert sort_of("key", metrics) == Metric("key", "key")
    assert sort_of("p95:bytes", metrics) is metrics[0]
    assert sort_of("mean:bytes", metrics) == parse_metric("mean:bytes")
    with pytest.raises(UsageError, match="unknown"):
        sort_of("path", metrics)


def test_a_field_that_no_log_has_is_unknown() -> None:
    """A computed field is known if its column is, stretches of time always; a log may itself have a computed field."""
    question = Question(asked=("status", "hour", "time", "weekday", "ext", "net:24", "shape(message)", "device", "colour"))
    assert unknown_fields(question, {"status", "path", "client", "message", "user_agent", "colour"}) == []
    assert unknown_fields(question, {"status", "device"}) == ["ext", "net:24", "shape(message)", "colour"]
    assert unknown_fields(Question(), set()) == []
