"""How a record ended: the class of its status, or, without a status, its level. The report stacks these over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.levels import LEVELS
from logproc.model.columns import KeyColumn
from logproc.questions.fields.derived import status_classes

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
OUTCOMES = (*LEVELS, *CLASSES)
"""In the order in which they are shown: the gravest last, in either scale."""
ERRORS = frozenset({"5xx", "error", "critical"})
WARNINGS = frozenset({"4xx", "warning"})


def outcomes(status: KeyColumn | None, level: KeyColumn | None, records: int) -> KeyColumn:
    """Return the outcome of each record, `` for those without one. No key is null."""
    found = numpy.full(records, len(OUTCOMES))
    if level is not None:
        found = codes(level.keys)[level.index]
    if status is not None:
        of_status = codes(status_classes(status.keys))[status.index]
        found = numpy.where(of_status == len(OUTCOMES), found, of_status)
    return KeyColumn(pyarrow.array([*OUTCOMES, ""]), found)


def codes(keys: pyarrow.Array) -> Integers:
    """Return the place of each key in OUTCOMES, behind them for others."""
    found = pyarrow.compute.index_in(keys, value_set=pyarrow.array(OUTCOMES)).fill_null(len(OUTCOMES))
    numbers: Integers = found.to_numpy(zero_copy_only=False).astype(numpy.int64)
    return numbers


def having(column: KeyColumn, holds: pyarrow.Array) -> Integers:
    """Return the places of the records whose key holds. holds: a boolean for each key, null for false."""
    mask = numpy.append(holds.fill_null(False).to_numpy(zero_copy_only=False), False)
    return numpy.flatnonzero(mask[column.index])
