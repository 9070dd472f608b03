"""Faults of the same content under two names."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.fault import NEIGHBOUR_LINES, Arguments, Fault, Scene
from tests.support import logs
from tests.support.processes import Ended

SHORT, LONG = logs.log(7, seed=3), logs.log(9_000, seed=4)


def zstd(content: bytes) -> bytes:
    """Return a zstd file."""
    library: Any
    if sys.version_info >= (3, 14):
        from compression import zstd as library
    else:
        from backports import zstd as library
    packed: bytes = library.compress(content)
    return packed


def files(contents: Mapping[str, bytes], *more: str) -> Callable[[Scene], Arguments]:
    """Return how to make some files, which are named in this order."""

    def make(scene: Scene) -> Arguments:
        return [*(scene.bytes(name, content).name for name, content in contents.items()), *more]

    return make


def states(lines: int, **expected: str) -> Callable[[Scene, Ended], None]:
    """Return a look at the states of some files, with `_` for `.` in their names, and at the lines of all of them."""

    def check(_scene: Scene, ended: Ended) -> None:
        found = {found["source"].replace(".", "_"): found["state"] for found in ended.report["sources"]}
        assert {name: found[name] for name in expected} == expected
        assert ended.report["account"]["lines"] == lines + NEIGHBOUR_LINES

    return check


def copied(how: str, contents: Mapping[str, bytes], lines: int) -> Fault:
    """Return a fault in which the second file is a copy of the first."""
    first, second = contents
    expected = {first.replace(".", "_"): "complete", second.replace(".", "_"): "skipped"}
    says = [f"{second}: same content as {first}: counted once"]
    return Fault("F9", how, files(contents), says=says, holds="it counts once", check=states(lines, **expected))


def apart(how: str, contents: Mapping[str, bytes], lines: int) -> Fault:
    """Return files that look like copies and are not."""
    expected = dict.fromkeys((name.replace(".", "_") for name in contents), "complete")
    return Fault("F9", how, files(contents), holds="both count", check=states(lines, **expected))


FAULTS = [
    copied("a log and its copy", {"log": LONG, "copy-of-log": LONG}, 9_000),
    copied("a short log and its copy", {"log": SHORT, "copy-of-log": SHORT}, 7),
    copied("a log and its gzip file", {"log.1": LONG, "log.1.gz": gzip.compress(LONG)}, 9_000),
    copied("a short log and its gzip file", {"log.1": SHORT, "log.1.gz": gzip.compress(SHORT)}, 7),
    copied("a zstd file and the log in it", {"log.zst": zstd(LONG), "log": LONG}, 9_000),
    copied("a log packed by gzip and by zstd", {"a.gz": gzip.compress(LONG), "a.zst": zstd(LONG)}, 9_000),
    copied("a log packed by bzip2 and by xz", {"a.bz2": bz2.compress(LONG), "b.xz": lzma.compress(LONG)}, 9_000),
    copied(
        "a log packed whole and in two members",
        {"a.gz": gzip.compress(LONG), "b.gz": gzip.compress(LONG[:99]) + gzip.compress(LONG[99:])},
        9_000,
    ),
    Fault(
        "F9",
        "a log and its copy, with --format",
        files({"log": LONG, "copy": LONG}, "--format", "combined"),
        says=["copy: same content as log: counted once"],
        holds="it counts once",
        check=states(9_000, log="complete", copy="skipped"),
    ),
    *(
        Fault(
            "F9",
            f"a log that is just being packed: {what}",
            files({"log.1.gz": gzip.compress(content)[:-cut], "log.1": content}),
            says=["log.1.gz: unfinished copy of log.1: counted once"],
            holds="it counts once",
            check=states(lines, log_1="complete", log_1_gz="skipped"),
        )
        for what, content, cut, lines in (
            ("half of it", LONG, 60_000, 9_000),
            ("some lines of a few", SHORT, 100, 7),
        )
    ),
    Fault(
        "F9",
        "a log that is just being packed: all but its checksum",
        files({"log.1.gz": gzip.compress(LONG)[:-8], "log.1": LONG}),
        says=["log.1.gz: same content as log.1: counted once"],
        holds="it counts once",
        check=states(9_000, log_1="complete", log_1_gz="skipped"),
    ),
    Fault(
        "F9",
        "an archive that breaks off, of whose log another file has the beginning",
        files({"a.log": LONG, "b.gz": gzip.compress(LONG)[:-60_000]}),
        code=1,
        says=["b.gz: breaks off, and what it holds is in a.log: counted once: the archive is incomplete"],
        holds="no line counts twice, and it is not complete",
        check=states(9_000, a_log="complete", b_gz="failed"),
    ),
    apart("logs that differ in the last byte only", {"a": LONG, "b": LONG[:-2] + b"x\n"}, 18_000),
    apart("a log and the gzip file of a longer one", {"a": LONG, "a.gz": gzip.compress(LONG + SHORT)}, 18_007),
    apart("a log and a longer one", {"a": LONG, "b": LONG + SHORT}, 18_007),
    apart("two logs without a line", {"a": b"", "b": b""}, 0),
]
