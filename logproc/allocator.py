"""How the allocators under numpy and Arrow give freed memory back. Set once, by the command, before either is imported.

Left alone they keep it. glibc takes blocks up to the size of the largest one ever freed (at most 32 MiB) from its arenas,
of which each thread has one, and Arrow's own allocator has a cache beside those. A run over twenty files of 100 MB with
`--memory 32MiB` peaked at 250 MiB so, and peaks at 200 with fixed limits, in the same time.

A program that uses logproc as a library keeps what it has chosen: these are settings of the whole process.
"""

from __future__ import annotations

import ctypes
from collections.abc import MutableMapping

ARROW_VARIABLE = "ARROW_DEFAULT_MEMORY_POOL"
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
MMAP_FROM_BYTES = 4 << 20
TRIM_FROM_BYTES = 8 << 20


def give_memory_back(environ: MutableMapping[str, str]) -> None:
    """Have large blocks given back to the system when they are freed. Does nothing where the C library is not glibc.

    mallopt(3): setting either limit ends its automatic rise. A variable that the user has set wins.
    """
    environ.setdefault(ARROW_VARIABLE, "system")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES)
        mallopt(M_TRIM_THRESHOLD, TRIM_FROM_BYTES)
