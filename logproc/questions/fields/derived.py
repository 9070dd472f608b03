"""Fields computed from a column of text: ext, status_class, browser, os, device, bot, referrer_host, net:N, shape(NAME).

Each is a function of the dictionary, so its cost depends on a chunk's distinct values, not on its records.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.addresses import ADDRESS_BITS
from logproc.model.columns import KeyColumn
from logproc.model.errors import UsageError
from logproc.model.patterns import regex
from logproc.questions.fields.addresses import networks
from logproc.questions.fields.agents import agent_classes, families
from logproc.questions.fields.links import hosts, parameters
from logproc.questions.fields.recode import recode
from logproc.questions.fields.shapes import shape

EXTENSION = r"[^/;]\.(?P<extension>[0-9A-Za-z]{1,10})(?:;[^/]*)?$"
STATUS = "^(?P<digit>[1-5])[0-9]{2}$"
NETWORK = regex("net:([0-9]{1,3})")
SHAPE = regex(r"shape\(([^()]+)\)")
QUERY = regex(r"query\(([^()]+)\)")


class Derived(Struct, frozen=True):
    """A computed field. name: as the user wrote it. of: the column that `apply` computes it from."""

    name: str
    of: str
    apply: Callable[[KeyColumn], KeyColumn]


def derive(name: str) -> Derived | None:
    """Return the derived field of a name, None if the name is not one. Raises UsageError if it is malformed.

    >>> derive("shape(path)").of, derive("net:24").of, derive("path")
    ('path', 'client', None)
    """
    if name in FIELDS:
        return derived(name, *FIELDS[name])
    if name.startswith("net:"):
        match = NETWORK.fullmatch(name)
        if not match or int(match[1]) > ADDRESS_BITS:
            raise UsageError(f"{name!r} is not a network", "write net:0 to net:32 for IPv4, net:33 to net:128 for IPv6")
        return derived(name, "client", functools.partial(networks, bits=int(match[1])))
    if name.startswith("shape("):
        match = SHAPE.fullmatch(name)
        if not match:
            raise UsageError(f"{name!r} is not a shape", "write shape(FIELD), such as shape(path)")
        return Derived(name, match[1], shape)
    if name.startswith("query("):
        match = QUERY.fullmatch(name)
        if not match:
            raise UsageError(f"{name!r} is not a parameter", "write query(NAME), such as query(utm_source)")
        return derived(name, "query", functools.partial(parameters, name=match[1]))
    return None


def derived(name: str, of: str, function: Callable[[pyarrow.Array], pyarrow.Array]) -> Derived:
    return Derived(name, of, lambda column: recode(column, function(column.keys)))


def extensions(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the lower-case extension of each path's last segment: 1 to 10 letters and digits; null without one.

    A name whose only dot comes first has none. Parameters after a `;` (RFC 3986, 3.3) do not count.
    """
    found = pyarrow.compute.extract_regex(keys, EXTENSION)
    return pyarrow.compute.ascii_lower(pyarrow.compute.struct_field(found, "extension"))


def status_classes(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the class of each status (RFC 9110, 15), such as `2xx`; null for anything else."""
    found = pyarrow.compute.extract_regex(keys, STATUS)
    return pyarrow.compute.binary_join_element_wise(pyarrow.compute.struct_field(found, "digit"), "xx", "")


FIELDS: dict[str, tuple[str, Callable[[pyarrow.Array], pyarrow.Array]]] = {
    "ext": ("path", extensions),
    "status_class": ("status", status_classes),
    "browser": ("user_agent", functools.partial(families, kind="browser")),
    "os": ("user_agent", functools.partial(families, kind="os")),
    "device": ("user_agent", functools.partial(families, kind="device")),
    "bot": ("user_agent", agent_classes),
    "referrer_host": ("referrer", hosts),
}
