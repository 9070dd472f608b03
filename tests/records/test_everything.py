"""All fields of a format at once, against each of them asked for by its name: over the samples of all kinds of logs."""

from __future__ import annotations

import csv
import io
import json

import numpy
import pytest
from msgspec.structs import replace

from logproc.formats.columns.fields import Wanted
from logproc.formats.detection.detect import detect, fallback
from logproc.model.chunk import Context, Parser
from logproc.model.columns import NO_TIME, Parsed
from logproc.questions.question import Question
from logproc.questions.view import View
from logproc.records.tables.csv_lines import csv_header, csv_lines
from logproc.records.tables.json_lines import json_lines
from logproc.records.tables.layout import Layout
from logproc.records.tables.table import table_of
from tests.formats.samples import SAMPLES, Sample
from tests.records.tables import LONGEST, rows_of

CONTEXT = Context(reference_s=1_800_000_000, fractions=True)
samples = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def read(sample: Sample) -> tuple[Parser, Parsed, Wanted]:
    """Return the format of a sample, and all that is in its records."""
    form = detect(sample.text, whole=True) or fallback(sample.text, whole=True)
    assert form is not None
    wanted = Wanted.everything(form)
    return form, parse(form, sample, wanted), wanted


def parse(form: Parser, sample: Sample, wanted: Wanted) -> Parsed:
    """Return the records of a sample in the order of their lines, whichever reader found them."""
    parsed = form.parse(numpy.frombuffer(ended(sample.text), numpy.uint8), CONTEXT, wanted, LONGEST)
    if parsed.columns is None or parsed.record_lines is None:
        return parsed
    return replace(parsed, columns=parsed.columns.take(numpy.argsort(parsed.record_lines, kind="stable")))


def ended(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"


@samples
def test_the_account_stays(sample: Sample) -> None:
    """Asking for all fields changes neither which lines are records nor their times."""
    form, parsed, _ = read(sample)
    usual = parse(form, sample, Question().wanted)
    assert parsed.account == usual.account
    assert parsed.columns is not None
    assert usual.columns is not None
    assert parsed.columns.time.tolist() == usual.columns.time.tolist()
    assert parsed.rejected_lines.tolist() == usual.rejected_lines.tolist()


@samples
def test_each_field_is_the_same(sample: Sample) -> None:
    """A field has the same values whether it is asked for alone or with all others."""
    form, parsed, _ = read(sample)
    assert parsed.columns is not None
    whole = View(parsed.columns)
    for name in {*form.shown, *parsed.columns.keys} - {"time"}:
        alone = parse(form, sample, Wanted(frozenset({name})))
        assert alone.columns is not None
        assert texts(View(alone.columns), name) == texts(whole, name), name


def texts(view: View, name: str) -> list[str | None]:
    column = view.texts(name)
    return [None] * view.columns.records if column is None else [column.keys[at].as_py() for at in column.index.tolist()]


@samples
def test_all_outputs_have_all_records(sample: Sample) -> None:
    """JSON and CSV of a whole sample can be read, and have its records, with each value of the table."""
    form, parsed, _ = read(sample)
    assert parsed.columns is not None
    count = parsed.columns.records
    layout = Layout.of_formats([form])
    table = table_of(View(parsed.columns), numpy.arange(count), numpy.arange(1, count + 1), sample.name, layout)
    table.validate(full=True)
    assert table.schema == layout.schema
    rows = rows_of(table)
    objects = [json.loads(text) for text in bytes(json_lines(table)[0]).split(b"\n")[:-1]]
    assert [{**found, "time": None} for found in objects] == [{**row, "time": None} for row in rows]
    assert sum("time" in found for found in objects) == int((parsed.columns.time != NO_TIME).sum())
    text = (csv_header(table.schema) + bytes(csv_lines(table)[0])).decode()
    cells = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(cells) == count + 1
    assert {len(row) for row in cells} == {table.num_columns}
