"""How a line of an access log is laid out: unquoted tokens between blanks, and quoted text between them.

A Layout is data. `pattern` makes one anchored expression of it (the exact way), `delimited` cuts whole chunks
by it (the fast way); a test holds the two equal. A new format that blanks and quotes can describe is a new Layout.

Sources: Apache's mod_log_config (`common`, `combined`, `vhost_combined`), nginx's ngx_http_log_module (`main`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a line, in order: `unquoted[0] "quoted[0]" unquoted[1] "quoted[1]" … unquoted[-1]`.

    Each of `unquoted` names the tokens that stand there, with one blank between two of them and between them
    and a quote. The token `time` is 26 characters in brackets, `status` three digits, `bytes` digits or `-`; what
    stands at `ident` is not looked at. No name stands twice.

    units: of the columns that hold a number, the power of ten by which it is to be divided: 3 for milliseconds.
    """

    name: str
    summary: str
    example: str
    unquoted: tuple[tuple[str, ...], ...]
    quoted: tuple[str, ...]
    units: tuple[tuple[str, int], ...] = ()

    @property
    def tokens(self) -> tuple[str, ...]:
        """What stands outside of quotes, in order."""
        return tuple(token for part in self.unquoted for token in part)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The columns whose values are text, the request aside."""
        return tuple(name for name in (*self.tokens, *self.quoted) if name not in SPECIAL)


SPECIAL = frozenset({"time", "status", "bytes", "ident", "request"})
"""What a line may hold that is no column of text."""
FRONT = ("client", "ident", "user", "time")
RESULT = ("status", "bytes")
EXAMPLE = '192.0.2.7 - alice [17/May/2015:10:05:03 +0000] "GET /cart?id=7 HTTP/1.1" 200 4263'
QUOTES = ' "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64)"'

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
