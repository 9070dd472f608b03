"""A client has one spelling, whatever the log writes round it, and plain addresses cost nothing."""

from __future__ import annotations

import ipaddress

import numpy
import pyarrow
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.columns.addresses import canonical, canonical_keys
from logproc.formats.columns.fields import complete
from logproc.formats.detection.detect import detect
from logproc.formats.engine import Format
from logproc.model.columns import KeyColumn
from tests.formats.readings import read

SPELLINGS = [
    ("198.51.100.4", "198.51.100.4", None),
    ("198.51.100.4:61000", "198.51.100.4", "61000"),
    ("::ffff:198.51.100.4", "198.51.100.4", None),
    ("::FFFF:c633:6404", "198.51.100.4", None),
    ("::ffff:198.51.100.4:61000", "198.51.100.4", "61000"),
    ("[::ffff:198.51.100.4]:61000", "198.51.100.4", "61000"),
    ("2001:db8:0:0:0:0:0:7", "2001:db8::7", None),
    ("2001:0DB8::0007", "2001:db8::7", None),
    ("[2001:db8::7]", "2001:db8::7", None),
    ("[2001:db8::7%eth0]:8443", "2001:db8::7", "8443"),
    ("fe80::aa%12", "fe80::aa", None),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", None),
    ("web-1.example.org:5000", "web-1.example.org", "5000"),
    ("Web-1.example.org", "Web-1.example.org", None),
    ("unix:", "unix:", None),
    ("10.0.0.1:99999999", "10.0.0.1:99999999", None),
    ("1:2:3", "1:2:3", None),
]


@pytest.mark.parametrize(("text", "address", "port"), SPELLINGS)
def test_a_client_has_one_spelling(text: str, address: str, port: str | None) -> None:
    """No port, no brackets, no zone; what is not an address stays as it is."""
    assert canonical(text) == (address, port)


def test_many_are_what_each_is() -> None:
    """The columns of many clients hold for each record what it is alone, and spellings of one client are one key."""
    texts = [text for text, _, _ in SPELLINGS]
    raw = {"client": KeyColumn(pyarrow.array([*map(str.encode, texts), None], pyarrow.binary()), numpy.arange(len(texts) + 1))}
    found = complete(raw, numpy.zeros(len(texts) + 1, numpy.int64), {}, {"client", "client_port"}).keys
    values = {name: column.keys.take(pyarrow.array(column.index)).to_pylist() for name, column in found.items()}
    assert values["client"] == [*(address for _, address, _ in SPELLINGS), None]
    assert values["client_port"] == [*(port for _, _, port in SPELLINGS), None]
    assert len(set(found["client"].keys.to_pylist())) == len(found["client"].keys)


@given(st.ip_addresses(v=6), st.integers(0, 65535))
def test_any_ipv6_is_as_the_standard_library_has_it(address: ipaddress.IPv6Address, port: int) -> None:
    """Long, short and with a port: the same text, which is the shortest one in lower case."""
    expected = str(address.ipv4_mapped or address)
    if address.packed[:12] != bytes(12):  # `::7` and `::0.0.0.7` are both allowed
        assert {canonical(text)[0] for text in (str(address), address.exploded.upper())} == {expected}
        assert canonical(f"[{address.exploded}]:{port}") == (expected, str(port))


def groups(*texts: str) -> st.SearchStrategy[str]:
    """Return a strategy for some groups of IPv6, too many sometimes."""
    return st.lists(st.sampled_from(texts), max_size=8).map(":".join)


ANY, NOT_ZERO = groups("0", "1", "00", "0a", "ffff", "FFFF", "db8"), groups("1", "ffff")
TEXTS = st.one_of(
    ANY,
    st.tuples(ANY, ANY).map("::".join),
    st.tuples(NOT_ZERO, NOT_ZERO).map("::".join),
    st.ip_addresses().map(str),
    st.tuples(st.ip_addresses(), st.integers(0, 65535)).map(lambda drawn: f"{drawn[0]}:{drawn[1]}"),
    st.sampled_from([text for text, _, _ in SPELLINGS]),
)


@given(st.lists(TEXTS, max_size=8, unique=True))
@example(["1::2:3:4:5:6:7", "1:2:3:4:5::6:7", "1:2:3:4:5:6:7::", "1:2:3:4:5:6::", "1::2:3:4:5:6"])
def test_the_quick_look_misses_nothing(texts: list[str]) -> None:
    """What is passed over as canonical is, and all others are what each is alone."""
    found = canonical_keys(pyarrow.array([*map(str.encode, texts), None], pyarrow.binary()))
    expected = [canonical(text) for text in texts]
    if found is None:
        assert expected == [(text, None) for text in texts]
    else:
        pairs = zip(*(column.to_pylist() for column in found), strict=True)
        decoded = [tuple(part if part is None else part.decode() for part in pair) for pair in pairs]
        assert decoded == [*expected, (None, None)]


@pytest.mark.parametrize("text", [b"192.0.2.1", b"2001:db8::7", b"2001:db8:1:2:3:4:5:6", b"example.org", b"-", b""])
def test_what_is_canonical_already_is_not_made_anew(text: bytes) -> None:
    """Nothing is done for the usual log."""
    assert canonical_keys(pyarrow.array([text, None], pyarrow.binary())) is None


NGINX = b"2026/03/07 10:00:00 [error] 1#0: *5 x, client: 2001:DB8::7, server: a\n"
APACHE = (
    b"[Sat Mar 07 10:00:00 2026] [core:error] [pid 8:tid 9] [client 2001:DB8::7:5000] x\n"
    b"[Sat Mar 07 10:00:00 2026] [core:error] [pid 8:tid 9] [client 192.0.2.7:5001] y\n"
)
JSON = (
    b'{"time":"2026-03-07T10:00:00Z","client_ip":"::ffff:192.0.2.7","method":"GET","path":"/","status":200}\n'
    b'{"time":"2026-03-07T10:00:00Z","client_ip":"[2001:db8::7]:5000","method":"GET","path":"/","status":200}\n'
)
W3C = b"#Fields: date time c-ip c-port cs-method\n2026-03-07 10:00:00 fe80::7%3 5000 GET\n"
LOGS: dict[str, tuple[bytes, list[str], list[str | None]]] = {
    "nginx": (NGINX, ["2001:db8::7"], [None]),
    "apache": (APACHE, ["2001:db8::7", "192.0.2.7"], ["5000", "5001"]),
    "json": (JSON, ["192.0.2.7", "2001:db8::7"], [None, "5000"]),
    "w3c": (W3C, ["fe80::7"], ["5000"]),
}


@pytest.mark.parametrize("name", LOGS)
def test_clients_of_all_logs_are_canonical(name: str) -> None:
    """Whichever reader found it, and `client_port` is there where the log has one."""
    text, clients, ports = LOGS[name]
    form = detect(text, whole=True)
    assert isinstance(form, Format)
    found = read(form, text, ("client", "client_port"))
    assert found.columns["client"] == clients
    assert found.columns.get("client_port", [None] * len(ports)) == ports
