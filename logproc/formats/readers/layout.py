r"""How a line of an access log is laid out: unquoted tokens between blanks, and quoted text between them.

A Layout is data. `LayoutReader` makes one expression of RE2 of it, which is its definition; `quotes` cuts whole chunks by
it. A new format that blanks and quotes can describe is a new Layout.

Sources: Apache's mod_log_config (`common`, `combined`, `vhost_combined`), nginx's ngx_http_log_module (`main`).
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.columns.slices import encoded, mask
from logproc.formats.raw import Found, Reader
from logproc.formats.readers.expression import Expression, extract, matching
from logproc.formats.times.forms import ACCESS
from logproc.model.chunk import Context
from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logproc.formats.columns.lines import Lines
    from logproc.model.arrays import Integers, Mask

SPECIAL = frozenset({"time", "status", "bytes", "ident", "request"})
"""Parts of a line that are not columns of text."""
TEXT = r"[^ \t\n\r\v\f]+"
WORD = r"(?:[^ -][^ ]*|-[^ ]+)"
TOKENS = {"user": rf"-| *?{WORD}(?: +{WORD})*? *?| +-?", "status": r"\d{3}", "bytes": r"\d+|-"}
"""A user may have blanks, but no word beside another is `-`: that is the place of another token. Old servers write ` -`."""
HOST = r"(?:\d+\.\d+\.\d+\.\d+|[A-Za-z0-9_.-]*[A-Za-z][A-Za-z0-9_.-]*)(?::\d+)?"
IPV6 = r"(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){6}[0-9.]+|[0-9A-Fa-f:]*::[0-9A-Fa-f:.]*)"
"""With eight groups, or two colons for some of them: `10:00:00` is a time of day."""
STRICT = {
    "user": TEXT,
    "host": HOST,
    "client": rf"(?:{HOST}|\[?{IPV6}(?:%\w+)?(?:\]:\d+)?|unix:\S*|-)",
}
"""What tokens look like in lines that show the format of a source: an address or a name, nothing that was put before it."""
TIME = rf"\[{ACCESS.expression}\]"
QUOTED = r'"(?P<{}>[^"\\]*(?:\\.[^"\\]*)*)"'
STATUSES = pyarrow.array([b"%03d" % status for status in range(1000)], pyarrow.binary())


def status_column(numbers: NDArray[Any]) -> KeyColumn:
    """Return status codes from 0 to 999 as a column of text, whose keys are those that occur."""
    occurs = numpy.bincount(numbers, minlength=len(STATUSES)) > 0
    return KeyColumn(STATUSES.filter(pyarrow.array(occurs)), (numpy.cumsum(occurs) - 1)[numbers])


MOST_DIGITS, MOST_BYTES = 19, 2**63 - 1
FRONT = ("client", "ident", "user", "time")
RESULT = ("status", "bytes")
EXAMPLE = '192.0.2.7 - alice [17/May/2015:10:05:03 +0000] "GET /cart?id=7 HTTP/1.1" 200 4263'
QUOTES = ' "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64)"'


class Layout(Struct, frozen=True, dict=True):
    """The parts of a line, in order: `unquoted[0] "quoted[0]" unquoted[1] "quoted[1]" … unquoted[-1]`.

    Each of `unquoted` names the tokens that are there, with one blank between two of them and between them
    and a quote. The token `time` is 26 characters in brackets, `status` three digits, `bytes` digits or `-`; what
    is at `ident` is not looked at. No name comes twice.

    units: of the columns that hold a number, the power of ten by which it is to be divided: 3 for milliseconds.
    """

    name: str
    summary: str
    example: str
    unquoted: tuple[tuple[str, ...], ...]
    quoted: tuple[str, ...]
    units: tuple[tuple[str, int], ...] = ()

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        return tuple(token for part in self.unquoted for token in part)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The names of the parts that are columns of text."""
        return (*(name for name in self.tokens if name not in {"time", "status", "bytes", "ident"}), *self.quoted)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all parts of a line, in order."""
        found: list[str] = []
        for position, tokens in enumerate(self.unquoted):
            found += [*tokens, *self.quoted[position : position + 1]]
        return tuple(found)


class LayoutReader(Reader, frozen=True):
    """The exact reader: one anchored expression that runs over all lines not yet claimed."""

    layout: Layout

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name for name in (*self.layout.tokens, *self.layout.quoted) if name != "ident")

    @property
    def numbers(self) -> tuple[str, ...]:
        return ("bytes",) if "bytes" in self.layout.tokens else ()

    def fits(self, texts: pyarrow.Array) -> Mask:
        """Return which lines fit with a user of one word.

        A line of `vhost_combined` is one of `combined` as well, by a user that holds a blank: that is not a sign of the format.
        Nor is it the other way round, where the client behind a host is `-`.
        """
        fits: Mask = matching(texts, expression(self.layout, strict=True)).to_numpy(zero_copy_only=False)
        if self.layout.tokens[:2] == ("host", "client"):
            fits &= ~matching(texts, f"^{TEXT} - ").to_numpy(zero_copy_only=False)
        return fits

    def claims(self, texts: pyarrow.Array) -> Mask:
        """Return which lines `read` takes: users may contain spaces."""
        fits: Mask = matching(texts, expression(self.layout)).to_numpy(zero_copy_only=False)
        return fits

    def fits_loosely(self, texts: pyarrow.Array) -> Mask:
        """Return which lines match if a user may contain spaces."""
        fits: Mask = matching(texts, expression(self.layout, strict=True, blanks=True)).to_numpy(zero_copy_only=False)
        return fits

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Found:
        """Return the lines that match, with sizes as integers, and the reason for each line that does not."""
        # The quick reader leaves few lines that fit, or, in a source of several layouts, all of the others. Matching without
        # groups is several times as fast as with them.
        which = numpy.flatnonzero(left)
        fits = self.claims(lines.texts(which))
        fitting = numpy.zeros_like(left)
        fitting[which[fits]] = True
        found = reader_of(self.layout).read(lines, fitting, {*wanted, "bytes"}, context)
        reasons = reasons_of(self.layout, lines, which[~fits])
        if "bytes" in found.fields:
            found, too_large = with_sizes(found)
            reasons |= dict.fromkeys(too_large.tolist(), "bad-size")
        return replace(found, reasons=reasons)


@cache
def reader_of(layout: Layout) -> Expression:
    """Return the reader for a layout. Its groups are numbered because a field may have any name."""
    names = tuple((f"g{at}", name) for at, name in enumerate(layout.names) if name not in {"ident", "time"})
    return Expression(expression(layout), ACCESS if "time" in layout.tokens else None, names=names)


@cache
def expression(layout: Layout, *, strict: bool = False, blanks: bool = False) -> str:
    """Return the expression of a layout.

    If strict, the client is an address or a name, and a user may not contain spaces unless with blanks: that distinguishes
    formats.
    """
    return "(?s)^" + "".join(parts(layout, strict=strict, blanks=blanks)) + "$"


def parts(layout: Layout, *, strict: bool = False, blanks: bool = False) -> list[str]:
    """Return the expressions of a line's parts, in order, each with one group."""
    found: list[str] = []
    for position, names in enumerate(layout.unquoted):
        last = position == len(layout.quoted)
        front = " " if position and (names or not last) else ""
        for number, name in enumerate(names):
            exactly = strict and not (blanks and name == "user")
            found.append(front + " " * bool(number) + token(name, f"g{len(found)}", strict=exactly))
            front = ""
        if not last:
            found.append(front + " " * bool(names) + QUOTED.format(f"g{len(found)}"))
    return found


def token(name: str, group: str, *, strict: bool) -> str:
    if name == "time":
        return TIME
    return f"(?P<{group}>{(STRICT if strict else {}).get(name) or TOKENS.get(name, TEXT)})"


def with_sizes(found: Found) -> tuple[Found, Integers]:
    """Return the records with sizes as integers (`-` is 0), and the lines with a size over 63 bits."""
    keys, index = encoded([found.fields["bytes"].values])
    sizes = [size_of(text) for text in keys.to_pylist()]
    number = numpy.array([size or 0 for size in sizes], numpy.int64)[index]
    good = numpy.array([size is not None for size in sizes], bool)[index]
    fields = {name: column for name, column in found.fields.items() if name != "bytes"}
    records = replace(found, fields=fields, numbers={"bytes": number})
    return records.keep(good), found.line[~good]


def size_of(text: bytes) -> int | None:
    """Return a size, None if it is too large. Python refuses to convert thousands of digits, even zeros."""
    if text == b"-":
        return 0
    if len(text.lstrip(b"0")) > MOST_DIGITS or int(text[-MOST_DIGITS:]) > MOST_BYTES:
        return None
    return int(text[-MOST_DIGITS:])


def reasons_of(layout: Layout, lines: Lines, which: Integers) -> dict[int, str]:
    """Return why lines do not fit: what is wrong behind the longest good beginning.

    Each beginning of the layout (its first part, its first two, …) is an expression that is run over the lines that are left.
    """
    reasons: dict[int, str] = {}
    texts = lines.texts(which)
    for at, name in enumerate(layout.names):
        if not len(which):
            break
        fits = matching(texts, prefix(layout, at)).to_numpy(zero_copy_only=False)
        if not fits.all():
            misfits = texts.filter(mask(~fits))
            reasons |= zip(which[~fits].tolist(), why(layout, at, name, misfits), strict=True)
            texts, which = texts.filter(mask(fits)), which[fits]
    return reasons | dict.fromkeys(which.tolist(), "text-after-end")


@cache
def prefix(layout: Layout, at: int) -> str:
    """Return the expression of a line's first parts, up to the one at a position.

    An unquoted one ends at a blank or with the line, so that `2000` is a bad status and `-1` a bad size.
    """
    return "(?s)^" + "".join(parts(layout)[: at + 1]) + ("" if layout.names[at] in layout.quoted else "(?: |$)")


def why(layout: Layout, at: int, name: str, texts: pyarrow.Array) -> list[str]:
    """Return why each line that is good up to the part at a position, called `name`, does not match."""
    if name not in layout.quoted:
        reason = {"time": "bad-time", "status": "bad-status", "bytes": "bad-size"}.get(name, "no-match")
        return [reason] * len(texts)
    if not at:
        return ["missing-quote"] * len(texts)
    # What comes behind the parts before: the beginning of a quote that does not end, or anything else.
    end = ".?.?" if layout.names[at - 1] in layout.quoted else "(?: .?|$)"
    behind = extract(texts, "(?s)^" + "".join(parts(layout)[:at]) + f"(?P<behind>{end})").field("behind")
    return ["unterminated-quote" if rest == b' "' else "missing-quote" for rest in behind.to_pylist()]


LAYOUTS = (
    Layout(
        name="common",
        summary="Common Log Format: Apache's `common`",
        example=EXAMPLE,
        unquoted=(FRONT, RESULT),
        quoted=("request",),
    ),
    Layout(
        name="combined",
        summary="Combined Log Format: Apache's and nginx's `combined`",
        example=EXAMPLE + QUOTES,
        unquoted=(FRONT, RESULT, (), ()),
        quoted=("request", "referrer", "user_agent"),
    ),
    Layout(
        name="vhost_combined",
        summary="Combined with the virtual host in front: Apache's `vhost_combined`",
        example="shop.example.com:443 " + EXAMPLE + QUOTES,
        unquoted=(("host", *FRONT), RESULT, (), ()),
        quoted=("request", "referrer", "user_agent"),
    ),
    Layout(
        name="combined_forwarded",
        summary="Combined with X-Forwarded-For at the end: nginx's stock `main`",
        example=EXAMPLE + QUOTES + ' "203.0.113.9"',
        unquoted=(FRONT, RESULT, (), (), ()),
        quoted=("request", "referrer", "user_agent", "forwarded_for"),
    ),
)
