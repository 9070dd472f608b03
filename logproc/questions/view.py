"""The fields of a chunk's records by name: parsed columns, and fields computed from them on demand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.quantities import numbers_of
from logproc.formats.columns.slices import arrow
from logproc.formats.columns.units import unit_of
from logproc.formats.times.calendar import DAY_S, EPOCH_DAY, FIRST_S, HOUR_S, LAST_S
from logproc.model.columns import NO_TIME, Columns, KeyColumn, Numbers
from logproc.questions.fields.derived import derive
from logproc.questions.fields.recode import absent_column, recode
from logproc.questions.fields.stretches import STRETCHES, stretch_of

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask
    from logproc.questions.where.grammar import Where

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS_OF_DAY = tuple(f"{hour:02}" for hour in range(24))
CYCLES = {"weekday": WEEKDAYS, "hour_of_day": HOURS_OF_DAY}
"""Fields of time that come again, and their values in order."""
TIME_FIELDS = frozenset({*STRETCHES, *CYCLES})
"""The fields of time with a fixed name. `every(5m)` is one, too: see `is_time_field`."""
QUARTER_S = 900
"""Nearly all changes of clocks are at full quarters of an hour."""


def base_of(name: str) -> str:
    """Return the column that a field is computed from, or the name itself. Raises UsageError for a malformed name."""
    if is_time_field(name):
        return "time"
    derived = derive(name)
    return derived.of if derived else name


def is_time_field(name: str) -> bool:
    """Return whether a field is computed from the time. Raises UsageError for a malformed `every(…)`."""
    return name in TIME_FIELDS or stretch_of(name) is not None


class View:
    """The records of one chunk by field name. One thread owns it; computed columns are cached.

    filters: by the name of a metric, which records to count 1 for in its numbers; all others count 0.
    """

    def __init__(self, columns: Columns, zone: tzinfo = UTC, filters: Mapping[str, Where] | None = None) -> None:
        self.columns = columns
        self._zone = zone
        self._filters = filters or {}
        self._keys: dict[str, KeyColumn | None] = {}
        self._numbers: dict[str, Numbers | None] = {}

    def keys(self, name: str) -> KeyColumn | None:
        """Return a field as keys to count by, None if the chunk lacks it. Stretches of time are numbers: see `label`."""
        if name not in self._keys:
            self._keys[name] = self._made(name)
        return self._keys[name]

    def field(self, name: str) -> KeyColumn | Numbers | None:
        return self.columns.numbers[name] if name in self.columns.numbers else self.texts(name)

    def texts(self, name: str) -> KeyColumn | None:
        """Return a field as keys of text, stretches of time included; None if the chunk lacks it."""
        column, stretch = self.keys(name), stretch_of(name)
        if column is None or stretch is None:
            return column
        texts = [None if value is None else stretch.label(value, self._zone) for value in column.keys.to_pylist()]
        return KeyColumn(pyarrow.array(texts, pyarrow.string()), column.index)

    def numbers(self, name: str) -> Numbers | None:
        """Return a field as numbers, None if the chunk lacks it."""
        if name in self.columns.numbers:
            return self.columns.numbers[name]
        if name not in self._numbers:
            self._numbers[name] = self._measured(name)
        return self._numbers[name]

    def _measured(self, name: str) -> Numbers | None:
        if name in self._filters:
            return Numbers(self._filters[name].mask(self.columns, self.field).astype(numpy.int64))
        if name == "time":
            return self.columns.moments
        column = self.keys(name)
        return None if column is None or stretch_of(name) else numbers_of(column, unit_of(name))

    def unread(self, name: str) -> dict[tuple[str, str], Integers]:
        """Return which records have a value that is not a number, or not all of one, by the field and the reason."""
        numbers = self.numbers(name)
        return {(name, reason): numpy.flatnonzero(mask) for reason, mask in (numbers.unread if numbers else {}).items()}

    def of_visits(self, name: str) -> KeyColumn | None:
        """Return a field as keys of the records that have a client, None if none has: a record without one is not a visit."""
        column, client = self.keys(name), self.keys("client")
        if column is None or client is None or not client.keys.null_count:
            return column if client is not None else None
        keys = pyarrow.concat_arrays([column.keys, pyarrow.nulls(1, column.keys.type)])
        is_visit = client.keys.is_valid().to_numpy(zero_copy_only=False)[client.index]
        return KeyColumn(keys, numpy.where(is_visit, column.index, len(column.keys)))

    def visitors(self) -> KeyColumn | None:
        """Return each record's client and user agent as one key; None without clients."""
        client, agent = self.keys("client"), self.keys("user_agent")
        if client is None:
            return None
        if agent is None:  # the same keys as below: a client without a user agent is one visitor in all chunks and sources
            return KeyColumn(pyarrow.compute.binary_join_element_wise(client.keys, "-", "\n"), client.index)
        # One integer per pair of keys, so that only the pairs that occur are joined. index: the pair of each record.
        pairs, index = numpy.unique(client.index.astype(numpy.int64) * len(agent.keys) + agent.index, return_inverse=True)
        clients = client.keys.take(arrow(pairs // len(agent.keys), pyarrow.int64()))
        agents = pyarrow.compute.fill_null(agent.keys, "-").take(arrow(pairs % len(agent.keys), pyarrow.int64()))
        keys = pyarrow.compute.binary_join_element_wise(clients, agents, "\n").dictionary_encode("encode")
        return KeyColumn(keys.dictionary, keys.indices.to_numpy(zero_copy_only=False)[index])

    def _made(self, name: str) -> KeyColumn | None:
        if is_time_field(name):
            return self._of_time(name)
        if name in self.columns.keys:
            return self.columns.keys[name]
        if name in self.columns.numbers:
            return keys_of_numbers(self.columns.numbers[name])
        if name in self.columns.searched:  # as other keys, without line feeds and TABs
            whole = self.columns.searched[name]
            keys = pyarrow.compute.replace_substring(whole.keys, "\n", r"\x0a")
            return recode(whole, pyarrow.compute.replace_substring(keys, "\t", r"\x09"))
        derived = derive(name)
        if derived is None:
            return None
        column = self.keys(derived.of)
        if (
            column is None and name == "bot"
        ):  # it is known of records without a user agent, whichever records they are read with
            column = absent_column(self.columns.records)
        return None if column is None else derived.apply(column)

    def _of_time(self, name: str) -> KeyColumn | None:
        known = self.columns.time != NO_TIME
        if not known.any():
            return None
        local = self.columns.time + offsets(self.columns.time, known, self._zone)
        local = numpy.clip(local, FIRST_S, LAST_S)  # local time may leave the calendar at its ends
        stretch = stretch_of(name)
        if stretch is not None:
            return stretches(stretch.numbers(local), known)
        place = (local // DAY_S + 3) % 7 if name == "weekday" else local % DAY_S // HOUR_S
        keys = CYCLES[name]
        return KeyColumn(pyarrow.array([*keys, None], pyarrow.string()), numpy.where(known, place, len(keys)))


def stretches(numbers: Integers, known: Mask) -> KeyColumn:
    """Return numbered stretches of time as keys: a range of numbers where they are dense, else only those that occur."""
    some = numbers if known.all() else numbers[known]
    first, last = int(some.min()), int(some.max())
    if last - first <= 2 * len(some):
        keys, index = numpy.arange(first, last + 1), some - first
    else:
        keys, index = numpy.unique(some, return_inverse=True)
    if len(some) == len(numbers):  # every record has a time, so no null key is needed
        return KeyColumn(arrow(keys, pyarrow.int64()), index)
    of_record = numpy.full(len(numbers), len(keys), numpy.int64)
    of_record[known] = index
    return KeyColumn(pyarrow.concat_arrays([arrow(keys, pyarrow.int64()), pyarrow.nulls(1, pyarrow.int64())]), of_record)


def offsets(time: Integers, known: Mask, zone: tzinfo) -> Integers | int:
    """Return the seconds to add to each time to get local time; the zone is asked twice per quarter of an hour."""
    if zone is UTC:
        return 0
    quarters, index = numpy.unique(numpy.where(known, time, 0) // QUARTER_S, return_inverse=True)
    first, last = (
        numpy.array([offset_s(int(quarter) * QUARTER_S + within, zone) for quarter in quarters.tolist()], numpy.int64)
        for within in (0, QUARTER_S - 1)
    )
    found = first[index]
    for at in numpy.flatnonzero(known & (first != last)[index]).tolist():  # clocks changed within the quarter
        found[at] = offset_s(int(time[at]), zone)
    return found


def offset_s(seconds: int, zone: tzinfo) -> int:
    """Return a zone's offset from UTC; at the ends of the calendar, where datetime overflows, that of the nearest year."""
    within = min(max(seconds, (1 - EPOCH_DAY + 400) * DAY_S), 253_000_000_000)
    offset = datetime.fromtimestamp(within, zone).utcoffset()
    return round(offset.total_seconds()) if offset else 0


def keys_of_numbers(numbers: Numbers) -> KeyColumn:
    nanos = numpy.zeros_like(numbers.whole) if numbers.nanos is None else numbers.nanos
    pairs = numpy.stack([numbers.whole, nanos], axis=1)
    distinct, index = numpy.unique(pairs, axis=0, return_inverse=True)
    texts = [number_label(whole, nano) for whole, nano in distinct.tolist()]
    keys, of_record = pyarrow.array([*texts, None], pyarrow.string()), index.reshape(-1).astype(numpy.int64)
    if numbers.valid is not None:
        of_record = numpy.where(numbers.valid, of_record, len(texts))
    if numbers.large is not None:
        more = {value: len(keys) + at for at, value in enumerate(dict.fromkeys(numbers.large.nanos.tolist()))}
        keys = pyarrow.concat_arrays([keys, pyarrow.array([number_label(0, value) for value in more], pyarrow.string())])
        of_record[numbers.large.at] = [more[value] for value in numbers.large.nanos.tolist()]
    return KeyColumn(keys, of_record)


def number_label(whole: int, nanos: int) -> str:
    """Return an exact number as text.

    >>> number_label(1, 500000000), number_label(-1, 750000000), number_label(3, 0)
    ('1.5', '-0.25', '3')
    """
    total = whole * 10**9 + nanos
    front, behind = divmod(abs(total), 10**9)
    digits = f"{front}.{behind:09}".rstrip("0").rstrip(".") if behind else str(front)
    return f"-{digits}" if total < 0 else digits
