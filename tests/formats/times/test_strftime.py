"""Times as strftime writes them, as expressions."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.times import strftime

PORTABLE = "aAbBCdDeFgGhHIjmMnpRSTtuUVwWyYzZ%"
FORMS = ["%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%d %T", "%Y%m%d%H%M%S", "%a %e %b %y %k:%M:%S", "%d.%m.%Y %R:%S%z"]
MILLENNIUM = datetime(1000, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone


@given(
    st.lists(st.sampled_from([*(f"%{letter}" for letter in PORTABLE), " ", "/", ".", "é"])).map("".join),
    st.datetimes(MILLENNIUM, timezones=st.just(UTC)),
)
def test_an_expression_fits_what_strftime_writes(form: str, moment: datetime) -> None:
    """For each form and moment the written text fits as a whole, and is as wide as the form says."""
    text = moment.strftime(form).encode()
    assert re.fullmatch(strftime.expression(form).encode(), text, re.DOTALL)
    assert strftime.width_of(form) in {0, len(text)}


@pytest.mark.parametrize("form", FORMS)
def test_a_moment_has_its_minute_second_and_zone(form: str) -> None:
    """The minute is all in front of the second but what parts them."""
    moment = datetime(2015, 5, 17, 10, 5, 3, tzinfo=UTC)
    match = re.fullmatch(strftime.expression(form, groups=True), moment.strftime(form))
    assert strftime.is_moment(form)
    assert match
    assert match["second"] == "03"
    assert match["minute"].endswith("05")
    assert ("zone" in match.groupdict()) == strftime.has_zone(form) == form.endswith("%z")


@pytest.mark.parametrize(
    "form", ["%T", "%Y-%m-%d", "%c", "%a %b %d %H:%M:%S %Y", "%d/%b %T", "msec_frac", "%Y-%m-%d %I:%M:%S", "%d %B %Y %T"]
)
def test_a_part_of_a_time_is_not_a_moment(form: str) -> None:
    """Without a day, a time of day, or with a year behind the second, a form is not taken for a moment."""
    assert not strftime.is_moment(form)


def test_what_is_not_known_is_named() -> None:
    """The first conversion that is not known is given as it is written."""
    assert strftime.unknown_conversion("%Y %c %Q") == "%c"
    assert strftime.unknown_conversion("%Y %%") is None
