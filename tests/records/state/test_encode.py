"""Encoding: what comes back is what went in, to the last digit; what was not encoded here is refused and never run."""

from __future__ import annotations

import pickle
from collections import Counter
from contextlib import suppress
from typing import Any

import msgspec
import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.counts import Counts
from logproc.counting.measures import Totals, Uniques
from logproc.counting.tally import Tally, merge
from logproc.model.errors import InternalError
from logproc.questions.metrics import Need
from logproc.records.state import encode as encoding
from logproc.records.state.encode import MalformedError, check_sizes, decode, encode, fingerprint
from tests.records.state.tallies import QUESTIONS, plain, question, some_tally, told


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("seed", [0, 3, 7])
def test_a_tally_comes_back_as_it_was(name: str, seed: int) -> None:
    tally = some_tally(seed, question(name))
    back = decode(encode(tally, Tally), Tally)
    assert plain(back) == plain(tally)
    check_sizes(back)


@pytest.mark.parametrize("name", QUESTIONS)
def test_counting_goes_on_from_bytes_as_from_the_tally(name: str) -> None:
    """The report of what was kept and what is new is that of a run that never ended."""
    asked = question(name)
    parts = [some_tally(seed, asked) for seed in range(6)]
    kept, new = merge(parts[:3]), parts[3:]
    assert told(merge([decode(encode(kept, Tally), Tally), *new]), asked) == told(merge([kept, *new]), asked)


def test_a_tally_without_anything_comes_back() -> None:
    assert decode(encode(Tally(), Tally), Tally) == Tally()


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=9))
def test_every_array_of_integers_comes_back(numbers: list[int]) -> None:
    array = numpy.array(numbers, numpy.int64)
    assert plain(encoding.integers(encoding.plain_integers(array))) == plain(array)


@given(st.integers(-(10**400), 10**400))
def test_integers_of_any_size_come_back(number: int) -> None:
    tally = Tally(bytes=number, first=-number)
    assert decode(encode(tally, Tally), Tally) == tally


@pytest.mark.parametrize("kind", [pyarrow.string(), pyarrow.large_string()], ids=str)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=9), cut=st.integers(0, 4))
def test_every_array_of_texts_comes_back(kind: Any, texts: list[str], cut: int) -> None:
    """A part of an array has the buffers of the whole, and an offset."""
    array = pyarrow.array(texts, kind)[cut:]
    back = encoding.arrow_array(msgspec.msgpack.decode(msgspec.msgpack.encode(encoding.plain_arrow(array))))
    assert back.equals(array)
    assert back.type == kind


def test_sketches_come_back() -> None:
    asked = Need("uniques", "client")
    column = pyarrow.array([f"10.0.{n // 256}.{n % 256}" for n in range(20_000)])
    uniques = Uniques._limited(1, numpy.zeros(20_000, numpy.int64), numpy.arange(20_000), column, {}, 10_000)
    ones = numpy.ones(1, numpy.int64)
    tally = Tally({"total": Counts((), ones, ones, ones, {asked: uniques})})
    back = decode(encode(tally, Tally), Tally).panels["total"].measures[asked]
    assert isinstance(back, Uniques)
    assert back.numbers() == uniques.numbers()
    assert uniques.sketches


def test_numbers_beyond_64_bits_of_a_row_come_back() -> None:
    column = numpy.ones(2, numpy.int64)
    totals = Totals(*(column,) * 8, {1: (1, 10**310, -(10**310), 2**64)})
    tally = Tally({"total": Counts((), column, column, column, {Need("totals", "x"): totals})})
    assert plain(decode(encode(tally, Tally), Tally)) == plain(tally)


def test_small_numbers_take_few_bytes() -> None:
    """A key of a panel takes its text and some bytes, not the 24 of three int64."""
    ones = numpy.ones(100_000, numpy.int64)
    keys = pyarrow.array([f"/{number:05}" for number in range(100_000)])
    assert len(encode(Tally({"path": Counts((keys,), ones, ones, ones)}), Tally)) < 100_000 * 11


class Bomb:
    """What a pickle can do."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("a pickle was executed",)


def changed(tally: Tally, change: Any) -> bytes:
    """Return an encoded tally with something else in its plain form."""
    form = msgspec.msgpack.decode(encode(tally, Tally))
    change(form)
    return msgspec.msgpack.encode(form)


def put(value: Any, *path: int) -> Any:
    def change(form: Any) -> None:
        for step in path[:-1]:
            form = form[step]
        form[path[-1]] = value

    return change


COUNTS = (0, 1, 0)
"""Where the counts of the first panel are: of the tally's first field the values, of these the first."""
WRAPPED = numpy.array([2**32, 1 - 2**32], "<i8").tobytes()
"""Lengths that fit the text again once they are cut to 32 bits."""
CHANGES = {
    "a text for a number": put("7", 2),
    "true for a number": put(True, 2),
    "a number for a text": put([[7], [None]], 1),
    "a field too few": lambda form: form.pop(),
    "a field too many": lambda form: form.append(0),
    "a mapping with a value too few": lambda form: form[0][1].pop(),
    "an unknown class of measure": put([[["totals", "x"]], [[9, []]]], *COUNTS, 4),
    "an unknown measure": put([[["execute", "x"]], [[0, []]]], *COUNTS, 4),
    "objects in an array": put(["|O8", b"12345678"], *COUNTS, 1),
    "a cut array": put(["<i8", b"123"], *COUNTS, 1),
    "negative lengths of texts": put([["string", ["<i1", b"\xff\x02"], b"a"]], *COUNTS, 0),
    "lengths of more text": put([["string", ["<i1", b"\x7f"], b"a"]], *COUNTS, 0),
    "lengths that overflow": put([["string", ["<i8", b"\xff" * 7 + b"\x7f\2" + b"\0" * 7], b"a"]], *COUNTS, 0),
    "lengths that go back": put([["string", ["<i8", WRAPPED], b"a"]], *COUNTS, 0),
    "text that is not UTF-8": put([["string", ["<i1", b"\1"], b"\xff"]], *COUNTS, 0),
    "another type of Arrow": put([["dictionary", ["<i1", b"\1"], b"a"]], *COUNTS, 0),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_not_of_the_type_is_refused(change: Any) -> None:
    with pytest.raises(MalformedError):
        decode(changed(some_tally(3, question("by")), change), Tally)


def test_columns_of_different_lengths_are_refused() -> None:
    short = changed(some_tally(3, question("by")), put(["<i1", b"\1"], *COUNTS, 2))
    with pytest.raises(MalformedError):
        check_sizes(decode(short, Tally))


def test_a_row_that_is_not_there_is_refused() -> None:
    """An index beyond the rows would be found when it is used, in the middle of a run."""
    tally = some_tally(3, question("metrics"))
    uniques = next(found for found in tally.panels["path"].measures.values() if isinstance(found, Uniques))
    msgspec.structs.force_setattr(uniques, "row", uniques.row + 1000)
    with pytest.raises(MalformedError):
        check_sizes(decode(encode(tally, Tally), Tally))


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\x91" * 100_000, pickle.dumps(Bomb()), b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"], ids=repr
)
def test_other_bytes_are_refused_and_never_run(data: bytes) -> None:
    with pytest.raises(MalformedError):
        decode(data, Tally)


@given(st.data())
def test_damaged_bytes_give_a_tally_or_are_refused(data: Any) -> None:
    """The checksum of a state comes first; without it nothing worse happens than a refusal."""
    good = bytearray(encode(some_tally(3, question("metrics"), lines=5), Tally))
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=5)):
        good[at] = data.draw(st.integers(0, 255))
    with suppress(MalformedError):
        check_sizes(decode(bytes(good), Tally))


def test_a_set_is_the_same_bytes_in_every_process() -> None:
    """Its order depends on a seed: a state that did not change would be another file."""
    letters = "zyxwvutsrqponmlkjihgfedcba"
    assert encoding.codec(frozenset[str]).plain(frozenset(letters)) == sorted(letters)


def test_an_array_with_nulls_is_not_encoded() -> None:
    """Keys have none; as bytes a null would become an empty text."""
    ones = numpy.ones(2, numpy.int64)
    with pytest.raises(InternalError, match="nulls"):
        encode(Tally({"path": Counts((pyarrow.array(["a", None]),), ones, ones, ones)}), Tally)


def test_what_annotations_do_not_allow_is_not_encoded() -> None:
    with pytest.raises(InternalError):
        encode(Tally(sources={0: SourceTally(reasons=Counter({3: 4}))}), Tally)  # type: ignore[dict-item]


def test_the_fingerprint_changes_with_the_classes() -> None:
    class Before(msgspec.Struct):
        counts: int

    class After(msgspec.Struct):
        counts: str

    assert fingerprint(Before) != fingerprint(After)
