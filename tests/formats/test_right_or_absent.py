"""A field is right or absent: what looks like one in the words of messages, or in front of a line, is not one."""

from __future__ import annotations

import pytest

from logproc.formats.detection.detect import detect, fallback
from tests.formats.readings import Reading, read
from tests.support import logs

NAMES = ("level", "logger", "host", "program", "thread", "pid", "message", "client", "user", "forwarded_for", "file", "status")
Fields = dict[str, object]


def reading_of(lines: list[str]) -> Reading:
    """Return what is found in some lines."""
    content = "".join(line + "\n" for line in lines).encode()
    form = detect(content, whole=True) or fallback(content, whole=True)
    assert form
    return read(form, content, ("time", *NAMES))


def fields_of(lines: list[str]) -> list[Fields]:
    """Return the fields of each record."""
    reading = reading_of(lines)
    assert reading.account.rejected == 0
    columns = {name: reading.columns[name] for name in NAMES if name in reading.columns}
    return [{name: column[at] for name, column in columns.items() if column[at] is not None} for at in range(len(reading.time))]


def at(second: int) -> str:
    """Return a time of day."""
    return f"2026-03-07 10:00:{second:02}"


SENTENCES = {
    "a word that comes again": ["Refund: no coin", "Refund: no net", "Refund: no coin", "Refund: no luck"],
    "an exception": ["KeyError: a", "ValueError: b", "java.io.IOException: c"],
    "mail": ["ann@example.com: hello", "bob@example.com: hello", "eve@example.com: bye"],
    "files": ["plan.pdf saved", "face.png saved", "song.mp3 saved"],
    "one lower word": ["guest: ann came", "guest: bob came", "guest: eve left"],
    "addresses of the web": ["https://example.com/a opened", "http://example.com/b opened"],
    "words with capitals": ["PUT: /a", "GET: /b", "PUT: /c"],
}


@pytest.mark.parametrize("messages", SENTENCES.values(), ids=SENTENCES)
@pytest.mark.parametrize(
    "layout", ["{time} {level} {text}", "{time} [{level}] {text}", "{time} | {level} | {text}", "{time} {text}"]
)
def test_first_words_of_messages_stay_there(layout: str, messages: list[str]) -> None:
    """However often they come, and whatever mark is behind them."""
    lines = [layout.format(time=at(number), level="WARN", text=text) for number, text in enumerate(messages)]
    level: Fields = {"level": "warning"} if "{level}" in layout else {}
    assert fields_of(lines) == [level | {"message": text} for text in messages]


NAMED = {
    "{time} {level}  {name}:{line} - {text}": ("Cart", "Till"),
    "{time}|{level}|{name}|{text}": ("Shop.Cart", "Shop.Till"),
    "{level} {time} {name} - {text}": ("shop.Cart", "shop.Till"),
    "[{time} {level} {name}] {text}": ("shop.cart", "shop.till"),
    "{time} [{level}] {name}:{line} {text}": ("cart.c", "till.c"),
    "{time} {name} {level} {text}": ("shop.cart", "shop.till"),
}


@pytest.mark.parametrize(("layout", "names"), NAMED.items(), ids=NAMED)
def test_loggers_are_found(layout: str, names: tuple[str, str]) -> None:
    """Behind a level or in front of it, with the number of a line, between bars, within the brackets of the time."""
    rows = [(names[0], 17, "paid"), (names[1], 4, "Lost: a coin"), (names[0], 18, "left")]
    lines = [
        layout.format(time=at(number), level="ERROR", name=name, line=line, text=text)
        for number, (name, line, text) in enumerate(rows)
    ]
    assert fields_of(lines) == [{"level": "error", "logger": name, "message": text} for name, _, text in rows]


OTHERS: dict[str, tuple[list[str], list[Fields]]] = {
    "a word before the level is not known": (
        [f"{at(1)} attic INFO lit", f"{at(2)} cellar ERROR dark"],
        [{"level": "info", "message": "lit"}, {"level": "error", "message": "dark"}],
    ),
    "a time of day": (
        ["[10:00:01 INF] lit", "[10:00:02 ERR] Dark: cellar"],
        [{"level": "info", "message": "lit"}, {"level": "error", "message": "Dark: cellar"}],
    ),
    "thread and level in one": (
        ["[10:00:01] [Main thread/INFO]: lit", "[10:00:02] [Worker-2/WARN]: dim"],
        [
            {"level": "info", "thread": "Main thread", "message": "lit"},
            {"level": "warning", "thread": "Worker-2", "message": "dim"},
        ],
    ),
    "a thread behind the logger": (
        [f"{at(1)},123 INFO  [shop.cart] (pool 1) lit", f"{at(2)},123 WARN  [shop.till] (pool 2) dim"],
        [
            {"level": "info", "logger": "shop.cart", "thread": "pool 1", "message": "lit"},
            {"level": "warning", "logger": "shop.till", "thread": "pool 2", "message": "dim"},
        ],
    ),
    "a thread before the logger": (
        [f"{at(1)} INFO (Main) [home.lamp] Turned on", f"{at(2)} WARNING (Pool) [home.till] Turned off"],
        [
            {"level": "info", "thread": "Main", "logger": "home.lamp", "message": "Turned on"},
            {"level": "warning", "thread": "Pool", "logger": "home.till", "message": "Turned off"},
        ],
    ),
    "letters": (
        [f"{at(1)}.123 I/lamp: lit", f"{at(2)}.123 W/lamp: dim"],
        [{"level": "info", "message": "lamp: lit"}, {"level": "warning", "message": "lamp: dim"}],
    ),
    "numbers of frames are not levels": (
        ["[2026.03.07-10.00.01:123][  0]LogLamp: lit", "[2026.03.07-10.00.02:123][  3]LogLamp: dim"],
        [{"logger": "LogLamp", "message": "lit"}, {"logger": "LogLamp", "message": "dim"}],
    ),
    "two brackets are not one thread": (
        [f"{at(1)}.123 [web-1] [trace=a] INFO  shop.Cart - lit", f"{at(2)}.123 [web-2] [trace=b] WARN  shop.Cart - dim"],
        [
            {"level": "info", "logger": "shop.Cart", "message": "lit"},
            {"level": "warning", "logger": "shop.Cart", "message": "dim"},
        ],
    ),
    "two words before a colon": (
        ["2026-03-07T10:00:01Z Lamp lit: 5 W", "2026-03-07T10:00:02Z Lamp dimmed: 3 W"],
        [{"message": "Lamp lit: 5 W"}, {"message": "Lamp dimmed: 3 W"}],
    ),
    "two words in syslog's time": (
        ["Mar  7 10:00:01 Lamp lit: 5 W", "Mar  7 10:00:02 Lamp dimmed: 3 W"],
        [{"message": "Lamp lit: 5 W"}, {"message": "Lamp dimmed: 3 W"}],
    ),
    "two small words in syslog's time": (
        ["Mar  7 10:00:01 attic lamp: lit", "Mar  7 10:00:02 attic door: open"],
        [{"host": "attic", "program": "lamp", "message": "lit"}, {"host": "attic", "program": "door", "message": "open"}],
    ),
    "a router": (
        ["Mar  7 2026 10:00:01 CET: %SYS-5-LAMP: lit", "Mar  7 2026 10:00:02 CET: %LINK-3-LAMP: out"],
        [{"level": "notice", "message": "%SYS-5-LAMP: lit"}, {"level": "error", "message": "%LINK-3-LAMP: out"}],
    ),
    "text with pairs beside pairs": (
        [
            "2026-03-07T10:00:01+00:00 heroku[router]: at=info method=GET path=/a status=200 service=5ms",
            "2026-03-07T10:00:02+00:00 app[web.1]: Lamp is out x=1 y=2",
        ],
        [
            {"level": "info", "program": "heroku", "pid": "router", "status": "200"},
            {"program": "app", "pid": "web.1", "message": "Lamp is out x=1 y=2"},
        ],
    ),
    "pairs behind a time with a blank": (
        [f'{at(1)}.123 level=info msg="lit up"', f"{at(2)}.123 level=warn msg=dim"],
        [{"level": "info", "message": "lit up"}, {"level": "warning", "message": "dim"}],
    ),
    "a level before a colon": (
        ["info: lit", "warn: dim: 3 W", "error: out"],
        [
            {"level": "info", "message": "info: lit"},
            {"level": "warning", "message": "warn: dim: 3 W"},
            {"level": "error", "message": "error: out"},
        ],
    ),
    "four letters": (
        [f"{at(1)} INFO lit", f"{at(2)} ERRO out", f"{at(3)} DEBU wire"],
        [{"level": "info", "message": "lit"}, {"level": "error", "message": "out"}, {"level": "debug", "message": "wire"}],
    ),
    "a tag has no commas and is not a number": (
        ["Mar  7 10:00:01 web1 17: lit", "Mar  7 10:00:02 web1 a,b,c: dim"],
        [{"host": "web1", "message": "17: lit"}, {"host": "web1", "message": "a,b,c: dim"}],
    ),
    "a level in front is not a mark": (
        [f"[INFO] {at(1)} lit", f"[WARN] {at(2)} dim"],
        [{"level": "info", "message": "lit"}, {"level": "warning", "message": "dim"}],
    ),
}


@pytest.mark.parametrize(("lines", "fields"), OTHERS.values(), ids=OTHERS)
def test_what_is_between_time_and_message(lines: list[str], fields: list[Fields]) -> None:
    """Each field is what the log means, or it is absent."""
    assert fields_of(lines) == fields


ZONES = {"MSK": 7, "JST": 1, "GMT+2": 8, "UTC-03:00": 13, "(CET)": 9, "[EST]": 15, "NZDT": -3, "+0530": 4.5}


@pytest.mark.parametrize(("zone", "hour"), ZONES.items())
def test_zones_behind_the_time_are_applied(zone: str, hour: float) -> None:
    """By name, by offset or by both, in brackets or not."""
    midnight = 1_772_841_600
    reading = reading_of([f"{at(0)} {zone} INFO lit", f"{at(0)} {zone} WARN dim"])
    assert reading.time == [midnight + hour * 3600] * 2
    assert reading.columns["message"] == ["lit", "dim"]


ACCESS = logs.line("combined", client=b"192.0.2.77", user=b"-").decode()
REST = ACCESS.removeprefix("192.0.2.77 - - ")
IS_CLIENT: Fields = {"client": "192.0.2.77"}
FRONTS: dict[str, Fields] = {
    "17:192.0.2.77 - - ": {},
    "access_log:192.0.2.77 - - ": {"file": "access_log"},
    "[web1] 192.0.2.77 - - ": {},
    "nginx: 192.0.2.77 - - ": {},
    "2026-03-07 10:00:05 192.0.2.77 - - ": {},
    "1772877605.123 192.0.2.77 - - ": {},
    "INFO 192.0.2.77 - - ": {"level": "info"},
    "4f2a9c1e 192.0.2.77 - - ": {},
    "192.0.2.77 10.0.0.1 - - ": {},
    "192.0.2.77 (10.0.0.1) - - ": {},
    "192.0.2.77 - ": {},
    "192.0.2.77 ": {},
    "192.0.2.77 - ann www.example.com ": {"user": "ann", "host": "www.example.com"},
    "192.0.2.77,10.0.0.1 - - ": {"forwarded_for": "192.0.2.77,10.0.0.1"},
    '"192.0.2.77, 10.0.0.1" - - ': {"forwarded_for": "192.0.2.77, 10.0.0.1"},
    "www.example.com 192.0.2.77, 10.0.0.1 - ann ": {
        "host": "www.example.com",
        "user": "ann",
        "forwarded_for": "192.0.2.77, 10.0.0.1",
    },
}


@pytest.mark.parametrize(("front", "fields"), FRONTS.items(), ids=FRONTS)
def test_the_client_is_the_address_whatever_is_in_front(front: str, fields: Fields) -> None:
    """Neither a mark, a time, a number nor a second address becomes a client, a host or a user."""
    assert fields_of([front + REST] * 3) == [IS_CLIENT | fields | {"status": "200"}] * 3


@pytest.mark.parametrize(
    "front", ["198.51.100.7, 192.0.2.77 - - ", "www.example.com 192.0.2.77 - - ", "192.0.2.77 - 10.0.0.1 - - "]
)
def test_a_line_with_a_token_more_is_rejected(front: str) -> None:
    """Among lines of another layout it is not one with an odd user."""
    reading = reading_of([ACCESS] * 60 + [front + REST])
    assert (reading.account.records, reading.account.rejected) == (60, 1)
    assert "user" not in reading.columns


def test_one_address_in_front_of_several_is_not_the_client() -> None:
    """It is that of the server, while a proxy would be behind the client."""
    clients = [f"192.0.2.{number}" for number in range(1, 5)]
    reading = reading_of([f"10.0.0.1 {client} - - {REST}" for client in clients])
    assert reading.columns["client"] == clients
    reading = reading_of([f"{client} 10.0.0.1 - - {REST}" for client in clients])
    assert reading.columns["client"] == clients


def test_a_client_with_the_name_of_a_file_is_absent() -> None:
    """One line that grep wrote is still a request, but nobody knows whose."""
    reading = reading_of([ACCESS] * 60 + ["a.log:" + ACCESS])
    assert reading.columns["client"] == ["192.0.2.77"] * 60 + [None]


APP = [f"{at(number)},001 INFO shop.cart: lit {number}" for number in range(50)]
STRANGERS = {
    "json": '{"time":"2026-03-07T10:00:03Z","level":"error","msg":"dark"}',
    "access": ACCESS,
    "logfmt": "time=2026-03-07T10:00:03Z level=error msg=dark",
    "nginx": "2026/03/07 10:00:03 [error] 31#31: *5 dark, client: 192.0.2.1, server: a",
    "text": "2026/03/07 10:00:03 dark",
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize("before", [0, 1, 150, 300])
def test_one_line_of_another_layout_is_a_record(stranger: str, before: int) -> None:
    """At the start, in the middle, and behind the lines that show the first layout."""
    lines = [*(APP * 8)[:before], stranger, *APP]
    reading = reading_of(lines)
    assert (reading.account.records, reading.account.rejected) == (len(lines), 0)
    loggers = reading.columns["logger"]
    assert loggers.count("shop.cart") == len(lines) - 1


def test_an_entry_among_access_lines_keeps_its_trace() -> None:
    """The lines of a traceback go on with the entry, and not with the request before."""
    trace = [f"{at(3)},500 ERROR dark", "Traceback (most recent call last):", '  File "a.py", line 1', "OSError: x"]
    account = reading_of([ACCESS] * 80 + trace + [ACCESS] * 40).account
    assert (account.records, account.rejected, account.continuation) == (121, 0, 3)


def test_a_known_layout_stands_beside_others_with_the_same_time() -> None:
    """Lines that begin with a bracket say nothing about those that do not."""
    java = [f"{at(number)},123 INFO [main] org.example.Lamp: lit" for number in range(4)]
    other = [f"[2026-03-07T10:00:0{number}.123+0000][info][gc] Pause" for number in range(4)]
    fields = fields_of([line for pair in zip(java, other, strict=True) for line in pair])
    assert [row.get("logger") for row in fields].count("org.example.Lamp") == 4


def test_most_lines_without_a_time_are_text() -> None:
    """One line of syslog does not reject what is round it."""
    lines = ["the lamp", "Mar  7 10:00:00 web1 sshd[1]: lit", "is out", "since noon", "today"]
    assert len(fields_of(lines)) == 5
