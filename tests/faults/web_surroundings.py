"""Faults of what is round a request: many URLs at once, proxies of the environment, odd URLs."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

from tests.faults.fault import NEIGHBOUR, Arguments, Fault, Scene
from tests.faults.web import BODY, ONCE, TOLD, Fate, also, at
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer, Request
from tests.support.processes import Ended

URLS = 200
MOST_AT_ONCE = 4
IDN = "xn--bcher-kva.example"


@dataclass
class Slow:
    """Answers with one line, slowly, and remembers how many it was asked for at once."""

    asking: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, _request: Request) -> Answer:
        """Answer."""
        with self.lock:
            self.asking += 1
            self.most = max(self.most, self.asking)
        threading.Event().wait(0.001)
        with self.lock:
            self.asking -= 1
        return Answer(logs.line() + b"\n")


slow = Slow()


def many(scene: Scene) -> Arguments:
    """Name 200 logs of one slow server."""
    slow.most = 0
    scene.server.on("/log", slow)
    return [*(scene.server.url(f"/log?{number}") for number in range(URLS)), *TOLD]


def in_turns(_scene: Scene, ended: Ended) -> None:
    """Assert that no more than four were asked for at once, that all came, and that the local file did not wait for them."""
    assert 1 < slow.most <= MOST_AT_ONCE
    assert ended.report["account"]["records"] == URLS + 5
    ends = [line for line in ended.stderr.splitlines() if "source ended" in line]
    assert len(ends) == URLS + 1
    assert f"source={NEIGHBOUR}" not in ends[-1]


def trapped(scene: Scene) -> Arguments:
    """Have proxies and a .netrc in the environment that lead to the server itself, which would see them used."""
    netrc = scene.bytes("netrc", b"default login trap password trap\n")
    netrc.chmod(0o600)
    names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    proxies = dict.fromkeys(names, scene.server.url(""))
    scene.stack.enter_context(patch.dict(os.environ, {**proxies, "NETRC": str(netrc), "no_proxy": "", "NO_PROXY": ""}))
    return [scene.server.on("/log", Answer(BODY)).url("/log"), *ONCE]


def not_trapped(scene: Scene, _: Ended) -> None:
    """Assert that the server was asked as a server, without the credentials."""
    assert [request.target for request in scene.server.requests] == ["/log"]
    assert "authorization" not in scene.server.requests[0].headers


def asked_for(scene: Scene) -> Arguments:
    """Name a log beyond the trap with --trust-env."""
    trapped(scene)
    scene.server.on("http://log.invalid/log", Answer(BODY))
    return ["http://log.invalid/log", "--trust-env", *ONCE]


def used(scene: Scene, _: Ended) -> None:
    """Assert that proxy and credentials were used."""
    assert scene.server.requests[0].headers["authorization"].startswith("Basic ")


def with_proxy(proxy: str, scene: Scene) -> Arguments:
    """Set an invalid proxy in the environment."""
    scene.stack.enter_context(patch.dict(os.environ, http_proxy=proxy, no_proxy=""))
    return [scene.server.url("/log"), "--trust-env", *ONCE]


def odd(path: str, wire: str) -> Fault:
    """Return the fault of a URL that cannot be sent unchanged."""

    def make(scene: Scene) -> Arguments:
        return [scene.server.on(wire.partition("?")[0], Answer(BODY)).url(path), *ONCE]

    def check(scene: Scene, _: Ended) -> None:
        assert scene.server.requests[0].line == f"GET {wire} HTTP/1.1"
        assert set(scene.server.requests[0].headers) == {"host", "user-agent", "accept", "accept-encoding"}

    return Fault("N30", f"`{path}`", make, check=also(Fate(), check), holds=f"asked for as `{wire}`, no header more")


def unfit(url: str, says: str, shown: str = "") -> Fault:
    """Return the fault of a URL that cannot be asked for. The whole command is refused, as for a wrong option."""
    how = "a URL with " + shown if shown else f"`{url}`"
    return Fault(
        "N30", how, at(url), 2, says=["bad URL: " + says, "write it as http://host"], holds="nothing is asked", alone=True
    )


def idn(scene: Scene) -> Arguments:
    """Name this machine as bücher.example."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> Any:
        return look_up("127.0.0.1" if host == IDN else host, *arguments, **options)

    scene.stack.enter_context(patch.object(socket, "getaddrinfo", getaddrinfo))
    return [scene.server.on("/log", Answer(BODY)).url("/log", "bücher.example"), *ONCE]


def named(scene: Scene, _: Ended) -> None:
    """Assert that the server was asked by the name's ASCII form."""
    assert scene.server.requests[0].headers["host"] == f"{IDN}:{scene.server.port}"


def ipv6(scene: Scene) -> Arguments:
    """Name a server by its address of IPv6."""
    server = scene.stack.enter_context(FaultServer(host="::1")).on("/log", Answer(BODY))
    return [server.url("/log", "[::1]"), *ONCE]


FAULTS = [
    Fault(
        "N27",
        "200 URLs on one slow server",
        many,
        check=in_turns,
        holds="four connections at once; the local file is not held up",
    ),
    Fault(
        "N29", "proxies and .netrc in the environment", trapped, check=also(Fate(), not_trapped), holds="they get no request"
    ),
    Fault("N29", "the same with --trust-env", asked_for, check=also(Fate(), used), holds="they take part"),
    *(
        Fault(
            "N29",
            f"--trust-env and http_proxy={proxy}",
            partial(with_proxy, proxy),
            1,
            says=["/log: bad proxy: look at http_proxy and https_proxy"],
            check=Fate("failed", 0, 0),
        )
        for proxy in ("junk:::", "http://127.0.0.1:99999", "socks5://127.0.0.1:1")
    ),
    odd("/a b?c d", "/a%20b?c%20d"),
    odd("/a%0d%0aX-Evil:%201", "/a%0D%0AX-Evil:%201"),
    odd("/ü#part", "/%C3%BC"),
    odd("/a%2fb", "/a%2Fb"),
    odd("/a/../b", "/b"),
    odd('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
    Fault("N30", "`http://bücher.example`", idn, check=also(Fate(), named), holds=f"asked for as `{IDN}`"),
    Fault("N30", "an address of IPv6 in brackets", ipv6, check=Fate(requests=0), holds="it works"),
    Fault(
        "N30",
        "one URL twice",
        lambda scene: [scene.server.on("/log", Answer(BODY)).url("/log"), scene.server.url("/log"), *ONCE],
        says=["/log: same URL as "],
        check=Fate(),
        holds="it is counted once",
    ),
    unfit("http://127.0.0.1/\r\nX-Evil: 1", "it contains a control character", "a line end"),
    unfit("http://127.0.0.1/\x1b[31m", "it contains a control character", "ESC"),
    unfit("http://127.0.0.1/\udcff", "it contains a control character, or is not UTF-8", "a byte that is not UTF-8"),
    unfit("http://127.0.0.1:0/", "port 0 cannot be used"),
    unfit("http://127.0.0.1:abc/", "its port is not a number from 1 to 65535"),
    unfit("http://127.0.0.1:+80/", "its port is not a number from 1 to 65535"),
    unfit("http:///log", "it has no host name"),
    unfit("http://[::1/", "its host is not well formed"),
    unfit("http://a b/", "its host is not well formed"),
    unfit("http://../", "its host is not well formed"),
    unfit("http://me:hunter2-canary@/", "it has no host name"),
    unfit("http://me:hunter2-canary/x@127.0.0.1/", "its port is not a number from 1 to 65535"),
]
