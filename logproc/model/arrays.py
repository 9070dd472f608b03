"""Types of numpy arrays. Imported by type checkers only, because numpy is slow to load."""

from __future__ import annotations

import numpy
import numpy.typing

Bytes = numpy.typing.NDArray[numpy.uint8]
Integers = numpy.typing.NDArray[numpy.int64]
Mask = numpy.typing.NDArray[numpy.bool_]
Positions = numpy.typing.NDArray[numpy.int32]
