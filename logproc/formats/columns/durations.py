"""Which keys of records hold how long something took, and in which unit, as a sample of them shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from logproc.formats.columns.names import DURATIONS, MILLISECONDS_BESIDE, UNIT_BY_VALUE
from logproc.formats.columns.units import ANY, NOT_A_NUMBER, UNKNOWN_POWER, amount
from logproc.formats.maps import named_with_unit

SECONDS_BELOW, NANOSECONDS_FROM, MILLION = 1000, 1000, 10**6
"""Whole numbers of seconds are below the first; of nanoseconds nearly all are from the second on, and some from the third."""
NEARLY = 0.9
VALUES_TRIED = 100

Values = Mapping[str, Collection[str]]
"""Sampled values by key."""


def duration_of(values: Values) -> tuple[str, int] | None:
    """Return the field that holds how long something took, and its power of ten; None if no field does.

    Where the name does not say the unit, text with a unit (`1.5ms`) says it itself; numbers with a point are seconds (Caddy),
    whole ones are seconds, nanoseconds, as Go writes a time.Duration, or of a unit that nothing shows: see `power_by_value`.
    """
    return next(durations_of(values), None)


def durations_of(values: Values) -> Iterator[tuple[str, int]]:
    for beside, name in MILLISECONDS_BESIDE:
        if values.keys() >= {*beside.split(), name} and are_numbers(values[name]):
            yield name, 3
    if any(text[-1:].isalpha() for text in values.get("duration", ())) and are_numbers(values["duration"]):
        yield "duration", 0
    for name, power in DURATIONS.items():
        if name in values and are_numbers(values[name]):
            yield name, power
    for found in named_with_unit("duration", values):
        if found.unit and found.unit.times == 1 and found.source not in DURATIONS and are_numbers(values[found.source]):
            yield found.source, found.unit.power
    for name in UNIT_BY_VALUE:
        texts = [text for text in values.get(name, ()) if text[:1].isdigit()]
        if texts:
            whole = [int(text) for text in texts if text.isdigit() and len(text) < 20]
            yield name, power_by_value(whole) if len(whole) == len(texts) else 0


def power_by_value(numbers: Sequence[int]) -> int:
    """Return the power of ten that whole numbers of a duration show: Go's are hardly ever below a microsecond.

    >>> power_by_value([3, 12]), power_by_value([48_239, 4_823_911]), power_by_value([35, 1500]) == UNKNOWN_POWER
    (0, 9, True)
    """
    if max(numbers) < SECONDS_BELOW:
        return 0
    fine = sum(number >= NANOSECONDS_FROM or number == 0 for number in numbers)
    return 9 if max(numbers) >= MILLION and fine >= NEARLY * len(numbers) else UNKNOWN_POWER


def are_numbers(texts: Collection[str]) -> bool:
    """Return whether most sampled values are numbers, or durations with a unit, or lists of such."""
    some = [part for text in list(texts)[:VALUES_TRIED] for part in re.split(r", ?| : ", text) if part not in {"", "-"}]
    return not some or 2 * sum(is_number(part) for part in some) >= len(some)


def is_number(text: str) -> bool:
    return amount(text, ANY) != NOT_A_NUMBER
