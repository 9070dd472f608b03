"""A real web server on loopback: nginx serves the same log in every way it can, and counts its own connections."""

from __future__ import annotations

import gzip
import socket
import subprocess
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from msgspec.structs import replace

from logproc.model.snapshot import SourceResult
from logproc.model.source import State
from logproc.pipeline.threaded import run_threaded
from logproc.settings import Settings
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer, Request
from tests.support.reports_of import sources_of

pytestmark = pytest.mark.needs("nginx")
CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 200; }}
http {{
    access_log off; default_type text/plain;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 127.0.0.1:{port}; root {folder}/files;
        location /zipped/ {{ alias {folder}/files/; gzip on; gzip_types *; gzip_min_length 1; }}
        location /chunked/ {{ alias {folder}/files/; ssi on; ssi_types *; }}
        location /slow/ {{ alias {folder}/files/; limit_rate 2m; }}
        location = /status {{ stub_status; }}
    }}
}}
"""


@cache
def content() -> bytes:
    """Return the log that is served."""
    return logs.log(20_000, damaged=0.05, seed=9)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start nginx over a folder with the log, plain and packed; give the beginning of its URLs.

    It inherits a socket that listens already (its variable NGINX names the descriptor), so nobody has to wait for it.
    """
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "files").mkdir()
    (folder / "files" / "access.log").write_bytes(content())
    (folder / "files" / "access.log.gz").write_bytes(gzip.compress(content()))
    open_to_workers(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config, port, descriptor = folder / "nginx.conf", listener.getsockname()[1], listener.fileno()
        config.write_text(CONFIG.format(folder=folder, port=port))
        command = ["/usr/sbin/nginx", "-c", str(config), "-e", str(folder / "error.log")]
        with subprocess.Popen(
            command, env={"NGINX": f"{descriptor};"}, pass_fds=[descriptor], stderr=subprocess.DEVNULL
        ) as process:
            yield f"http://127.0.0.1:{port}"
            process.terminate()


def open_to_workers(folder: Path) -> None:
    """Let nginx's workers enter the folder: they run as another user if root starts nginx."""
    for path in (folder, *folder.parents[:-1]):
        mode = path.stat().st_mode
        if not mode & 0o1 and path.owner() == Path.home().owner():
            path.chmod(mode | 0o1)


def read(*sources: str | Path, **knobs: Any) -> Any:
    """Return the snapshot of a run."""
    run = run_threaded(sources_of(*sources), Settings(top=0, **knobs))
    assert run.cause is None
    return run.snapshot


def without_name(source: SourceResult) -> SourceResult:
    """Return what became of a source but for its name, its notes and the bytes of its packing."""
    return replace(source, source="", bytes_read=0, notes=())


@pytest.mark.parametrize("path", ["/access.log", "/access.log.gz", "/zipped/access.log", "/chunked/access.log"])
def test_every_way_of_serving_gives_the_report_of_the_file(path: str, nginx: str, tmp_path: Path) -> None:
    """Plain, as an archive, with Content-Encoding and in chunks: the report of the file but for the source's name."""
    file = tmp_path / "access.log"
    file.write_bytes(content())
    expected, found = read(file), read(nginx + path)
    assert without_name(found.sources[0]) == without_name(expected.sources[0])
    assert (found.account, found.bytes, found.malformed_requests) == (
        expected.account,
        expected.bytes,
        expected.malformed_requests,
    )
    assert (found.first, found.last, found.panels) == (expected.first, expected.last, expected.panels)


def test_nginx_served_them_as_it_was_told(nginx: str) -> None:
    """The answers are packed and in chunks where the tests above take them to be."""
    sizes = {path: read(nginx + path).sources[0].bytes_read for path in ("/access.log", "/zipped/access.log", "/access.log.gz")}
    assert sizes["/access.log"] == len(content())
    assert sizes["/zipped/access.log"] < len(content()) // 2 > sizes["/access.log.gz"]
    with urlopen(nginx + "/chunked/access.log") as answer:
        assert (answer.headers["Transfer-Encoding"], answer.headers["Content-Length"]) == ("chunked", None)


def test_never_more_connections_than_allowed() -> None:
    """Forty URLs on one server with two connections for it: the server never sees a third, and all are read."""
    content = logs.log(50)
    turns = threading.Barrier(2, timeout=30)
    asking: set[str] = set()
    at_once: list[int] = []

    def answer(request: Request) -> Answer:
        # Counted from the request to its answer: when a connection is closed the server may hear of it late.
        asking.add(request.target)
        turns.wait()  # two are needed at once, so that fewer than two would not pass unseen
        at_once.append(len(asking))
        turns.wait()
        asking.discard(request.target)
        return Answer(content)

    with FaultServer() as server:
        urls = [server.url(f"/{number}") for number in range(40)]
        for number in range(40):
            server.on(f"/{number}", answer)
        snapshot = read(*urls, connections_per_host=2)
        assert max(at_once) == 2
    assert [source.state for source in snapshot.sources] == [State.COMPLETE] * 40
    assert snapshot.account.records == 40 * 50


def test_nginx_counts_no_more_connections_either(nginx: str) -> None:
    """The same by nginx's own count of active connections, the one that asks for it not included."""
    urls = [f"{nginx}/slow/access.log?{number}" for number in range(40)]
    done, seen = threading.Event(), []

    def count() -> None:
        while not done.wait(0.005):  # often enough to see each connection, which takes far longer
            with urlopen(f"{nginx}/status") as answer:
                seen.append(int(answer.read().split(b"\n")[0].split()[-1]) - 1)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        run = read(*urls, connections_per_host=2, max_bytes=150_000)
    finally:
        done.set()
        counter.join()
    assert max(seen) <= 2
    assert len(run.sources) == 40
    assert all(source.source.startswith(nginx) for source in run.sources)
