"""The same seven counts with the two engines that a Python user would choose instead.

usage: python -m tools.bench.peers.access {duckdb,polars} COMBINED_LOG

Both read the log as CSV with blanks and quotes, as is usually recommended. That is fast, but silently loses or distorts lines
that are not clean: it is only a yardstick for speed.
"""

from __future__ import annotations

import os
import sys

FIELDS = ["client", "ident", "user", "time", "zone", "request", "status", "bytes", "referrer", "user_agent"]
KEYS = ["client", "user", "target", "status", "referrer", "user_agent", "hour"]


def with_duckdb(path: str) -> None:
    """Print the ten most frequent keys of each kind, with their sums of bytes."""
    import duckdb

    types = ", ".join(f"{name}: 'VARCHAR'" for name in FIELDS)
    connection = duckdb.connect()
    connection.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
    connection.execute(
        f"""CREATE TEMP TABLE log AS
            SELECT client, "user", status, try_cast(bytes AS BIGINT) AS bytes, referrer, user_agent,
                   split_part(request, ' ', 2) AS target, time[2:15] AS hour
            FROM read_csv(?, delim = ' ', quote = '"', escape = '', header = false, auto_detect = false,
                          ignore_errors = true, columns = {{{types}}})""",
        [path],
    )
    for key in KEYS:
        query = f'SELECT "{key}", count(*) AS count, sum(bytes) FROM log GROUP BY ALL ORDER BY count DESC LIMIT 10'
        print(key, connection.execute(query).fetchall())


def with_polars(path: str) -> None:
    """Print the ten most frequent keys of each kind, with their sums of bytes."""
    import polars

    schema = dict.fromkeys(FIELDS, polars.String)
    log = polars.scan_csv(path, separator=" ", has_header=False, schema=schema, truncate_ragged_lines=True).with_columns(
        polars.col("bytes").cast(polars.Int64, strict=False),
        polars.col("request").str.split(" ").list.get(1, null_on_oob=True).alias("target"),
        polars.col("time").str.slice(1, 14).alias("hour"),
    )
    queries = [log.group_by(key).agg(polars.len(), polars.col("bytes").sum()).top_k(10, by="len") for key in KEYS]
    for key, rows in zip(KEYS, polars.collect_all(queries), strict=True):
        print(key, rows.rows())


if __name__ == "__main__":
    {"duckdb": with_duckdb, "polars": with_polars}[sys.argv[1]](sys.argv[2])
