"""Attempts to do harm by what is in a log, a name, an answer or a setting."""

from __future__ import annotations

import csv
import io
import os
import pickle
import pty
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from unicodedata import normalize
from unittest.mock import patch

from logproc.reports.csv_report import restore
from tests.faults.fault import Arguments, Fault, Scene, good, source
from tests.faults.laws import CANARY
from tests.faults.web import BODY, ONCE, TOLD, moved
from tests.faults.web_tls import authority, context, tls_server
from tests.support import logs, processes
from tests.support.fault_server import Answer, FaultServer, Request, closed_port
from tests.support.processes import Ended

Run = Callable[[Scene, Arguments], Ended]
Check = Callable[[Scene, Ended], object]

STEERING = {
    "escape sequences": "\x1b[31mred\x1b]0;title\x07\x1b]8;;http://evil/\x07\x1b]52;c;aGk=\x07\x1bPdcs\x9c",
    "C0 but for the line's end": "".join(map(chr, range(0x20))).replace("\n", ""),
    "C1 as UTF-8, and DEL": "".join(map(chr, range(0x7F, 0xA0))),
    "marks of direction and zero width": "\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u200b\u200d\u2060\ufeff\u2028\u2029",
    "tags, variation selectors, private use": "\U000e0041\U000e0100\ue000\U0010ffff\u00ad\u00a0\u3000",
}
SGR = re.compile(r"\x1b\[[0-9;]*m")
PAINTING = re.compile(r"\r\x1b\[2K|\x1b\[1A|\x1b\[\?7[hl]")


def evil(text: bytes) -> list[bytes]:
    """Return lines with a text in each field: two that are records, one that is rejected."""
    words = text.translate(None, b" \t\x0b\x0c\r")
    return [
        logs.line(request=b"GET /" + words + b" HTTP/1.1", user_agent=text, referrer=text, client=words, user=words),
        logs.line(request=text),
        b"no record " + text,
    ]


def log_with(name: str, *options: str) -> Callable[[Scene], Arguments]:
    """Return how a log with a text in each field is made."""
    return lambda scene: [scene.file("a.log", *evil(STEERING[name].encode()), *good(4)), *options]


def printed(output: str, *options: str) -> Run:
    """Return a way to run the program with another form of its report."""
    return lambda scene, arguments: scene.analyze(*arguments, *options, output=output)


def in_color(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program with its report in colours, and take these out."""
    ended = scene.analyze(*arguments, "--color", "always", output="terminal")
    return Ended(ended.code, SGR.sub("", ended.stdout.decode()).encode(), ended.stderr)


def on_a_terminal(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program with stdout and stderr on a terminal, and take its colours and its painting out of what is seen."""
    outside, inside = pty.openpty()
    seen = bytearray()
    with processes.started("analyze", *arguments, cwd=scene.folder, stdout=inside, stderr=inside) as process:
        os.close(inside)
        while piece := read_terminal(outside):
            seen += piece
        code = process.wait(processes.PATIENCE_S)
    os.close(outside)
    text = PAINTING.sub("", SGR.sub("", seen.decode().replace("\r\n", "\n")))
    return Ended(code, text.encode(), "")


def read_terminal(descriptor: int) -> bytes:
    """Return what was written to a terminal, nothing at its end (reported as EIO by Linux)."""
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:
        return b""


def shown(*texts: str) -> Check:
    """Return a look whether texts are on stdout or stderr."""

    def check(_scene: Scene, ended: Ended) -> None:
        for text in texts:
            assert text in ended.stdout.decode() + ended.stderr, text

    return check


def lines_of_stderr(number: int) -> Check:
    """Return a look at how many lines stderr has."""

    def check(_scene: Scene, ended: Ended) -> None:
        assert len(ended.stderr.splitlines()) == number, ended.stderr

    return check


def answers(*answer: Answer, options: Sequence[str] = ONCE) -> Callable[[Scene], Arguments]:
    """Return how a server is asked that gives these answers."""
    return lambda scene: [scene.server.on("/log", *answer).url("/log"), *options]


def named_evil(_scene: Scene) -> Arguments:
    """Name files that are not there."""
    return [
        "a\x1b]0;title\x07.log",
        "b\nlogproc: forged: line.log",
        b"c\xff\x9b.log".decode("utf-8", "surrogateescape"),
        "d\u202e.log",
    ]


def evil_certificate(scene: Scene) -> Arguments:
    """Ask a server whose certificate has a name that steers a terminal."""
    certificate = authority().issue_cert(
        "elsewhere.example", common_name="a\x1b[31m\nlogproc: forged", organization_name="\x9b"
    )
    return [tls_server(scene, context(certificate)).url("/log", "localhost"), "--trust-env"]


STEERED = [
    *(
        Fault(
            "S1",
            f"{name} in each field of a log, {how}",
            log_with(name),
            run=run,
            says=says,
            holds="shown as `\\x1b` and the like",
            alone=True,
            check=shown(*([r"\x1b[31m"] if name == "escape sequences" and how != "as JSON" else [])),
        )
        for name in STEERING
        for how, run, says in (
            ("as JSON", printed("json"), ["of 7 lines rejected"]),
            ("as CSV", printed("csv"), ["of 7 lines rejected"]),
            ("as text", printed("terminal"), ["of 7 lines rejected"]),
            ("in colours", in_color, ["of 7 lines rejected"]),
        )
    ),
    Fault(
        "S1",
        "C1 as bytes, 80 to 9f",
        lambda scene: [scene.file("a.log", *evil(bytes(range(0x80, 0xA0))), *good(4))],
        run=printed("terminal"),
        says=["of 7 lines rejected"],
        holds="shown as `\\x9b`",
        alone=True,
        check=shown(r"\x9b"),
    ),
    Fault(
        "S1",
        "names of files that steer a terminal or forge a line",
        named_evil,
        1,
        says=[r"a\x1b]0;title\x07.log: no such file", r"b\x0alogproc: forged: line.log: no such file", r"c\xff\x9b.log", "d\\"],
        check=lines_of_stderr(4),
        holds="one line for each",
    ),
    Fault(
        "S1",
        "a reason phrase that steers a terminal",
        answers(Answer(b"", "404 a\x1b[31m\x9b\x00\xe2\x80\xae\rlogproc: forged")),
        1,
        says=[r"404 a\x1b[31m\x9b\x00\xe2\x80\xae\rlogproc: forged: is the path right?"],
        check=lines_of_stderr(1),
        holds="one line",
    ),
    Fault(
        "S1",
        "the same in the events of the program itself",
        answers(Answer(b"", "500 a\x1b[31m\x9b\rforged"), options=["--retries", "0", *TOLD]),
        1,
        says=["source ended", r"500 a\x1b[31m\x9b\rforged"],
    ),
    Fault(
        "S1",
        "headers that steer a terminal",
        answers(Answer(BODY, headers={"Content-Encoding": "\x1b[31m\x9b", "Server": "\x1b[31m", "ETag": "\x1b"})),
        1,
        says=[r"unsupported encoding \x1b[31m\x9b"],
    ),
    Fault(
        "S1",
        "a redirect to a scheme that steers a terminal",
        answers(moved("a\x1b[31m\x9b:b"), Answer(b"", "404 No")),
        1,
        says=["404"],
    ),
    Fault(
        "S1",
        "a certificate for another name, and that steers a terminal",
        evil_certificate,
        1,
        says=["/log: certificate: Hostname mismatch"],
        check=lines_of_stderr(1),
        holds="one line",
    ),
    Fault(
        "S1",
        "all of it on a terminal: log, file's name, server's answer",
        lambda scene: [
            scene.file("evil\x1b]0;title\x07.log", *evil("".join(STEERING.values()).encode()), *good(4)),
            *answers(Answer(b"", "404 a\x1b[31m\x9b", head_pause_s=0.01))(scene),
        ],
        1,
        run=on_a_terminal,
        holds="nothing but printable characters and the program's own colours",
        alone=True,
        check=shown("NOT COMPLETE", r"evil\x1b]0;title\x07.log", r"404 a\x1b[31m\x9b"),
    ),
    Fault(
        "S10",
        "a line end in a URL",
        lambda _: ["http://127.0.0.1/\nlogproc: forged: line"],
        2,
        says=[r"http://127.0.0.1/\x0alogproc: forged: line: bad URL: it contains a control character"],
        check=lines_of_stderr(1),
        holds="one line",
        alone=True,
    ),
    Fault(
        "S10",
        "a first line with a forged one behind a lone CR",
        lambda scene: [scene.file("a.log", b"junk\rlogproc: forged: line", b"junk"), "--format", "combined"],
        1,
        says=[r"0 of 2 lines match; first: junk\x0dlogproc: forged: line: check --format"],
        check=lines_of_stderr(1),
        holds="one line",
    ),
]

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠a", "'=1", "a;=1", '\\"=1', "=cmd|' /C calc'!A0"]


def formulas(scene: Scene) -> Arguments:
    """Make a log whose user agents are formulas."""
    return [scene.file("a.log", *(logs.line(user_agent=formula.encode()) for formula in FORMULAS)), "--top", "0"]


def agents(ended: Ended) -> list[str]:
    """Return the user agents of a report in CSV, as its cells have them."""
    rows = csv.reader(io.StringIO(ended.stdout.decode(), newline=""))
    return [row[1] for row in rows if row[0] == "user_agent"]


def guarded(_scene: Scene, ended: Ended) -> None:
    """Assert that no cell is a formula, and that the stated rule gives each key back."""
    assert not [cell for cell in agents(ended) if re.match("[=+@\t\r＝＋－＠-]", cell)]
    assert sorted(map(restore, agents(ended))) == sorted(FORMULAS)


def as_they_are(_scene: Scene, ended: Ended) -> None:
    """Assert that the cells are the keys."""
    assert sorted(agents(ended)) == sorted(FORMULAS)


SPREADSHEETS = [
    Fault(
        "S4",
        "keys that a spreadsheet would run, = + - @, full-width ones, behind a separator",
        formulas,
        run=printed("csv"),
        holds="a `'` stands before them, and comes off by a rule",
        check=guarded,
        alone=True,
    ),
    Fault(
        "S4",
        "the same with --csv-raw",
        formulas,
        run=printed("csv", "--csv-raw"),
        holds="as they are",
        check=as_they_are,
        alone=True,
    ),
]


def secretive(scene: Scene, *options: str) -> list[str]:
    """Return arguments with a secret as password, as token and in a header, with every kind of log output on."""
    scene.stack.enter_context(patch.dict(os.environ, SECRET=f"Bearer {CANARY}"))
    url = scene.server.url("/log").replace("://", f"://me:{CANARY}@")
    told = [
        "--log-level",
        "debug",
        "--debug",
        "--rejects",
        "rejects.jsonl",
        "-o",
        "report.json",
        "-o",
        "report.txt",
        "-o",
        "report.csv",
    ]
    return [f"{url}?token={CANARY}&day=3#auth={CANARY}", "--header", "X-Key: env:SECRET", *told, *options]


def echo(request: Request) -> Answer:
    """Answer with the secrets that were sent as the reason."""
    values = " ".join(request.headers.values())
    return Answer(b"", f"404 {request.target} {values} {CANARY}")


def kept_secret(scene: Scene, ended: Ended) -> None:
    """Assert that the secret was sent, and is in none of the files that the program wrote."""
    assert not scene.started_server or CANARY in str(scene.started_server.requests)
    for path in scene.folder.iterdir():
        assert path.name == "netrc" or CANARY.encode() not in path.read_bytes(), path
    assert "***" in ended.stderr


def secret(how: str, *scripts: Any, options: Sequence[str] = ONCE, **promised: Any) -> Fault:
    """Return the fault of a server that is asked with secrets, and answers so."""
    holds = "the secrets are in no stream, report, event or file"

    def make(scene: Scene) -> Arguments:
        scene.server.on("/log", *scripts)
        return secretive(scene, *options)

    return Fault("S5", how, make, holds=holds, check=kept_secret, **promised)


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def echoed(place: str, scene: Scene) -> Arguments:
    """Ask for a log, of which the server says in its reason only where it is not."""
    target = "/" + place.partition("#")[0]
    scene.server.on(target.partition("?")[0], Answer(b"", f"404 {target} !"))
    return [scene.server.url("/" + place), "--log-level", "debug", *ONCE]


def without_token(ended: Ended) -> None:
    """Assert that the token is nowhere; the canary never is."""
    assert JWT not in ended.stderr + ended.stdout.decode()


def told_apart(ended: Ended) -> None:
    """Assert that two sources have different names."""
    first, second = (source(ended, number)["source"] for number in range(2))
    assert (first.endswith("?key=***"), second) == (True, f"{first} (2)")
    assert source(ended, 1)["state"] == "complete"


def two_servers(scene: Scene, header: str) -> Arguments:
    """Name two logs of two servers and a header; `HOST` is the first server."""
    scene.stack.enter_context(patch.dict(os.environ, SECRET=CANARY))
    other = scene.stack.enter_context(FaultServer())
    urls = [server.on("/log", Answer(BODY)).url("/log") for server in (scene.server, other)]
    scene.stack.callback(lambda: kept_from(other))
    return [*urls, "--header", header.replace("HOST", f"127.0.0.1:{scene.server.port}"), "--log-level", "debug", *ONCE]


def kept_from(server: FaultServer) -> None:
    """Assert that no request had the secret."""
    assert CANARY not in str(server.requests)


def only_first(scene: Scene) -> None:
    """Assert that the first server got the header."""
    assert [request.headers["x-key"] for request in scene.server.requests] == [CANARY]


def nothing_asked(scene: Scene) -> None:
    """Assert that the server got no request."""
    assert not scene.server.requests


def in_netrc(scene: Scene) -> Arguments:
    """Have the secret in a .netrc that takes part, and a server that sends it back."""
    netrc = scene.bytes("netrc", f"machine 127.0.0.1 login me password {CANARY}\n".encode())
    netrc.chmod(0o600)
    scene.stack.enter_context(patch.dict(os.environ, NETRC=str(netrc)))
    return [scene.server.on("/log", from_netrc).url("/log"), "--trust-env", *ONCE]


def from_netrc(request: Request) -> Answer:
    """Answer with what the request was signed with."""
    assert request.headers["authorization"].startswith("Basic ")
    return Answer(b"", f"404 {request.headers['authorization']} me:{CANARY}")


def with_traceback(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program, look for secrets in the traceback that it prints, and cut that off."""
    ended = scene.analyze(*arguments)
    assert "Traceback" in ended.stderr
    assert CANARY not in ended.stderr
    return replace(ended, stderr=ended.stderr.splitlines(keepends=True)[-1])


def behind_proxy(scheme: str, scene: Scene) -> Arguments:
    """Ask for a log behind a proxy with a password, which the proxy repeats."""
    proxy = scene.server.url("").replace("://", f"://me:{CANARY}@")
    scene.stack.enter_context(patch.dict(os.environ, {f"{scheme}_proxy": proxy, "no_proxy": "", "NO_PROXY": ""}))
    for target in ("http://name.example/log", "name.example:443"):
        scene.server.on(target, lambda request: Answer(b"", f"407 {request.headers['proxy-authorization']} me:{CANARY}"))
    return [f"{scheme}://name.example/log", "--trust-env", *ONCE]


def typed(how: str, says: str, *arguments: str, code: int = 2, **promised: Any) -> Fault:
    """Return the fault of a command with a secret at the wrong place."""
    return Fault("S5", how, lambda _: arguments, code, says=[says], alone=True, holds="the secret is not shown", **promised)


SECRETS = [
    secret("a password, a token and a header, the log is fine", Answer(BODY), says=["http://***@127.0.0.1:"]),
    secret("the same, rejected lines", Answer(BODY + b"junk\n"), says=["?token=***&day=3#auth=***"]),
    secret("404", Answer(b"", "404 Not Found"), code=1, says=["?token=***&day=3#auth=***: 404 Not Found"]),
    secret(
        "a server that sends the secrets back in its reason phrase",
        echo,
        code=1,
        says=["404 /log?token=***&day=3 ", " *** *** ***"],
    ),
    Fault(
        "S5",
        "a token alone, sent back as the reason",
        lambda scene: [scene.server.on("/log", echo).url(f"/log?access_token={CANARY}"), *ONCE],
        1,
        says=["/log?access_token=***: 404 /log?access_token=***"],
        holds="it is not shown",
    ),
    *(
        Fault(
            "S5",
            f"a secret as `{place.replace(CANARY, '…').replace(JWT, 'eyJ…')}`, sent back as the reason",
            partial(echoed, place),
            1,
            says=[f"/{shown}: 404 /{shown.partition('#')[0]} "],
            check=lambda _scene, ended: without_token(ended),
            holds="it is not shown",
        )
        for place, shown in (
            (f"log?otp={CANARY}&k={CANARY};hash={CANARY}&page=2", "log?otp=***&k=***;hash=***&page=2"),
            (f"log?{CANARY}", "log?***"),
            (f"log;jsessionid={CANARY}#{CANARY}", "log;jsessionid=***#***"),
            (f"webhook/T000/B000/{CANARY}", "webhook/***/***/***"),
            (f"a/{JWT}/log", "a/***/log"),
        )
    ),
    Fault(
        "S5",
        "two URLs that differ only in a secret",
        lambda scene: [
            scene.server.on("/log", Answer(BODY)).url(f"/log?key={CANARY}"),
            scene.server.url(f"/log?key={CANARY}2"),
            *ONCE,
        ],
        check=lambda _scene, ended: told_apart(ended),
        holds="both are read, under names of their own",
    ),
    secret("a cut body", Answer(BODY, sent=200), code=1, says=["got 200 of "]),
    secret(
        "a redirect to nowhere",
        lambda _: moved(f"http://127.0.0.1:{closed_port()}/?token={CANARY}"),
        code=1,
        says=["refused at http://"],
    ),
    secret(
        "a redirect with a secret to port 99999",
        moved(f"http://me:{CANARY}@host:99999/"),
        code=1,
        says=["refused redirect: bad URL"],
    ),
    secret("an answer that is not HTTP", Answer(head=b"junk\r\n\r\n"), code=1, says=["bad response (no status line of HTTP)"]),
    Fault(
        "S5",
        "a password in .netrc, sent back as the reason",
        in_netrc,
        1,
        says=["404 *** me:***"],
    ),
    *(
        Fault(
            "S5",
            f"a password of a proxy that sends it back as the reason, before a URL of {scheme}",
            partial(behind_proxy, scheme),
            1,
            says=["407 ", "***"],
            holds="it is not shown",
        )
        for scheme in ("http", "https")
    ),
    typed("a password in a bad URL", "http://***@host:99999/: bad URL", f"http://me:{CANARY}@host:99999/"),
    *(
        typed(f"the same with --debug: `{url.replace(CANARY, '…')}`", "bad URL: ", url, "--debug", run=with_traceback)
        for url in (f"http://me:{CANARY}/x@host/", f"http://me:{CANARY}", f"http://me:{CANARY}@[::1/")
    ),
    typed("a password that breaks its URL", "***", f"http://me:a/{CANARY}@host/log", code=2),
    typed(
        "a password in a URL of another scheme",
        "ftp://***@host/log: unsupported URL scheme",
        f"ftp://me:{CANARY}@host/log",
        code=3,
    ),
    typed(
        "a header with its value",
        "--header X-Key: its value must come from a variable",
        "a.log",
        "--header",
        f"X-Key: {CANARY}",
    ),
    Fault(
        "S5",
        "a header for one of two servers",
        lambda scene: two_servers(scene, "HOST X-Key: env:SECRET"),
        says=["headers sent", "headers=X-Key server=http://127.0.0.1:"],
        check=lambda scene, _: only_first(scene),
        holds="the other server does not get it; the program's log says who did",
    ),
    Fault(
        "S5",
        "a header without a host, and two servers",
        lambda scene: two_servers(scene, "X-Key: env:SECRET"),
        2,
        says=["--header X-Key: the URLs are of several servers: name its host: --header 'HOST X-Key: env:VARIABLE'"],
        check=lambda scene, _: nothing_asked(scene),
        holds="nothing is asked",
        alone=True,
    ),
    Fault(
        "S5",
        "a header for a host that no URL has",
        lambda scene: two_servers(scene, "other.example X-Key: env:SECRET"),
        2,
        says=["--header: no URL is of the host that it names: write --header 'HOST NAME: env:VARIABLE'"],
        check=lambda scene, _: nothing_asked(scene),
        holds="nothing is asked",
        alone=True,
    ),
    typed(
        "a value in place of a name",
        "--header: no URL is of the host that it names",
        "http://127.0.0.1:1/log",
        "--header",
        f"X-Key {CANARY}: env:PATH",
    ),
    typed("a header without a colon", "--header: its value must come from a variable", "a.log", "--header", f"X-Key {CANARY}"),
    typed(
        "a value in place of a variable", "--header X-Key: its variable is not set", "a.log", "--header", f"X-Key: env:{CANARY}"
    ),
]

NESTED = "^(?:(?:[a-z])+.)+[A-Z](?:[a-z])+$"
LONG_LINE = b"a" * 500_000


def user_text(how: str, says: Sequence[str], *options: str, code: int = 2) -> Fault:
    """Return the fault of an option that holds a program of its author."""

    def make(scene: Scene) -> Arguments:
        return [scene.file("a.log", LONG_LINE, *good()), *options]

    return Fault("S6", how, make, code, says=says, alone=True, holds="RE2 runs it, in time linear in the line")


PATTERNS = [
    user_text(
        "nested repeats as --pattern, half a megabyte of `a`",
        ["0 of 2 lines match"],
        "--pattern",
        f"(?P<message>{NESTED})",
        code=3,
    ),
    user_text("nested repeats in --where", [], "--where", f'path =~ "{NESTED}"', code=0),
    user_text("a look behind, which RE2 has not", ["--pattern"], "--pattern", "(?P<a>x)(?<=y)"),
    user_text("a back reference, which RE2 has not", ["--pattern"], "--pattern", r"(?P<a>x)(?P=a)"),
    user_text("a repeat of a thousand thousands", ["--pattern"], "--pattern", "(?P<a>((x{1000}){1000}){1000})"),
    user_text("ten thousand brackets", ["--pattern"], "--pattern", "(" * 10_000 + "(?P<a>x)" + ")" * 10_000),
]


def mode_of(name: str, expected: int) -> Check:
    """Return a look at the rights of a file."""

    def check(scene: Scene, _ended: Ended) -> None:
        assert stat.S_IMODE((scene.folder / name).stat().st_mode) == expected

    return check


def without_umask(scene: Scene, arguments: Arguments) -> Ended:
    """Run the program with a umask that takes no right away."""
    before = os.umask(0)
    try:
        return scene.analyze(*arguments)
    finally:
        os.umask(before)


def link_at_output(scene: Scene) -> Arguments:
    """Have a link at the place of the report, which leads to a file that somebody would like to be overwritten."""
    scene.bytes("precious", b"precious\n")
    (scene.folder / "report.json").symlink_to("precious")
    return [scene.file("a.log", *good()), "-o", "report.json"]


def fifo_at_output(scene: Scene) -> Arguments:
    """Have a FIFO at the place of the report."""
    os.mkfifo(scene.folder / "report.json")
    return [scene.file("a.log", *good()), "-o", "report.json"]


def untouched(scene: Scene, _: Ended) -> None:
    """Assert that the link and what it leads to are as they were."""
    assert (scene.folder / "report.json").is_symlink()
    assert (scene.folder / "precious").read_bytes() == b"precious\n"


FILES = [
    Fault(
        "S7",
        "a symbolic link at the place of the report",
        link_at_output,
        4,
        says=["report.json", "is a symbolic link: name the file it points to"],
        check=untouched,
        holds="nothing is read, nothing is written through it",
        alone=True,
    ),
    Fault(
        "S7",
        "a FIFO without a reader at the place of the report",
        fifo_at_output,
        4,
        says=["report.json", "nothing reads the FIFO"],
        holds="it does not wait for ever",
    ),
    Fault(
        "S8",
        "umask 000",
        lambda scene: [scene.file("a.log", *good(), b"junk"), "-o", "report.json", "--rejects", "rejects.jsonl"],
        run=without_umask,
        check=lambda scene, ended: [mode_of(name, 0o600)(scene, ended) for name in ("report.json", "rejects.jsonl")],
        holds="reports and rejected lines are for their owner alone",
        says=["rejected"],
    ),
]


class Exploit:
    """What runs when it is unpickled."""

    def __reduce__(self) -> Any:
        """Return a call."""
        return os.mkdir, ("owned",)


def config(how: str, content: bytes, says: str) -> Fault:
    """Return the fault of a config file that would like to be a program."""

    def make(scene: Scene) -> Arguments:
        return [scene.file("a.log", *good()), "--config", str(scene.bytes("logproc.toml", content))]

    return Fault(
        "S11",
        how,
        make,
        2,
        says=["config ", says],
        check=lambda scene, _: not_owned(scene),
        holds="nothing of it is run, nothing is read",
        alone=True,
    )


def not_owned(scene: Scene) -> None:
    """Assert that no code of the file ran."""
    assert not (scene.folder / "owned").exists()


def in_option(option: str) -> Fault:
    """Return the fault of a text in an option that would like to be a program."""
    return Fault(
        "S11",
        f"`__import__` in {option}",
        lambda scene: [scene.file("a.log", *good()), option, CODE],
        2,
        says=["logproc: "],
        check=lambda scene, _: not_owned(scene),
        holds="nothing of it is run",
        alone=True,
    )


CODE = "__import__('os').mkdir('owned')"
SETTINGS = [
    config("a pickle as config file", pickle.dumps(Exploit()), "fix the file"),
    config("tags of YAML as config file", b"!!python/object/apply:os.mkdir [owned]\n", "fix the file"),
    config("`__import__` in a config file", f'top = "{CODE}"\n'.encode(), "top"),
    config("an unknown key", b"eval = 1\n", "unknown key 'eval'"),
    config("100,000 brackets in a config file", b"top = " + b"[" * 100_000, "fix the file"),
    *(in_option(option) for option in ("--where", "--by", "--metric", "--format", "--since", "--tz", "--encoding")),
]


def left_behind(mode: int, *, folder: int = 0o755, link: bool = False) -> Callable[[Scene], Arguments]:
    """Return how a config file is left in the working directory that would cut the report to one row."""

    def make(scene: Scene) -> Arguments:
        config = scene.bytes("target.toml" if link else "logproc.toml", b"top = 1\n")
        config.chmod(mode)
        if link:
            (scene.folder / "logproc.toml").symlink_to(config)
        scene.folder.chmod(folder)
        return [scene.file("a.log", *(logs.line(request=b"GET /%d HTTP/1.1" % number) for number in range(9)))]

    return make


def rows(number: int, *files: str) -> Check:
    """Return a look at how many paths the report has, and which config files it names."""

    def check(_scene: Scene, ended: Ended) -> None:
        assert len(ended.report["panels"]["path"]["rows"]) == number
        assert ended.report["run"].get("config_files", []) == list(files)

    return check


LEFT_BEHIND = [
    *(
        Fault(
            "S13",
            how,
            make,
            says=["logproc: logproc.toml: not read: ", says, "--config logproc.toml reads it"],
            holds="it changes nothing",
            check=rows(9),
            alone=True,
        )
        for how, make, says in (
            ("a config file that its group may write to", left_behind(0o664), "others may write to it"),
            ("a config file that all may write to", left_behind(0o646), "others may write to it"),
            ("a link to such a file", left_behind(0o666, link=True), "others may write to it"),
            ("a config file in a folder that all may write to", left_behind(0o644, folder=0o777), "anybody may replace it"),
        )
    ),
    Fault(
        "S13",
        "the same file, named with --config",
        lambda scene: [*left_behind(0o666)(scene), "--config", "logproc.toml"],
        holds="it is read, and the report names it",
        check=rows(1, "logproc.toml"),
        alone=True,
    ),
    Fault(
        "S13",
        "a config file of one's own in a sticky folder of all, such as /tmp",
        left_behind(0o644, folder=0o1777),
        holds="it is read, and the report names it",
        check=rows(1, "logproc.toml"),
        alone=True,
    ),
]

ALIKE = [
    "/a" + text
    for text in ("", *"\u3164\u115f\u1160\uffa0\u2800\ufe0f\U000e0100\u034f\u180e\u200b\u202e\u00ad\ufeff\U000e0041")
]
ALIKE += [r"/a\u3164", r"/a\\u3164", "/caf\u00e9", "/cafe\u0301", "/\u212b", "/\u00c5"]
ALIKE += [f"/{'archive/' * 20}{number}{'/index' * 20}" for number in range(3)]


def alike(scene: Scene) -> Arguments:
    """Make a log of paths that look alike, in files whose names do."""
    lines = [logs.line(request=f"GET {path} HTTP/1.1".encode()) for path in ALIKE]
    return [scene.file("a.log", *lines), scene.file("a\u3164.log", *good()), "--by", "path", "--top", "0"]


def rows_of_paths(number: int) -> Check:
    """Return a look at how many different rows with a bar a report has."""

    def check(_scene: Scene, ended: Ended) -> None:
        rows = [line.rstrip() for line in ended.stdout.decode().splitlines() if line.startswith("/") and "█" in line]
        assert (len(rows), len({normalize("NFC", row) for row in rows})) == (number, number), rows

    return check


def true_text(_scene: Scene, ended: Ended) -> None:
    """Assert that JSON has every path as it is in the log."""
    assert {row["path"] for row in ended.report["panels"]["path"]["rows"]} >= set(ALIKE)


LOOK_ALIKES = [
    *(
        Fault(
            "S14",
            f"paths that look alike, {how}",
            alike,
            run=run,
            check=check,
            alone=True,
            holds="a row for each, all different",
        )
        for how, run, check in (
            ("on a terminal", on_a_terminal, rows_of_paths(len(ALIKE) + 1)),
            ("in a pipe", printed("terminal"), rows_of_paths(len(ALIKE) + 1)),
            ("as JSON", printed("json"), true_text),
        )
    ),
    Fault(
        "S14",
        "a missing file whose name looks like that of another",
        lambda _: ["a.log", "a\u3164.log", "a\u0020\ufe0f.log"],
        3,
        says=["logproc: a.log: no such file", r"logproc: a\u3164.log: no such file", r"logproc: a \ufe0f.log: no such file"],
        holds="a line for each, all different",
        alone=True,
    ),
]

FAULTS: list[Fault] = [*LOOK_ALIKES, *LEFT_BEHIND, *STEERED, *SPREADSHEETS, *SECRETS, *PATTERNS, *FILES, *SETTINGS]
