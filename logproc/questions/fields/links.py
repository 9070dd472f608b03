r"""Parts of links: the host of a URL, and the value of one parameter of a query.

A value is shown as its server gets it (WHATWG URL, application/x-www-form-urlencoded): `+` is a blank, `%C3%A9` an é, so that
one campaign is one key however browsers encode it. What is then not printable is `\xNN`, as in all keys.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.printable import shown
from logproc.formats.columns.slices import arrow, mask

HOST = (
    r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?"
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s/?#:@\[\]\\\"'<>(),;]+?)\.?)(?::[0-9]*)?(?:[/?#]|$)"
)
ENCODED = r"[%+]"


def hosts(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the host of each URL in lower case, without user, port and brackets; null for what is not a URL with a host."""
    found = pyarrow.compute.extract_regex(keys, HOST)
    names = (pyarrow.compute.struct_field(found, name) for name in ("six", "name"))
    either = pyarrow.compute.binary_join_element_wise(*names, "")
    return pyarrow.compute.ascii_lower(pyarrow.compute.if_else(pyarrow.compute.equal(either, ""), None, either))


def parameters(keys: pyarrow.Array, name: str) -> pyarrow.Array:
    """Return the first value of a parameter in each query; null where it is missing or empty."""
    found = pyarrow.compute.extract_regex(keys, rf"(?:^|&){re.escape(name)}(?:=(?P<value>[^&]*))?(?:&|$)")
    values = pyarrow.compute.struct_field(found, "value")
    values = pyarrow.compute.if_else(pyarrow.compute.equal(values, ""), None, values)
    encoded = pyarrow.compute.fill_null(pyarrow.compute.match_substring_regex(keys, ENCODED), False)
    places = numpy.flatnonzero(encoded.to_numpy(zero_copy_only=False))
    texts = [parameter(text, name) for text in keys.take(arrow(places, pyarrow.int64())).to_pylist()]
    chosen = numpy.zeros(len(keys), bool)
    chosen[places] = True
    return pyarrow.compute.replace_with_mask(values, mask(chosen), pyarrow.array(texts, pyarrow.string()))


def parameter(query: str, name: str) -> str | None:
    """Return the first value of a parameter, None if it is missing or empty. This is the definition.

    >>> parameter("page=2&q=red+caf%C3%A9&q=tea", "q"), parameter("q&page=2", "q")
    ('red café', None)
    """
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if decoded(key) == name:
            return decoded(value) or None
    return None


def decoded(text: str) -> str:
    return shown(unquote_to_bytes(text.replace("+", " ")))
