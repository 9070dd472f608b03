"""The formats: every line of any bytes is accounted for, wherever it is cut, and quick and exact readers agree."""

from __future__ import annotations

from logproc.formats.detection.choice import Choice
from logproc.formats.detection.detect import GENERIC
from logproc.formats.engine import Format
from logproc.formats.known import BY_NAME, SAMPLED
from logproc.model.chunk import Parser
from logproc.sources.unreadable import unreadable
from tests.formats.readings import CONTEXT, STANDARD, Reading, bytes_of, detected, exactly, lines_of, read_cut, reading_of, same
from tests.formats.samples import SAMPLES
from tests.support.logs import NAMES
from tests.support.logs import line as access_line
from tools.fuzz.target import Given, Target

FORMS = {**BY_NAME, **SAMPLED}
LIMITS = (1 << 20, 60, 10)
MOST_ALONE = 5
CHOICES: tuple[str | None, ...] = (None, None, None, *SAMPLED)


def run_format(data: bytes) -> None:
    """Read any bytes in a format."""
    given = Given(data)
    check(given.one_of(tuple(FORMS.values())), given, given.one_of(LIMITS))


def run_detection(data: bytes) -> None:
    """Detect the format of any bytes, and read them in it."""
    given = Given(data)
    choice, whole = Choice.of(given.one_of(CHOICES), None, None, {}), given.byte() % 2 == 0
    sample = given.rest()
    form = choice.detect(sample, whole=whole) or choice.fallback(sample, whole=whole)
    if form is None or form.name in GENERIC:
        assert form or not has_line(sample, whole=whole)
        unreadable(sample)
    if form:
        check(form, Given(bytes([len(sample) % 251]) + sample), LIMITS[0])


def has_line(sample: bytes, *, whole: bool) -> bool:
    """Whether a sample holds a line that is not blank."""
    lines = sample.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return any(line.strip(b" \t\r\v\f") for line in (lines if whole else lines[:-1]))


def check(form: Parser, given: Given, limit: int) -> None:
    """Read lines as a whole, cut, and with the exact reader."""
    at, content = given.byte(), given.rest()
    content += b"" if content.endswith(b"\n") else b"\n"
    whole = read_within(form, content, limit)
    assert whole.account.lines == content.count(b"\n")
    lines = lines_of(content)
    at = at % (len(lines) + 1)
    same(whole, read_cut(form, [b"".join(lines[:at]), b"".join(lines[at:])], limit))
    if len(lines) <= MOST_ALONE:
        same(whole, read_cut(form, lines, limit))
    check_exactly(form, content, limit, whole)


def read_within(form: Parser, content: bytes, limit: int) -> Reading:
    """Parse lines; those over a limit are too long."""
    return reading_of(form.parse(bytes_of(content), CONTEXT, STANDARD, limit))


def check_exactly(form: Parser, content: bytes, limit: int, whole: Reading) -> None:
    """Check that the quick reader, if there is one, agrees with the exact one."""
    if isinstance(form, Format) and form.quick:
        same(whole, reading_of(exactly(form).parse(bytes_of(content), CONTEXT, STANDARD, limit)))


ODD = (
    b'{"time":"2026-03-07T10:00:00Z","level":"info","n":1}\n{"time":"2026-03-07T10:00:01Z","level":"info","n":NaN}\n',
    b'{"a":{"b":1.50},"a":2,"c":true}\n{"a":{"b":[]},"c":null}\n{"a.b":-0.0,"c":1e999}\n{"c":"\\ud800","d":Infinity} \n',
    b'ts=1772874001.5 level=info msg="a \\"b\\" c" err=\n=x ts= level "lone\na=1 a=2 b="c"d\n',
)
"""What Arrow and the exact readers may read differently."""
SEEDS = (*(sample.text for sample in SAMPLES), *(access_line(name) + b"\n" for name in NAMES), *ODD)
WORDS = (
    *(b'"', b'\\"', b"\\", b"[", b"]", b" - ", b"-", b" ", b"\t", b"\n", b"\r\n", b"\0", b"\xff", b"\xc3\xa9", b"{", b"}"),
    *(b"GET / HTTP/1.1", b"07/Mar/2026:10:00:01 +0100", b"2026-03-07T10:00:01.123Z", b"Mar  7 10:00:01", b"1772874001"),
    *(
        b"200",
        b"404",
        b"1e999",
        b"NaN",
        b"null",
        b'"time":',
        b'"level":"info"',
        b'"a":NaN,',
        b'"a":1e400,',
        b'"a":1,"a":2,',
        b'"a":{"b":1},',
        b"level=info",
        b'msg="a b"',
        b"ts=",
    ),
    *(b"#Fields: date time cs-method sc-status\n", b"#Software: x\n", b"ERROR", b"\\x22", b"\\u0000", b"\\ud800", b"9" * 25),
)


def numbered(text: bytes) -> bytes:
    """Return a log as an input of `formats`, preceded by the number of its format."""
    name = detected(text).name
    return bytes([list(FORMS).index(name) if name in FORMS else 0, 0, 1]) + text[:300]


TARGETS = (
    Target("formats", run_format, seeds=tuple(map(numbered, SEEDS)), words=WORDS),
    Target("detection", run_detection, seeds=tuple(bytes([0, 0]) + text[:300] for text in SEEDS), words=WORDS),
)
