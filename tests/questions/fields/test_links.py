"""Parts of links: hosts and parameters, compared with the standard library."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.printable import shown
from logproc.questions.fields.derived import derive
from logproc.questions.fields.links import hosts, parameter, parameters

NAMES = st.sampled_from(["q", "page", "a[b]", "utm_source", "é", "q.x", ""])
PAIRS = st.lists(st.tuples(NAMES, st.text(st.characters(codec="utf-8"), max_size=6)), max_size=5)


@given(st.lists(PAIRS, max_size=5), NAMES.filter(bool))
def test_a_parameter_is_what_a_form_sent(forms: list[list[tuple[str, str]]], name: str) -> None:
    """Whatever its value holds: the first of that name, and what is not printable as in all keys; an empty one is absent."""
    queries = [urlencode(form) for form in forms]
    expected = []
    for query in queries:
        first = next((value for key, value in parse_qsl(query, keep_blank_values=True) if key == name), "")
        expected.append(shown(first.encode()) or None)
    assert parameters(pyarrow.array(queries, pyarrow.string()), name).to_pylist() == expected
    assert [parameter(query, name) for query in queries] == expected


@given(
    st.lists(st.text(st.sampled_from("aq&=%+4;?x"), max_size=12) | st.none(), max_size=9),
    st.sampled_from(["a", "q", "aq", "a;"]),
)
def test_the_quick_way_gives_what_the_definition_does(queries: list[str | None], name: str) -> None:
    """For damaged queries, too."""
    found = parameters(pyarrow.array(queries, pyarrow.string()), name).to_pylist()
    assert found == [None if query is None else parameter(query, name) for query in queries]


def test_bytes_that_are_not_text_are_shown() -> None:
    """A control and a byte that is not UTF-8, as wherever a key holds them."""
    assert parameter("q=caf%e9%0a", "q") == "caf\\xe9\\x0a"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Search.Example.com/?q=tea", "search.example.com"),
        ("http://example.com", "example.com"),
        ("http://example.com.:8080/", "example.com"),
        ("http://user:secret@example.com?x@y", "example.com"),
        ("https://[2001:DB8::1]:443/a", "2001:db8::1"),
        ("https://192.0.2.1#top", "192.0.2.1"),
        ("android-app://com.example.mail/", "com.example.mail"),
        ("https://bücher.example/", "bücher.example"),
        *(
            (text, None)
            for text in ("-", "", "/cart", "example.com/a", "about:blank", "http://", "http://a b/", "https://<x>/")
        ),
        *((text, None) for text in ("http://:80/", "javascript:alert(1)//x", "1http://a/", None)),
    ],
)
def test_a_host_is_that_of_a_url(url: str | None, host: str | None) -> None:
    """Without user, port, brackets and the point behind it; what is not a URL has none."""
    assert hosts(pyarrow.array([url], pyarrow.string())).to_pylist() == [host]


def test_the_fields_are_made_of_their_columns() -> None:
    """The parameter's name may hold brackets, points and other letters."""
    found = derive("referrer_host"), derive("query(a[b])"), derive("query(q)")
    assert [field and field.of for field in found] == ["referrer", "query", "query"]
