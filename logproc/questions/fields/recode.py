"""Columns of text from columns of text: a function of the dictionary, so each distinct value is processed once."""

from __future__ import annotations

import numpy
import pyarrow

from logproc.formats.columns.fields import again
from logproc.model.columns import KeyColumn


def recode(column: KeyColumn, values: pyarrow.Array) -> KeyColumn:
    """Return the column with a new value for each key. Equal values become one key.

    values: one string for each key, in their order; null is absent.
    """
    return again(values, column.index)


def absent_column(records: int) -> KeyColumn:
    """Return a column that no record has a value in."""
    return KeyColumn(pyarrow.nulls(1, pyarrow.string()), numpy.zeros(records, numpy.int64))
