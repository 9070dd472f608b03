"""How a record ended: the class of its status, or, without a status, its level. The report stacks these over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy
import pyarrow

from logproc.formats.columns.levels import LEVELS
from logproc.formats.columns.slices import arrow
from logproc.model.columns import KeyColumn
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
OUTCOMES = (*LEVELS, *CLASSES)
"""In the order in which they are shown: the gravest last, in either scale."""
ERRORS = frozenset({"5xx", "error", "critical"})
WARNINGS = frozenset({"4xx", "warning"})
NEITHER = len(OUTCOMES)
KEYS = pyarrow.array([*OUTCOMES, ""])
STATUS = regex("[1-5][0-9]{2}")
ERROR_LEVELS = LEVELS[LEVELS.index("error") :]
FAILURES = OUTCOMES.index("4xx"), OUTCOMES.index("5xx")


def outcomes(status: KeyColumn | None, level: KeyColumn | None, records: int) -> KeyColumn:
    """Return the outcome of each record, "" for those without one. No key is null."""
    found = numpy.full(records, NEITHER) if level is None else of_keys(level, code_of_level)[level.index]
    if status is not None:
        of_status = of_keys(status, code_of_status)[status.index]
        found = of_status if level is None else numpy.where(of_status == NEITHER, found, of_status)
    return KeyColumn(KEYS, found)


def code_of_level(level: str | None) -> int:
    return OUTCOMES.index(level) if level in LEVELS else NEITHER


def code_of_status(status: str | None) -> int:
    """Return the place of a status' class (RFC 9110, 15) in OUTCOMES."""
    return len(LEVELS) + int(status[0]) - 1 if status is not None and STATUS.fullmatch(status) else NEITHER


def failing(status: KeyColumn) -> Integers:
    """Return the places of the records with a status from 400 to 599."""
    return numpy.flatnonzero(of_keys(status, is_failure)[status.index])


def is_failure(status: str | None) -> int:
    return int(code_of_status(status) in FAILURES)


def erring(level: KeyColumn) -> Integers:
    """Return the places of the records with level error or above."""
    return numpy.flatnonzero(of_keys(level, is_error)[level.index])


def is_error(level: str | None) -> int:
    return int(level in ERROR_LEVELS)


def of_keys(column: KeyColumn, function: Callable[[str | None], int]) -> Integers:
    """Return a number for each key, 0 for those that no record has: access logs have a key for each of 1,000 statuses."""
    used = numpy.flatnonzero(numpy.bincount(column.index, minlength=len(column.keys)))
    found = numpy.zeros(len(column.keys), numpy.int64)
    found[used] = [function(text) for text in column.keys.take(arrow(used, pyarrow.int64())).to_pylist()]
    return found
