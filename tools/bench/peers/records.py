r"""Records of a log as Parquet or JSON lines, as a user of DuckDB or Polars would make them without logproc.

usage: python -m tools.bench.peers.records {duckdb,polars} {access,app} LOG FILE.{parquet,jsonl}

The columns are those of `logproc show`: an access log is taken apart by one regular expression, JSON lines get the types of
their keys. Both are simpler than logproc: what does not fit is null, and no line is accounted for.
"""

from __future__ import annotations

import os
import sys
from typing import Any

LINE = (
    r'^(\S+) \S+ (\S+) \[([^\]]+)\] "(?:(\S+) ([^" ?]*)(?:\?([^" ]*))? (HTTP/[\d.]+)|[^"]*)" (\d{3}) (\d+|-)'
    r'(?: "([^"]*)" "([^"]*)")?'
)
NAMES = ["client", "user", "time", "method", "path", "query", "protocol", "status", "bytes", "referrer", "user_agent"]
TIME = "%d/%b/%Y:%H:%M:%S %z"


def with_duckdb(what: str, log: str, file: str) -> None:
    """Write the records of a log with DuckDB, in the order of the log."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
    texts = ("client", "user", "referrer", "user_agent")
    if what == "access":
        select = f"""
            SELECT strptime(r.time, '{TIME}') AS time, {", ".join(f"nullif(r.{name}, '-') AS {name}" for name in texts)},
                   r.method, r.path, r.query, r.protocol, r.status::INTEGER AS status, try_cast(r.bytes AS BIGINT) AS bytes
            FROM (SELECT regexp_extract(line, '{LINE}', {NAMES}) AS r
                  FROM read_csv('{log}', columns = {{line: 'VARCHAR'}}, delim = '\\x01', quote = '', escape = '',
                                header = false, auto_detect = false))"""
    else:
        select = f"""
            SELECT "time", "level", request.method AS "method", status, duration, msg AS message, logger,
                   request.id AS "request.id", request.path AS "request.path"
            FROM read_json('{log}', format = 'newline_delimited', columns = {{level: 'VARCHAR', time: 'TIMESTAMPTZ',
                logger: 'VARCHAR', msg: 'VARCHAR', request: 'STRUCT(id VARCHAR, method VARCHAR, path VARCHAR)',
                status: 'INTEGER', duration: 'DOUBLE'}})"""
    options = "FORMAT parquet, COMPRESSION zstd" if file.endswith(".parquet") else "FORMAT json"
    connection.execute(f"COPY ({select}) TO '{file}' ({options})")


def with_polars(what: str, log: str, file: str) -> None:
    """Write the records of a log with Polars, streaming, in the order of the log."""
    import polars

    if what == "access":
        line = polars.scan_csv(
            log, has_header=False, new_columns=["line"], separator="\x01", quote_char=None, schema={"line": polars.String}
        )
        named = "".join(f"(?P<{name}>{part}" for name, part in zip(NAMES, groups_of(LINE), strict=True))
        pattern = LINE[: LINE.index("(")] + named
        fields = line.select(polars.col("line").str.extract_groups(pattern).alias("r")).unnest("r")
        records = fields.with_columns(
            polars.col("time").str.to_datetime(TIME, time_unit="ns"),
            polars.col("status").cast(polars.Int32),
            polars.col("bytes").cast(polars.Int64, strict=False),
            *[polars.col(name).replace("-", None) for name in ("client", "user", "referrer", "user_agent")],
        )
    else:
        request = polars.Struct(dict.fromkeys(("id", "method", "path"), polars.String))
        texts = dict.fromkeys(("level", "time", "logger", "msg"), polars.String)
        schema: Any = {**texts, "request": request, "status": polars.Int32, "duration": polars.Float64}
        parts = [polars.col("request").struct.field(name).alias(f"request.{name}") for name in ("id", "path")]
        records = polars.scan_ndjson(log, schema=schema).select(
            polars.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns", time_zone="UTC"),
            "level",
            polars.col("request").struct.field("method"),
            "status",
            "duration",
            polars.col("msg").alias("message"),
            "logger",
            *parts,
        )
    if file.endswith(".parquet"):
        records.sink_parquet(file, compression="zstd")
    else:
        records.sink_ndjson(file)


def groups_of(pattern: str) -> list[str]:
    """Return what is behind the opening bracket of each numbered group, up to the next one."""
    parts: list[str] = []
    for at, character in enumerate(pattern):
        if character == "(" and pattern[at + 1] != "?" and pattern[at - 1] != "\\":
            parts.append("")
        elif parts:
            parts[-1] += character
    return parts


if __name__ == "__main__":
    {"duckdb": with_duckdb, "polars": with_polars}[sys.argv[1]](*sys.argv[2:])
