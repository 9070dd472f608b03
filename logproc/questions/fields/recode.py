"""Columns of text from columns of text: a function of the dictionary, so each distinct value is processed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logproc.formats.columns.fields import again
from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    import pyarrow


def recode(column: KeyColumn, values: pyarrow.Array) -> KeyColumn:
    """Return the column with a new value for each key. Equal values become one key.

    values: one string for each key, in their order; null is absent.
    """
    return again(values, column.index)
