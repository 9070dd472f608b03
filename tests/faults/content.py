"""Faults in what a log holds."""

from __future__ import annotations

from tests import logs
from tests.faults.fault import Fault, Scene, good, source, state
from tests.processes import Ended

UNDECODABLE = logs.line(client=b"caf\xff\xfe\x80")


def same_bytes_are_the_same_key(_scene: Scene, ended: Ended) -> None:
    """Assert that the bytes are shown as numbers, and that two lines with the same ones have the same key."""
    assert source(ended)["account"]["records"] == 3
    rows = {row["client"]: row["count"] for row in ended.report["panels"]["client"]["rows"]}
    assert rows[r"caf\xff\xfe\x80"] == 2


FAULTS = [
    Fault(
        "C1",
        "bytes ff fe 80 in the middle of a line",
        lambda scene: [scene.file("a.log", *good(), UNDECODABLE, UNDECODABLE)],
        says=["a.log: 2 lines had undecodable bytes"],
        holds="the lines are counted, the bytes shown as `\\xff`; the same bytes are the same key",
        check=same_bytes_are_the_same_key,
    ),
    Fault(
        "C8",
        "a byte order mark before the first line",
        lambda scene: [scene.bytes("a.log", b"\xef\xbb\xbf" + good()[0] + b"\n")],
        holds="the first line is a record",
        check=state("complete", records=1),
    ),
]
