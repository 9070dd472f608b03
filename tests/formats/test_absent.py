"""What a log does not say is absent: one thing, however the log says nothing."""

from __future__ import annotations

import pytest

from logproc.formats.custom import format_of_pattern
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME
from logproc.formats.readers.json_lines import JsonReader
from logproc.formats.readers.logfmt import PairsReader
from logproc.formats.readers.w3c import W3cReader
from tests.formats.readings import read
from tests.support import logs

W3C = b"#Fields: c-ip cs-username sc-bytes\n192.0.2.7 %b 12"
CASES = [
    (BY_NAME["combined"], logs.line(user=b"-"), logs.line(user=b"x")),
    (format_of_pattern("own", r"(?P<user>\S*) .*", "--pattern"), b"- 1", b"x 1"),
    (format_of_pattern("own", r"(?P<user>\S*) .*", "--pattern"), b" 1", b"x 1"),
    (JsonReader.of_sample([b'{"user":"x","request":"GET / HTTP/1.1","status":200}'])[0], b'{"user":null}', b'{"user":"x"}'),
    (JsonReader.of_sample([b'{"user":"x","request":"GET / HTTP/1.1","status":200}'])[0], b'{"user":"-"}', b'{"user":"x"}'),
    (JsonReader.of_sample([b'{"user":"x","request":"GET / HTTP/1.1","status":200}'])[0], b"{}", b'{"user":"x"}'),
    (PairsReader.of_sample([b"user=x b=1"])[0], b"user=- b=1", b"user=x b=1"),
    (PairsReader.of_sample([b"user=x b=1"])[0], b"b=1 c=2", b"user=x b=1"),
    (W3cReader.of_sample((W3C % b"x").split(b"\n"))[0], W3C % b"-", W3C % b"x"),
]


@pytest.mark.parametrize(("form", "without", "with_"), CASES)
def test_a_dash_an_empty_group_and_a_missing_key_are_null(form: Format, without: bytes, with_: bytes) -> None:
    """A record without a user has none, beside one that has, and the key is there once."""
    reading = read(form, with_ + b"\n" + without + b"\n" + without + b"\n", ("user",))
    assert reading.columns["user"] == ["x", None, None]
