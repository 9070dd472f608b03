"""Raw fields become the standard columns, record by record."""

from __future__ import annotations

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.fields import absent_once, columns_of, complete, raw_fields, with_absent
from logproc.formats.columns.units import unit_of
from logproc.model.columns import NO_TIME, Columns, KeyColumn
from tests.formats.readings import numbers_of, values_of

WANTED = ("method", "target", "path", "query", "protocol", "status", "bytes", "duration")
REQUESTS = st.sampled_from(["GET /a?b HTTP/1.1", "GET /a", "POST /a", "", None])
TARGETS = st.sampled_from(["/t?q", "/t", "?", "", None])
PATHS = st.sampled_from(["/p", "", None])
RECORDS = st.fixed_dictionaries({"request": REQUESTS, "target": TARGETS, "path": PATHS, "query": PATHS})
Record = dict[str, "str | None"]


def column_of(values: list[str | None]) -> KeyColumn:
    """Return a column of values."""
    keys = list(dict.fromkeys(values))
    return KeyColumn(pyarrow.array(keys, pyarrow.binary()), numpy.array([keys.index(value) for value in values], numpy.int64))


def completed(records: list[Record], names: list[str]) -> Columns:
    """Return the columns of records with some raw fields, as an open format gives them: one that none has is left out."""
    present = [name for name in names if any(record[name] is not None for record in records)]
    raw = {name: column_of([record[name] for record in records]) for name in present}
    time = numpy.full(len(records), NO_TIME, numpy.int64)
    return complete(raw, time, {}, WANTED, mixed=True)


@given(st.lists(RECORDS, min_size=1, max_size=6), st.sets(st.sampled_from(["request", "target", "path", "query"]), min_size=1))
def test_a_record_is_what_it_is_alone(records: list[Record], fields: set[str]) -> None:
    """Each record has the columns that it has if it is the only one, whatever the others have."""
    names = sorted(fields)
    together = completed(records, names)
    values = values_of(together)
    for at, record in enumerate(records):
        alone = completed([record], names)
        assert {name: column[at] for name, column in values.items() if column[at] is not None} == {
            name: column[0] for name, column in values_of(alone).items()
        }
        malformed = [
            bool(columns.malformed is not None and columns.malformed[row]) for columns, row in ((together, at), (alone, 0))
        ]
        assert malformed[0] == malformed[1]


def test_a_field_goes_before_what_is_derived() -> None:
    """A path of its own is kept, and where a record has none it is that of the target."""
    found = completed([{"path": "/p", "target": "/t?q"}, {"path": None, "target": "/u?r"}], ["path", "target"])
    assert values_of(found) == {"path": ["/p", "/u"], "target": ["/t?q", "/u?r"], "query": ["q", "r"]}


def test_an_absent_request_is_malformed_where_all_records_are_requests() -> None:
    """A log whose format has a request has one in every record: `-` counts as malformed."""
    raw, time = {"request": column_of(["GET / HTTP/1.1", None, "x"])}, numpy.zeros(3, numpy.int64)
    for mixed, expected in ((False, [False, True, True]), (True, [False, False, True])):
        found = complete(raw, time, {}, WANTED, mixed=mixed)
        assert found.malformed is not None
        assert found.malformed.tolist() == expected


def test_numbers_are_made_of_texts() -> None:
    """Columns with a unit are numbers; sizes are 0 where there is none, absent where it is not a size."""
    raw = {"bytes": column_of(["12", None, "x"]), "duration": column_of(["250", None, "x"])}
    found = complete(raw, numpy.zeros(3, numpy.int64), {"bytes": unit_of("bytes"), "duration": unit_of("duration", 3)}, WANTED)
    assert set(found.keys) == {"duration"}
    assert numbers_of(found.numbers["bytes"]) == [12 * 10**9, 0, None]
    assert values_of(found)["duration as a number"] == [250_000_000, None, None]


@pytest.mark.parametrize(
    ("fields", "columns"),
    [
        (("request", "status"), ("request", "status", "method", "target", "path", "query", "protocol")),
        (("client", "user"), ("client", "user", "client_port")),
        (("target",), ("target", "path", "query")),
        (("level",), ("level", "raw_level")),
    ],
)
def test_columns_are_those_of_the_fields_and_what_is_derived(fields: tuple[str, ...], columns: tuple[str, ...]) -> None:
    """A request is its parts, a target has a path and a query."""
    assert columns_of(fields) == columns


def test_what_a_column_is_made_of_is_taken_too() -> None:
    """For a path the target is needed and the request, and nothing that was not asked for."""
    assert raw_fields(("request", "target", "level", "status"), {"path"}) == ("request", "target")
    assert raw_fields(("request", "level", "status"), {"status"}) == ("request", "status")


@given(st.lists(st.sampled_from([b"-", b"", b"a", b"b"]), min_size=1, max_size=8))
def test_the_absent_text_is_there_once(values: list[bytes]) -> None:
    """Distinct texts stay distinct when `-` joins them, or when some of them become it."""
    distinct = pyarrow.array(list(dict.fromkeys(values)), pyarrow.binary())
    texts, absent = with_absent(distinct)
    assert texts[absent].as_py() == b"-"
    assert sorted(texts.to_pylist()) == sorted({*values, b"-"})
    index = numpy.arange(len(distinct))
    replaced = pyarrow.array([text or b"-" for text in distinct.to_pylist()], pyarrow.binary())
    column = absent_once(replaced, index)
    once, moved = column.keys, column.index
    assert len(set(once.to_pylist())) == len(once)
    assert [once[at].as_py() for at in moved.tolist()] == replaced.to_pylist()
