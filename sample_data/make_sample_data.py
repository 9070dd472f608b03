"""Generate the logs of this folder: a week of four small fictitious web sites, the same bytes every time.

usage: python sample_data/make_sample_data.py [FOLDER]

Client addresses are reserved for documentation (RFC 5737, RFC 3849), host names by RFC 2606. All randomness comes from
`random()` of a seeded generator, the only method whose sequence Python promises not to change.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import sys
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that the import below works in a script, too

from sample_data.make_app_logs import app_logs

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
BUSY_HOURS = [3, 2, 1, 1, 1, 2, 4, 7, 11, 14, 16, 17, 18, 17, 16, 15, 15, 16, 18, 20, 19, 15, 10, 6]
"""The relative number of visits in each hour of a site's local day."""
BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Edg/145.0.0.0",
]
ROBOTS = [
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example.com/)",
    "Mozilla/5.0 (compatible; IndexerBot/1.4; +https://indexer.example.org/about)",
    "FeedFetcher/3.0 (12 subscribers; feeds.example.net)",
]
SCANS = ["/wp-login.php", "/.env", "/xmlrpc.php", "/.git/config", "/admin/", "/phpmyadmin/index.php"]
ELSEWHERE = ["https://search.example.net/", "https://news.example.org/item?id=4711", "https://social.example.com/t/1882"]

SHOP = [
    *["/", "/products", "/cart", "/search?q=teapot", "/search?q=kettle", "/account/login", "/checkout", "/about"],
    *[f"/products/{name}" for name in ("teapot", "kettle", "cup-blue", "cup-white", "tray", "strainer", "spoon", "sugar-bowl")],
    *[f"/products?page={number}" for number in range(2, 9)],
    *["/static/app.css", "/static/app.js", "/static/logo.svg", "/favicon.ico", "/robots.txt"],
    *[f"/images/{number:04}.webp" for number in range(1, 25)],
]
BLOG = [
    *["/", "/feed.xml", "/archive", "/about", "/style.css"],
    *[f"/2026/{month:02}/{slug}/" for month in (1, 2, 3) for slug in ("why-we-count", "a-quiet-week", "letters", "on-tea")],
    *[f"/tags/{tag}" for tag in ("logs", "tea", "travel", "notes")],
]
API = [
    *["/api/v2/orders", "/api/v2/orders?status=open", "/api/v2/stock", "/api/v2/prices?currency=EUR", "/healthz"],
    *[f"/api/v2/orders/{number}" for number in range(48210, 48240)],
]


@dataclass(frozen=True)
class Site:
    """A site: its pages and users, the UTC offset of the server's clock, and the format of its lines."""

    seed: int
    line: str
    pages: Sequence[str]
    hosts: Sequence[str]
    requests: int
    first_day: int
    days: int
    offset: timedelta = timedelta()
    users: Sequence[str] = ()


COMMON = '{client} - {user} [{time}] "{request}" {status} {size}'
COMBINED = COMMON + ' "{referrer}" "{agent}"'
SHOP_SITE = Site(11, COMBINED, SHOP, ["shop.example.com"], 1000, 5, 2, users=["alice", "bob"])
LAST_WEEK = Site(12, COMBINED, SHOP, ["shop.example.com"], 2500, 0, 5, users=["alice", "bob"])
BLOG_SITE = Site(13, COMMON, BLOG, ["blog.example.org"], 1500, 0, 7, offset=timedelta(hours=1))
HOSTING = Site(14, "{host}:443 " + COMBINED, SHOP[:30], ["www.example.com", "static.example.com", "example.net"], 1500, 2, 5)
PROXIED = Site(15, COMBINED + ' "{forwarded}"', API, ["api.example.com"], 2000, 3, 4, timedelta(hours=-5), ["ci", "warehouse"])

DAMAGE = [
    rb'198.51.100.7 - - [07/Mar/2026:10:14:02 +0000] "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" 400 157 "-" "-"',
    rb'203.0.113.9 - - [07/Mar/2026:10:14:05 +0000] "GET /cut/off HTTP/1.1" 200 512 "-" "Mozilla/5.0 (compatib',
    rb'192.0.2.44 - - [07/Mar/2026:10:15:11 +0000] "GET /quoted HTTP/1.1" 200 512 "-" "\"Tea \\ Browser\" 1.0"',
    b'192.0.2.45 - - [07/Mar/2026:10:16:40 +0000] "GET /caf\xe9 HTTP/1.1" 404 196 "-" "latin-1 \xff\xfe"',
    b'192.0.2.46 - - [07/Mar/2026:10:17:00 +0000] "GET /nul\0\0 HTTP/1.1" 400 157 "-" "-"',
    b'192.0.2.47 - - [07/Mar/2026:10:17:31 +0000] "GET /red HTTP/1.1" 200 512 "-" "\x1b[31mred\x1b[0m [bold]loud[/] %s {0}"',
    b'192.0.2.48 - - [30/Feb/2026:10:18:00 +0000] "GET /no-such-day HTTP/1.1" 200 512 "-" "curl/8.12.1"',
    b'192.0.2.49 - - [07/Mar/2026:10:18:30 +0000] "GET /huge HTTP/1.1" 200 99999999999999999999 "-" "curl/8.12.1"',
    b"2026/03/07 10:19:00 [error] 812#812: *77 open() failed (2: No such file or directory)",
    b"",
    b'192.0.2.50 - - [07/Mar/2026:10:20:00 +0000] "GET /carriage-return HTTP/1.1" 200 512 "-" "curl/8.12.1"\r',
    b'192.0.2.51 - mary ann [07/Mar/2026:10:20:30 +0000] "GET /blank-in-user HTTP/1.1" 200 512 "-" "curl/8.12.1"',
    b" \t ",
    b'192.0.2.52 - - [07/Mar/2026:10:21:00 +0000] "-" 408 0 "-" "-"',
]
"""Unusual lines as real servers write them; some of them are records nevertheless."""

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
}


Item = TypeVar("Item")


def main() -> None:
    """Write the logs into the folder given on the command line, by default the script's own."""
    write_logs(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)


def write_logs(folder: Path) -> None:
    for name, data in {**all_logs(), **app_logs()}.items():
        compress = COMPRESSORS.get(Path(name).suffix, bytes)
        (folder / name).write_bytes(compress(data))


def all_logs() -> dict[str, bytes]:
    """Return the uncompressed access logs by file name."""
    return {
        "shop-access.log": make_log(SHOP_SITE),
        "shop-access.log.1.gz": make_log(LAST_WEEK),
        "blog-access.log.bz2": make_log(BLOG_SITE),
        "hosting-access.log.xz": make_log(HOSTING),
        "api-nginx.log.zst": make_log(PROXIED),
        "damaged.log": make_damaged_log(),
    }


def make_log(site: Site) -> bytes:
    """Return a log of `site`, ordered by time."""
    draw = random.Random(site.seed)
    seconds = sorted(draw_second(draw, site.days) for _ in range(site.requests))
    clients = make_clients(draw)
    return b"".join(make_line(draw, site, clients, second).encode() + b"\n" for second in seconds)


def make_damaged_log() -> bytes:
    """Return 70 good lines with a damaged one after every fifth."""
    good = make_log(Site(16, COMBINED, SHOP, ["shop.example.com"], 70, 5, 1)).split(b"\n")[:-1]
    for number, line in enumerate(DAMAGE):
        good.insert(5 * (number + 1) + number, line)
    return b"\n".join(good) + b"\n"


def make_line(draw: random.Random, site: Site, clients: Sequence[str], second: int) -> str:
    """Return one line of `site`, without its end, for a request `second` seconds into the site's first day."""
    client, scan = pick(draw, clients, 0.8), draw.random() < 0.015
    agent = pick(draw, BROWSERS, 0.7) if sum(map(ord, client)) % 9 else pick(draw, ROBOTS)
    page = pick(draw, SCANS) if scan else pick(draw, site.pages, 0.9)
    method, status = make_answer(draw, page, scan=scan)
    size = "-" if status in {204, 304} or method == "HEAD" else str(180 + whole(draw, 97 + sum(map(ord, page)) % 61 * 700))
    clock = (MONDAY + timedelta(days=site.first_day, seconds=second)).replace(tzinfo=timezone(site.offset))
    return site.line.format(
        host=pick(draw, site.hosts),
        client=client,
        user=pick(draw, site.users) if site.users and draw.random() < 0.04 else "-",
        time=clock.strftime("%d/%b/%Y:%H:%M:%S %z"),
        request=f"{method} {page} HTTP/{'2.0' if draw.random() < 0.6 else '1.1'}",
        status=status,
        size=size,
        referrer=make_referrer(draw, site, page),
        agent="curl/8.12.1" if page == "/healthz" else agent,
        forwarded=pick(draw, clients) if draw.random() < 0.9 else "-",
    )


def make_answer(draw: random.Random, page: str, *, scan: bool) -> tuple[str, int]:
    if scan:
        return "GET", 404 if draw.random() < 0.8 else 403
    if page in {"/cart", "/checkout", "/account/login", "/api/v2/orders"} and draw.random() < 0.6:
        return "POST", pick(draw, [200, 302, 201, 400, 401, 500], 1.6)
    if "." in page:
        return "GET", pick(draw, [200, 304, 206], 1.2)
    return ("HEAD" if draw.random() < 0.02 else "GET"), pick(draw, [200, 304, 301, 404, 503, 500], 2.2)


def make_referrer(draw: random.Random, site: Site, page: str) -> str:
    """Return the referrer: mostly the site itself, sometimes another site, often unknown."""
    chance = draw.random()
    if chance < 0.35 or page.startswith("/api"):
        return "-"
    return f"https://{site.hosts[0]}{pick(draw, site.pages[:5])}" if chance < 0.9 else pick(draw, ELSEWHERE)


def make_clients(draw: random.Random) -> list[str]:
    """Return the addresses of 120 visitors, one in eight of them IPv6."""
    return [draw_address(draw, number) for number in range(120)]


def draw_address(draw: random.Random, number: int) -> str:
    if number % 8 == 7:
        return f"2001:db8:{whole(draw, 65536):x}::{whole(draw, 65536):x}"
    return f"{('192.0.2', '198.51.100', '203.0.113')[number % 3]}.{1 + whole(draw, 254)}"


def draw_second(draw: random.Random, days: int) -> int:
    """Return a second within the first `days` days, distributed like BUSY_HOURS."""
    return whole(draw, days) * 86_400 + pick(draw, range(24), weights=BUSY_HOURS) * 3600 + whole(draw, 3600)


def pick(draw: random.Random, items: Sequence[Item], lean: float = 1.0, weights: Sequence[float] = ()) -> Item:
    """Return one of `items`, by `weights` or by Zipf's law with the exponent `lean` (earlier items are more frequent)."""
    sums = list(accumulate(weights or [rank**-lean for rank in range(1, len(items) + 1)]))
    return items[bisect(sums, draw.random() * sums[-1])]


def whole(draw: random.Random, below: int) -> int:
    """Return an integer from 0 to `below` - 1."""
    return int(draw.random() * below)


if __name__ == "__main__":
    main()
