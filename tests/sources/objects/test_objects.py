"""Objects of an S3 that works: found, read, and reported as files are."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from logproc.model.source import Kind, Listed, Source, State
from logproc.pipeline.openers import find_sources
from logproc.settings import Settings
from logproc.sources.objects import ObjectOptions, open_object, stream
from tests.sources.objects.s3_server import S3Server
from tests.support import logs
from tests.support.processes import analyze, logproc
from tests.support.reports_of import PACKINGS, serial, sources_of, threaded

LOG = logs.log(400, seed=7)
LINES = LOG.count(b"\n")
TEXT = b"".join(b"2026-03-07 10:00:%02d,123 ERROR [worker-1] shop.Cart: order %d failed\n" % (n % 60, n) for n in range(9))
Run = Callable[..., str]


def found(*arguments: str, recursive: bool = False) -> tuple[Source, ...]:
    return find_sources(arguments, Settings(recursive=recursive))


def told(sources: Sequence[Source]) -> list[tuple[str, str | None]]:
    """Return name and reason of every source."""
    return [(source.name, source.verdict.reason if source.verdict else None) for source in sources]


def with_files(report: str, bucket: str, folder: Path) -> str:
    return report.replace(f"s3://{bucket}/", f"{folder}/")


@pytest.mark.parametrize("run", [serial, threaded])
def test_objects_are_reported_as_the_same_files_are(
    run: Run, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the content, how it is packed, and in how many parts it is read: the report is that of the files."""
    monkeypatch.setattr(stream, "BLOCK_BYTES", 50_000)  # so that there are several
    contents = {f"{number}.log": pack(LOG[1000 * number :]) for number, pack in enumerate(PACKINGS.values())}
    contents |= {"empty": b"", "text.log": TEXT, "damaged.log": LOG[:700] + b"\xff\0 broken\n\n" + TEXT, "blank": b"\n\n"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    s3.put("same", contents)
    objects = run(found("s3://same/*"))
    assert with_files(objects, "same", tmp_path) == run(sources_of(*sorted(tmp_path.iterdir())))
    assert all(source.listed and source.listed.size_bytes == len(contents[source.name[10:]]) for source in found("s3://same/*"))


def test_many_small_objects_are_reported_as_files_are(s3: S3Server, tmp_path: Path) -> None:
    """They share chunks, as small files do, and the report is that of one after the other."""
    last = b"2026-03-07 11:00:00,123 INFO [worker-2] shop.Web: served %d"
    contents = {f"{n:04}.log": logs.log(3, seed=n) if n % 7 else TEXT[: 70 * (n % 5)] + last % n for n in range(300)}
    contents["0150.log"] = gzip.compress(LOG)
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    s3.put_folder("many", tmp_path)
    report = with_files(threaded(found("s3://many/*")), "many", tmp_path)
    assert report == serial(sources_of(*sorted(tmp_path.iterdir())))


def test_a_named_object_is_not_listed(s3: S3Server) -> None:
    """Who may read an object, but not list its bucket, can read it by its name; its size is known from the first bytes."""
    s3.put("named", {"dir/a.log": LOG, "empty": b""})
    sources = found("s3://named/dir/a.log", "s3://named/empty")
    assert [source.listed for source in sources] == [None, None]
    assert f'"lines":{LINES},' in serial(sources).replace(" ", "")


@pytest.mark.parametrize(
    ("argument", "recursive", "expected"),
    [
        ("a.log", False, ["a.log"]),
        ("*.log", False, ["a.log", "b.log", "q?.log"]),
        ("[ab].log", False, ["a.log", "b.log"]),
        ("?.log", True, ["a.log", "b.log"]),
        ("d/*", False, ["d/b.log", "d/é.log"]),
        ("d*/*.log", False, ["d/b.log", "d/é.log", "dd/x.log"]),
        ("**/x.log", False, ["d/e/x.log", "dd/x.log"]),
        ("d/**", False, ["d/b.log", "d/e/x.log", "d/é.log"]),
        ("d", True, ["d/b.log", "d/e/x.log", "d/é.log"]),
        ("d/", True, ["d/b.log", "d/e/x.log", "d/é.log"]),
        ("", True, ["a.log", "b.log", "d/b.log", "d/e/x.log", "d/é.log", "dd/x.log", "q?.log"]),
        ("a.log", True, ["a.log"]),
        ("q?.log", False, ["q?.log"]),
    ],
)
def test_patterns_and_prefixes(argument: str, recursive: bool, expected: list[str], s3: S3Server) -> None:
    """They choose objects as they choose files, in byte order; what serves as a folder is not an object."""
    names = ["b.log", "a.log", "d/é.log", "d/b.log", "d/", "d/e/x.log", "dd/x.log"]
    s3.put("tree", {**dict.fromkeys(names, b"x\n"), "q%3F.log": b"x\n"})
    sources = found(f"s3://tree/{argument}", recursive=recursive)
    assert told(sources) == [(f"s3://tree/{name}", None) for name in expected]
    assert {source.kind for source in sources} == {Kind.OBJECT}


@pytest.mark.parametrize(
    ("argument", "recursive", "reason", "hint"),
    [
        ("s3://tidy/x*", False, "no such object", "nothing matches the pattern"),
        ("s3://nowhere/x*", False, "no such bucket", "check its name, and whose credentials are used"),
        ("s3://nowhere/*", False, "no such bucket", "check its name, and whose credentials are used"),
        ("s3://nowhere", True, "no such bucket", "check its name, and whose credentials are used"),
        ("s3://tidy/d/", False, "is a prefix", "use --recursive"),
        ("s3://tidy", False, "is a prefix", "use --recursive"),
        ("s3://tidy/none/", True, "no objects below it", ""),
        ("s3://", True, "no bucket is named", "write s3://bucket/key"),
        ("s3://tidy/a**b", False, "`**` stands for whole folders", "write it between two `/`"),
    ],
)
def test_what_names_nothing(argument: str, recursive: bool, reason: str, hint: str, s3: S3Server) -> None:
    """It is a source that says why."""
    s3.put("tidy", {"d/a.log": LOG})
    (source,) = found(argument, recursive=recursive)
    assert source.verdict
    assert (source.name, source.verdict.reason, source.verdict.hint) == (argument, reason, hint)


def test_what_is_not_there_changes_nothing_else(s3: S3Server) -> None:
    """A missing object or bucket fails; the others are counted, and the exit code says it."""
    s3.put("half", {"a.log": LOG})
    run = analyze("s3://half/a.log", "s3://half/b.log", "s3://nowhere/a.log", "s3://half/a.log")
    states = [(source["state"], source["reason"]) for source in run.report["sources"]]
    again = "same object as s3://half/a.log: counted once"
    assert states == [("complete", None), ("failed", "no such object"), ("failed", "no such bucket"), ("skipped", again)]
    assert (run.code, run.report["account"]["lines"]) == (1, LINES)


@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize("run", [serial, threaded])
def test_an_object_that_was_replaced_is_refused(run: Run, size: int, s3: S3Server) -> None:
    """What the listing said of it is no longer so: none of its lines is counted."""
    content = LOG[:size].ljust(size)
    s3.put("moving", {"a.log": content, "b.log": LOG})
    sources = found("s3://moving/*.log")
    s3.put("moving", {"a.log": content.replace(b"1", b"2") + b"more\n"})
    report = run(sources)
    assert "replaced since it was listed" in report
    assert f'"lines":{LINES},' in report.replace(" ", "")


def test_records_are_shown(s3: S3Server) -> None:
    """`show` writes the records of objects in the order of their names."""
    s3.put("shown", {"2.log": LOG[-500:].partition(b"\n")[2], "1.log": TEXT})
    run = logproc("show", "s3://shown/*.log")
    assert (run.code, run.stdout) == (0, TEXT + LOG[-500:].partition(b"\n")[2])


@pytest.mark.parametrize("start", [0, 1, 49_999, 50_000, len(LOG) - 1, len(LOG), len(LOG) + 9])
@pytest.mark.parametrize("is_listed", [True, False])
def test_a_stream_may_begin_anywhere(start: int, is_listed: bool, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It delivers what is behind `start`, and knows how much that is."""
    monkeypatch.setattr(stream, "BLOCK_BYTES", 50_000)
    s3.put("parts", {"a.log": LOG})
    source = found("s3://parts/*" if is_listed else "s3://parts/a.log")[0]
    opened = open_object(source, ObjectOptions(), start=start)
    buffer, content = memoryview(bytearray(30_000)), b""
    while count := opened.readinto(buffer):
        content += bytes(buffer[:count])
    opened.close()
    assert (content, opened.bytes_read, opened.size_bytes) == (LOG[start:], len(LOG[start:]), len(LOG[start:]))


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("s3://b/x", "s3fs", "s3"), ("gs://b/*", "gcsfs", "gs"), ("abfs://c@a.b/x", "adlfs", "az")],
)
def test_without_its_package(name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source of a store whose package is missing fails, and says what to install."""
    monkeypatch.setitem(sys.modules, package, None)
    (source,) = found(name)
    assert source.verdict
    assert source.verdict.state is State.FAILED
    assert source.verdict.reason == f"{name.partition('/')[0]}// needs the package {package}"
    assert source.verdict.hint == f"pip install 'logproc[{extra}]'"


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ("s3://KEYID:secret@bucket/x", "s3://***@bucket/x"),
        ("s3://KEYID@bucket/x*", "s3://***@bucket/x*"),
        ("az://c/x.log?sv=2024-01-01&sig=abcdefghi", "az://c/x.log?sv=***&sig=***"),
        ("s3://b/x?X-Amz-Signature=abcdefghi", "s3://b/x?X-Amz-Signature=***"),
    ],
)
def test_credentials_in_a_name_are_refused_and_not_shown(argument: str, shown: str) -> None:
    """Nothing is asked for, and the name is masked."""
    (source,) = found(argument)
    assert source.verdict
    assert (source.name, source.verdict.state) == (shown, State.FAILED)


def test_names_of_objects_are_shown_as_they_are(s3: S3Server) -> None:
    """A key is not a secret, also where it looks like one; what cannot be printed is escaped."""
    key = "AWSLogs/d41d8cd98f00b204e9800998ecf8427e/a\x1b[31m.gz"
    s3.put("odd", {"AWSLogs/d41d8cd98f00b204e9800998ecf8427e/a%1B[31m.gz": gzip.compress(LOG)})
    (source,) = found("s3://odd/AWSLogs/*/*")
    assert (source.location, source.name) == (f"s3://odd/{key}", f"s3://odd/{key}".replace("\x1b", "\\x1b"))
    assert '"complete"' in serial([source])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["analyze", "--follow"], "--follow: s3://b/x.log does not grow: read objects without --follow"),
        (["show", "--follow"], "--follow: s3://b/x.log does not grow: read objects without --follow"),
        (["analyze", "--state", "x"], "--state: s3://b/x.log cannot be read again from where a run stopped: name files"),
    ],
)
def test_objects_do_not_go_on(arguments: list[str], message: str, tmp_path: Path) -> None:
    """They are refused where a run follows logs, or goes on where another one stopped."""
    run = logproc(*arguments, "s3://b/x.log", cwd=tmp_path)
    assert (run.code, run.stdout, run.stderr.splitlines()[0]) == (2, b"", f"logproc: {message}")


def test_a_listing_has_what_a_report_needs(s3: S3Server) -> None:
    """Size, version and time come from the listing."""
    s3.put("facts", {"a.log": LOG})
    (source,) = found("s3://facts/*")
    opened: Any = open_object(source, ObjectOptions())
    assert isinstance(source.listed, Listed)
    assert (opened.size_bytes, opened.modified_s) == (len(LOG), source.listed.modified_s)
