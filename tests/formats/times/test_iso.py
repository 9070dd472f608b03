"""The fast way for ISO times is the definition's own answer, or none."""

from __future__ import annotations

import numpy
import pyarrow
from hypothesis import example, given
from hypothesis import strategies as st

from logproc.formats.times.forms import ISO
from logproc.formats.times.iso import iso_seconds
from logproc.formats.times.reading import to_seconds
from logproc.model.columns import NO_TIME

DIGITS = st.integers(0, 99).map("{:02}".format)
DAYS = st.tuples(st.integers(0, 9999).map("{:04}".format), DIGITS, DIGITS).map("-".join)
CLOCKS = st.tuples(DIGITS, DIGITS, DIGITS).map(":".join)
TAILS = st.sampled_from(
    ["", "Z", ".1", ",123", ".123456789Z", ".", ".Z", "Z ", ".12a", "+02:00", " Z", "ZZ", ".1.2", "1", "\x00"]
)
TIMES = st.tuples(DAYS, st.sampled_from("T T_"), CLOCKS, TAILS).map("".join)
TEXTS = st.lists(st.one_of(TIMES, TIMES.map(lambda text: text[:18]), st.text(max_size=25), st.none()), max_size=20)


@given(texts=TEXTS, without_zone=st.booleans())
@example(
    texts=["2015-05-17T10:05:03.123Z", "2015-05-17 10:05:03,5", "0000-01-01T00:00:00Z", "2015-02-29T00:00:00Z"],
    without_zone=True,
)
@example(texts=["2015-05-17T10:05:03.", "2015-05-17T10:05:03"], without_zone=False)
def test_what_is_of_the_form_is_what_the_definition_says(texts: list[str | None], without_zone: bool) -> None:
    """Each text that is taken has the seconds of `to_seconds`; no time that exists is taken without them."""
    array = pyarrow.array([None if text is None else text.encode() for text in texts], pyarrow.binary())
    found, fits = iso_seconds(array, lambda text: ISO.minute(text, 0), without_zone=without_zone)
    for text, seconds, taken in zip(texts, found.tolist(), fits.tolist(), strict=True):
        expected = None if text is None else to_seconds(ISO, text.encode(), 0)
        if taken:
            assert seconds == (NO_TIME if expected is None else expected)


def test_the_usual_spellings_are_taken() -> None:
    """With and without a fraction, with T or a blank; without Z only where that is UTC."""
    texts = ["2015-05-17T10:05:03Z", "2015-05-17T10:05:03.123Z", "2015-05-17 10:05:03,123", "2015-05-17 10:05:03"]
    array = pyarrow.array([text.encode() for text in texts], pyarrow.binary())
    for without_zone, expected in ((True, [True] * 4), (False, [True, True, False, False])):
        found, fits = iso_seconds(array, lambda text: ISO.minute(text, 0), without_zone=without_zone)
        assert fits.tolist() == expected
        assert set(found[fits].tolist()) == {1431857103}
        assert isinstance(found, numpy.ndarray)


@given(
    form=st.one_of(TIMES, TIMES.map(lambda text: text[:18] + "x"), st.text("0-T:.", max_size=25)),
    digits=st.lists(st.text("0123456789", min_size=32, max_size=32), min_size=1, max_size=6),
    odd=st.one_of(st.none(), st.tuples(st.integers(0, 5), st.integers(0, 30), st.sampled_from("0T Z.:"))),
    without_zone=st.booleans(),
)
@example(form="2015-05-17T10:05:03Z", digits=["01" * 16] * 2, odd=(1, 12, ":"), without_zone=False)
@example(form="2015-05-17T10:05:03Z", digits=["01" * 16] * 2, odd=(1, 4, ":"), without_zone=False)
def test_texts_of_one_form_are_read_as_each_alone(
    form: str, digits: list[str], odd: tuple[int, int, str] | None, without_zone: bool
) -> None:
    """Times that differ only in digits are looked at as a whole; the answer is that for each, and one other byte is seen."""
    texts = ["".join(new if old.isdigit() else old for old, new in zip(form, some, strict=False)) for some in digits]
    if odd and texts[odd[0] % len(texts)]:
        text = texts[odd[0] % len(texts)]
        place = odd[1] % len(text)
        texts[odd[0] % len(texts)] = text[:place] + odd[2] + text[place + 1 :]

    def read(some: list[str]) -> list[tuple[int, bool]]:
        array = pyarrow.array([text.encode() for text in some], pyarrow.binary())
        found, fits = iso_seconds(array, lambda text: ISO.minute(text, 0), without_zone=without_zone)
        return list(zip(found.tolist(), fits.tolist(), strict=True))

    assert read(texts) == [answer for text in texts for answer in read([text, ""])[:1]]
