"""Whether the day or the month is first in `03/07/2026`, for a whole source.

One number above 12 decides. Where no time of a sample has one, the order is assumed, and reports say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logproc.formats.times.calendar import LAST_S
from logproc.formats.times.forms import FORMS, OTHER_ORDER, US, WITHOUT_ORDER, TimeForm
from logproc.formats.times.reading import compiled, value_seconds


@dataclass(frozen=True, slots=True)
class Order:
    """The forms of a source's times, and which order of day and month is assumed; "" if it is known, or not needed."""

    forms: Sequence[TimeForm] = FORMS
    assumed: str = ""


KNOWN = Order(WITHOUT_ORDER)
"""No date of numbers was in the sample. One with slashes that comes later is not read: nothing says in which order."""
TURNED = tuple(dict.fromkeys(OTHER_ORDER.get(form, form) for form in FORMS))
"""All forms, those of dates of numbers the other way round."""


def order_of(texts: Iterable[str]) -> Order:
    """Return how the values of a source's times are read.

    >>> order_of(["03/07/2026 10:00", "03/27/2026 10:00"]).forms is TURNED, order_of(["03/07/2026 10:00"]).assumed
    (True, 'day first')
    """
    some = [
        (text, form) for text in map(str.encode, texts) for form in OTHER_ORDER if compiled(form.expression).fullmatch(text)
    ]
    if not some:
        return KNOWN
    usual, turned = (sum(value_seconds(text, LAST_S, forms=forms) is not None for text, _ in some) for forms in (FORMS, TURNED))
    return Order(TURNED if turned > usual else FORMS, assumed_in(some[0][1]) if turned == usual else "")


def assumed_in(form: TimeForm) -> str:
    """Return the order that a form assumes; "" if it has only one."""
    return "" if form not in OTHER_ORDER else "month first" if form is US else "day first"
