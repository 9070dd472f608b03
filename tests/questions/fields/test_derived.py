"""Derived fields: their names, their columns, and their values."""

from __future__ import annotations

import numpy
import pyarrow
import pytest

from logproc.model.columns import KeyColumn
from logproc.model.errors import UsageError
from logproc.questions.fields.derived import derive


def values(name: str, *texts: str | None) -> list[str | None]:
    """Return the values that a field computes for the keys of a column, one record per key."""
    field = derive(name)
    assert field is not None
    column = field.apply(KeyColumn(pyarrow.array(texts, pyarrow.string()), numpy.arange(len(texts))))
    keys = column.keys.to_pylist()
    assert len(set(keys)) == len(keys)
    return [keys[at] for at in column.index]


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("ext", "path"),
        ("status_class", "status"),
        ("browser", "user_agent"),
        ("os", "user_agent"),
        ("device", "user_agent"),
        ("bot", "user_agent"),
        ("net:24", "client"),
        ("net:128", "client"),
        ("shape(path)", "path"),
        ("shape(http.url)", "http.url"),
    ],
)
def test_a_derived_field_names_its_column(name: str, of: str) -> None:
    """A field keeps its name as written, and names its column."""
    field = derive(name)
    assert field is not None
    assert (field.name, field.of) == (name, of)


@pytest.mark.parametrize("name", ["path", "client", "net", "shape", "hour", "Ext", ""])
def test_other_names_are_not_derived_fields(name: str) -> None:
    """Any other name may be a column."""
    assert derive(name) is None


@pytest.mark.parametrize("name", ["net:", "net:129", "net:-1", "net:x", "net:²", "shape()", "shape(path", "shape(shape(path))"])
def test_a_field_that_is_written_wrong_is_refused_with_a_hint(name: str) -> None:
    """A network without a length and a shape of nothing are errors with the right notation."""
    with pytest.raises(UsageError) as caught:
        derive(name)
    assert caught.value.hint


def test_extensions_are_those_of_the_last_segment() -> None:
    """An extension is lower-case, has at most ten letters and digits, and follows a name; parameters do not count."""
    texts = ["/a.HTML", "/b.tar.gz", "/c.d/e", "/", "/.env", "/f.", "/g.toolongtobeone", "/h.j-s", "/i.jsp;id=1", None]
    assert values("ext", *texts) == ["html", "gz", None, None, None, None, None, None, "jsp", None]


def test_a_class_of_status_is_its_first_digit() -> None:
    """Statuses from 100 to 599 have a class, all others none."""
    assert values("status_class", "200", "204", "404", "599", "600", "099", "20", None) == [
        *("2xx", "2xx", "4xx", "5xx"),
        *(None, None, None, None),
    ]


def test_fields_are_computed_by_their_parts() -> None:
    """Networks, shapes and classes of agents are computed; a missing agent is unknown."""
    assert values("net:24", "203.0.113.7", "203.0.113.9", "name") == ["203.0.113.0/24", "203.0.113.0/24", None]
    assert values("shape(path)", "/a/1", "/a/2", None) == ["/a/<n>", "/a/<n>", None]
    assert values("bot", "curl/8.5.0", None, "-") == ["bot", "unknown", "unknown"]
    assert values("browser", "curl/8.5.0", None) == ["curl", None]
    assert values("os", "x", None) == ["Other", None]
    assert values("device", "x", None) == ["Other", None]
