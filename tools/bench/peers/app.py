"""The counts of an application log, as a Python user would make them without logproc.

usage: python -m tools.bench.peers.app {report,level,logfmt,text} LOG

`report` and `level` are Polars over JSON lines, `logfmt` and `text` Python's `re` in one thread, line by line. Polars gets
the types of the counted fields, so that it need not infer them, and its shapes are simpler than logproc's.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.bench.logs.app_log import PATTERN

KEYS = [["level"], ["logger"], ["hour"], ["hour", "level"], ["status"], ["method"], ["shape"]]
SHAPES = {r"\d{1,3}(?:\.\d{1,3}){3}": "<ip>", r"\b[0-9a-f]{16}\b": "<hex>", r"\d+": "<n>"}
PAIR = re.compile(r'([^\s="]+)=(?:"([^"]*)"|(\S*))')
FIELDS = ("level", "logger", "hour", "status")
"""The fields that logfmt and plain text are counted by."""
TOP = 10


def report_with_polars(path: str) -> None:
    """Print the most frequent keys of each panel that logproc shows by default."""
    import polars

    request = polars.Struct({"method": polars.String})
    texts = dict.fromkeys(("level", "time", "logger", "msg"), polars.String)
    shape = polars.col("msg")
    for expression, name in SHAPES.items():
        shape = shape.str.replace_all(expression, name)
    log = polars.scan_ndjson(path, schema={**texts, "request": request, "status": polars.Int64}).with_columns(
        polars.col("time").str.slice(0, 13).alias("hour"),
        polars.col("request").struct.field("method").alias("method"),
        shape.alias("shape"),
    )
    queries = [log.group_by(keys).agg(polars.len()).top_k(TOP, by="len") for keys in KEYS]
    for rows in polars.collect_all(queries):
        print_rows(rows.rows())


def levels_with_polars(path: str) -> None:
    """Print how many lines each level has."""
    import polars

    levels = polars.scan_ndjson(path, schema={"level": polars.String}).group_by("level").len()
    print_rows(levels.collect().rows())


def logfmt_with_re(path: str) -> None:
    """Print the counts of a logfmt log, with pairs in any order."""
    print_counts({key: quoted or plain for key, quoted, plain in PAIR.findall(line)} for line in lines_of(path))


def text_with_re(path: str) -> None:
    """Print the counts of a log of plain text."""
    match = re.compile(PATTERN).match
    print_counts(found.groupdict() for found in map(match, lines_of(path)) if found)


def lines_of(path: str) -> Iterator[str]:
    """Yield the lines of a file."""
    with Path(path).open(encoding="utf-8") as file:
        yield from file


def print_counts(records: Iterator[dict[str, str]]) -> None:
    """Print the most frequent values of each field."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in FIELDS}
    for record in records:
        record["hour"] = record["time"][:13]
        for name in FIELDS:
            counts[name][record[name]] += 1
    for counted in counts.values():
        print_rows(counted.most_common(TOP))


def print_rows(rows: Sequence[tuple[object, ...]]) -> None:
    """Print rows of keys and counts."""
    for row in rows:
        print(*row, sep="\t")


if __name__ == "__main__":
    peers = {"report": report_with_polars, "level": levels_with_polars, "logfmt": logfmt_with_re, "text": text_with_re}
    peers[sys.argv[1]](sys.argv[2])
