"""JSON lines and logfmt: each log has keys of its own, and each line some of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from tools.fuzz.differential.fields import LATENCIES, levels_of, number
from tools.fuzz.differential.model import Draw, Line, Moment, Record, shown
from tools.fuzz.differential.templates import is_size, parts_of
from tools.fuzz.differential.values import FORMS, KINDS, PIECES, fraction_of

Written = tuple[str, str | None]
"""A value as JSON writes it, and the text that a report shows of it; None if it is absent."""
NUMBERS = (
    ("0", "0"),
    ("7", "7"),
    ("-3", "-3"),
    ("42", "42"),
    ("1.5", "1.5"),
    ("1.50", "1.5"),
    ("1e2", "100"),
    ("2.5E+1", "25"),
    ("0.001", "0.001"),
    ("9007199254740993", "9007199254740993"),
    ("9007199254740993.5", "9007199254740993.5"),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775809", "-9223372036854775809"),
    ("18446744073709551616", "18446744073709551616"),
    ("1e20", "100000000000000000000"),
)
OTHERS = (("true", "true"), ("false", "false"), ("null", None), ("[]", "[]"), ('[1, "a", null]', '[1,"a",null]'), ("{}", "{}"))
ESCAPES = (('"\\x22q\\x22"', r"\x22q\x22"), ('"\\u00e9"', "\u00e9"), ('"\\ud83d\\ude00"', "\U0001f600"))
"""Strings with escapes; nginx writes `\\x22`, which is not JSON and stays."""
MISREAD = (
    "1_000",
    "\uff11\uff12",
    "1,5",
    "12:30",
    "0x10",
    "NaN",
    "-Infinity",
    "1.5KiB",
    "1 2",
    "1.5ms",
    "0.25, 0.5 : -",
    "3, 4",
)
"""Texts that are easily taken for other numbers. Some are sizes or durations; the last two, of a duration, are to be added."""
BAD_TIMES = ("yesterday", "2026-02-30T10:00:00Z", "2026-03-07T24:00:00Z", "12", "0", "9" * 20, "1e400", "true")
"""A line with such a time is rejected, as long as the log has others that can be read."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a log: where it is, the column it is of, the power of ten of its unit, how often it is missing, its values."""

    path: str
    column: str
    value: Callable[[Draw], Written]
    power: int | None = None
    missing: float = 0.1


def text_of(value: str) -> str | None:
    return None if value in {"-", ""} else shown(value.encode())


def string(*values: str) -> Callable[[Draw], Written]:
    def draw_one(draw: Draw) -> Written:
        value = draw.choice(values)
        encoded = json.dumps(value, ensure_ascii=draw.chance(0.3))
        return encoded.replace("/", "\\/") if draw.chance(0.05) else encoded, text_of(value)

    return draw_one


def one_of(*choices: Written) -> Callable[[Draw], Written]:
    return lambda draw: draw.choice(choices)


def mixed(*makers: Callable[[Draw], Written]) -> Callable[[Draw], Written]:
    return lambda draw: draw.choice(makers)(draw)


def of_kind(kind: str) -> Callable[[Draw], Written]:
    def draw_one(draw: Draw) -> Written:
        value = draw.pooled(f"json {kind}", lambda: KINDS[kind](draw)).decode("utf-8", "replace")
        return json.dumps(value), text_of(value)

    return draw_one


def integers(draw: Draw) -> Written:
    value = draw.choice((0, 1, 7, 250, draw.randrange(10**6)))
    return str(value), str(value)


SECONDS = one_of(("0.25", "0.25"), ("1.5", "1.5"), ("12", "12"))


def keys(draw: Draw, *, access: bool, nested: bool) -> list[Key]:
    """Return the keys of a log; no two of them are of one column."""
    pick = draw.choice
    free = [
        Key(
            "note",
            "note",
            string(
                "", "a", "-", "x y", 'say "hi"', "back\\slash", "tab\there", "\u65e5\u672c", "\u00e9", "nul\x01", "<b>", "1e3"
            ),
        ),
        Key("n", "n", pick((one_of(*NUMBERS), integers)), missing=0.3),
        Key("odd", "odd", mixed(one_of(*NUMBERS), one_of(*OTHERS), string("a", "", "12", *MISREAD)), missing=0.3),
        Key("ok", "ok", one_of(("true", "true"), ("false", "false"), ("null", None))),
        Key("tags", "tags", one_of(*OTHERS[3:5], ("null", None)), missing=0.4),
        Key("flag", "flag", one_of(*NUMBERS[:4], ("null", None)), missing=0.8),
        Key("late", "late", string("one", "two", "-"), missing=0.95),
    ]
    if nested:
        free += [
            Key("a b", "a b", string("x", "", "y`z"), missing=0.2),
            Key("raw", "raw", one_of(*ESCAPES)),
            Key("customer.country", "customer.country", string("de", "fr", "", "-", "\u00fc")),
            Key("customer.id", "customer.id", integers, missing=0.4),
            Key("cart.items.count", "cart.items.count", integers, missing=0.5),
        ]
    chosen = draw.sample(free, draw.randint(1, len(free)))
    standard = [
        Key(
            pick(("level", "lvl", "severity")),
            "level",
            string(*draw.sample(("info", "INFO", "warn", "error", "debug", "", "-"), 4)),
        ),
        Key(
            pick(("msg", "message")),
            "message",
            string(*draw.sample([piece for piece in PIECES if piece.isprintable()], 5), "two\nlines", ""),
        ),
        Key(pick(("logger", "logger_name")), "logger", of_kind("name")),
    ]
    if access:
        standard = [
            Key(pick(("remote_addr", "client_ip", "remote_ip")), "client", of_kind("client"), missing=pick((0.05, 0.5))),
            Key("status", "status", pick((of_kind("status_of_json"), one_of(("200", "200"), ("404", "404"), ("503", "503"))))),
            Key(
                pick(("body_bytes_sent", "size")),
                "bytes",
                pick((integers, of_kind("size"), of_kind("odd_size"))),
                0,
                missing=0.2,
            ),
            Key("request", "request", of_kind("request_of_json"), missing=0.1),
            Key("user_agent", "user_agent", of_kind("agent_of_json"), missing=0.3),
            Key(pick(("http_x_forwarded_for", "xff")), "forwarded_for", of_kind("forwarded"), missing=0.5),
        ]
    if draw.chance(0.2):
        name = pick(("latency", "took", "elapsed"))
        standard.append(Key(name, "duration", string(*LATENCIES), 0, 0.2))
    elif draw.chance(0.5):
        name, power = pick((("request_time", 0), ("duration_ms", 3), ("duration_us", 6), ("duration_seconds", 0)))
        standard.append(Key(name, "duration", pick((integers, SECONDS, mixed(SECONDS, string(*MISREAD, "-")))), power, 0.2))
    return [*standard, *chosen]


KINDS["status_of_json"] = lambda draw: draw.choice((b"200", b"404", b"500"))
KINDS["request_of_json"] = lambda draw: draw.choice(
    (b"GET /a HTTP/1.1", b"POST /b?x=1 HTTP/2", b"GET /old", b"-", b"junk of a client")
)
KINDS["agent_of_json"] = lambda draw: draw.choice((b"curl/8.5.0", b"-", b"unheard-of"))


SURELY: dict[str, Written] = {
    "request": ('"GET /a HTTP/1.1"', "GET /a HTTP/1.1"),
    "status": ("200", "200"),
    **dict.fromkeys(("body_bytes_sent", "size"), ("7", "7")),
    **dict.fromkeys(("request_time", "duration_ms", "duration_us", "duration_seconds"), ("0.25", "0.25")),
}
"""Values by which the program knows what a key means."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What the lines of one log have in common. time: the key of the time, "" if there is none."""

    keys: Sequence[Key]
    time: str
    access: bool

    @classmethod
    def of(cls, draw: Draw, *, nested: bool) -> Structure:
        access = draw.chance(0.4)
        return cls(keys(draw, access=access, nested=nested), draw.choice(("time", "ts", "timestamp", "@timestamp", "")), access)

    @property
    def fields(self) -> tuple[str, ...]:
        columns = [key.column for key in self.keys] + [key.path for key in self.keys]
        columns += ["raw_level"] if "level" in columns else []
        parts = ("method", "target", "path", "query", "protocol")
        return tuple(dict.fromkeys(name for column in columns for name in (parts if column == "request" else (column,))))

    def record(self, time: Moment | None, values: Mapping[str, str]) -> Record:
        """Return the record of a line. values: the texts of its keys."""
        texts: dict[str, str] = {}
        numbers: dict[str, Fraction] = {}
        malformed = sized = False
        for key in self.keys:
            value = values.get(key.path)
            if key.column == "request":
                parts = parts_of(value.encode()) if value is not None else {}
                malformed = value is not None and not parts
                texts |= {name: part.decode() for name, part in parts.items()}
                if "target" in texts:
                    path, mark, query = texts["target"].partition("?")
                    texts |= {"path": path} | ({"query": query} if mark else {})
            elif value is not None:
                texts[key.path] = texts[key.column] = value
                if key.column == "level":
                    del texts["level"]
                    texts |= levels_of(value)
                    if key.path != "severity" and value in set("01234567"):  # of no scale that is sure
                        texts.pop("level", None)
                if (
                    key.power is not None
                    and (found := number(value, key.column, key.power)) is not None
                    and (key.column != "bytes" or is_size(found))
                ):
                    numbers[key.column] = found
        if self.access and any(key.column == "bytes" for key in self.keys):
            sized = texts.pop("bytes", None) is not None
        return Record(time, texts, numbers, malformed, sized)


def moment(draw: Draw, *, good: bool) -> tuple[str, Moment | None]:
    """Return a time as JSON or logfmt has it, and what it means: a moment if it has to be good, else perhaps None."""
    choice = draw.random()
    if choice < 0.04 and not good:
        return draw.choice(("", "-", *BAD_TIMES)), None
    if choice < 0.7:
        text, meant = FORMS["iso"](draw)
        return text.decode(), meant
    text, meant = FORMS["epoch"](draw)
    behind = draw.choice(("", "123", "123456", ".5", ".123456", ".1234567"))
    return text.decode() + behind, meant + fraction_of(f".{behind.removeprefix('.')}")


def drifted(structure: Structure, draw: Draw) -> Structure:
    """Return a structure whose keys hold other kinds of values, as a log may have further down than the program's sample."""
    kinds = (integers, string("x", "", "7", "-"), one_of(*NUMBERS), one_of(*OTHERS))
    fixed = ("bytes", "duration", "status", "request", "client")
    changed = [
        key if key.column in fixed or draw.chance(0.5) else replace(key, value=draw.choice(kinds)) for key in structure.keys
    ]
    new = Key(draw.choice(("new", "new.one", "customer.new")), "", draw.choice(kinds))
    return replace(structure, keys=[*changed, replace(new, column=new.path)])


def json_line(structure: Structure, draw: Draw, *, full: bool = False) -> Line:
    """Return a line of JSON. full: with all keys and a request, by which the program knows an access log."""
    values: dict[str, str] = {}
    tree: dict[str, Any] = {}
    time, is_bad = None, False
    if structure.time and not draw.chance(0.05):
        text, time = moment(draw, good=full)
        is_bad = text in BAD_TIMES
        is_plain = text.replace(".", "").isdigit() or text in {"true", "1e400"}
        tree[structure.time] = text if is_plain and draw.chance(0.7) else json.dumps(text)
    for key in structure.keys:
        if draw.chance(key.missing) and not full:
            continue
        written, text_ = SURELY[key.path] if full and key.path in SURELY else key.value(draw)
        place = tree
        *front, last = key.path.split(".")
        for step in front:
            place = place.setdefault(step, {})
        place[last] = written
        if text_ is not None:
            values[key.path] = text_
    members = list(tree.items())
    if draw.chance(0.3):
        draw.shuffle(members)
    content = rendered(dict(members), draw.choice((", ", ",", " ,\t")), draw.choice((": ", ":")))
    if draw.chance(0.03) and members and not isinstance(members[0][1], dict):  # of a key that comes twice the last value counts
        content = "{" + f"{json.dumps(members[0][0])}: " + draw.choice(('"other"', "1", "null")) + ", " + content[1:]
    if is_bad:
        return Line(content.encode(), "rejected", opens=True)
    return Line(content.encode(), "record", structure.record(time, values), opens=True)


def rendered(tree: Mapping[str, Any], comma: str, colon: str) -> str:
    members = (
        f"{json.dumps(name)}{colon}{rendered(value, comma, colon) if isinstance(value, dict) else value}"
        for name, value in tree.items()
    )
    return "{" + comma.join(members) + "}"


def pairs_line(structure: Structure, draw: Draw, *, full: bool = False) -> Line:
    """Return a line of logfmt. full: as for `json_line`."""
    values: dict[str, str] = {}
    sized = False
    parts = []
    time, is_bad = None, False
    if structure.time and not draw.chance(0.05):
        text, time = moment(draw, good=full)
        is_bad = text in BAD_TIMES
        parts.append(f"{structure.time}={quoted(text, draw)}")
    for key in structure.keys:
        if draw.chance(key.missing) and not full:
            continue
        written, _ = SURELY[key.path] if full and key.path in SURELY else key.value(draw)
        value = json.loads(written) if written[0] == '"' else written
        if not value and parts and draw.chance(0.5):  # a line that begins with a bare word is text, with pairs further on
            parts.append(key.path)
        else:
            parts.append(f"{key.path}={quoted(value, draw)}")
        sized = sized or key.column == "bytes"
        if (text_ := text_of(value)) is not None:
            values[key.path] = text_
    if not any("=" in part for part in parts):
        parts.append("end=1")
    content = draw.choice((" ", " ", "  ")).join(parts).encode()
    if is_bad:
        return Line(content, "rejected", opens=True)
    return Line(content, "record", replace(structure.record(time, values), sized=sized and structure.access), opens=True)


def quoted(value: str, draw: Draw) -> str:
    if value and all(character > " " and character not in '"\\' for character in value) and draw.chance(0.7):
        return value
    if value == "" and draw.chance(0.3):
        return ""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\x01": "\\u0001"}
    return '"' + "".join(escapes.get(character, character) for character in value) + '"'
