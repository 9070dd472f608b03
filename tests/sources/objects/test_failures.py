"""Object stores that refuse, break off, or are silent: what the source says, and that nothing waits for ever."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from logproc.model.errors import SourceError, Stopped
from logproc.model.source import Kind, Listed, Source
from logproc.pipeline.openers import find_sources
from logproc.settings import Settings
from logproc.sources.objects import ObjectOptions, open_object, stream
from logproc.threads.lookup import LookUp
from tests.sources.objects.s3_server import content, listing, refusal, variables
from tests.support import logs
from tests.support.fault_server import Answer, FaultServer, closed_port
from tests.support.processes import ended, logproc, started
from tests.support.reports_of import serial

LOG = logs.log(400, seed=7)
ONCE = ObjectOptions(retries=0)
SOURCE = Source(0, "s3://b/a.log", Kind.OBJECT, "s3://b/a.log")
SOON_S = 10.0


def read(source: Source = SOURCE, options: ObjectOptions = ONCE) -> bytes:
    """Read an object to its end."""
    opened, buffer, found = open_object(source, options), memoryview(bytearray(1 << 16)), b""
    while count := opened.readinto(buffer):
        found += bytes(buffer[:count])
    return found


def failure(options: ObjectOptions = ONCE) -> str:
    with pytest.raises(SourceError) as caught:
        read(options=options)
    return caught.value.what


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        ("404 Not Found", "NoSuchBucket", "no such bucket"),
        ("404 Not Found", "NoSuchKey", "no such object"),
        ("403 Forbidden", "AccessDenied", "access denied"),
        ("403 Forbidden", "InvalidAccessKeyId", "credentials refused"),
        ("403 Forbidden", "SignatureDoesNotMatch", "credentials refused"),
        ("400 Bad Request", "ExpiredToken", "credentials refused"),
        ("403 Forbidden", "InvalidObjectState", "archived: it cannot be read directly"),
        ("412 Precondition Failed", "PreconditionFailed", "replaced since it was listed"),
        ("503 Slow Down", "SlowDown", "too many requests"),
        ("500 Internal Server Error", "InternalError", "the store has failed"),
        ("409 Conflict", "SomethingNew", "the store or its library failed: SomethingNew"),
    ],
)
def test_a_refusal_is_said_in_plain_words(status: str, code: str, said: str, faulty: FaultServer) -> None:
    """The code of the server decides, of which nothing else is shown."""
    faulty.on("/b/a.log", refusal(status, code))
    assert failure() == said


def test_a_refused_listing(faulty: FaultServer) -> None:
    """It is the failure of the pattern."""
    faulty.on("/b", refusal("403 Forbidden", "AccessDenied"))
    (source,) = find_sources(["s3://b/*.log"], Settings(retries=0))
    assert source.verdict
    assert (source.verdict.reason, source.verdict.hint) == ("access denied", "the credentials that are used may not read this")


def test_ten_thousand_objects_are_listed_by_one_request_a_page(faulty: FaultServer) -> None:
    """A listing has all that is known of them; nothing asks for one of them."""
    faulty.on("/b", listing({f"{number:05}.log": number for number in range(1000)}))
    sources = find_sources(["s3://b/*.log"], Settings())
    assert (len(sources), sources[7].listed and sources[7].listed.size_bytes, len(faulty.requests)) == (1000, 7, 1)


def test_nobody_is_there(monkeypatch: pytest.MonkeyPatch, faulty: FaultServer) -> None:
    """A port on which nothing listens."""
    del faulty
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    assert failure() == "the store cannot be reached"


def test_without_credentials(faulty: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has none is told where they come from, and no request is made."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(SourceError, match="no credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID"):
        read()
    assert faulty.requests == []


def test_a_silent_store(faulty: FaultServer) -> None:
    """After the read timeout it is slow or gone."""
    faulty.on("/b/a.log", Answer(head=b"", ending="stall"))
    assert failure(ObjectOptions(retries=0, read_timeout_s=0.2)) == "no answer in time"


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_body_that_breaks_is_requested_again(is_listed: bool, faulty: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as `--retries` says; each byte is delivered once."""
    monkeypatch.setattr(stream, "BLOCK_BYTES", 20_000)
    whole = content(LOG)
    faulty.on("/b/a.log", whole, content(LOG, sent=700), content(LOG, sent=0), whole)
    listed = Listed(len(LOG), '"1"', 0.0) if is_listed else None
    assert read(Source(0, "a", Kind.OBJECT, "s3://b/a.log", listed=listed), ObjectOptions(retries=2)) == LOG


def test_a_store_that_goes_away_leaves_an_incomplete_source(faulty: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come is counted; the report says that it is not all."""
    monkeypatch.setattr(stream, "BLOCK_BYTES", 20_000)
    faulty.on("/b/a.log", content(LOG), content(LOG, sent=700))
    report = serial([SOURCE], retries=0)
    lines = LOG[:20_000].count(b"\n")
    assert f'"reason": "connection broken after {lines} lines"' in report
    assert '"state": "incomplete"' in report


def test_an_object_that_changes_between_two_reads_is_refused(faulty: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that was not listed: the first read says which version is meant."""
    monkeypatch.setattr(stream, "BLOCK_BYTES", 20_000)
    faulty.on("/b/a.log", content(LOG), content(LOG, etag='"2"'))
    assert failure() == "replaced since it was listed"


def test_a_server_that_ignores_ranges(faulty: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would send everything at once, so it is refused."""
    monkeypatch.setattr(stream, "BLOCK_BYTES", 20_000)
    faulty.on("/b/a.log", Answer(LOG, headers={"ETag": '"1"', "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"}))
    assert failure() == "the server ignores ranges"


def test_cancel_ends_a_read_of_a_silent_store(faulty: FaultServer) -> None:
    """A thread that waits for a block raises Stopped at once; what it waited for goes on by itself."""
    faulty.on("/b/a.log", Answer(head=b"", ending="stall"))
    opened, caught = open_object(SOURCE, ONCE, start_call=LookUp), threading.Event()

    def wait() -> None:
        with pytest.raises(Stopped):
            opened.readinto(memoryview(bytearray(10)))
        caught.set()

    reader = threading.Thread(target=wait)
    reader.start()
    assert faulty.stalled.wait(SOON_S)
    assert not opened.ready_within(0.01)
    opened.cancel()
    assert caught.wait(SOON_S)
    reader.join()
    with pytest.raises(Stopped):
        opened.readinto(memoryview(bytearray(10)))


@pytest.mark.parametrize("names", [("s3://b/a.log", "s3://b/b.log"), ("s3://b/*.log",)])
def test_ctrl_c_while_a_store_is_silent(names: tuple[str, ...], tmp_path: Path) -> None:
    """The report has what was read elsewhere, and no request is waited for."""
    sizes = {f"{number}.log": 9 for number in range(300)}
    path = tmp_path / "file.log"
    path.write_bytes(LOG)
    with FaultServer() as server:
        server.on("/b", listing(sizes))
        for key in ("a.log", "b.log", *sizes):
            server.on(f"/b/{key}", Answer(head=b"", ending="stall"))
        endpoint = variables(server.url().rstrip("/"))
        with started("analyze", "--output", "json", path, *names, variables=endpoint) as process:
            assert server.stalled.wait(SOON_S)
            process.send_signal(signal.SIGINT)
            run = ended(process)
    assert run.code == 130
    assert (run.report["complete"], run.report["account"]["lines"]) == (False, LOG.count(b"\n"))
    assert {source["state"] for source in run.report["sources"][1:]} == {"interrupted"}


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Not even with --debug and the most talkative log: the libraries have logs of their own."""
    with FaultServer() as server:
        server.on("/b/a.log", refusal("403 Forbidden", "SignatureDoesNotMatch"))
        run = logproc(
            "analyze",
            "s3://b/a.log",
            "--debug",
            "--log-level",
            "debug",
            cwd=tmp_path,
            variables=variables(server.url().rstrip("/")),
        )
    assert run.code == 3
    assert "credentials refused" in run.stderr
    assert "secret-of-the-tests" not in run.stderr + run.stdout.decode()
    assert "Signature=" not in run.stderr
