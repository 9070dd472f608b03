"""Addresses: their networks, their anonymized form, and the first forwarded one."""

from __future__ import annotations

import ipaddress

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.columns import KeyColumn
from logproc.questions.fields.addresses import anonymize, anonymize_text, anonymize_within, client_from, networks

LOW_IPV4 = 2**8
LOW_IPV6 = 2**80
UNICAST = st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(ipaddress.IPv6Address)
IPV6 = st.one_of(UNICAST, st.ip_addresses(v=6))
PLACES = st.lists(
    st.sampled_from(
        [
            "1",
            "2",
            "ab",
            "f",
            ".",
            ":",
            "::",
            "-",
            " ",
            ",",
            "[",
            "]",
            "%3A",
            "%",
            "%3",
            "\\x22",
            "\\n",
            "x",
            "_",
            "=",
            "é",
            "1.2.3.",
            "5-6-",
        ]
    ),
    max_size=5,
).map("".join)


def column(*values: str | None) -> KeyColumn:
    """Return a column of texts with one record for each value, None is absent."""
    keys = list(dict.fromkeys(values))
    return KeyColumn(pyarrow.array(keys, pyarrow.string()), numpy.array([keys.index(value) for value in values], numpy.int32))


def values_of(found: KeyColumn) -> list[str | None]:
    """Return the value of each record."""
    keys = found.keys.to_pylist()
    assert len(set(keys)) == len(keys)
    return [keys[at] for at in found.index]


def network_text(text: str, bits: int) -> str | None:
    """Return the network of an address by the standard library."""
    address = ipaddress.ip_address(text)
    address = getattr(address, "ipv4_mapped", None) or address
    if (address.version == 4) != (bits <= 32):
        return None
    return str(ipaddress.ip_network((address, bits), strict=False))


def test_networks_are_of_one_version() -> None:
    """Up to 32 bits mean IPv4, in every notation of an address; names and absent clients have no network."""
    texts = pyarrow.array(
        [
            "203.0.113.7",
            "203.0.113.9:443",
            "::ffff:203.0.113.1",
            "2001:db8:1:2::3",
            "[2001:db8:1::]:80",
            "localhost",
            "1.2.3",
            None,
        ]
    )
    four, six = "203.0.113.0/24", "2001:db8:1::/48"
    assert networks(texts, 24).to_pylist() == [four, four, four, None, None, None, None, None]
    assert networks(texts, 48).to_pylist() == [None, None, None, six, six, None, None, None]
    assert networks(texts, 0).to_pylist()[0] == "0.0.0.0/0"


@given(
    st.lists(st.one_of(st.ip_addresses(v=4), UNICAST, st.just("::ffff:192.0.2.1")).map(str), max_size=5), st.integers(0, 128)
)
def test_networks_are_those_of_the_standard_library(texts: list[str], bits: int) -> None:
    """Each address lies in the network that `ipaddress` gives it."""
    found = networks(pyarrow.array(texts, pyarrow.string()), bits)
    assert found.to_pylist() == [network_text(text, bits) for text in texts]


def test_clients_lose_their_low_bits_and_names() -> None:
    """Addresses are cut to /24 or /48, without port, brackets and zone; all else is a name; absent stays absent."""
    found = anonymize(
        column("203.0.113.7", "203.0.113.8:443", "2001:db8:1:2::3", "[2001:db8:1::9]:443", "::ffff:192.0.2.1", "fe80::1%eth0")
    )
    assert values_of(found) == ["203.0.113.0", "203.0.113.0", "2001:db8:1::", "2001:db8:1::", "192.0.2.0", "fe80::"]
    assert values_of(anonymize(column("host.example", None, "", "300.1.1.1", "1.2.3.4.5"))) == [
        "(name)",
        None,
        "(name)",
        "(name)",
        "(name)",
    ]


@given(st.ip_addresses(v=4), st.integers(0, LOW_IPV4 - 1), PLACES, PLACES)
def test_low_bits_of_ipv4_leave_no_trace(address: ipaddress.IPv4Address, low: int, before: str, after: str) -> None:
    """Texts that differ only in an address's last octet become equal, whatever surrounds it."""
    other = ipaddress.IPv4Address(int(address) // LOW_IPV4 * LOW_IPV4 + low)
    assert anonymize_text(f"{before}{address}{after}") == anonymize_text(f"{before}{other}{after}")
    assert values_of(anonymize(column(str(address)))) == values_of(anonymize(column(str(other))))


@given(UNICAST, st.integers(0, LOW_IPV6 - 1), PLACES, PLACES, st.booleans())
def test_low_bits_of_ipv6_leave_no_trace(
    address: ipaddress.IPv6Address, low: int, before: str, after: str, encoded: bool
) -> None:
    """Texts that differ only after an address's third group become equal, whatever surrounds it."""
    other = ipaddress.IPv6Address(int(address) // LOW_IPV6 * LOW_IPV6 + low)
    texts = [each.exploded.replace(":", "%3A") if encoded else each.exploded for each in (address, other)]
    assert anonymize_text(f"{before}{texts[0]}{after}") == anonymize_text(f"{before}{texts[1]}{after}")


@given(
    IPV6,
    st.integers(0, LOW_IPV6 - 1),
    st.sampled_from([("", ""), ("[", "]:443"), ("for=", ", "), ("\\x22", "\\x22"), (" ", ".")]),
)
def test_short_spellings_are_cut_as_well(address: ipaddress.IPv6Address, low: int, around: tuple[str, str]) -> None:
    """No notation of an address, alone or in a text, keeps a group after the third."""
    other = ipaddress.IPv6Address(int(address) // LOW_IPV6 * LOW_IPV6 + low)
    for each in (address, other):
        if each.ipv4_mapped is None and around[0] != "\\x22":
            kept = str(ipaddress.IPv6Address(int(each) // LOW_IPV6 * LOW_IPV6))
            assert anonymize_text(f"{around[0]}{each}{around[1]}") == f"{around[0]}{kept}{around[1]}"
            assert values_of(anonymize(column(str(each)))) == [kept]
    hidden = {anonymize_text(f"\\x22{each}\\x22").count(":") for each in (address, other)}
    assert max(hidden) <= 4


LISTED = st.one_of(
    st.ip_addresses().map(str), st.sampled_from(["unknown", "[2001:db8::1]:443", "10:05:03", "::ffff:1.2.3.4", "a::b"])
)


@given(st.lists(LISTED, max_size=6), st.sampled_from([", ", " ", "=", "/", "\\x22"]))
def test_an_anonymous_list_stays_as_it_is(listed: list[str], separator: str) -> None:
    """Anonymizing twice changes nothing more."""
    text = separator.join(listed)
    assert anonymize_text(anonymize_text(text)) == anonymize_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.7, 2001:db8:1:2::3, unknown", "203.0.113.0, 2001:db8:1::, unknown"),
        ("ip=2001%3Adb8%3A%3A1%20", "ip=2001:db8::%20"),
        ("\\x222001:db8:1:2::3\\x22", "\\x222001:db8:1::\\x22"),
        ("addr:2001:db8:5:6::1: refused", "addr:2001:db8:5:: refused"),
        ("from ::ffff:192.0.2.1 by 64:ff9b::192.0.2.1", "from 192.0.2.0 by 64:ff9b::"),
        ("host-203-0-113-7.example", "host-203-0-113-0.example"),
        ("7.113.0.203.in-addr.arpa", "7.113.0.0.in-addr.arpa"),
        ("[17/May/2015:10:05:03 +0000] 2015-05-17-10", "[17/May/2015:10:05:03 +0000] 2015-05-17-10"),
        ("tokio::fs Net::HTTP 00:11:22:aa:bb:cc HTTP/1.1", "tokio::fs Net::HTTP 00:11:22:aa:bb:cc HTTP/1.1"),
        ("", ""),
    ],
)
def test_addresses_in_texts_are_cut(text: str, expected: str) -> None:
    """Addresses are cut anywhere in a text; times, names and numbers stay."""
    assert anonymize_text(text) == expected
    assert values_of(anonymize_within(column(text, None))) == [expected, None]


def test_the_first_forwarded_address_is_the_client() -> None:
    """The first valid address of a list is the client, without port and brackets; without one the client stays."""
    forwarded = column(
        "192.0.2.1, 10.0.0.1", "unknown, [2001:db8::1]:4711", " 192.0.2.9:80 ,x", "", "-, nothing", None, "10.0.0.7"
    )
    client = column("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", None, "10.0.0.6", "10.0.0.7")
    expected = ["192.0.2.1", "2001:db8::1", "192.0.2.9", "10.0.0.4", None, "10.0.0.6", "10.0.0.7"]
    assert values_of(client_from(forwarded, client)) == expected
    assert client_from(None, client) is client


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.none(),
                st.lists(st.one_of(st.ip_addresses().map(str), st.sampled_from(["", "unknown", "1.2.3"])), max_size=3),
            ),
            st.one_of(st.none(), st.ip_addresses(v=4).map(str)),
        ),
        max_size=6,
    )
)
def test_each_record_has_its_own_client(records: list[tuple[list[str] | None, str | None]]) -> None:
    """Each record gets its own first forwarded address, or keeps its client."""
    forwarded = column(*(None if listed is None else ", ".join(listed) for listed, _ in records))
    client = column(*(address for _, address in records))
    expected = [
        next((text for text in listed or () if text not in {"", "unknown", "1.2.3"}), address) for listed, address in records
    ]
    assert values_of(client_from(forwarded, client)) == expected
