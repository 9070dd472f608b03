"""Each format of the catalogue reads a sample of its documentation: every field of every record, and no field more."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pytest

from logproc.formats.detection.layouts import may_fit
from logproc.formats.detection.sample import Sample
from logproc.formats.known import FORMATS, TABLES
from logproc.model.columns import NO_TIME
from tests.formats.readings import STANDARD, detected, read, time_of
from tests.formats.samples import FOLDER, SAMPLES

NANO = 10**9
TEXTS: dict[str, dict[str, Any]] = {
    name: sample
    for path in sorted((FOLDER / "catalogue").glob("*.toml"))
    for name, sample in tomllib.loads(Path(path).read_text("utf-8")).items()
}
"""The samples by their name: the source and the name of their format, the text, and the fields of each record."""
OF_PROGRAMS = [name for table in TABLES[:-1] for name in table["formats"]]
NUMBER = " as a number"


def records_of(text: str) -> list[dict[str, object]]:
    """Return each record of a text with what it has: times as RFC 3339 writes them, numbers in seconds or bytes."""
    form = detected(text.encode())
    names = dict.fromkeys([*form.fields, *STANDARD, "raw_level", "client_port"])
    reading = read(form, text.encode(), tuple(name for name in names if name != "time"))
    found: list[dict[str, object]] = [
        {} if second == NO_TIME else {"time": datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        for second in reading.time
    ]
    for name, values in reading.columns.items():
        for record, value in zip(found, values, strict=True):
            if isinstance(value, int) and name.endswith(NUMBER):
                record[name.removesuffix(NUMBER)] = value / NANO
            elif value is not None and name + NUMBER not in reading.columns:
                record[name] = value
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_a_sample_is_read_with_every_field_and_no_other(name: str) -> None:
    """The format is found, and each record has what a person reads in its line."""
    sample = TEXTS[name]
    assert detected(sample["text"].encode()).name == sample["format"]
    assert records_of(sample["text"]) == sample["records"]


@pytest.mark.parametrize("name", TEXTS)
def test_no_line_of_a_sample_is_rejected(name: str) -> None:
    """What is not a record of its own belongs to one, or is about the log."""
    text = TEXTS[name]["text"].encode()
    account = read(detected(text), text).account
    assert account.rejected == 0
    assert account.continuation == account.lines - account.blank - len(TEXTS[name]["records"])


def test_every_format_of_a_program_has_a_sample() -> None:
    """No entry of the catalogue is without one."""
    assert set(OF_PROGRAMS) <= {sample["format"] for sample in TEXTS.values()}


@cache
def all_lines() -> tuple[list[bytes], list[str], pyarrow.Array]:
    """Return the lines of all samples, the format of each (none for the small logs), and the lines as formats take them."""
    texts = [(sample.text, "") for sample in SAMPLES]
    texts += [(sample["text"].encode(), sample["format"]) for sample in TEXTS.values()]
    pairs = [(line, name) for text, name in texts for line in text.split(b"\n") if line.strip()]
    lines = [line for line, _ in pairs]
    return lines, [name for _, name in pairs], pyarrow.array(lines, pyarrow.binary())


@pytest.mark.parametrize("name", OF_PROGRAMS)
def test_a_sample_fits_one_format_of_a_program(name: str) -> None:
    """Formats of programs do not claim the lines of others."""
    form = next(form for form in FORMATS if form.name == name)
    lines, names, array = all_lines()
    others = [lines[at] for at in numpy.flatnonzero(form.fits(array)).tolist() if names[at] not in {name, ""}]
    assert others == []


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_lines_without_a_time_are_of_formats_that_say_so(form: Any) -> None:
    """A format is not asked where no line has a time of its form, unless it may do without one."""
    lines, _, array = all_lines()
    for at in numpy.flatnonzero(form.fits(array)).tolist():
        assert may_fit(form, Sample((lines[at],), (1,)), {})
        if time_of(form) and not form.exact.may_lack_time:
            assert read(form, lines[at] + b"\n").time != [NO_TIME]
