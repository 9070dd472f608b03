"""`--where`, `--by`, `--since`, `--metric` and `--sort` against DuckDB over the same records: random questions, no difference.

DuckDB reads the log by expressions of its own and answers in SQL; the two share no code but RE2. Where a comparison cannot be
made because a field is absent it is false, where SQL has NULL, so each is written `field IS NOT NULL AND …`.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from logproc.model.snapshot import Snapshot
from logproc.pipeline.api import analyze
from tests.support.logs import line

FEW, MANY = range(100, 170), range(400)
"""Seeds of the questions: few that are of all kinds, and what the soak asks."""
LINES = 2500
START = datetime(2025, 6, 27, 20, tzinfo=UTC)
BETWEEN_S = 240
"""Seconds between two lines at the most: the log is of four days, and the turn of a month."""
CLIENTS = [
    *[f"192.0.2.{number}" for number in range(1, 60, 3)],
    *["198.51.100.7", "198.51.100.200", "203.0.113.9", "10.1.2.3", "10.200.0.1"],
    *[
        "2001:db8::1",
        "2001:db8:0:0::1",
        "2001:DB8::2",
        "2001:db8:1::7",
        "fe80::1",
        "::1",
        "::ffff:192.0.2.1",
        "::ffff:10.1.2.3",
    ],
    *["crawler.example.org", "localhost", "-"],
]
NETWORKS = ["192.0.2.0/24", "192.0.2.16/28", "10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8:1::/48", "fe80::/10"]
PATHS = [
    *[
        "/",
        "/cart",
        "/cart/",
        "/index.html",
        "/INDEX.HTML",
        "/img/logo.png",
        "/img/a.b/c",
        "/app.min.js",
        "/.env",
        "/api/v1/users",
    ],
    *[
        "/api/v2/orders/17",
        "/api/v2/orders/18",
        "/caf\xe9",
        "/caf%C3%A9",
        "/a;jsessionid=1",
        "/b.jsp;jsessionid=1",
        "*",
        "/%20",
        "/a.toolongforone",
    ],
]
QUERIES = ["", "", "", "?", "?id=7", "?id=8&page=2", "?q=a?b", "?q=\xfcber"]
AGENTS = [
    *["-", "-", "", *["Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (Windows NT 10.0)", "curl/8.5.0"] * 4, "Bot \xfc [1]"],
    *[r"\"quoted\" agent", r"back\\slash", "Mozilla/5.0 (compatible; Bot/2.1; +https://bot.example/)"],
]
REFERRERS = ["-", "-", "", "https://example.com/", "https://example.com/cart?id=7", "https://example.org/"]
REQUESTS = ["-", "", r"\x16\x03\x01", "GET /old", "GET  /two HTTP/1.1", "POST /no-protocol", "GET / HTTP/x"]
"""Of these only `GET /old` is a request."""
STATUSES = ["200"] * 6 + ["206", "301", "304", "304", "400", "404", "404", "499", "500", "503", "099", "000", "999"]

TABLE = r"""
CREATE TABLE log AS
WITH lines AS (SELECT unnest(string_split(rtrim(content, chr(10)), chr(10))) AS line FROM read_text(?)),
parts AS (
    SELECT unnest(regexp_extract(
        line,
        '^(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$',
        ['client', 'ident', 'user', 'time', 'request', 'status', 'bytes', 'referrer', 'user_agent']
    )) FROM lines),
requests AS (
    SELECT * REPLACE (
            strptime("time", '%d/%b/%Y:%H:%M:%S %z')::TIMESTAMPTZ AT TIME ZONE 'UTC' AS "time",
            coalesce(try_cast("bytes" AS HUGEINT), 0) AS "bytes"),
        regexp_full_match(request, '\S+ \S+ HTTP/\d+(\.\d+)?|GET \S+') AS good,
        string_split(request, ' ') AS words
    FROM parts),
targets AS (SELECT *, CASE WHEN good THEN words[2] END AS target FROM requests)
SELECT
    "time", "bytes", status, good,
    CASE nullif(client, '') WHEN '-' THEN NULL {spellings} ELSE nullif(client, '') END AS client,
    nullif(nullif("user", '-'), '') AS "user",
    nullif(nullif(referrer, '-'), '') AS referrer,
    nullif(nullif(user_agent, '-'), '') AS user_agent,
    CASE WHEN good THEN words[1] END AS "method",
    target,
    split_part(target, '?', 1) AS path,
    CASE WHEN contains(target, '?') THEN substr(target, instr(target, '?') + 1) END AS query,
    CASE WHEN good THEN words[3] END AS protocol,
    strftime("time", '%Y-%m-%dT%H:%M:00Z') AS "minute",
    strftime("time", '%Y-%m-%dT%H:00:00Z') AS "hour",
    strftime("time", '%Y-%m-%d') AS "day",
    strftime("time", '%a') AS weekday,
    CASE WHEN status[1] BETWEEN '1' AND '5' THEN concat(status[1], 'xx') END AS status_class,
    lower(nullif(regexp_extract(split_part(parse_filename(path), ';', 1), '^.+\.([0-9A-Za-z]{1,10})$', 1), '')) AS ext
FROM targets
"""
BY = [
    "hour",
    "day",
    "minute",
    "weekday",
    "status",
    "status_class",
    "method",
    "path",
    "ext",
    "client",
    "user",
    "query",
    "protocol",
]
BY += ["referrer", "user_agent", "target"]
METRICS = {
    **{f"{name}:bytes": f'{name}("bytes")' for name in ("min", "max", "sum")},
    "mean:bytes": 'avg("bytes")',
    **{f"uniques:{name}": f'count(DISTINCT "{name}")' for name in ("client", "user", "path", "status", "hour")},
    **{f"p{percent}:bytes": f'list_sort(list("bytes"))[(count(*) * {percent} + 99) // 100]' for percent in (50, 95)},
}
"""The metrics, and how DuckDB computes them. The number of rank ceil(q * n) is a percentile."""


@dataclass(frozen=True)
class Condition:
    """One filter, in both languages."""

    where: str
    sql: str


@dataclass(frozen=True)
class Asked:
    """One question. options: for `analyze`; conditions, keys, metrics and order: for DuckDB."""

    options: dict[str, Any]
    conditions: Sequence[str]
    keys: Sequence[str]
    metrics: Sequence[str]
    order: str = field(default="")


def made_log() -> bytes:
    """Return the log, the same each time."""
    random_ = random.Random(20)
    at, lines = START, []
    for _ in range(LINES):
        at += timedelta(seconds=random_.randrange(BETWEEN_S))
        lines.append(made_line(random_, at))
    return b"\n".join(lines) + b"\n"


def made_line(random_: random.Random, at: datetime) -> bytes:
    """Return one record with values that are common, absent, empty, or look like others."""
    pick = random_.choice
    zone = timezone(timedelta(minutes=pick([0, 0, 0, 120, -570])))
    request = (
        f"{pick(['GET', 'GET', 'GET', 'POST', 'HEAD'])} {pick(PATHS)}{pick(QUERIES)} HTTP/{pick(['1.1', '1.1', '1.0', '2'])}"
    )
    return line(
        client=pick(CLIENTS).encode(),
        user=pick([b"-", b"-", b"-", b"alice", b"bob", b"Alice"]),
        time=at.astimezone(zone).strftime("%d/%b/%Y:%H:%M:%S %z").encode(),
        request=(request if random_.random() < 0.95 else pick(REQUESTS)).encode(),
        status=pick(STATUSES).encode(),
        bytes=pick([b"-", b"0", b"512", str(int(random_.lognormvariate(8, 2))).encode(), b"9007199254740993"]),
        referrer=pick(REFERRERS).encode(),
        user_agent=pick(AGENTS).encode(),
    )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the log as a file."""
    path = tmp_path_factory.mktemp("log") / "access.log"
    path.write_bytes(made_log())
    return path


@pytest.fixture(scope="module")
def database(log: Path) -> Any:
    """Return the same records in DuckDB."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1; SET TimeZone = 'UTC'")
    spellings = " ".join(f"WHEN {literal(client)} THEN {literal(one_spelling(client))}" for client in CLIENTS[:-1])
    connection.execute(TABLE.replace("{spellings}", spellings), [str(log)])
    return connection


def comparison(name: str, sql: str, *, negated: bool) -> str:
    """Return a comparison in SQL that is false, not unknown, where the field is absent."""
    return f'("{name}" IS NOT NULL AND {"NOT " if negated else ""}({sql}))'


def quoted(text: str) -> str:
    """Return a text as `--where` has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """Return a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def ordering(random_: random.Random, name: str, where: str, subject: str, value: str) -> Condition:
    """Return a comparison by size."""
    operator = random_.choice(["==", "=", "!=", "<", "<=", ">", ">="])
    contrary = operator == "!="
    sql = f"{subject} {'=' if operator in {'==', '!='} else operator} {value}"
    return Condition(f"{name} {operator} {where}", comparison(name, sql, negated=contrary))


def of_status(random_: random.Random) -> Condition:
    """Return a comparison of the status with numbers."""
    if random_.random() < 0.3:
        chosen, negated = random_.sample([200, 304, 404, 499, 500, 0, 123], 2), random_.random() < 0.5
        listed = ", ".join(map(str, chosen))
        return Condition(
            f"status {'not in' if negated else 'in'} ({listed})",
            comparison("status", f"status::INTEGER IN ({listed})", negated=negated),
        )
    value = random_.choice(["200", "304", "400", "404", "499.5", "500", "99", "0"])
    return ordering(random_, "status", value, "status::INTEGER", f"{value}::DECIMAL(9, 3)")


def of_bytes(random_: random.Random) -> Condition:
    """Return a comparison of the bytes with a size."""
    text, size = random_.choice(
        [("0", 0), ("512", 512), ("0.5kB", 500), ("3 KiB", 3072), ("9007199254740992", 2**53), ("1MiB", 1 << 20)]
    )
    return ordering(random_, "bytes", text, '"bytes"', str(size))


def of_time(random_: random.Random) -> Condition:
    """Return a comparison of the time with a moment, also that of a record."""
    at = START + timedelta(minutes=random_.randrange(5 * 24 * 60))
    text = random_.choice(
        [at.isoformat(), f"{at:%Y-%m-%d %H:%M}", f"{at.astimezone(timezone(timedelta(hours=2))):%Y-%m-%dT%H:%M:%S%z}"]
    )
    return ordering(random_, "time", quoted(text), '"time"', f"TIMESTAMP '{at:%Y-%m-%d %H:%M:%S}'")


def of_client(random_: random.Random) -> Condition:
    """Return a comparison of the client with an address, a network or a name, some of which are written otherwise."""
    value = random_.choice([*NETWORKS, *NETWORKS, *CLIENTS[:-1], "2001:DB8:0::0001", "192.0.2.99"])
    negated = random_.random() < 0.3
    hits = ", ".join(literal(one_spelling(client)) for client in CLIENTS if is_of(client, value)) or "'none of these'"
    operator = random_.choice(["!=", "not in"] if negated else ["==", "in"])
    wanted = f"({quoted(value)},)" if "in" in operator else quoted(value)
    return Condition(f"client {operator} {wanted}", comparison("client", f"client IN ({hits})", negated=negated))


def is_of(client: str, value: str) -> bool:
    """Return whether a client is the address or the name, or lies in the network."""
    try:
        address = ipaddress.ip_address(client)
        network = ipaddress.ip_network(plain(ipaddress.ip_address(value)) if "/" not in value else value)
    except ValueError:
        return client == value
    return plain(address) in network


def one_spelling(client: str) -> str:
    """Return a client as Python's library writes its address; a name as it is."""
    try:
        return str(plain(ipaddress.ip_address(client)))
    except ValueError:
        return client


def plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address of IPv4 as one, however it is written."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


TEXTS: dict[str, list[str]] = {
    "path": [*PATHS, "/nowhere"],
    "user_agent": [agent for agent in AGENTS if agent != "-"],
    "referrer": REFERRERS,
    "user": ["alice", "bob", "carol"],
    "method": ["GET", "POST", "get"],
    "query": ["id=7", "", "q=a?b", "q=\xfcber"],
    "protocol": ["HTTP/1.1", "HTTP/2"],
    "status_class": ["2xx", "4xx", "9xx"],
    "ext": ["html", "png", "js"],
    "weekday": ["Mon", "Sat"],
    "hour": ["2025-06-28T10:00:00Z", "2025-06-30T00:00:00Z"],
    "day": ["2025-06-30", "2025-07-01"],
}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PIECES = ["", "a", "/", "cart", "Bot", "\\", '"', "\xfc", "\xe9", "1", ".", "HTTP/1", "example", "'", "%"]
EXPRESSIONS = [
    "^/api/v[12]",
    r"\.(png|js)$",
    "(?i)bot",
    r"\d+",
    "^$",
    "^-?$",
    r"\\",
    "[^a-z/]",
    "caf.$",
    "o{2}|x",
    '"',
    "^(GET|HEAD)$",
    "xx",
]


def of_text(random_: random.Random) -> Condition:
    """Return a comparison of a text: with texts, with pieces of one, or with an expression."""
    name = random_.choice([*TEXTS, "path", "path", "user_agent", "user_agent"])
    how, negated = random_.choice(["order", "order", "in", "contains", "matches"]), random_.random() < 0.4
    if how == "order":
        value = random_.choice(TEXTS[name])
        if name == "weekday":  # in the order of the week
            return ordering(random_, name, quoted(value), 'isodow("time")', str(1 + WEEKDAYS.index(value)))
        return ordering(random_, name, quoted(value), f'"{name}"', literal(value))
    if how == "in":
        values = random_.choices(TEXTS[name], k=2)
        return Condition(
            f"{name} {'not in' if negated else 'in'} ({', '.join(map(quoted, values))})",
            comparison(name, f'"{name}" IN ({", ".join(map(literal, values))})', negated=negated),
        )
    if how == "contains":
        piece = random_.choice(PIECES)
        operator, sql = "not contains" if negated else "contains", f'contains("{name}", {literal(piece)})'
        return Condition(f"{name} {operator} {quoted(piece)}", comparison(name, sql, negated=negated))
    expression = random_.choice(EXPRESSIONS)
    sql = f'regexp_matches("{name}", {literal(expression)})'
    return Condition(f"{name} {'!~' if negated else '=~'} {quoted(expression)}", comparison(name, sql, negated=negated))


def of_absence(random_: random.Random) -> Condition:
    """Return the question whether a field is there."""
    name = random_.choice(
        ["user", "referrer", "user_agent", "query", "method", "protocol", "ext", "status_class", "client", "bytes", "hour"]
    )
    negation = random_.choice(["", "not "])
    return Condition(f"{name} is {negation}absent", f'"{name}" IS {negation}NULL')


COMPARISONS: list[Callable[[random.Random], Condition]] = [
    of_status,
    of_bytes,
    of_time,
    of_client,
    of_client,
    of_text,
    of_text,
    of_text,
    of_absence,
]


def condition(random_: random.Random, depth: int = 0) -> Condition:
    """Return a tree of comparisons, three levels deep at the most."""
    kind = random_.choice(["one", "one", "not", "and", "or"]) if depth < 3 else "one"
    if kind == "one":
        return random_.choice(COMPARISONS)(random_)
    if kind == "not":
        inner = condition(random_, depth + 1)
        return Condition(f"not ({inner.where})", f"(NOT {inner.sql})")
    parts = [condition(random_, depth + 1) for _ in range(random_.choice([2, 2, 3]))]
    return Condition(
        "(" + f" {kind} ".join(part.where for part in parts) + ")", "(" + f" {kind} ".join(part.sql for part in parts) + ")"
    )


def asked(number: int) -> Asked:
    """Return the question of a number."""
    random_ = random.Random(number)
    keys = random_.sample(BY, random_.choice([1, 1, 2, 2, 3]))
    metrics = random_.sample(sorted(METRICS), random_.randrange(4))
    told = random_.sample(["count", "bytes"], random_.randrange(3)) + metrics
    options: dict[str, Any] = {"by": (",".join(keys),), "metric": tuple(told), "top": 0}
    options |= {"chunk_size": random_.choice([50_000, 1 << 20]), "workers": random_.choice([1, 2])}
    conditions = []
    if random_.random() < 0.8:
        found = condition(random_)
        options["where"] = found.where
        conditions.append(found.sql)
    first, last = sorted(START + timedelta(seconds=second) for second in random_.sample(range(4 * 86400), 2))
    for name, operator, at in (("since", ">=", first), ("until", "<", last)):
        if random_.random() < 0.4:
            options[name] = random_.choice([at.isoformat(), f"@{at.timestamp():.0f}", f"{at:%Y-%m-%d %H:%M:%S}"])
            conditions.append(f"\"time\" {operator} TIMESTAMP '{at:%Y-%m-%d %H:%M:%S}'")
    return Asked(options | sorting(random_, told), conditions, keys, metrics)


def sorting(random_: random.Random, told: Sequence[str]) -> dict[str, str]:
    """Return how rows are to be sorted; not by estimates, which may be equal where the numbers are not."""
    exact = [name for name in told if not name.startswith("p")]
    found = {"sort": random_.choice(["key", "count", "bytes", *exact])} if random_.random() < 0.4 else {}
    return found | ({"order": random_.choice(["asc", "desc"])} if random_.random() < 0.3 else {})


def in_sql(question: Asked) -> str:
    """Return the question in SQL: keys, count, bytes and metrics of each row, in order."""
    columns = [f'"{key}"' for key in question.keys]
    numbers = ["count(*)", 'sum("bytes")', *(METRICS[metric] for metric in question.metrics)]
    present = [f"{column} IS NOT NULL" for column in columns]
    return (
        f"SELECT {', '.join([*columns, *numbers])} FROM log WHERE {' AND '.join([*present, *question.conditions])} "
        f"GROUP BY {', '.join(columns)} ORDER BY {ordered(question, columns)}"
    )


def ordered(question: Asked, columns: Sequence[str]) -> str:
    """Return the order of rows in SQL: stretches of time as they follow each other, everything else by count, then by key."""
    sort, order = question.options.get("sort"), question.options.get("order")
    if sort == "key" or (sort is None and question.keys[0] in {"hour", "day", "minute"}):
        return ", ".join(f"{column} {order or 'asc'}" for column in columns)
    known = METRICS | {"count": "count(*)", "bytes": 'sum("bytes")', None: "count(*)"}
    return ", ".join([f"{known[sort]} {order or 'desc'}", *columns])


def totals(snapshot: Snapshot) -> tuple[Any, ...]:
    """Return what a report says of all records: how many count, how many do not, their bytes, requests and times."""
    account = snapshot.account
    return (account.records, account.filtered, snapshot.bytes, snapshot.malformed_requests, snapshot.first, snapshot.last)


def totals_of(database: Any, question: Asked) -> tuple[Any, ...]:
    """Return the same from DuckDB."""
    chosen = " AND ".join(["true", *question.conditions])
    row = database.execute(
        f"""SELECT count(*), {LINES} - count(*), coalesce(sum("bytes"), 0), count(*) FILTER (NOT good),
                   epoch(min("time"))::BIGINT, epoch(max("time"))::BIGINT
            FROM log WHERE {chosen}"""
    ).fetchone()
    return tuple(row)


def is_near(found: float | Decimal | str | None, wanted: float, tolerance: float) -> bool:
    """Return whether a number differs from the true one by no more than a part of it."""
    return found is not None and abs(float(found) - wanted) <= tolerance * abs(wanted)


def test_duckdb_has_every_record(log: Path, database: Any) -> None:
    """Both take every line of the log, and the log has what questions may be about: absent, empty and odd values."""
    assert totals(analyze(log)) == totals_of(database, Asked({}, [], [], []))
    counts = database.execute(
        """SELECT count(*) FILTER (client IS NULL), count(*) FILTER (client LIKE '%:%'), count(*) FILTER (user_agent IS NULL),
                  count(*) FILTER (user_agent LIKE '%"%'), count(*) FILTER (query = ''), count(*) FILTER (NOT good),
                  count(*) FILTER ("method" IS NOT NULL AND protocol IS NULL), count(*) FILTER (ext IS NOT NULL)
           FROM log"""
    ).fetchone()
    assert min(counts) > 10


@pytest.mark.parametrize("number", [pytest.param(number, marks=[pytest.mark.soak] * (number not in FEW)) for number in MANY])
def test_duckdb_finds_the_same(number: int, log: Path, database: Any) -> None:
    """A random question has the same answer: the same rows in the same order with the same numbers, percentiles within 1 %."""
    question = asked(number)
    snapshot = analyze(log, **question.options)
    (panel,) = snapshot.panels.values()
    expected = database.execute(in_sql(question)).fetchall()
    width = len(question.keys)
    assert totals(snapshot) == totals_of(database, question), question
    assert [(*row.key, row.count, row.bytes) for row in panel.rows] == [row[: width + 2] for row in expected], question
    assert panel.metrics == tuple(question.metrics)
    assert panel.distinct == len(expected)
    for at, name in enumerate(panel.metrics):
        tolerance = 0.01 if name.startswith("p") else 1e-15
        pairs = [(row.metrics[at], wanted[width + 2 + at]) for row, wanted in zip(panel.rows, expected, strict=True)]
        assert [pair for pair in pairs if not is_near(*pair, tolerance)] == [], (name, question)


def test_questions_are_of_all_kinds() -> None:
    """Among the questions is every operator, every field to count by, every metric, and each way to sort."""
    questions = [asked(number) for number in FEW]
    filters = " ".join(question.options.get("where", "") for question in questions)
    symbols = ["==", "!=", "<", "<=", ">", ">=", "=~", "!~"]
    words = ["contains", "not contains", "in", "not in", "is absent", "is not absent", "and", "or", "not"]
    assert [operator for operator in symbols + words if f" {operator} " not in filters] == []
    assert {key for question in questions for key in question.keys} == set(BY)
    assert {metric for question in questions for metric in question.metrics} == set(METRICS)
    assert {"key", "count", "bytes", "sum:bytes", None} <= {question.options.get("sort") for question in questions}
