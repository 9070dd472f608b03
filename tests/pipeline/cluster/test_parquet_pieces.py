"""A Parquet file that `show` wrote is counted by its groups of rows, and its report is that of the serial run."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from logproc.records.tables import parquet
from tests.formats.samples import SAMPLES
from tests.pipeline.cluster.test_pieces import clustered, count_pieces, written
from tests.support.parquet import as_parquet
from tests.support.reports_of import serial, sources_of


@pytest.mark.parametrize("name", ["nginx-combined", "haproxy-http", "zap-json", "spring-boot-3"])
def test_each_group_is_a_piece(name: str, client: Any, tmp_path: Path) -> None:
    """So many tasks as groups of rows, and every number as if the file was read in one go."""
    text = next(sample.text for sample in SAMPLES if sample.name == name).rstrip(b"\n") + b"\n"
    with patch.object(parquet, "GROUP_ROWS", 2):
        file = as_parquet(tmp_path / "a.parquet", written(tmp_path / "a.log", text))
    sources = sources_of(file)
    assert count_pieces(sources, 1 << 30) >= 2
    for knobs in ({}, {"by": ("source",)}, {"where": "time > '2000-01-01'", "visitors": True}):
        assert clustered(client, sources, 1 << 30, **knobs) == serial(sources, **knobs)


def test_a_damaged_group_is_rejected_where_it_is(client: Any, tmp_path: Path) -> None:
    """The others count, and the report says how many records are missing."""
    text = next(sample.text for sample in SAMPLES if sample.name == "nginx-combined")
    with patch.object(parquet, "GROUP_ROWS", 2):
        file = as_parquet(tmp_path / "a.parquet", written(tmp_path / "a.log", text))
    content = bytearray(file.read_bytes())
    content[len(content) // 8] ^= 0xFF
    written(file, bytes(content))
    sources = sources_of(file)
    assert "damaged" in serial(sources)
    assert clustered(client, sources, 1 << 30) == serial(sources)
