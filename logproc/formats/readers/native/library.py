"""The compiled kernel, if it is there: where no compiler was found at installation, it is not, and numpy does its work."""

from __future__ import annotations

import ctypes
import os
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

SOURCE = Path(__file__).with_name("kernel.c")
LIBRARY = SOURCE.with_suffix(".native")
"""Not `.so`, which Python would take for a module of its own."""
MOST_COLUMNS = 64
USUAL_LINE_BYTES = 32


class Job(ctypes.Structure):
    """The struct of the same name in kernel.c, which says what its members are."""

    _fields_: ClassVar = [
        *((name, ctypes.c_void_p) for name in ("data", "starts", "ends", "left")),
        *((name, ctypes.c_int64) for name in ("lines", "columns")),
        ("parts", ctypes.c_char_p),
        *((name, ctypes.c_void_p) for name in ("line", "time", "bytes", "status", "nanos", "codes", "keys", "distinct")),
    ]


@cache
def kernel() -> Any:
    """Return the library, which gives the GIL up in each call; None if it is missing, stale or switched off.

    Loaded when first asked for. It knows a checksum of the source that it was made of: one of another version is not used.
    """
    if os.environ.get("LOGPROC_NATIVE") == "0":
        return None
    with suppress(OSError, AttributeError):  # not there, for another machine, or something else of this name
        library = ctypes.CDLL(str(LIBRARY))
        library.logproc_source.restype = ctypes.c_uint32
        library.logproc_lines.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p]
        library.logproc_read.argtypes = [ctypes.POINTER(Job)]
        library.logproc_lines.restype = library.logproc_read.restype = ctypes.c_int64
        if library.logproc_source() == zlib.crc32(SOURCE.read_bytes()):
            return library
    return None


def in_use() -> bool:
    """Return whether the library has been asked for in this process, and is there."""
    return kernel.cache_info().currsize > 0 and kernel() is not None
