"""Records as Parquet: read back by Arrow, DuckDB and Polars; row groups that can be skipped; whole or not at all."""

from __future__ import annotations

import os
import threading
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logproc.model.errors import OutputError
from logproc.records.tables import parquet
from logproc.records.tables.layout import TEXT, Layout
from logproc.records.tables.parquet import ParquetFile, ParquetFolder
from logproc.reports.output import known_temporaries
from tests.records.tables import rows_of, table_by_hand, table_of_log
from tests.records.test_lines import tables
from tests.support.logs import line

DAY = 86_400 * 10**9
AT = 1_772_877_600 * 10**9
"""2026-03-07T10:00:00Z."""


def written(path: Path, *pieces: pyarrow.Table) -> pyarrow.Table:
    """Write pieces as one file, and return what Arrow reads back."""
    output = ParquetFile(path, pieces[0].schema)
    for piece in pieces:
        output.write(piece)
    output.close()
    return pyarrow.parquet.read_table(path)


def numbered(first: int, count: int, *, step: int = 10**9) -> pyarrow.Table:
    """Return records in order of time, whose texts are other ones in each piece."""
    lines = range(first, first + count)
    return table_by_hand({"path": [f"/{number}" for number in lines]}, times=[AT + number * step for number in lines])


def plain(table: pyarrow.Table) -> pyarrow.Table:
    """Return a table whose texts have no dictionaries, as readers get it."""
    fields = [field.with_type(pyarrow.string()) if field.type == TEXT else field for field in table.schema]
    return table.cast(pyarrow.schema(fields))


def rows_in_sql(query: str) -> list[Any]:
    """Return what DuckDB answers."""
    found = duckdb.sql(query)
    assert found is not None
    return found.fetchall()


def ordered(path: Path | str) -> tuple[list[Any], list[Any]]:
    """Return times and paths of all files as DuckDB reads them, in order of time."""
    found = rows_in_sql(f"SELECT epoch_ns(time), path FROM read_parquet('{path}') ORDER BY 1, 2")
    times, paths = zip(*found, strict=True)
    return list(times), list(paths)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_arrow_reads_the_same(tmp_path: Path, table: pyarrow.Table) -> None:
    """Every value comes back, types included."""
    found = written(tmp_path / "x.parquet", table)
    assert found.schema.equals(plain(table).schema)
    assert rows_of(found) == rows_of(table)


def test_duckdb_and_polars_read_the_same(tmp_path: Path) -> None:
    """Times to the nanosecond, numbers as numbers, absent as null."""
    polars = pytest.importorskip("polars")
    content = b'{"ts":"2026-03-07T10:00:00.123456789Z","msg":"caf\xc3\xa9","took_ms":12.5,"n":1}\n'
    content += b'{"ts":"1969-12-31T23:59:59.5Z","msg":"b"}\n'
    written(tmp_path / "x.parquet", table_of_log(content + content.replace(b'"n"', b'"later"'), sample=content))
    of_duckdb = rows_in_sql(f"SELECT epoch_ns(time), message, duration, n, other['later'], line FROM '{tmp_path}/x.parquet'")
    assert of_duckdb == [
        (AT + 123456789, "café", 0.0125, "1", None, 1),
        (-(10**9) // 2, "b", None, None, None, 2),
        (AT + 123456789, "café", 0.0125, None, "1", 3),
        (-(10**9) // 2, "b", None, None, None, 4),
    ]
    frame = polars.read_parquet(tmp_path / "x.parquet")
    assert frame["time"].to_physical().to_list() == [row[0] for row in of_duckdb]
    for name, at in (("message", 1), ("duration", 2), ("n", 3), ("line", 5)):
        assert frame[name].to_list() == [row[at] for row in of_duckdb]


def test_row_groups_can_be_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups are full whatever the pieces are, and each has the bounds of its times; text keeps its dictionaries."""
    monkeypatch.setattr(parquet, "GROUP_ROWS", 100)
    written(tmp_path / "x.parquet", *(numbered(first, 30) for first in range(0, 270, 30)))
    found = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet").metadata
    assert [found.row_group(at).num_rows for at in range(found.num_row_groups)] == [100, 100, 70]
    for at in range(3):
        columns = {found.row_group(at).column(number).path_in_schema: found.row_group(at).column(number) for number in range(4)}
        statistics = columns["time"].statistics
        assert statistics.min.timestamp() == 1_772_877_600 + at * 100
        assert statistics.max.timestamp() == 1_772_877_600 + min(at * 100 + 99, 269)
        assert columns["path"].statistics is None
        assert "RLE_DICTIONARY" in columns["path"].encodings
        assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert ordered(tmp_path / "x.parquet")[1] == [f"/{number}" for number in range(270)]


def test_texts_of_many_pieces_have_one_dictionary(tmp_path: Path) -> None:
    """Pieces with other dictionaries do not make a column one of plain texts: each long text is there once."""
    long = ["x" * 1000, "y" * 1000, "z" * 1000]
    pieces = [table_by_hand({"a": [first, second] * 100}, names=["a"]) for first, second in pairwise(long)]
    written(tmp_path / "x.parquet", *pieces)
    column = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet").metadata.row_group(0).column(0)
    assert 3000 < column.total_uncompressed_size < 4000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(table=tables(), data=st.data())
@pytest.mark.parametrize("kind", [ParquetFile, ParquetFolder])
def test_the_bytes_do_not_depend_on_the_pieces(kind: Any, tmp_path: Path, table: pyarrow.Table, data: st.DataObject) -> None:
    """However the same records are cut to pieces, whose dictionaries have what else a chunk had, the file is the same."""
    order = data.draw(st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=30))
    records = table.take(order).unify_dictionaries()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(order)))) | {0, len(order)})
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_ROWS", data.draw(st.integers(1, 40)))
        patch.setattr(parquet, "GROUP_BYTES", data.draw(st.integers(8, 4000)))
        patch.setattr(parquet, "MOST_OPEN", 2)
        for number, pieces in enumerate(([records], [alone(records[start:end]) for start, end in pairwise(cuts)])):
            with TemporaryDirectory(dir=tmp_path) as folder:
                output = kind(Path(folder, f"{number}"), records.schema)
                for piece in pieces:
                    output.write(piece)
                output.close()
                place = Path(folder, f"{number}")
                files = [place, *place.rglob("*.parquet")] if place.is_dir() else [place]
                found.append({path.relative_to(place): path.read_bytes() for path in files if path.is_file()})
    assert found[0] == found[1]


def alone(table: pyarrow.Table) -> pyarrow.Table:
    """Return a table with dictionaries of its own, in the opposite order."""
    columns = []
    for column, field in zip(table.columns, table.schema, strict=True):
        if field.type != TEXT:
            columns.append(column)
            continue
        texts = column.cast(pyarrow.string()).combine_chunks()
        places = pyarrow.compute.unique(texts.drop_null())[::-1]
        indices = pyarrow.compute.index_in(texts, places, skip_nulls=True).cast(pyarrow.int32())
        columns.append(pyarrow.DictionaryArray.from_arrays(indices, places))
    return pyarrow.table(columns, schema=table.schema)


def test_pages_do_not_depend_on_the_pieces(tmp_path: Path) -> None:
    """Nor in a group of several pages, of texts with a dictionary, without one, and numbers, with nulls among them."""
    count = 60_000
    keys: dict[str, list[str | None]] = {
        "few": [f"{number * number % 7919}" for number in range(count)],
        "many": [f"{number}-{number * 7919}" * 3 if number % 5 else None for number in range(count)],
    }
    table = table_by_hand(keys, times=[AT + number * number for number in range(count)])
    written(tmp_path / "1.parquet", table)
    written(tmp_path / "2.parquet", *(alone(table[start : start + 7001]) for start in range(0, count, 7001)))
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()


def test_a_large_piece_is_several_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 100)
    written(tmp_path / "x.parquet", numbered(0, 10), numbered(10, 250), numbered(260, 40))
    found = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet").metadata
    assert [found.row_group(at).num_rows for at in range(found.num_row_groups)] == [100, 100, 100]
    assert ordered(tmp_path / "x.parquet")[1] == [f"/{number}" for number in range(300)]


def test_large_records_are_not_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group ends when it has enough bytes, too."""
    monkeypatch.setattr(parquet, "GROUP_BYTES", 50_000)
    written(tmp_path / "x.parquet", *(table_by_hand({"a": [f"{number}" * 10_000]}) for number in range(20)))
    found = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet").metadata
    assert found.num_rows == 20
    assert found.num_row_groups >= 4


def test_texts_are_texts_for_everybody(tmp_path: Path) -> None:
    """Polars reads them as such, not as categories; those that differ in each record, and those that do not."""
    polars = pytest.importorskip("polars")
    written(tmp_path / "x.parquet", table_by_hand({"a": [f"{number}" for number in range(100)], "b": ["x"] * 100}))
    frame = polars.read_parquet(tmp_path / "x.parquet")
    assert [frame[name].dtype for name in ("a", "b", "source")] == [polars.String] * 3
    assert frame.filter(polars.col("b").str.contains("x") & polars.col("a").str.ends_with("9")).height == 10


def test_no_records(tmp_path: Path) -> None:
    """A file without records has its columns."""
    table = table_of_log(line() + b"\n", kept=numpy.zeros(1, bool))
    assert written(tmp_path / "x.parquet", table).equals(plain(table))
    output = ParquetFile(tmp_path / "y.parquet", Layout(("time", "a")).schema)
    output.close()
    assert rows_in_sql(f"SELECT * FROM '{tmp_path}/y.parquet'") == []


def test_a_file_appears_as_a_whole(tmp_path: Path) -> None:
    """Until it is closed the old file is there; only the owner can read the new one."""
    path = tmp_path / "x.parquet"
    path.write_bytes(b"old")
    output = ParquetFile(path, numbered(0, 1).schema)
    output.write(numbered(0, 10))
    assert path.read_bytes() == b"old"
    assert len(known_temporaries()) == 1
    assert {str(found) for found in tmp_path.iterdir()} == {str(path), *known_temporaries()}
    output.close()
    assert len(pyarrow.parquet.read_table(path)) == 10
    assert (list(tmp_path.iterdir()), known_temporaries(), path.stat().st_mode & 0o777) == ([path], (), 0o600)
    output.discard()
    assert path.exists()


@pytest.mark.parametrize("kind", [ParquetFile, ParquetFolder])
def test_what_is_discarded_leaves_nothing(tmp_path: Path, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 4)
    output = kind(tmp_path / "x", numbered(0, 1).schema)
    output.write(numbered(0, 10))
    output.discard()
    assert (list(tmp_path.iterdir()), known_temporaries()) == ([], ())


def write_much(output: ParquetFile) -> None:
    for first in range(0, 10**5, 1000):
        output.write(numbered(first, 1000))


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to do, in whichever call it comes."""
    monkeypatch.setattr(parquet, "GROUP_ROWS", 1000)
    output = ParquetFile("/dev/full", numbered(0, 1).schema)
    with pytest.raises(OutputError, match="cannot write /dev/full: no space left"):
        write_much(output)
    output.discard()
    output.discard()
    output = ParquetFile("/dev/full", numbered(0, 1).schema)
    output.write(numbered(0, 10))
    with pytest.raises(OutputError, match="cannot write /dev/full: no space left"):
        output.close()


def test_a_fifo(tmp_path: Path) -> None:
    """A FIFO is written to directly, so a reader may take the file from it."""
    os.mkfifo(tmp_path / "fifo")
    taken = []
    reader = threading.Thread(target=lambda: taken.append((tmp_path / "fifo").read_bytes()))
    reader.start()
    while True:
        try:
            output = ParquetFile(tmp_path / "fifo", numbered(0, 1).schema)
            break
        except OutputError:  # the reader is not there yet
            continue
    output.write(numbered(0, 10))
    output.close()
    reader.join()
    assert len(pyarrow.parquet.read_table(pyarrow.BufferReader(taken[0]))) == 10


@pytest.mark.parametrize("kind", [ParquetFile, ParquetFolder])
def test_what_cannot_be_written(tmp_path: Path, kind: Any) -> None:
    schema = numbered(0, 1).schema
    with pytest.raises(OutputError, match="no such file"):
        kind(tmp_path / "missing" / "x", schema)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        kind(tmp_path / "link", schema)


def test_days(tmp_path: Path) -> None:
    """A folder for each day, in which DuckDB and Polars see the day as a column; records without a time have one, too."""
    table = table_by_hand({"path": list("abcd")}, times=[AT, AT + DAY, None, AT + 1])
    output = ParquetFolder(tmp_path / "out", table.schema)
    output.write(table)
    output.write(table.slice(1, 1))
    assert not (tmp_path / "out").exists()
    assert sorted(known_temporaries()) == sorted(map(str, tmp_path.rglob("*.parquet")))
    output.close()
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.parquet"))
    assert files == [
        "out/day=2026-03-07/part-0.parquet",
        "out/day=2026-03-08/part-0.parquet",
        "out/day=__HIVE_DEFAULT_PARTITION__/part-0.parquet",
    ]
    question = (
        "SELECT CAST(day AS VARCHAR), path FROM read_parquet('{}/out/**/*.parquet', hive_partitioning=true) ORDER BY path, day"
    )
    assert rows_in_sql(question.format(tmp_path)) == [
        ("2026-03-07", "a"),
        ("2026-03-08", "b"),
        ("2026-03-08", "b"),
        (None, "c"),
        ("2026-03-07", "d"),
    ]
    assert known_temporaries() == ()


def test_days_of_a_zone(tmp_path: Path) -> None:
    """A day is what the clocks of the zone say, in summer and in winter."""
    summer = 1_782_856_800 * 10**9  # 2026-06-30T22:00:00Z
    table = table_by_hand({"path": list("abc")}, times=[AT, summer - 1, summer])
    output = ParquetFolder(tmp_path / "out", table.schema, ZoneInfo("Europe/Berlin"))
    output.write(table)
    output.close()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["day=2026-03-07", "day=2026-06-30", "day=2026-07-01"]


def test_many_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bounded number of files is open; a day that comes again gets another part. Nothing is lost."""
    monkeypatch.setattr(parquet, "MOST_OPEN", 3)
    monkeypatch.setattr(parquet, "GROUP_ROWS", 10)
    table = numbered(0, 40, step=DAY // 2)
    output = ParquetFolder(tmp_path / "out", table.schema)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(2):
        for first in range(0, 40, 8):
            output.write(table.slice(first, 8))
            assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3
    output.close()
    assert len(list(tmp_path.rglob("part-1.parquet"))) > 10
    assert ordered(f"{tmp_path}/out/**/*.parquet")[1] == sorted(
        (f"/{number}" for number in range(40) for _ in range(2)), key=lambda path: int(path[1:])
    )


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    """Old files beside new ones would be records twice; an empty folder is fine."""
    (tmp_path / "out").mkdir()
    output = ParquetFolder(tmp_path / "out", numbered(0, 1).schema)
    output.write(numbered(0, 1))
    output.close()
    with pytest.raises(OutputError, match="there is something already"):
        ParquetFolder(tmp_path / "out", numbered(0, 1).schema)
    assert ordered(f"{tmp_path}/out/**/*.parquet")[1] == ["/0"]
