"""Files of records that `logproc show` writes, against parsers that share no code with it; read back by DuckDB and Polars."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy
import pytest

from tests.support.processes import ROOT, analyze, logproc
from tools.bench.logs import access_log, app_log

polars = pytest.importorskip("polars")
LINES = 20_000
ODD = b"""\
198.51.100.7 - - [07/Mar/2026:10:00:00 +0100] "GET /caf\xc3\xa9?a=1?b=2 HTTP/1.1" 200 - "-" "say, 'hi'"
2001:db8::1 - alice [07/Mar/2026:10:00:01 -0930] "POST /a=b;c HTTP/2.0" 503 9007199254740993 "https://example.com/?x" "-"
not a line of an access log
"""
EXPRESSION = r'^(\S+) \S+ (\S+) \[([^\]]+)\] "(\S+) ([^" ?]*)(\?([^" ]*))? (\S+)" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"$'
GROUPS = ["client", "user", "time", "method", "path", "mark", "query", "protocol", "status", "bytes", "referrer", "user_agent"]
COLUMNS = ["time", "client", "user", "method", "path", "query", "protocol", "status", "bytes", "referrer", "user_agent"]
IN_ORDER = ", ".join(f'"{name}"' for name in [*COLUMNS, "source", "line"])
CHUNKS = ("--chunk-size", "100KB")


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an access log, with a few odd lines and one that is none in its middle."""
    blocks = b"".join(bytes(block) for block in access_log.blocks(LINES, numpy.random.default_rng(14))).splitlines(True)
    path = tmp_path_factory.mktemp("access") / "access.log"
    path.write_bytes(b"".join([*blocks[:9000], ODD, *blocks[9000:]]))
    return path


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log of JSON lines."""
    path = tmp_path_factory.mktemp("app") / "app.json"
    path.write_bytes(b"".join(bytes(block["json"]) for block in app_log.blocks(LINES, numpy.random.default_rng(14))))
    return path


def written(ending: str, folder: Path, *arguments: str | Path) -> Path:
    """Return the file that `show` has written with these arguments."""
    path = folder / f"records.{ending}"
    run = logproc("show", *arguments, "-o", path, "--quiet")
    assert (run.code, run.stderr) in {(0, ""), (1, "")}, run.stderr
    return path


def by_expression(path: Path) -> str:
    """Return a query for the records of an access log, by one expression over its lines."""
    absent = ", ".join(f"""nullif(r."{name}", '-') AS "{name}\"""" for name in ("client", "user", "referrer", "user_agent"))
    return f"""
        SELECT {IN_ORDER} FROM (
            SELECT strptime(r.time, '%d/%b/%Y:%H:%M:%S %z')::TIMESTAMPTZ AS time, {absent}, r.method, r.path, r.protocol,
                   CASE WHEN r.mark != '' THEN r.query END AS query, r.status::INTEGER AS status,
                   CASE WHEN r.bytes = '-' THEN 0 ELSE r.bytes::BIGINT END AS bytes, '{path}' AS source, line
            FROM (SELECT row_number() OVER () AS line, line AS text, regexp_extract(line, '{EXPRESSION}', {GROUPS}) AS r
                  FROM read_csv('{path}', columns = {{line: 'VARCHAR'}}, delim = '\x01', quote = '', escape = '',
                                header = false, auto_detect = false))
            WHERE r.status != '')"""


def rows(query: str) -> list[tuple[Any, ...]]:
    found = duckdb.sql(query)
    assert found is not None
    return found.fetchall()


def test_an_access_log_as_parquet_and_csv(access: Path, tmp_path: Path) -> None:
    """DuckDB finds in the files what its own expression finds in the log: every value of every line, in order."""
    expected = rows(by_expression(access))
    assert len(expected) == LINES + 2
    parquet, table = (written(ending, tmp_path, access, *CHUNKS) for ending in ("parquet", "csv"))
    ours = f"SELECT time::TIMESTAMPTZ, {IN_ORDER.partition(', ')[2]} FROM "
    assert rows(f"{ours} '{parquet}'") == expected
    types = dict.fromkeys([*COLUMNS, "client_port", "source", "line", "other"], "VARCHAR")
    types |= {"time": "TIMESTAMPTZ", "status": "INTEGER", "bytes": "BIGINT", "line": "BIGINT"}
    # A quote before what a spreadsheet would run is not part of the value: `--csv-raw` leaves it out.
    assert rows(f"{ours} read_csv('{table}', columns = {types}, all_varchar = false)") == [
        tuple(f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" else value for value in row) for row in expected
    ]


def test_polars_reads_what_duckdb_reads(access: Path, tmp_path: Path) -> None:
    """The same values, and types that need no conversion: texts have the functions of texts."""
    path = written("parquet", tmp_path, access)
    frame = polars.read_parquet(path)
    assert [str(frame[name].dtype) for name in ("time", "path", "status", "bytes")] == [
        "Datetime(time_unit='ns', time_zone='UTC')",
        "String",
        "Int32",
        "Int64",
    ]
    of_polars = frame.select([polars.col("time").dt.epoch("ns"), *COLUMNS[1:], "source", "line"]).rows()
    assert of_polars == rows(f"SELECT epoch_ns(time), {IN_ORDER.partition(', ')[2]} FROM '{path}'")


def records_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what the records of the application's log are, by the json module."""
    for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        found = json.loads(text)
        request = found.pop("request")
        yield {
            **{name: found[name] for name in ("level", "logger", "status", "duration")},
            "time": datetime.fromisoformat(found["time"]),
            "message": found["msg"],
            "method": request["method"],
            "raw_level": found["level"],
            "request.id": request["id"],
            "request.path": request["path"],
            "source": str(path),
            "line": number,
        }


def test_json_lines_in_all_formats(app: Path, tmp_path: Path) -> None:
    """JSON, CSV and Parquet have each value that json.loads finds, and nothing else: no object beside its own keys."""
    expected = list(records_of(app))
    lines = written("jsonl", tmp_path, app, *CHUNKS).read_text("utf-8").splitlines()
    of_json = [json.loads(line) for line in lines]
    assert [{**found, "time": datetime.fromisoformat(found["time"])} for found in of_json] == expected
    with written("csv", tmp_path, app, *CHUNKS).open(encoding="utf-8", newline="") as file:
        of_csv = [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]
    numbers: dict[str, Callable[[str], Any]] = {"status": int, "duration": float, "line": int, "time": datetime.fromisoformat}
    assert [{name: numbers.get(name, str)(cell) for name, cell in row.items()} for row in of_csv] == expected
    frame = polars.read_parquet(written("parquet", tmp_path, app, *CHUNKS))
    assert frame["other"].null_count() == frame["text"].null_count() == LINES
    assert [row | {"time": row["time"].replace(tzinfo=None)} for row in frame.drop("other", "text").to_dicts()] == [
        row | {"time": row["time"].replace(tzinfo=None)} for row in expected
    ]


def test_the_records_are_those_of_a_report(access: Path, app: Path, tmp_path: Path) -> None:
    """Counts by status and hour with their bytes, and by level, are those of `analyze`, with a filter as well."""
    found = rows(f"SELECT status, count(*), sum(bytes) FROM '{written('parquet', tmp_path, access)}' GROUP BY 1")
    panels = analyze(access, "--output", "json", "--by", "status", "--by", "hour", "--top", "1000").report["panels"]
    assert {(int(row["status"]), row["count"], row["bytes"]) for row in panels["status"]["rows"]} == set(found)
    hours = Counter[str]()
    for line in written("jsonl", tmp_path, access).read_text("utf-8").splitlines():
        hours[json.loads(line)["time"][:13] + ":00:00Z"] += 1
    assert {row["hour"]: row["count"] for row in panels["hour"]["rows"]} == dict(hours)
    condition = ("--where", "level >= warning and duration > 0.01")
    levels = rows(f"SELECT level, count(*) FROM '{written('parquet', tmp_path, app, *condition)}' GROUP BY 1")
    panels = analyze(app, "--output", "json", "--by", "level", *condition).report["panels"]
    assert len(levels) == 3
    assert {(row["level"], row["count"]) for row in panels["level"]["rows"]} == set(levels)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--merge",),
        ("--merge", "--tail", "12345"),
        ("-n", "12345", "--source", "--fields", "time,status,path,level"),
        ("--tail", "12345"),
        ("--where", "status >= 400"),
    ],
    ids=" ".join,
)
def test_the_bytes_do_not_depend_on_the_workers(
    access: Path, app: Path, tmp_path: Path, ending: str, options: tuple[str, ...]
) -> None:
    """One and eight workers write the same file, for several logs, small ones, archives and a pipe."""
    content = access.read_bytes()
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(content[: len(content) // 2], 1))
    (tmp_path / "small.log").write_bytes(content.splitlines(True)[0])
    files = [access, tmp_path / "small.log", tmp_path / "a.log.gz", app]
    found = []
    for workers in ("1", "8"):
        arguments = [*files, *options, *CHUNKS, "--workers", workers]
        found.append(written(ending, tmp_path, *arguments).read_bytes())
    assert len(found[0]) > 10_000
    assert found[0] == found[1]


def test_merged_records_are_in_order_of_time(access: Path, app: Path, tmp_path: Path) -> None:
    """All records of all logs, those of one log in its order, which makes some wait; -n and --tail take from this order."""
    half = tmp_path / "half.log"
    half.write_bytes(b"".join(access.read_bytes().splitlines(True)[::2]))
    frame = polars.read_parquet(written("parquet", tmp_path, access, half, app, "--merge", *CHUNKS))
    assert frame.height == (LINES + 2) + (LINES + 2) // 2 + LINES
    assert frame.select(polars.col("time").cum_max().over("source"))["time"].is_sorted()
    for name in (access, half, app):
        assert frame.filter(polars.col("source") == str(name))["line"].is_sorted()
    merged = frame.select("source", "line").rows()
    last = polars.read_parquet(written("parquet", tmp_path, access, half, app, "--merge", "--tail", "321", *CHUNKS))
    assert last.select("source", "line").rows() == merged[-321:]
    first = polars.read_parquet(written("parquet", tmp_path, access, half, app, "--merge", "-n", "321", *CHUNKS))
    assert first.select("source", "line").rows() == merged[:321]


def test_fields_and_all_others(app: Path, tmp_path: Path) -> None:
    """`other` beside chosen fields has all that they leave out."""
    path = written("parquet", tmp_path, app, "--fields", "time,status,other", "-n", "1")
    record = next(records_of(app))
    ((status, other),) = rows(f"SELECT status, other FROM '{path}'")
    assert status == record["status"]
    left_out = {"time", "status", "source", "line"}
    assert other == {name: str(value) for name, value in record.items() if name not in left_out}


def test_a_record_does_not_depend_on_other_logs(access: Path, app: Path) -> None:
    """In JSON, records beside those of another format are as alone, numbers included; files and streams alike."""
    alone = [logproc("show", path, "-n", "3", "--output", "json").stdout.splitlines() for path in (access, app)]
    script = '"$0" -m logproc show <(head -3 "$1") <(head -3 "$2") --output json'
    piped = subprocess.run(["bash", "-c", script, sys.executable, access, app], capture_output=True, check=True, cwd=ROOT)
    without_source = [[{**json.loads(line), "source": ""} for line in lines] for lines in alone]
    assert [{**json.loads(line), "source": ""} for line in piped.stdout.splitlines()] == without_source[0] + without_source[1]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_of_several_streams_must_be_named(access: Path, app: Path, tmp_path: Path, ending: str) -> None:
    """They would be those of the stream that is first, by chance."""
    path = tmp_path / f"x.{ending}"
    script = '"$0" -m logproc show <(cat "$1") <(cat "$2") -o "$3" "${@:4}"'
    for options, code in (((), 2), (("--format", "json"), 2), (("--fields", "time,status"), 0)):
        command = ["bash", "-c", script, sys.executable, access, app, path, *options]
        run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert (run.returncode, "--fields" in run.stderr) == (code, code == 2)
        assert path.exists() == (code == 0)


def test_an_empty_log_makes_a_file(tmp_path: Path) -> None:
    """An old file does not stay in its place, and the new one can be read."""
    (tmp_path / "a.log").write_bytes(b"")
    (tmp_path / "records.parquet").write_bytes(b"old")
    assert rows(f"SELECT count(*) FROM '{written('parquet', tmp_path, tmp_path / 'a.log')}'") == [(0,)]
    assert written("csv", tmp_path, tmp_path / "a.log").read_bytes() == b"time,source,line,other\n"


DAYS = """\
logproc show 'sample_data/shop-access.log*' -o {folder}/shop.parquet --quiet
logproc show sample_data/shop-access.log -o {folder}/days --output parquet --partition day --tz Europe/Berlin --quiet
"""
IN_PYTHON = """\
import duckdb, polars as pl

slow = duckdb.sql("SELECT path, count(*) AS n, sum(bytes) FROM '{folder}/shop.parquet' WHERE status >= 500 GROUP BY path")
print(slow.order("n DESC, path").limit(3))

log = pl.scan_parquet("{folder}/shop.parquet")
print(log.filter(pl.col("path").str.starts_with("/cart")).group_by("status").len().sort("status").collect())

print(duckdb.sql("SELECT day, count(*) FROM '{folder}/days/**/*.parquet' GROUP BY day ORDER BY day"))
"""


def test_the_example_runs_as_it_is(tmp_path: Path) -> None:
    """What a user of DuckDB or Polars would paste."""
    script = DAYS.format(folder=tmp_path).replace("logproc show", f"{sys.executable} -m logproc show")
    subprocess.run(["sh", "-ec", script], check=True, cwd=ROOT)
    command = [sys.executable, "-c", IN_PYTHON.format(folder=tmp_path)]
    found = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    assert "status" in found
    assert all(path.name in {f"day={day}" for day in found.split()} for path in (tmp_path / "days").iterdir())


def test_a_trace_is_in_the_text(tmp_path: Path) -> None:
    """A record of several lines has all of them in `text`, also inside of another log; a record of one line has none."""
    error = "2026-03-07 10:00:00,123 - shop.a - ERROR - boom\nTraceback (most recent call last):\nKeyError: 'x'"
    rest = "".join(f"\n2026-03-07 10:00:0{at},000 - shop.a - INFO - fine" for at in range(1, 5))
    plain, packed = tmp_path / "a.log", tmp_path / "docker.log"
    plain.write_text(error + rest + "\n")
    each = [
        {"log": line + "\n", "stream": "stderr", "time": f"2026-03-07T10:00:0{at}Z"}
        for at, line in enumerate((error + rest).split("\n"))
    ]
    packed.write_text("".join(json.dumps(line) + "\n" for line in each))
    for path, text in ((plain, error), (packed, "\n".join(json.dumps(line) for line in each[:3]))):
        for chunk in CHUNKS, ():
            lines = written("jsonl", tmp_path, path, *chunk).read_text("utf-8").splitlines()
            assert [json.loads(line).get("text") for line in lines] == [text, None, None, None, None]
        with written("csv", tmp_path, path).open(encoding="utf-8", newline="") as file:
            assert [row["text"] for row in csv.DictReader(file)] == [text, "", "", "", ""]
        assert polars.read_parquet(written("parquet", tmp_path, path))["text"].to_list() == [text, None, None, None, None]
