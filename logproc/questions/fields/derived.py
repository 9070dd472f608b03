"""Fields that are computed from one column of text: ext, status_class, browser, os, device, bot, net:N and shape(FIELD).

Each is a function of the dictionary, so it costs what the distinct values of a chunk cost, not its records.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow
import pyarrow.compute

from logproc.model.columns import KeyColumn
from logproc.model.errors import UsageError
from logproc.questions.fields.addresses import networks
from logproc.questions.fields.agents import agent_classes, browsers, devices, systems
from logproc.questions.fields.recode import recode
from logproc.questions.fields.shapes import shape
from logproc.questions.where.networks import ADDRESS_BITS

EXTENSION = r"[^/;]\.(?P<extension>[0-9A-Za-z]{1,10})(?:;[^/]*)?$"
STATUS = "^(?P<digit>[1-5])[0-9]{2}$"
NETWORK = re.compile("net:([0-9]{1,3})")
SHAPE = re.compile(r"shape\(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Derived:
    """A field that is computed. name: as it was written; of: the column that `apply` makes it from."""

    name: str
    of: str
    apply: Callable[[KeyColumn], KeyColumn]


def derive(name: str) -> Derived | None:
    """Return the derived field of a name, None if it is not one. Raises UsageError if it is written wrong.

    >>> derive("shape(path)").of, derive("net:24").of, derive("path")
    ('path', 'client', None)
    """
    if name in FIELDS:
        return derived(name, *FIELDS[name])
    if name.startswith("net:"):
        return derived(name, "client", functools.partial(networks, bits=prefix_bits(name)))
    if name.startswith("shape("):
        return derived(name, shaped_field(name), shape)
    return None


def derived(name: str, of: str, function: Callable[[pyarrow.Array], pyarrow.Array]) -> Derived:
    """Return the field of a function that gives a value for each key."""
    return Derived(name, of, lambda column: recode(column, function(column.keys)))


def prefix_bits(name: str) -> int:
    """Return the length of the prefix of `net:N`. Raises UsageError if there is none."""
    match = NETWORK.fullmatch(name)
    if not match or int(match[1]) > ADDRESS_BITS:
        raise UsageError(f"{name!r} is not a network", "write net:0 to net:32 for IPv4, net:33 to net:128 for IPv6")
    return int(match[1])


def shaped_field(name: str) -> str:
    """Return the field in `shape(FIELD)`. Raises UsageError if there is none."""
    match = SHAPE.fullmatch(name)
    if not match:
        raise UsageError(f"{name!r} is not a shape", "write shape(FIELD), such as shape(path)")
    return match[1]


def extensions(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the extension of the last segment of each path, in small letters: 1 to 10 letters and digits; null without one.

    A name that begins with its only dot has none, and parameters behind a `;` (RFC 3986, 3.3) do not count.
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
    "browser": ("user_agent", browsers),
    "os": ("user_agent", systems),
    "device": ("user_agent", devices),
    "bot": ("user_agent", agent_classes),
}
