"""Addresses of clients in one spelling: no port, no brackets, no zone, IPv6 as RFC 5952 has it, IPv4 in IPv6 as IPv4.

An address is IPv4 or IPv6 (RFC 4291), alone, with a port (`192.0.2.1:443`, `[2001:db8::1]:443`), in brackets or with a zone
(`fe80::1%eth0`, RFC 4007). Everything else is a name. Work is done on distinct values, and only on those with a colon or a
bracket: plain IPv4 is canonical as it is.
"""

from __future__ import annotations

import re
import socket

import pyarrow
import pyarrow.compute

from logproc.model.patterns import regex

ADDRESS_BITS = 128
MAPPED = bytes(10) + b"\xff\xff"
"""The first 96 bits of an IPv4 address mapped to IPv6 (RFC 4291, 2.5.5.2)."""
OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = rf"{OCTET}(?:\.{OCTET}){{3}}"
IPV4_AND_PORT = rf"^(?P<address>{IPV4}):(?P<port>[0-9]{{1,5}})$"
GROUP = "[1-9a-f][0-9a-f]{0,3}"
SHORTENED = "|".join(rf"{GROUP}(?::{GROUP}){{{front}}}::(?:{GROUP}(?::{GROUP}){{0,{4 - front}}})?" for front in range(5))
CANONICAL = rf"^(?:[^:\[\]\"(),|<>=]*|{GROUP}(?::{GROUP}){{7}}|{SHORTENED})$"
"""What is surely canonical: nothing that a name cannot have, or IPv6 in which `::` stands for all groups of zeros, two or more.

Others may be as well: they are looked at one by one.
"""
WITH_MORE = regex(
    r"\[(?P<bracketed>[0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::(?P<port>[0-9]{1,5}))?"
    r"|(?P<four>(?:::[Ff]{4}:)?[0-9]+\.[0-9.]+):(?P<port_of_four>[0-9]{1,5})"
    r"|(?P<bare>[0-9A-Fa-f:.]+)(?:%.*)?"
)
NO_NAME = regex(
    r'(?![0-9A-Fa-f]*::|unix:)[^\[].*[:"(]\d+\.\d+\.\d+\.\d+|[("]?\d+\.\d+\.\d+\.\d+[,)]|[("]\d+\.\d+\.\d+\.\d+', re.DOTALL
)
"""What is neither an address nor a name, such as a client that grep wrote the name of a file before."""
NAME_AND_PORT = regex(r"([A-Za-z0-9_][A-Za-z0-9_.-]*):([0-9]{1,5})")


def address_of(text: str) -> bytes | None:
    """Return the 16 bytes of an address (IPv4 mapped to IPv6), None if the text is not one.

    Uses the C library: 0.3 µs each, where `ipaddress` takes 4 to 10.
    """
    try:
        return socket.inet_pton(socket.AF_INET6, text) if ":" in text else MAPPED + socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return None


def bare(text: str) -> str:
    """Return an address without brackets, port and zone. Other texts may change, but never into an address.

    >>> bare("[2001:db8::1]:443"), bare("192.0.2.1:5678"), bare("fe80::1%eth0"), bare("localhost:80")
    ('2001:db8::1', '192.0.2.1', 'fe80::1', 'localhost:80')
    """
    match = WITH_MORE.fullmatch(text)
    return (match["bracketed"] or match["four"] or match["bare"]) if match else text


def written(address: bytes) -> str:
    """Return 16 bytes as text: IPv4 with dots, IPv6 as the C library writes it (RFC 5952)."""
    if address.startswith(MAPPED):
        return socket.inet_ntop(socket.AF_INET, address[len(MAPPED) :])
    return socket.inet_ntop(socket.AF_INET6, address)


def canonical(text: str) -> tuple[str | None, str | None]:
    """Return an address in its one spelling, or a name, None for what is neither, and the port that stood behind it.

    >>> canonical("[2001:DB8:0::1%3]:443"), canonical("::ffff:192.0.2.5"), canonical("web-1:5000"), canonical("unix:")
    (('2001:db8::1', '443'), ('192.0.2.5', None), ('web-1', '5000'), ('unix:', None))
    >>> canonical("a.log:192.0.2.1")
    (None, None)
    """
    address = address_of(bare(text))
    if address is not None:
        match = WITH_MORE.fullmatch(text)
        return written(address), (match["port"] or match["port_of_four"]) if match else None
    name = NAME_AND_PORT.fullmatch(text)
    return (name[1], name[2]) if name else (None if NO_NAME.match(text) else text, None)


def canonical_keys(keys: pyarrow.Array) -> tuple[pyarrow.Array, pyarrow.Array] | None:
    """Return the canonical address of each key (binary, null where absent) and its port, or null. None: all are canonical."""
    suspects = pyarrow.compute.invert(pyarrow.compute.match_substring_regex(keys, CANONICAL)).fill_null(False)
    if not pyarrow.compute.any(suspects).as_py():
        return None
    texts = keys.filter(suspects)
    found = pyarrow.compute.extract_regex(texts, pattern=IPV4_AND_PORT)
    is_plain = found.is_valid()
    addresses = pyarrow.compute.if_else(is_plain, pyarrow.compute.struct_field(found, "address"), texts)
    ports = pyarrow.compute.struct_field(found, "port")
    others = pyarrow.compute.invert(is_plain)
    pairs = [canonical(text.decode("latin-1")) for text in texts.filter(others).to_pylist()]
    if pairs:
        rest = [
            pyarrow.array([None if part is None else part.encode("latin-1") for part in column], pyarrow.binary())
            for column in zip(*pairs, strict=True)
        ]
        addresses, ports = (
            pyarrow.compute.replace_with_mask(whole, others, part) for whole, part in zip((addresses, ports), rest, strict=True)
        )
    none = pyarrow.nulls(len(keys), pyarrow.binary())
    return tuple(pyarrow.compute.replace_with_mask(of, suspects, part) for of, part in ((keys, addresses), (none, ports)))
