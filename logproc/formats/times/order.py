"""Whether the day or the month is first in `03/07/2026`, and where the year is in `03/07/26`, for a whole source.

One number above 12 decides. Where no time of a sample has one, the order is assumed, and reports say so. A year hardly
changes, and a day does; where neither changes, a year after 2012 is likelier than one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from logproc.formats.times.calendar import LAST_S
from logproc.formats.times.forms import (
    DAY_SHORT,
    FORMS,
    MONTH_SHORT,
    OTHER_ORDER,
    SHORT_YEAR,
    US,
    US_SHORT,
    WITHOUT_ORDER,
    TimeForm,
    compiled,
)
from logproc.formats.times.reading import value_seconds
from logproc.model.patterns import regex


class Order(Struct, frozen=True):
    """The forms of a source's times, and which order of day and month is assumed; "" if it is known, or not needed."""

    forms: Sequence[TimeForm] = FORMS
    assumed: str = ""


THREE_NUMBERS = regex(r"\D{0,8}(\d{1,2})/(\d{1,2})/(\d{2})(?!\d)")
LIKELY_YEAR = 13
KNOWN = Order(WITHOUT_ORDER)
"""No date of numbers was in the sample. One with slashes that comes later is not read: nothing says in which order."""
TURNED = tuple(dict.fromkeys(OTHER_ORDER.get(form, form) for form in FORMS))
"""All forms, those of dates of numbers the other way round."""


def order_of(texts: Iterable[str]) -> Order:
    """Return how the values of a source's times are read.

    >>> order_of(["03/07/2026 10:00", "03/27/2026 10:00"]).forms is TURNED, order_of(["03/07/2026 10:00"]).assumed
    (True, 'day first')
    """
    texts = list(texts)
    first = year_is_first(texts)
    if first is not None:
        return order_of_short([text.encode() for text in texts], first=first)
    some = [
        (text, form) for text in map(str.encode, texts) for form in OTHER_ORDER if compiled(form.expression).fullmatch(text)
    ]
    if not some:
        return KNOWN
    usual, turned = (sum(value_seconds(text, LAST_S, forms=forms) is not None for text, _ in some) for forms in (FORMS, TURNED))
    return Order(TURNED if turned > usual else FORMS, assumed_in(some[0][1]) if turned == usual else "")


def order_of_short(texts: Sequence[bytes], *, first: bool) -> Order:
    """Return how times with a year of two digits are read. first: whether it is in front."""
    if first:
        return Order(FORMS, "" if is_sure(text.decode() for text in texts) else "year first")
    others = [form for form in FORMS if form is not SHORT_YEAR]
    day, month = (
        sum(value_seconds(text, LAST_S, forms=(form,)) is not None for text in texts) for form in (DAY_SHORT, MONTH_SHORT)
    )
    return Order((*others, MONTH_SHORT if month > day else DAY_SHORT), "day first" if month == day else "")


def year_is_first(texts: Iterable[str]) -> bool | None:
    """Return whether the year of two digits is the first of three numbers between slashes; None if no text has such.

    >>> year_is_first(["26/03/07 10:00", "26/03/09 10:00"]), year_is_first(["07/03/26 10:00"]), year_is_first(["2026-03-07"])
    (True, False, None)
    """
    first, last = numbers_of(texts)
    if not first:
        return None
    if spread(first) > 1 and spread(last) <= 1:
        return False
    if spread(last) > 1 and spread(first) <= 1:
        return True
    return not (max(first) < LIKELY_YEAR <= min(last))


def is_sure(texts: Iterable[str]) -> bool:
    """Return whether the numbers show that the last one is not the year."""
    first, last = numbers_of(texts)
    return (spread(last) > 1 >= spread(first)) or not (min(last) >= LIKELY_YEAR)


def numbers_of(texts: Iterable[str]) -> tuple[set[int], set[int]]:
    found = [match for match in map(THREE_NUMBERS.match, texts) if match]
    return {int(match[1]) for match in found}, {int(match[3]) for match in found}


def spread(numbers: set[int]) -> int:
    return max(numbers) - min(numbers)


def assumed_in(form: TimeForm) -> str:
    """Return the order that a form assumes; "" if it has only one."""
    return "" if form not in OTHER_ORDER else "month first" if form in {US, US_SHORT} else "day first"
