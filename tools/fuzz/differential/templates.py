r"""The formats of lines of text, each as templates for a line: `{field:kind}`, or `{:kind}` for what is in no field.

Written from the examples in `logproc formats` and the manuals, not from the expressions of the program.
"""

# ruff: noqa: E501 - a template is easiest to compare with a line of a log where it is whole

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tools.fuzz.differential.fields import levels_of, number
from tools.fuzz.differential.model import Draw, Line, Moment, Record, shown
from tools.fuzz.differential.values import FORMS, KINDS

SLOT = re.compile(r"\{(\w*):(\w+)\}")
REQUEST = re.compile(rb"([^ \t\n\r\v\f]+) ([^ \t\n\r\v\f]+) (HTTP/[0-9]+(?:\.[0-9]+)?)")
OLD_REQUEST = re.compile(rb"GET [^ \t\n\r\v\f]+")
YEARLESS = {"klog", "logcat", "syslog", "point", "any"}
IMPOSSIBLE = {
    form: (form, text)
    for form, text in (
        *(("clf", "30/Feb/2026:10:00:00 +0000"), ("iso", "2026-02-30T10:00:00Z"), ("iso_millis", "2025-02-29 10:00:00,123")),
        *(("iso_server", "2026-03-07T24:00:00+00:00"), ("slashes", "2026/13/07 10:00:00"), ("syslog", "Feb 30 10:00:00")),
        *(
            ("any", "yesterday"),
            ("klog", "0230 10:00:00.123456"),
            ("ctime", "Sun Mar 07 10:60:00 2026"),
            ("six", "260307 100060"),
        ),
    )
}
"""Times that have the form and do not exist."""


@dataclass(frozen=True, slots=True)
class Template:
    """A format of lines.

    options: the settings that name it; without any it is `--format NAME`. units: of the fields that hold a number, the power
    of ten to divide by. sums: the fields that are the sum of others, in seconds.
    """

    name: str
    lines: Sequence[str]
    options: Mapping[str, Any] = field(default_factory=dict)
    multi_line: bool = False
    units: Mapping[str, int] = field(default_factory=dict)
    sums: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.options or {"format": self.name}

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that questions may ask for, besides those of the time."""
        slots = [name for line in self.lines for name, _ in SLOT.findall(line) if name]
        return tuple(dict.fromkeys(name for slot in slots for name in PARTS.get(slot, (slot,)) if name != "time"))

    @property
    def yearless(self) -> bool:
        return any(kind in YEARLESS for line in self.lines for _, kind in SLOT.findall(line))

    def line(self, draw: Draw) -> Line:
        raw: dict[str, bytes] = {}
        time: list[Moment] = []

        def filled(match: re.Match[str]) -> str:
            name, kind = match.groups()
            if name == "time":
                text, meant = FORMS[kind](draw)
                time.append(meant)
            elif kind in {"text", "uncoloured", "spaces", "request"}:
                text = KINDS[kind](draw)
            else:
                text = draw.pooled(f"{name} {kind}", lambda: KINDS[kind](draw))
            if name and name != "time":
                raw[name] = text
            return text.decode("latin-1")

        layout = draw.choice(self.lines)
        if draw.chance(0.01) and (
            form := IMPOSSIBLE.get(next((kind for name, kind in SLOT.findall(layout) if name == "time"), ""))
        ):
            content = SLOT.sub(filled, layout.replace(f"{{time:{form[0]}}}", form[1])).encode("latin-1")
            if self.name == "pattern":
                return Line(content, "record", self.record(raw, None), opens=True)
            return Line(content, "rejected", opens=True)
        if self.name == "pattern" and draw.chance(0.02):  # the other formats have no place for a line without a time
            content = SLOT.sub(filled, layout.replace("{time:any}", "-")).encode("latin-1")
            return Line(content, "record", self.record(raw, None), opens=True)
        content = SLOT.sub(filled, layout).encode("latin-1")
        return Line(content, "record", self.record(raw, time[0] if time else None), opens=True)

    def record(self, raw: Mapping[str, bytes], time: Moment | None) -> Record:
        found, malformed = dict(raw), False
        if "request" in found:
            parts = parts_of(found.pop("request"))
            malformed = not parts
            found |= {name: value for name, value in parts.items() if name not in found}
        if "target" in found:
            path, mark, query = found["target"].partition(b"?")
            found.setdefault("path", path)
            if mark:
                found.setdefault("query", query)
        texts = {name: shown(value) for name, value in found.items() if value not in {b"-", b""}}
        if found.get("query") == b"" and "query" not in raw:
            texts["query"] = ""
        for name in ("level", "priority"):
            levels = levels_of(raw[name].decode() if name in raw else None, priority=name == "priority")
            if levels:
                texts.pop(name, None)
                texts |= levels
        numbers = {name: n for name, power in self.units.items() if (n := number(texts.get(name), name, power)) is not None}
        for name, added in self.sums.items():
            numbers[name] = sum((Fraction(texts[part]) for part in added), Fraction(0))
        if "bytes" in self.units:
            numbers.setdefault("bytes", Fraction(0))
            texts.pop("bytes", None)
        return Record(time, texts, numbers, malformed, sized="bytes" in self.units)


PARTS: dict[str, tuple[str, ...]] = {
    "request": ("method", "target", "path", "query", "protocol"),
    "target": ("target", "path", "query"),
    **dict.fromkeys(("level", "priority"), ("level", "raw_level")),
}


def parts_of(request: bytes) -> dict[str, bytes]:
    """Return the parts of a request, none if it is malformed."""
    if match := REQUEST.fullmatch(request):
        return {"method": match[1], "target": match[2], "protocol": match[3]}
    return {"method": b"GET", "target": request[4:]} if OLD_REQUEST.fullmatch(request) else {}


def is_size(found: Fraction) -> bool:
    return found.denominator == 1 and 0 <= found < 2**63


FRONT = '{client:client} - {user:user} [{time:clf}] "{request:request}" {status:status} {bytes:size}'
QUOTES = ' "{referrer:referrer}" "{user_agent:agent}"'
LEARNED = FRONT.replace("client:client", "client:address").replace("user:user", "user:name_or_none")
SIZED = {"bytes": 0}
MESSAGE = "{message:text}"


def several(name: str, *lines: str, units: Mapping[str, int] | None = None) -> Template:
    """Return a format of records that may have several lines."""
    return Template(name, lines, multi_line=True, units=units or {})


TEMPLATES = (
    Template("common", (FRONT,), units=SIZED),
    Template("combined", (FRONT + QUOTES,), units=SIZED),
    Template("vhost_combined", ("{host:host} " + FRONT + QUOTES,), units=SIZED),
    Template("combined_forwarded", (FRONT + QUOTES + ' "{forwarded_for:forwarded}"',), units=SIZED),
    Template(
        "nginx definition",
        ('{client:client} [{time:iso_server}] "{request:request}" {status:status} {bytes:size} {duration:seconds} "{user_agent:agent}"',),
        {"format": '$remote_addr [$time_iso8601] "$request" $status $body_bytes_sent $request_time "$http_user_agent"'},
        units={"bytes": 0, "duration": 0},
    ),
    Template(
        "nginx main",
        ('{client:client} - {user:user} [{time:clf}] "{request:request}" {status:status} {bytes:size} rt={duration:seconds}',),
        {"format": '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent rt=$request_time'},
        units={"bytes": 0, "duration": 0},
    ),
    Template(
        "apache definition",
        ('{client:client} {:word} {user:user} [{time:clf}] "{request:request}" {status:status} {bytes:size} {duration:micros}',),
        {"format": '%h %l %u %t "%r" %>s %b %D'},
        units={"bytes": 0, "duration": 6},
    ),
    Template(
        "pattern",
        ("{id:word}|{time:any}|{program:word}|{took:seconds}|{bytes:size}|{status:status}",),
        {"pattern": r"(?P<id>[\w-]+)\|(?P<time>[^|]+)\|(?P<program>[\w-]+)\|(?P<took>[^|]+)\|(?P<bytes>[^|]*)\|(?P<status>\d+)"},
        units={"duration": 0, "bytes": 0},
    ),
    several(
        "nginx_error",
        "{time:slashes} [{level:lower}] {pid:int}#{thread:int}: *{connection:int} " + MESSAGE,
        "{time:slashes} [{level:lower}] {pid:int}#{thread:int}: " + MESSAGE,
        "{time:slashes} [{level:lower}] {pid:int}#{thread:int}: *{connection:int} " + MESSAGE + ", client: {client:client}, server: x",
    ),
    several(
        "apache_error",
        "[{time:ctime}] [{logger:word}:{level:lower}] [pid {pid:int}:tid {thread:int}] [client {client:client}:{client_port:port}] {message:text}",
        "[{time:ctime}] [{level:lower}] [pid {pid:int}] " + MESSAGE,
        "[{time:ctime}] [{level:lower}] [client {client:client}] " + MESSAGE,
        "[{time:ctime}] [{level:lower}] " + MESSAGE,
    ),
    several("klog", "{level:IWEF}{time:klog} {:spaces}{thread:int} {logger:file}:187] " + MESSAGE),
    several("glog", "{level:IWEF}{time:eight} {:spaces}{thread:int} {logger:file}:31] " + MESSAGE),
    several("logcat", "{time:logcat}  {pid:int} {:spaces}{thread:int} {level:VDIWEF} {logger:name}{:spaces}: " + MESSAGE),
    several("logcat_time", "{time:logcat} {level:VDIWEF}/{logger:name}({:spaces}{pid:int}): " + MESSAGE),
    several("logcat_brief", "{level:VDIWEF}/{logger:name}({:spaces}{pid:int}): " + MESSAGE),
    Template("syslog_5424", (
        "<{priority:priority}>1 {time:iso_server} {host:host} {program:word} {pid:int} {event:word} {data:data} " + MESSAGE,
        "<{priority:priority}>1 - {host:host} {program:word} - {event:word} {data:data}",
    )),
    Template("syslog", (
        "{time:syslog} {host:host} {program:word}[{pid:int}]: " + MESSAGE,
        "<{priority:priority}>{time:syslog} {host:host} {program:word}: " + MESSAGE,
    )),
    Template("syslog_iso", ("{time:iso_server} {host:host} {program:word}[{pid:int}]: " + MESSAGE,)),
    several("cri", "{time:iso_server} {stream:stream} F " + MESSAGE),
    several("spring_boot", "{time:iso_server}  {level:upper} {pid:int} --- [app] [{:spaces}{thread:thread}] {logger:name} : " + MESSAGE, "{time:iso_millis} {level:upper} {pid:int} --- [app] [{thread:thread}] [{trace:trace}] {logger:name} : " + MESSAGE),
    several("zookeeper", "{time:iso_millis} [myid:1] - {level:upper}  [{thread:word}:{logger:name}@127] - " + MESSAGE),
    several("kafka", "[{time:iso_millis}] {level:upper} {message:text} ({logger:name})"),
    several("airflow", "[{time:iso}] {{logger:file}:1103} {level:upper} - " + MESSAGE),
    several("bracketed", "[{time:iso_millis}: {level:upper}/{thread:word}] " + MESSAGE, "[{time:iso_millis}] [{pid:int}] [{level:upper}] {message:text}"),
    several("calico", "{time:iso_millis} [{level:upper}][{pid:int}] {logger:file} 1836: " + MESSAGE),
    several("log4j", "{time:iso_millis} {level:upper} [{thread:thread}] {logger:class}: " + MESSAGE),
    several("logback", "{time:iso_millis} [{thread:thread}] {level:upper}  {logger:class} - " + MESSAGE),
    several("logback_basic", "10:00:00.123 [{thread:thread}] {level:upper} {logger:name} - " + MESSAGE),
    several("openstack", "{time:iso_millis} {pid:int} {level:upper} {logger:name} [{context:word}] " + MESSAGE),
    several("python", "{time:iso_millis} - {logger:name} - {level:upper} - " + MESSAGE),
    several("loguru", "{time:iso_bare} | {level:upper}  | {logger:name}:add:42 - " + MESSAGE),
    several("text", "{time:iso_millis} {level:upper} {logger:dotted}: {message:uncoloured}"),
    several("text", "{time:iso} [{level:upper}]  {logger:dotted}: {message:uncoloured}"),
    several("text", "{time:iso_millis} {level:upper} ({thread:thread}) [{logger:dotted}] {message:uncoloured}"),
    several("text", "{time:iso_millis} | {level:upper} | {pid:small} | {logger:dotted} | {message:uncoloured}"),
    several("env_logger", "[{time:iso_server} {level:upper} {logger:dotted}] " + MESSAGE),
    several("python_basic", "{level:upper}:{logger:name}:" + MESSAGE),
    several("tomcat", "{time:tomcat} {level:upper} [{thread:thread}] {logger:name} " + MESSAGE),
    several("spark", "{time:short_year} {level:upper} {logger:name}: " + MESSAGE),
    several("hdfs", "{time:six} {pid:int} {level:upper} {logger:name}: " + MESSAGE),
    several("windows_cbs", "{time:iso_bare}, {level:Title}                  {program:CBS}    " + MESSAGE),
    several("logcat_year", "{time:iso}  {pid:int} {:spaces}{thread:int} {level:VDIWEF} {logger:name}: " + MESSAGE),
    Template(
        "thunderbird",
        ("{label:word} {time:epoch} 2026.03.07 dn228 Mar 7 10:00:00 {host:host} {program:word}[{pid:int}]: " + MESSAGE,),
    ),
    Template("bgl", ("- 1772877600 2026.03.07 {host:host} {time:points} R02 {type:upper} {logger:name} {level:upper} " + MESSAGE,)),
    Template("hpc", ("{id:int} {host:host} {logger:name} {event:word} {time:epoch} {flag:int} " + MESSAGE,)),
    several("piped", "{time:piped}|{logger:name}|{pid:int}|" + MESSAGE),
    Template("proxifier", ("[{time:point}] {program:file} - {target:host} " + MESSAGE,)),
    several("mysql_error", "{time:iso} {thread:int} [{level:MySQL}] [MY-010068] [{logger:name}] " + MESSAGE),
    several("redis", "{pid:int}:{role:role} {time:redis} {level:redis} " + MESSAGE),
    several("ruby", "I, [{time:iso_millis} #{pid:int}]  {level:upper} -- {program:word}: " + MESSAGE),
    several("zap_console", "{time:iso}\t{level:upper}\t{logger:name}\t{caller:go}\t" + MESSAGE),
    Template("access", ("{host:vhost} " + LEARNED + QUOTES + " {extra1:seconds}",), units=SIZED),
    Template("access", (LEARNED + QUOTES + ' rt={rt:seconds} "{extra1:cached}"',), units=SIZED),
    Template("access", (LEARNED + " {extra1:seconds} {extra2:int}",), units=SIZED),
    Template("heroku", ("{time:iso_server} {program:app}[{pid:name}]: " + MESSAGE,)),
)  # fmt: skip
KINDS["priority"] = lambda draw: draw.choice((b"34", b"7", b"0", b"13", b"191", b"30", b"27", b"12"))
KINDS["port"] = lambda draw: str(draw.randrange(1024, 65536)).encode()
KINDS["trace"] = lambda draw: b"%032x-%016x" % (draw.randrange(2**128), draw.randrange(2**64))
KINDS["uncoloured"] = lambda draw: KINDS["text"](draw).removeprefix(b"\x1b[31m")
KINDS["dotted"] = lambda draw: draw.choice((b"org.example.App", b"shop.cart", b"a.b_c.D", b"x1.y"))
KINDS["CBS"] = lambda _: b"CBS"
KINDS["app"] = lambda draw: draw.choice((b"app", b"heroku"))
KINDS["vhost"] = lambda draw: draw.choice((b"shop.example.com", b"a.example.org"))
KINDS["address"] = lambda draw: draw.choice((b"192.0.2.1", b"198.51.100.9", b"2001:db8::1"))
KINDS["cached"] = lambda draw: draw.choice((b"HIT", b"MISS", b"a b"))
KINDS["go"] = lambda draw: draw.choice((b"server/http.go:17", b"main.go:1"))
KINDS["role"] = lambda draw: draw.choice((b"X", b"C", b"S", b"M"))

NGINX = (
    *(("$remote_addr", "{client:client}"), ("$remote_user", "{user:name_or_none}"), ("[$time_local]", "[{time:clf}]")),
    *(("$status", "{status:status}"), ("$body_bytes_sent", "{bytes:size}"), ('"$request"', '"{request:request}"')),
    *(('"$http_user_agent"', '"{user_agent:agent}"'), ('"$http_referer"', '"{referrer:referrer}"'), ("$pid", "{pid:int}")),
    *(('"$http_x_forwarded_for"', '"{forwarded_for:forwarded}"'), ("$request_time", "{duration:seconds}")),
    *(
        ('"$host"', '"{host:host}"'),
        ("$request_id", "{request_id:hex32}"),
        ("$pipe", "{pipe:letter}"),
        ('"$my_own"', '"{my_own:quoted}"'),
    ),
    *(('"$upstream_addr"', '"{upstream_addr:quoted}"'), ("$connection", "{connection:int}"), ("$scheme", "{scheme:word}")),
)
APACHE = (
    *(
        ("%h", "{client:client}"),
        ("%u", "{user:name_or_none}"),
        ("%t", "[{time:clf}]"),
        ("%>s", "{status:status}"),
        ("%b", "{bytes:size}"),
    ),
    *(
        ('"%r"', '"{request:request}"'),
        ('"%{User-Agent}i"', '"{user_agent:agent}"'),
        ('"%{Referer}i"', '"{referrer:referrer}"'),
    ),
    *(
        ("%D", "{duration:micros}"),
        ("%P", "{pid:int}"),
        ("%v", "{host:host}"),
        ('"%{X-Forwarded-For}i"', '"{forwarded_for:forwarded}"'),
    ),
    *(
        ('"%{my}C"', '"{cookie_my:quoted}"'),
        ('"%{X-Cache}o"', '"{sent_http_x_cache:quoted}"'),
        ("%X", "{connection_status:letter}"),
    ),
)


def definition(draw: Draw) -> Template:
    """Return a definition of a few variables in any order, between blanks, other marks or names."""
    nginx = draw.chance(0.6)
    parts = draw.sample(NGINX if nginx else APACHE, draw.randint(2, 8))
    between = draw.choice((" ", " ", " ", " | ", ";", "\t", " - "))
    named = draw.chance(0.2)
    texts = [(f"k{at}={known}", f"k{at}={line}") if named else (known, line) for at, (known, line) in enumerate(parts)]
    units = {"bytes": 0, "duration": 0 if nginx else 6}
    line = between.join(line for _, line in texts)
    return Template(
        "definition",
        (line,),
        {"format": between.join(known for known, _ in texts)},
        units={name: power for name, power in units.items() if "{" + name + ":" in line},
    )
