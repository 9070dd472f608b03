"""Records made by hand, as columns, and columns as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import pyarrow

from logproc.model.columns import NO_TIME, Columns, KeyColumn, Numbers


def column(*texts: str | None) -> KeyColumn:
    """Return a column of texts, one per record; None is absent."""
    encoded = pyarrow.array(texts, pyarrow.string()).dictionary_encode("encode")
    return KeyColumn(encoded.dictionary, encoded.indices.to_numpy())


def records(
    time: Sequence[int | None], numbers: Mapping[str, Sequence[int]] | None = None, **texts: Sequence[str | None]
) -> Columns:
    """Return records by their times (None: unknown), whole numbers and texts."""
    seconds = numpy.array([NO_TIME if at is None else at for at in time], numpy.int64)
    keys = {name: column(*values) for name, values in texts.items()}
    return Columns(
        len(time), seconds, keys, {name: Numbers(numpy.array(some, numpy.int64)) for name, some in (numbers or {}).items()}
    )


def values(found: KeyColumn | Numbers | None) -> list[Any]:
    """Return the value of each record: a key, None where it is absent, or the whole part of a number."""
    assert found is not None
    if isinstance(found, Numbers):
        return list(found.whole.tolist())
    keys = found.keys.to_pylist()
    assert len(set(keys)) == len(keys)
    return [keys[at] for at in found.index.tolist()]
