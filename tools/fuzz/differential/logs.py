"""Random logs of a few lines, some of them damaged: `log` returns one with what each of its lines is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from tools.fuzz.differential.model import Draw, Line, Log
from tools.fuzz.differential.structured import W3C, Structure, W3cLog, json_line, pairs_line
from tools.fuzz.differential.templates import TEMPLATES

NAMES = (*(template.name for template in TEMPLATES), *("json",) * 6, *("logfmt",) * 4, *("w3c",) * 3, *("combined",) * 3)
MISFITS = (b"    at org.example.Foo.bar(Foo.java:12)", b"Traceback (most recent call last):", b"%%%", b"\xff\xfe\xfd", b"# x", b"garbage", b"[")
BLANKS = (b"", b"", b"  ", b"\t", b" \t \x0b\x0c")
FOREIGN_JSON = (b"[1, 2]", b'"text"', b"12", b'{"a": NaN}', b'{"a": 1', b'{"a": "\\ud800"}', b"{}x", b"{'a': 1}", b'{"a": 01}', b"null")
FOREIGN_PAIRS = (b'a="b', b'a=b"c', b"only words here", b"=b c=d", b'"x"')
Maker = Callable[[Draw], Line]


def log(draw: Draw, zone: tzinfo, name: str, *, clean: bool = False) -> Log:
    """Return a log of a kind. clean: nearly all of its lines are records, as where its format is to be detected."""
    draw.start(zone)
    share = 0.0 if clean else draw.choice((0.0, 0.02, 0.1, 0.4))
    count = draw.choice((1, 2, 5, 12, 40, 40, 120)) if not clean else draw.choice((12, 40))
    if name in {"json", "logfmt"}:
        structure = Structure.of(draw, nested=name == "json")
        make: Maker = (lambda d: json_line(structure, d)) if name == "json" else (lambda d: pairs_line(structure, d))
        foreign = FOREIGN_JSON if name == "json" else FOREIGN_PAIRS
        lines = made(draw, make, count, share, foreign)
        full = (json_line if name == "json" else pairs_line)(structure, draw, full=True)
        lines.insert(draw.randrange(min(len(lines), 3) + 1), full)
        return finished(draw, name, {"format": name}, lines, structure.fields, multi_line=False, fixed=False)
    if name == "w3c":
        w3c = W3cLog.of(draw)
        lines = [w3c.directive, *made(draw, w3c.line, count, share, (b"garbage", b"x"))]
        every = list(w3c.names)
        if draw.chance(0.3):
            w3c = W3cLog.of(draw)
            lines += [Line(b"#Version: 1.0", "directive"), w3c.directive, *made(draw, w3c.line, count, share, (b"garbage",))]
            every += w3c.names
        return finished(draw, name, {"format": name}, lines, tuple({W3C[key][0] for key in every}), multi_line=False, fixed=False)
    template = next(template for template in TEMPLATES if template.name == name)
    lines = made(draw, template.line, count, share, MISFITS)
    return finished(draw, name, template.settings, lines, template.fields, multi_line=template.multi_line, fixed=True, yearless=template.yearless)


def made(draw: Draw, make: Maker, count: int, share: float, foreign: Sequence[bytes]) -> list[Line]:
    """Return some lines. share: of those that are damaged or foreign."""
    lines: list[Line] = []
    while len(lines) < count:
        if not draw.chance(share):
            lines.append(make(draw))
            continue
        kind = draw.choice(("blank", "foreign", "cut", "again", "long"))
        if kind == "blank":
            lines.append(Line(draw.choice(BLANKS), "blank"))
        elif kind == "foreign":
            lines.append(Line(draw.choice(foreign), "misfit"))
        elif kind == "cut" and foreign is not FOREIGN_PAIRS:
            content = make(draw).content[: draw.randint(1, 6)]
            lines.append(Line(content, "misfit" if content.strip() else "blank"))
        elif kind == "again" and lines:
            lines += [lines[-1]] * draw.randint(1, 3)
        elif kind == "long":
            lines.append(Line(draw.choice((b"x", b" ", b"\xff")) * draw.choice((5000, 70_000)), "long"))
    return lines


def finished(
    draw: Draw, name: str, options: object, lines: list[Line], fields: Sequence[str], *, multi_line: bool, fixed: bool, yearless: bool = False
) -> Log:
    """Return the log of some lines, with one way to end them."""
    end = draw.choice(("lf", "lf", "lf", "crlf", "mixed"))
    ends = [b"\r\n" if end == "crlf" or (end == "mixed" and draw.chance(0.5)) else b"\n" for _ in lines]
    if draw.chance(0.3) and lines[-1].content:
        ends[-1] = b""
    content = b"".join(line.content + mark for line, mark in zip(lines, ends, strict=True))
    if draw.chance(0.05):
        content = b"\xef\xbb\xbf" + content
    return Log(name, dict(options), lines, multi_line, tuple(sorted(fields)), fixed, draw.modified, content, yearless)  # type: ignore[call-overload]
