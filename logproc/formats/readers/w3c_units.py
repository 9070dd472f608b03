"""The unit of `time-taken` in W3C logs, which the log itself does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.fields import EMPTY, again
from logproc.formats.columns.slices import encoded
from logproc.formats.raw import Field

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

MILLISECONDS = pyarrow.scalar(b"ms", pyarrow.binary())
OF_IIS = "s-computername"
"""A field that only servers of Microsoft have."""


def with_unit(column: Field, milliseconds: Mask) -> Field:
    """Return `time-taken` with its unit: integers are milliseconds (IIS), decimals are seconds (CloudFront).

    milliseconds: of each record whether decimals are milliseconds too (ASP.NET Core).
    """
    keys, index = encoded([column.values])
    texts = pyarrow.compute.binary_join_element_wise(keys, MILLISECONDS, EMPTY)
    whole, number = (pyarrow.compute.match_substring_regex(keys, form) for form in ("^[0-9]+$", "^[0-9.]+$"))
    found = pyarrow.compute.if_else(whole, texts, keys)
    if milliseconds.any():
        index = numpy.where(milliseconds if column.of is None else milliseconds[column.of], index + len(keys), index)
        found = pyarrow.concat_arrays([found, pyarrow.compute.if_else(number, texts, keys)])
    return Field(again(found, index), column.of)
