"""What `show` wrote as Parquet gives the numbers that its log gives; what the file cannot know is absent, refused, or said."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from logproc.model.columns import Account
from logproc.model.errors import LogprocError
from logproc.model.snapshot import Snapshot
from logproc.model.source import State
from logproc.pipeline.openers import Openers
from logproc.pipeline.serial import run_serial
from logproc.questions.where.grammar import parse_where
from logproc.records.tables import parquet
from logproc.settings import Settings
from tests.formats.samples import SAMPLES, Sample
from tests.support.logs import contents
from tests.support.parquet import as_parquet
from tests.support.reports_of import report, serial, sources_of, stdin, threaded

QUICK = 4
EACH = pytest.mark.parametrize(
    "sample",
    [pytest.param(sample, id=sample.name, marks=[pytest.mark.soak] * bool(at % QUICK)) for at, sample in enumerate(SAMPLES)],
)
"""Every fourth sample; with `-m soak` the others, which take two minutes."""
EVERYWHERE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
SAME = ("panels", "overview", "totals", "time")
"""The parts of a report that depend on records alone."""
LOG = (
    b'192.0.2.7 - ann [17/May/2015:10:05:03 +0000] "GET /a?id=7 HTTP/1.1" 200 4263 "-" "curl/8"\n'
    b'192.0.2.8 - - [17/May/2015:10:05:04 +0000] "-" 000 - "-" "-"\n'
    b'192.0.2.8 - - [17/May/2015:10:06:04 +0000] "\\x16\\x03" 400 157 "-" "-"\n'
    b"torn\n"
)
QUESTIONS: list[dict[str, Any]] = [
    {},
    {"by": ("source",), "metric": ("uniques:client", "visitors", "rate")},
    {"by": ("every(1s)", "weekday,hour_of_day", "day"), "tz": "Asia/Kolkata"},
    {"by": ("status_class", "status")},
    {"by": ("shape(message)", "level,logger")},
    {"since": "2026-03-07 10:00:01", "until": "2026-03-07 10:00:05.5"},
    {"where": "status >= 300 or level >= warning", "visitors": True, "families": True},
    {"where": "time.exists and not (path contains 'a')"},
    {"metric": ("share(status >= 400)", "p95:duration", "sum:bytes", "first:time", "last:time"), "anonymize": True},
    {"client_from": "xff", "by": ("client", "client_network"), "max_keys": 3},
]


def ask(source: Path, **knobs: Any) -> Snapshot:
    run = run_serial(sources_of(source), Settings(**knobs))
    if run.cause:
        raise run.cause
    return run.snapshot


def numbers(source: Path, **knobs: Any) -> Any:
    """Return what a report says of the records, or what the program says instead."""
    try:
        found = json.loads(report(ask(source, **knobs)))
    except LogprocError as error:
        return error.what.partition(":")[0]
    return {name: found[name] for name in SAME}, found["account"]["records"]


def write_log(folder: Path, content: bytes, name: str = "a.log") -> Path:
    log = folder / name
    log.write_bytes(content)
    return log


def is_filter(text: str) -> bool:
    """Return whether a comparison makes sense for the type of its field."""
    try:
        return bool(parse_where(text))
    except LogprocError:
        return False


@EACH
def test_every_format_gives_the_same_numbers(tmp_path: Path, sample: Sample) -> None:
    """Whatever is asked, the records of each format are counted as they were in their log."""
    log = write_log(tmp_path, sample.text)
    for tz in {question.get("tz", "UTC") for question in QUESTIONS}:
        file = as_parquet(tmp_path / f"{tz[:1]}.parquet", log, tz=tz)
        for question in (one for one in QUESTIONS if one.get("tz", "UTC") == tz):
            expected = numbers(log, **question)
            if isinstance(expected, tuple) and question.get("by") == ("source",):
                assert expected[0]["panels"]["source"]["rows"][0]["source"] == str(log)
            assert numbers(file, **question) == expected, question


@EACH
def test_every_field_is_what_it_was(tmp_path: Path, sample: Sample) -> None:
    """As a key, as a number, and as what filters compare; a duration is a key by its number, however the log spells it."""
    log = write_log(tmp_path, sample.text)
    file = as_parquet(tmp_path / "a.parquet", log)
    schema = pyarrow.parquet.read_schema(file)
    others = {name for entry in pyarrow.parquet.read_table(file)["other"].to_pylist() for name, _ in entry or ()}
    late = [name for name in others - {"request"} if not name.startswith("log.")]
    is_envelope = ">" in (ask(log).sources[0].format or "")
    names = [name for name in (*schema.names, *late) if name not in {"line", "other", "time", "text"}]
    doubles = {name for name in schema.names if schema.field(name).type == pyarrow.float64()}
    keys = tuple(name for name in names if name not in doubles)
    filters = [f"`{name}` > 5" for name in names]
    filters += [f"`{name}` contains 'a'" for name in keys if name != "message" or not is_envelope]
    filters = [where for where in filters if is_filter(where)]
    questions: list[dict[str, Any]] = [
        {"by": keys},
        {"by": keys, "top": 0, "metric": [f"{function}:{name}" for name in names for function in ("sum", "p50", "max")]},
        {"metric": [f"uniques:{name}" for name in keys]},
        {"metric": [f"share({where})" for where in filters]},
    ]
    for question in questions:
        found = numbers(file, **question)
        assert isinstance(found, tuple), found
        assert found == numbers(log, **question), question


@EACH
def test_a_line_is_a_record(tmp_path: Path, sample: Sample) -> None:
    """The account has one line for each record of the file, and nothing of the lines that the file does not have."""
    log = write_log(tmp_path, sample.text)
    records = ask(log).account.records
    assert ask(as_parquet(tmp_path / "a.parquet", log)).account == Account(lines=records, records=records)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, 7, 200, 404, -1, 2**31, 2**63, 1e300, 0.1, 1.5, 12345.678901234, 1e-7]),
    st.sampled_from(["", "-", "000", "200", "0200", " 7", "1.5ms", "2KiB", "1,260.403", "x", "caf\u00e9 \x1b", "1e2", "-0"]),
)
TIMES = st.sampled_from(
    [
        "2026-03-07T10:00:00Z",
        "2026-03-07T10:00:00.123456789Z",
        "1969-12-31T23:59:59.5Z",
        "1066-10-14T09:00:00Z",
        "9999-01-01T00:00:00Z",
    ]
)
FIELDS = ("status", "duration", "upstream_duration", "took_ms", "level", "client", "path", "message", "n", "line", "log.line")
SIZES = st.one_of(st.none(), st.integers(0, 2**60), st.sampled_from(["-", "2KiB"]))
OBJECTS = st.builds(
    lambda time, size, values: {"time": time, **size, **values},
    TIMES,
    st.one_of(st.just({}), st.fixed_dictionaries({"bytes": SIZES})),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6),
)
ASKED = st.sampled_from(
    [
        {},
        {"by": ("status", "level,n", "client", "line")},
        {"by": ("log.line", "n")},
        {"metric": ("sum:duration", "p50:duration", "max:upstream_duration", "sum:bytes", "uniques:status")},
        {"metric": ("sum:took_ms", "p99:n", "mean:status", "first:time", "last:time")},
        {"where": "duration > 0.001 or bytes > 1000"},
        {"where": "status == '000' or status >= 404"},
        {"where": "time < '1900-01-01'"},
        {"since": "2026-03-07T10:00:00.1Z"},
    ]
)


@EVERYWHERE
@given(objects=st.lists(OBJECTS, min_size=1, max_size=30), question=ASKED)
@example(objects=[{"time": "2026-03-07T10:00:00Z", "status": value} for value in ("000", 0, 200)], question={"by": ("status",)})
@example(objects=[{"time": "1066-10-14T09:00:00Z", "n": 1}], question={"where": "time < '1900-01-01'"})
def test_odd_values_are_what_they_were(tmp_path: Path, objects: list[dict[str, object]], question: dict[str, Any]) -> None:
    """Statuses that are not numbers, large sizes, fine durations and times of any century."""
    log = write_log(tmp_path, b"".join(json.dumps(one).encode() + b"\n" for one in objects))
    file = as_parquet(tmp_path / "a.parquet", log)
    if (found := numbers(file, **question)) != "no source has a field 'took_ms'":  # it is there as the duration
        assert found == numbers(log, **question)


@EVERYWHERE
@given(content=contents(), question=st.sampled_from(QUESTIONS), rows=st.integers(1, 20), seed=st.integers(0, 99))
def test_access_logs_are_what_they_were(tmp_path: Path, content: bytes, question: dict[str, Any], rows: int, seed: int) -> None:
    """Malformed requests are counted, in groups of any size, and in any threads."""
    log = write_log(tmp_path, content)
    assume(ask(log).account.records)  # a file without records has no fields that could be missing
    with patch.object(parquet, "GROUP_ROWS", rows):
        file = as_parquet(tmp_path / "a.parquet", log, tz=question.get("tz", "UTC"))
    expected = numbers(log, **question)
    assert numbers(file, **question) == expected
    if isinstance(expected, tuple) and "max_keys" not in question:
        assert threaded(sources_of(file), workers=random.Random(seed).choice((1, 8)), **question) == serial(
            sources_of(file), **question
        )


def test_durations_of_other_units_are_seconds(tmp_path: Path) -> None:
    """HAProxy's timers are text in milliseconds, in the file as in the log; their numbers are seconds in both."""
    log = write_log(tmp_path, next(one.text for one in SAMPLES if one.name == "haproxy-http"))
    file = as_parquet(tmp_path / "a.parquet", log)
    for question in (
        {"by": ("connect_time",)},
        {"metric": ("sum:connect_time", "p95:queue_time")},
        {"where": "connect_time > 0.001"},
    ):
        assert numbers(file, **question) == numbers(log, **question)


def test_bytes_are_not_taken_for_text(tmp_path: Path) -> None:
    """Nothing is said of NULs and invalid UTF-8 in a file of binary data, and a budget of one byte is enough to read it."""
    with patch.object(parquet, "GROUP_ROWS", 2):
        file = as_parquet(tmp_path / "a.parquet", write_log(tmp_path, LOG))
    assert ask(file).sources[0].notes == ()
    assert threaded(sources_of(file), memory=1) == serial(sources_of(file))


def test_logs_keep_their_names(tmp_path: Path) -> None:
    """The source of a record is the log that it was in, also where several are in one file, of other formats."""
    logs = [write_log(tmp_path, LOG), write_log(tmp_path, b'{"time":"2015-05-17T10:00:00Z","level":"error"}\n', "b.log")]
    file = as_parquet(tmp_path / "a.parquet", *logs)
    rows = json.loads(serial(sources_of(file), by=("source",), top=0))["panels"]["source"]["rows"]
    assert [(row["source"], row["count"]) for row in rows] == [(str(logs[0]), 3), (str(logs[1]), 1)]
    expected = json.loads(serial(sources_of(*logs)))
    assert {name: json.loads(serial(sources_of(file)))[name] for name in SAME} == {name: expected[name] for name in SAME}


def test_days_are_sources_too(tmp_path: Path) -> None:
    """The files of a folder by day are together what the log is."""
    log = write_log(tmp_path, LOG + LOG.replace(b"17/May", b"18/May"))
    folder = as_parquet(tmp_path / "days", log, by_day=True)
    files = sources_of(*sorted(folder.rglob("*.parquet")))
    assert len(files) == 2
    found = json.loads(threaded(files, workers=8))
    assert ({name: found[name] for name in SAME}, found["account"]["records"]) == numbers(log)


def test_no_records_are_no_failure(tmp_path: Path) -> None:
    """A file without records, or without groups of rows, is complete."""
    file = as_parquet(tmp_path / "a.parquet", write_log(tmp_path, LOG), where="status == 999")
    found = ask(file).sources[0]
    assert (found.state, found.account, found.format) == (State.COMPLETE, Account(), "parquet")


@pytest.mark.parametrize(
    ("knobs", "what"),
    [
        ({"where": "text contains 'x'"}, "is Parquet, which does not have the text of records"),
        ({"map": ("duration=took:ms",)}, "was written without --map duration=took"),
        ({"shows": ()}, "is Parquet, which is only analyzed"),
    ],
)
def test_what_it_cannot_answer_is_refused(tmp_path: Path, knobs: dict[str, Any], what: str) -> None:
    """Rather than with other numbers than those of the log."""
    found = ask(as_parquet(tmp_path / "a.parquet", write_log(tmp_path, LOG)), **knobs)
    assert (found.sources[0].state, found.sources[0].reason, found.sources[0].exit_code) == (State.FAILED, what, 1)


def test_an_option_that_it_was_written_with_is_none_to_refuse(tmp_path: Path) -> None:
    """What `--map` did is in the file."""
    log = write_log(tmp_path, b'{"time":"2026-03-07T10:00:00Z","took":"12","wait":"250"}\n')
    maps = ("duration=took:ms", "pause=wait:ms")
    file = as_parquet(tmp_path / "a.parquet", log, map=maps)
    question = {"metric": ("sum:duration", "sum:pause"), "map": maps}
    assert numbers(file, **question) == numbers(log, **question)


def test_further_lines_are_searched_where_they_are_known(tmp_path: Path) -> None:
    """`text` has them. Where it is not written, that is said, if messages are searched."""
    log = write_log(tmp_path, b"2026-03-07 10:00:00 ERROR failed\nTraceback: x\n\tat y\n2026-03-07 10:00:01 INFO went on\n")
    file = as_parquet(tmp_path / "a.parquet", log)
    for sought in ("x", "failed\\nTrace", "went", "\\tat"):
        assert numbers(file, where=f'message contains "{sought}"') == numbers(log, where=f'message contains "{sought}"')
    assert "text" not in json.loads(serial(sources_of(file)))["panels"]
    part = as_parquet(tmp_path / "b.parquet", log, fields="time,level,message")
    for one, loses in ((file, False), (part, True)):
        assert any("first lines" in note for note in ask(one, where="message contains 'x'").sources[0].notes) is loses
        assert not any("first lines" in note for note in ask(one, where="level == error").sources[0].notes)


def test_formats_of_lines_do_not_matter(tmp_path: Path) -> None:
    """`--format` is for logs: a file says itself what is in it."""
    file = as_parquet(tmp_path / "a.parquet", write_log(tmp_path, LOG))
    for form in ("json", "combined", "plain"):
        assert numbers(file, format=form) == numbers(file)


def test_only_files_can_be_read(tmp_path: Path) -> None:
    """The end of a Parquet file says what is in it, and a stream has no end to begin with."""
    file = as_parquet(tmp_path / "a.parquet", write_log(tmp_path, LOG))
    with stdin(file):
        found = ask(Path("-"))
    assert found.sources[0].reason == "is Parquet: only files are read, and once"


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    """Whatever their columns are called; so is a later schema, and a file of ours with columns of other types."""
    log = as_parquet(tmp_path / "a.parquet", write_log(tmp_path, LOG))
    table = pyarrow.parquet.read_table(log)
    metadata = pyarrow.parquet.read_metadata(log).metadata
    later = {b"logproc": json.dumps({**json.loads(metadata[b"logproc"]), "schema": 2}).encode()}
    text = table.set_column(table.schema.get_field_index("bytes"), "bytes", table["bytes"].cast(pyarrow.string()))
    for found, what in (
        (table.replace_schema_metadata(None), "is Parquet that `logproc show` did not write"),
        (table.replace_schema_metadata({b"logproc": b"[]"}), "is Parquet that `logproc show` did not write"),
        (text.replace_schema_metadata(metadata), "is Parquet that `logproc show` did not write"),
        (table.replace_schema_metadata(later), "was written by a later version of logproc"),
    ):
        file = tmp_path / "b.parquet"
        pyarrow.parquet.write_table(found, file)
        assert (ask(file).sources[0].state, ask(file).sources[0].reason) == (State.FAILED, what)


@EVERYWHERE
@given(share=st.floats(0, 1))
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    """Wherever it ends: what is in it stands at its end."""
    file = tmp_path / "a.parquet"
    whole = file.read_bytes() if file.exists() else as_parquet(file, write_log(tmp_path, LOG)).read_bytes()
    cut = tmp_path / "b.parquet"
    cut.write_bytes(whole[: 5 + int(share * (len(whole) - 6))])
    found = ask(cut).sources[0]
    assert found.state is State.FAILED
    assert found.reason in {"is Parquet that is cut off", "is Parquet with a damaged footer"}


@EVERYWHERE
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_damage_is_found(tmp_path: Path, place: float, bit: int) -> None:
    """A flipped bit in the groups of rows changes nothing, or the records of its group are rejected: never a number."""
    file = tmp_path / "a.parquet"
    if not file.exists():
        with patch.object(parquet, "GROUP_ROWS", 2):
            as_parquet(file, write_log(tmp_path, LOG))
    whole = bytearray(file.read_bytes())
    length = int.from_bytes(whole[-8:-4], "little") + 8
    whole[5 + int(place * (len(whole) - length - 5))] ^= 1 << bit
    other = tmp_path / "b.parquet"
    other.write_bytes(whole)
    found = ask(other)
    if found.account.rejected:
        assert found.account.lines == 3
        assert found.sources[0].rejected_by_reason == {"damaged-rows": found.account.rejected}
        assert found.sources[0].state is (State.INCOMPLETE if found.account.records else State.FAILED)
        assert found.sources[0].exit_code == 1
        assert (
            found.sources[0].reason
            == f"damaged: {found.account.rejected} record{'s' * (found.account.rejected > 1)} cannot be read"
        )
        assert threaded(sources_of(other)) == serial(sources_of(other))
    else:
        assert numbers(other) == numbers(file)


def test_a_file_that_is_replaced_while_it_is_read_says_so(tmp_path: Path) -> None:
    """Its footer is read before its groups, and compared with its end."""
    file = as_parquet(tmp_path / "a.parquet", write_log(tmp_path, LOG))
    changed = file.read_bytes()
    at = changed.rindex(b"loses_lines")
    source = sources_of(file)
    openers = Openers.of(Settings())

    found: list[Any] = []

    def peek_and_change(one: Any, size: int) -> Any:
        found.append(found[0] if found else openers.peek(one, size))
        file.write_bytes(changed[:at] + b"LOSES" + changed[at + 5 :])
        return found[0]

    result = run_serial(source, Settings(), replace(openers, peek=peek_and_change)).snapshot.sources[0]
    assert (result.state, result.account.records) == (State.INCOMPLETE, 3)
    assert result.reason is not None
    assert result.reason.startswith("rewritten while it was read")
