"""Random values of fields, and times in every form, each with the moment that it means."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from tools.fuzz.differential.model import DAY_S, Draw, Moment, local_seconds

UPPER = ("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL", "SEVERE")
WORDS = ("cart", "mail", "pay", "shop", "x", "Auth", "db_1", "a-b", "worker")
PIECES = (
    *(
        "order 17",
        "done",
        "user=alice",
        "caf\xe9",
        "\u65e5\u672c",
        "\xff\xfe",
        'say "hi"',
        "a\\b",
        "a\tb",
        "100%",
        "[x]",
        "{y}",
        "GET /x",
    ),
    *("it's", "a, b", "\x1b[31mred", "=1+1", "<tag>", "0", "-5", "1e3", "a:b", "7 of 9", "end.", "#3", "\x7f", "\xa0", "a\0b"),
)
"""Pieces of messages; those that Latin-1 can hold are sometimes written in it, and are not UTF-8 then."""
CLIENTS = (
    *("192.0.2.1", "192.0.2.77", "198.51.100.9", "203.0.113.254", "10.1.2.3", "2001:db8::1", "2001:db8:1::7", "fe80::1", "::1"),
    *("2001:DB8::2", "::ffff:192.0.2.1", "crawler.example.org", "localhost", "2001:db8:0:0:0:0:0:9"),
)
AGENTS = (
    b"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
    b"curl/8.5.0",
    b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    b"-",
    b"",
    b"odd \xfc agent",
    rb"\"quoted\" agent",
    b"unheard-of",
)
BOTS = dict(zip(AGENTS, ("person", "bot", "bot", "unknown", "unknown", "unknown", "unknown", "unknown"), strict=True))
"""What the field `bot` makes of them, said by hand."""
FAMILIES = {
    "browser": ("Firefox", "curl", "Googlebot"),
    "os": ("Linux", "Other", "Other"),
    "device": ("Other", "Other", "Spider"),
}
"""And what is known of the first three; of all others it is `Other`."""
TARGETS = (
    *(
        b"/",
        b"/cart",
        b"/cart?id=7",
        b"/img/a.PNG",
        b"/a.b/c",
        b"/app.min.js?v=1?2",
        b"/.env",
        b"*",
        b"/caf\xc3\xa9",
        b"/\xff",
        b"/?",
    ),
    *(b"/b.jsp;jsessionid=1", b"/a.toolongforone", b"http://example.com/x.html", b"/%20", b"/x\\x22y", b"/index."),
)
SHAPES = {
    "/orders/17/42": "/orders/<n>/<n>",
    "/u/38101a0b-2096-447d-96ea-a692162415ae": "/u/<uuid>",
    "/b.jsp;jsessionid=1": "/b.jsp;jsessionid=<n>",
    "192.0.2.1": "<ip>",
    "192.0.2.0": "<ip>",
    "web-1": "web-<n>",
}
"""The shapes of the paths above that are not their own."""
REQUESTS = (
    b"-",
    b"",
    rb"\x16\x03\x01",
    b"GET /old",
    b"GET  /two HTTP/1.1",
    b"POST /no-protocol",
    b"GET / HTTP/x",
    b"GET / HTTP/1.1 ",
)


def text(draw: Draw) -> bytes:
    """Return a message: a few pieces that begin and end with something visible."""
    count = draw.choice((1, 1, 2, 3))
    words = " ".join(draw.choice(PIECES) for _ in range(count))
    encoded = (
        words.encode("latin-1") if draw.chance(0.1) and words.isascii() is False and max(words) < "\u0100" else words.encode()
    )
    return encoded if encoded[-1:] not in b"\t \xa0" else encoded + b"!"


def request(draw: Draw) -> bytes:
    if draw.chance(0.08):
        return draw.choice(REQUESTS)
    method = draw.choice((b"GET", b"GET", b"POST", b"HEAD", b"get"))
    return b" ".join((method, draw.choice(TARGETS), draw.choice((b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b"HTTP/2.0"))))


def size(draw: Draw) -> bytes:
    return draw.choice((b"-", b"0", b"7", b"0012", str(draw.randrange(10**6)).encode(), str(draw.randrange(2**52)).encode()))


def odd_size(draw: Draw) -> bytes:
    return draw.choice((b"-1", b"1.5", b"12KB", b"1_000", b"9223372036854775808", b"12.0")) if draw.chance(0.2) else size(draw)


def seconds(draw: Draw) -> bytes:
    return draw.choice((b"0", b"0.000", b"1.5", b"0.25", b"12.345678912", str(draw.randrange(5000) / 1000).encode()))


KINDS: dict[str, Callable[[Draw], bytes]] = {
    "int": lambda draw: str(draw.choice((draw.randrange(10), draw.randrange(100_000)))).encode(),
    "small": lambda draw: str(draw.randrange(1, 24)).encode(),
    "word": lambda draw: draw.choice(WORDS).encode(),
    "thread": lambda draw: draw.choice((b"main", b"http-nio-8080-exec-1", b"pool-1-thread-2", b"a b", b"x/1")),
    "class": lambda draw: draw.choice((b"org.example.App", b"o.e.A$1", b"a-b.C", b"x_y", b"App")),
    "name": lambda draw: ".".join(draw.sample(("org", "App", "shop", "cart", "x1"), draw.randint(1, 3))).encode(),
    "file": lambda draw: draw.choice((b"main.cc", b"controller.go", b"a_b.go")),
    "host": lambda draw: draw.choice((b"web-1", b"db.example.com", b"192.0.2.1", b"h")),
    "client": lambda draw: draw.choice(CLIENTS).encode(),
    "user": lambda draw: draw.choice((b"-", b"-", b"alice", b"bob", b"al@ex.com", b"J\xc3\xbcrgen", b"al ex")),
    "upper": lambda draw: draw.choice(UPPER).encode(),
    "IWEF": lambda draw: draw.choice((b"I", b"W", b"E", b"F")),
    "VDIWEF": lambda draw: draw.choice((b"V", b"D", b"I", b"W", b"E", b"F", b"A", b"S")),
    "lower": lambda draw: draw.choice((b"debug", b"info", b"notice", b"warn", b"error", b"crit", b"alert", b"emerg")),
    "Title": lambda draw: draw.choice((b"Info", b"Error", b"Warning")),
    "MySQL": lambda draw: draw.choice((b"System", b"ERROR", b"Error", b"Warning", b"Note")),
    "redis": lambda draw: draw.choice((b".", b"*", b"#", b"-")),
    "status": lambda draw: draw.choice((b"200", b"200", b"304", b"404", b"500", b"099", b"999")),
    "size": size,
    "odd_size": odd_size,
    "agent": lambda draw: draw.choice(AGENTS),
    "referrer": lambda draw: draw.choice((b"-", b"", b"https://example.com/", b"https://example.com/cart?id=7", b"\xe9")),
    "seconds": seconds,
    "micros": lambda draw: str(draw.choice((0, 7, 1500, 2_000_000, draw.randrange(10**7)))).encode(),
    "request": request,
    "text": text,
    "forwarded": lambda draw: draw.choice((
        *(b"-", b"203.0.113.9", b"203.0.113.9, 10.0.0.1", b"unknown, 203.0.113.8", b"2001:db8::5", b"[2001:db8::6]:443"),
        *(b"203.0.113.9:1234, 10.0.0.1", b"nobody", b""),
    )),
    "name_or_none": lambda draw: draw.choice((b"-", b"alice", b"bob")),
    "hex32": lambda draw: b"%032x" % draw.randrange(2**128),
    "letter": lambda draw: draw.choice((b".", b"p", b"+", b"-")),
    "quoted": lambda draw: draw.choice((b"a b", b"-", b"", rb"x\"y", b"HIT", b"a, b", rb"\x22", b"[1]")),
    "stream": lambda draw: draw.choice((b"stdout", b"stderr")),
    "data": lambda draw: draw.choice((b"-", b'[a@1 b="c"]', rb'[a@1 b="c \" \] d"][e f=""]')),
    "spaces": lambda draw: b" " * draw.randint(0, 3),
}  # fmt: skip
"""The kinds of values that templates and tables name."""
Form = Callable[[Draw], tuple[bytes, Moment]]
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def zoned(draw: Draw, wall: datetime, *, offsets: bool) -> tuple[str, int]:
    """Return how a time ends, and what it means: with an offset, or in the zone of the run."""
    if not offsets or draw.chance(0.4):
        return "", local_seconds(wall, draw.zone)
    if draw.chance(0.3):
        return draw.choice(("Z", " UTC", " GMT", "Z")), local_seconds(wall, UTC)
    zone = draw.offset()
    written = f"{wall.replace(tzinfo=zone):%z}"
    colon = draw.chance(0.5)
    return draw.choice(("", "", " ")) + (f"{written[:3]}:{written[3:]}" if colon else written), local_seconds(wall, zone)


def dated(form: str, *, offsets: bool = False, fraction: str = "", end: str = "") -> Form:
    """Return a form with a year. form: for strftime, but `%b` in English and `%e` by Python. end: what is behind all times."""

    def write(draw: Draw) -> tuple[bytes, Moment]:
        wall = draw.wall()
        behind, meant = zoned(draw, wall, offsets=offsets)
        digits = (
            draw.choice(("", ".5", ".123", ",123", ".123456", ".123456789", ".1234567899")) if fraction == "any" else fraction
        )
        return (written(wall, form) + digits + behind + end).encode(), meant + fraction_of(digits)

    return write


def fraction_of(digits: str) -> Fraction:
    """Return what a mark and digits behind a second mean; of more than nine digits the first nine."""
    return Fraction(int(digits[1:10] or 0), 10 ** len(digits[1:10]))


def written(wall: datetime, form: str) -> str:
    """Return a time in a form; months and days of the week are English whatever the locale."""
    parts = {
        "%b": MONTHS[wall.month - 1],
        "%a": WEEKDAYS[wall.weekday()],
        "%e": f"{wall.day:2}",
        "%Y": f"{wall.year:04}",
        "%-H": str(wall.hour),
        "%-M": str(wall.minute),
        "%-S": str(wall.second),
        "%-m": str(wall.month),
        "%-d": str(wall.day),
        "%I": f"{wall.hour % 12 or 12}",
        "%p": "AM" if wall.hour < 12 else "PM",
    }
    for conversion, value in parts.items():
        form = form.replace(conversion, value)
    return wall.strftime(form)


def yearless(form: str, fraction: str = "") -> Form:
    """Return a form without a year: the latest such moment that is not more than a day after the file's last change."""

    def write(draw: Draw) -> tuple[bytes, Moment]:
        wall = draw.wall()
        return (written(wall, form) + fraction).encode(), latest(wall, draw) + fraction_of(fraction)

    return write


def latest(wall: datetime, draw: Draw) -> int:
    last = datetime(1970, 1, 1) + timedelta(seconds=draw.modified + DAY_S)  # noqa: DTZ001
    year = last.year
    while wall.replace(year=year, second=0) > last if exists(wall, year) else True:
        year -= 1
    return local_seconds(wall.replace(year=year), draw.zone)


def exists(wall: datetime, year: int) -> bool:
    return (wall.month, wall.day) != (2, 29) or isleap(year)


def clf(draw: Draw) -> tuple[bytes, Moment]:
    wall, zone = draw.wall(), draw.offset()
    return written(wall, f"%d/%b/%Y:%H:%M:%S {wall.replace(tzinfo=zone):%z}").encode(), local_seconds(wall, zone)


def epoch(draw: Draw) -> tuple[bytes, Moment]:
    meant = max(local_seconds(draw.wall(), UTC), 10**9 + draw.randrange(10**8))
    return str(meant).encode(), meant


def redis_time(draw: Draw) -> tuple[bytes, Moment]:
    return dated("%d %b %Y %H:%M:%S", fraction=".123")(draw)


def iso_of_server(draw: Draw) -> tuple[bytes, Moment]:
    wall, zone = draw.wall(), draw.offset()
    offset = f"{wall.replace(tzinfo=zone):%z}"
    return written(wall, f"%Y-%m-%dT%H:%M:%S{offset[:3]}:{offset[3:]}").encode(), local_seconds(wall, zone)


def with_year_behind(draw: Draw) -> tuple[bytes, Moment]:
    wall = draw.wall()
    middle = draw.choice(("", ".902022"))
    return (written(wall, "%a %b %d %H:%M:%S") + middle + f" {wall.year:04}").encode(), local_seconds(
        wall, draw.zone
    ) + fraction_of(middle)


FORMS: dict[str, Form] = {
    "iso": lambda draw: dated(draw.choice(("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")), offsets=True, fraction="any")(draw),
    "iso_bare": dated("%Y-%m-%d %H:%M:%S"),
    "iso_millis": dated("%Y-%m-%d %H:%M:%S", fraction=",123"),
    "iso_server": iso_of_server,
    "clf": clf,
    "slashes": dated("%Y/%m/%d %H:%M:%S"),
    "short_year": dated("%y/%m/%d %H:%M:%S"),
    "ctime": with_year_behind,
    "klog": yearless("%m%d %H:%M:%S", ".123456"),
    "logcat": yearless("%m-%d %H:%M:%S", ".123"),
    "syslog": yearless("%b %e %H:%M:%S"),
    "point": yearless("%m.%d %H:%M:%S"),
    "six": dated("%y%m%d %H%M%S"),
    "eight": dated("%Y%m%d %H:%M:%S", fraction=".123456"),
    "piped": dated("%Y%m%d-%-H:%-M:%-S", fraction=":606"),
    "points": dated("%Y-%m-%d-%H.%M.%S", fraction=".675872"),
    "tomcat": dated("%d-%b-%Y %H:%M:%S", fraction=".123"),
    "redis": redis_time,
    "epoch": epoch,
    "any": lambda draw: draw.choice(ANY)(draw),
}


ANY: tuple[Form, ...] = (
    *(FORMS[name] for name in ("iso", "slashes", "ctime", "points", "tomcat", "eight", "six", "short_year", "clf")),
    *(
        dated("%b %-d, %Y %I:%M:%S %p"),
        dated("%-m/%-d/%Y %I:%M:%S %p"),
        dated("%d.%m.%Y %H:%M:%S", offsets=True, fraction="any"),
    ),
    *(
        dated("%a, %d %b %Y %H:%M:%S", offsets=True),
        dated("%Y%m%dT%H%M%S", offsets=True),
        dated("%b %e %Y %H:%M:%S", offsets=True),
    ),
    *(yearless("%b %e %H:%M:%S"), yearless("%m-%d %H:%M:%S", ".5"), epoch),
)
"""Forms that a group `time` of a pattern may hold."""
