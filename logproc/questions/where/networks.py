"""Networks and addresses as filters compare them: 16 bytes each, with IPv4 mapped to IPv6."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy
from msgspec import Struct

from logproc.formats.columns.addresses import ADDRESS_BITS, MAPPED, address_of, bare

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Mask

MAPPED_BITS = 96


class Network(Struct, frozen=True):
    """What an address is compared with: a text, and the network that it names.

    address: 16 bytes, None if the text is a host name. bits: the length of the prefix, of 128.
    """

    text: str
    address: bytes | None
    bits: int

    def holds(self, addresses: Any) -> Mask:
        """Return which addresses, shape (n, 16), are in the network. IPv4 addresses are not in `::/0`."""
        if self.address is None:
            return numpy.zeros(len(addresses), bool)
        differing = (addresses ^ numpy.frombuffer(self.address, numpy.uint8)) & prefix_mask(self.bits)
        hits: Mask = ~differing.any(axis=1)
        return hits & ~is_mapped(addresses) if self.bits < MAPPED_BITS else hits


def network_of(text: str) -> Network | None:
    """Return the network of an address, a CIDR block (RFC 4632) or a name; None for an invalid block.

    Bits after the prefix count as 0, so `10.1.2.3/8` is `10.0.0.0/8`.
    """
    front, slash, prefix = text.partition("/")
    address = address_of(bare(front))
    if not slash:
        return Network(text, address, ADDRESS_BITS)
    width = ADDRESS_BITS if ":" in front else ADDRESS_BITS - MAPPED_BITS
    if address is None or not re.fullmatch("[0-9]{1,3}", prefix) or int(prefix) > width:
        return None
    return Network(text, address, int(prefix) + ADDRESS_BITS - width)


def prefix_mask(bits: int) -> Bytes:
    """Return 16 bytes, as an array, whose first `bits` bits are set."""
    return numpy.frombuffer(((1 << ADDRESS_BITS) - (1 << (ADDRESS_BITS - bits))).to_bytes(16), numpy.uint8)


def is_mapped(addresses: Any) -> Mask:
    """Return which addresses, shape (n, 16), are IPv4."""
    hits: Mask = (addresses[:, : len(MAPPED)] == numpy.frombuffer(MAPPED, numpy.uint8)).all(axis=1)
    return hits
