"""Random logs of a few lines, some of them damaged: `log` returns one with what each of its lines is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from tools.fuzz.differential.fields import number
from tools.fuzz.differential.model import EPOCH, Draw, Kind, Line, Log, Record, shown
from tools.fuzz.differential.structured import Structure, drifted, json_line, pairs_line
from tools.fuzz.differential.templates import TEMPLATES, definition, is_size
from tools.fuzz.differential.values import KINDS

NAMES = (
    *(template.name for template in TEMPLATES),
    *("json",) * 6,
    *("logfmt",) * 4,
    *("w3c",) * 3,
    *("combined",) * 3,
    *("definition",) * 8,
)
MISFITS = (
    b"    at org.example.Foo.bar(Foo.java:12)",
    b"Traceback (most recent call last):",
    b"%%%",
    b"\xff\xfe\xfd",
    b"# x",
    b"garbage",
    b"[",
)
FILLERS = (b"x", b" ", b"\xff")
BLANKS = (b"", b"", b"  ", b"\t", b" \t \x0b\x0c")
FOREIGN_JSON = (
    b"[1, 2]",
    b'"text"',
    b"12",
    b'{"a": NaN}',
    b'{"a": 1',
    b'{"a": "\\ud800"}',
    b"{}x",
    b"{'a': 1}",
    b'{"a": 01}',
    b"null",
    b"    at org.example.Foo.bar(Foo.java:12)",
    b"}",
)
WHOLE_JSON = (b"[1, 2]", b'"text"', b"12", b"null")
"""JSON, but not objects: rejected, where a text that is not JSON may be a further line of a record."""
FOREIGN_PAIRS = (b'a="b', b'a=b"c', b"only words here", b"=b c=d", b'"x"')
Maker = Callable[[Draw], Line]
W3C = {
    "c-ip": ("client", "client"),
    "cs-method": ("method", "method"),
    "cs-uri-stem": ("path", "stem"),
    "cs-uri-query": ("query", "uri_query"),
    "sc-status": ("status", "status"),
    "sc-bytes": ("bytes", "odd_size"),
    "time-taken": ("duration", "taken"),
    "cs(User-Agent)": ("user_agent", "agent_of_w3c"),
    "s-computername": ("server", "host"),
    "x-edge": ("x-edge", "word"),
}
KINDS["method"] = lambda draw: draw.choice((b"GET", b"POST", b"-"))
KINDS["stem"] = lambda draw: draw.choice((b"/", b"/a.aspx", b"/img/b.PNG", b"-"))
KINDS["uri_query"] = lambda draw: draw.choice((b"-", b"id=7", b"q=a+b"))
KINDS["taken"] = lambda draw: draw.choice((b"0", b"15", b"250", b"1.250", b"-", b"0.001"))
KINDS["agent_of_w3c"] = lambda draw: draw.choice((b"curl/8.5.0", b"Mozilla/5.0+(X11)", b"-", b'"Mozilla/5.0 (X11)"', b'"a"'))


@dataclass(slots=True)
class W3cLog:
    """A W3C log: its directives may name other fields further down."""

    names: list[str]
    tabs: bool

    @classmethod
    def of(cls, draw: Draw) -> W3cLog:
        return cls(draw.sample(list(W3C), draw.randint(3, len(W3C))), draw.chance(0.3))

    @property
    def directive(self) -> Line:
        return Line(b"#Fields: date time " + " ".join(self.names).encode(), "directive")

    def line(self, draw: Draw) -> Line:
        wall = draw.wall()
        since = wall.replace(tzinfo=EPOCH.tzinfo) - EPOCH
        raw = {name: draw.pooled(f"w3c {name}", lambda name=name: KINDS[W3C[name][1]](draw)) for name in self.names}  # type: ignore[misc]
        texts = {
            W3C[name][0]: shown(value[1:-1] if value[:1] == b'"' else value)
            for name, value in raw.items()
            if value not in {b"-", b""}
        }
        numbers = {}
        if "sc-bytes" in raw:
            size = number(texts.pop("bytes", None), "bytes")
            numbers = {"bytes": size} if size is not None and is_size(size) else {}
        if "duration" in texts:
            taken = texts["duration"]
            in_seconds = "." in taken and "s-computername" not in raw  # a field that only Microsoft's servers have
            found = number(taken, "duration", 0 if in_seconds else 3)
            texts["duration"] = taken if in_seconds else f"{taken}ms"
            if found is not None:
                numbers["duration"] = found
        front = f"{wall:%Y-%m-%d} {wall:%H:%M:%S}".encode().split(b" ")
        content = (b"\t" if self.tabs else b" ").join([*front, *raw.values()])
        return Line(
            content, "record", Record(since.days * 86_400 + since.seconds, texts, numbers, sized="sc-bytes" in raw), opens=True
        )


def log(draw: Draw, zone: tzinfo, name: str, *, clean: bool = False) -> Log:
    """Return a log of a kind. clean: nearly all of its lines are records, as where its format is to be detected."""
    draw.start(zone)
    share = 0.0 if clean else draw.choice((0.0, 0.02, 0.1, 0.4))
    count = draw.choice((1, 2, 5, 12, 40, 40, 120)) if not clean else draw.choice((12, 40))
    if name in {"json", "logfmt"}:
        structure = Structure.of(draw, nested=name == "json")
        fields = structure.fields
        make: Maker = (lambda d: json_line(structure, d)) if name == "json" else (lambda d: pairs_line(structure, d))
        foreign = FOREIGN_JSON if name == "json" else FOREIGN_PAIRS
        lines = made(draw, make, count, share, foreign)
        if draw.chance(0.15) and not clean:  # the program looks at a hundred lines
            lines += [make(draw) for _ in range(max(0, 110 - len(lines)))]
            structure = drifted(structure, draw)  # `make` now writes lines of this one
            lines += made(draw, make, 20, share, foreign)
            fields = (*fields, *structure.fields)
        full = (json_line if name == "json" else pairs_line)(structure, draw, full=True)
        lines.insert(draw.randrange(min(len(lines), 3) + 1), full)
        return finished(
            draw, name, {"format": name}, lines, tuple(dict.fromkeys(fields)), multi_line=name == "json", fixed=False
        )
    if name == "w3c":
        w3c = W3cLog.of(draw)
        lines = [w3c.directive, *made(draw, w3c.line, count, share, (b"garbage", b"x"))]
        every = list(w3c.names)
        if draw.chance(0.3):
            w3c = W3cLog.of(draw)
            lines += [Line(b"#Version: 1.0", "directive"), w3c.directive, *made(draw, w3c.line, count, share, (b"garbage",))]
            every += w3c.names
        return finished(
            draw, name, {"format": name}, lines, tuple({W3C[key][0] for key in every}), multi_line=False, fixed=False
        )
    template = definition(draw) if name == "definition" else draw.choice([one for one in TEMPLATES if one.name == name])
    if name == "definition":  # two variables with a blank between them fit nearly anything
        lines = made(draw, template.line, count, share, [line for line in MISFITS if b" " not in line], longest_cut=2)
    else:
        is_text = name == "text"  # with many other bytes it looks binary, and without a time it has other rules
        misfits = [line for line in MISFITS if line.isascii()] if is_text else MISFITS
        lines = made(draw, template.line, count, share, misfits, fillers=FILLERS[:2] if is_text else FILLERS)
        lines += [template.line(draw) for _ in range(3)] if is_text else []
    return finished(
        draw,
        name,
        template.settings,
        lines,
        template.fields,
        multi_line=template.multi_line,
        fixed=True,
        yearless=template.yearless,
    )


def made(
    draw: Draw,
    make: Maker,
    count: int,
    share: float,
    foreign: Sequence[bytes],
    longest_cut: int = 6,
    fillers: Sequence[bytes] = FILLERS,
) -> list[Line]:
    """Return some lines. share: of those that are damaged or foreign. longest_cut: so much of a line is surely no record."""
    lines: list[Line] = []
    while len(lines) < count:
        if not draw.chance(share):
            lines.append(make(draw))
            continue
        kind = draw.choice(("blank", "foreign", "cut", "again", "long"))
        if kind == "blank":
            lines.append(Line(draw.choice(BLANKS), "blank"))
        elif kind == "foreign":
            content = draw.choice(foreign)
            lines.append(Line(content, misfit(content, foreign)))
        elif kind == "cut" and foreign is not FOREIGN_PAIRS:
            content = make(draw).content[: draw.randint(1, longest_cut)]
            lines.append(Line(content, misfit(content, foreign) if content.strip() else "blank"))
        elif kind == "again" and lines:
            lines += [lines[-1]] * draw.randint(1, 3)
        elif kind == "long":
            lines.append(Line(draw.choice(fillers) * draw.choice((5000, 70_000)), "long"))
    return lines


def misfit(content: bytes, foreign: Sequence[bytes]) -> Kind:
    """Return what a line that is not a record is. What begins as a JSON object, or is another value, belongs to no record."""
    is_json = foreign is FOREIGN_JSON and (content[:2] in {b'{"', b"{'"} or content.strip() == b"{" or content in WHOLE_JSON)
    return "broken" if is_json else "misfit"


def finished(
    draw: Draw,
    name: str,
    options: object,
    lines: list[Line],
    fields: Sequence[str],
    *,
    multi_line: bool,
    fixed: bool,
    yearless: bool = False,
) -> Log:
    """Return the log of some lines, with one way to end them."""
    end = draw.choice(("lf", "lf", "lf", "crlf", "mixed"))
    ends = [b"\r\n" if end == "crlf" or (end == "mixed" and draw.chance(0.5)) else b"\n" for _ in lines]
    if draw.chance(0.3) and lines[-1].content:
        ends[-1] = b""
    content = b"".join(line.content + mark for line, mark in zip(lines, ends, strict=True))
    if draw.chance(0.05):
        content = b"\xef\xbb\xbf" + content
    elif draw.chance(0.1) and name != "text":
        content = b"".join(with_holes(draw, line.content, mark) for line, mark in zip(lines, ends, strict=True))
    return Log(name, dict(options), lines, multi_line, tuple(sorted(fields)), fixed, draw.modified, content, yearless)  # type: ignore[call-overload]


def with_holes(draw: Draw, content: bytes, mark: bytes) -> bytes:
    """Return a line and its end as a crash may leave them: NULs before the line, and so many behind it that they end it."""
    front = bytes(draw.choice((1, 15, 16, 4096))) if draw.chance(0.1) else b""
    if content.strip() and mark and draw.chance(0.1):
        mark = bytes(draw.choice((16, 17, 5000))) + b"\n"
    return front + content + mark
