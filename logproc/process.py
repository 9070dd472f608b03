"""What the libraries under the program do with memory and threads of their own. Set once, by the command, before they load.

Left alone, glibc keeps what is freed: it takes blocks up to the size of the largest one ever freed (at most 32 MiB) from
its arenas, of which each thread has one, and Arrow's own allocator has a cache beside those. A run over twenty files of
100 MB with `--memory 32MiB` peaked at 225 MiB so, and peaks at 207 with fixed limits. They are larger than a block that is
read: pages that go back to the system after each one have to be zeroed again for the next, 5 % of the processor time.

OpenBLAS, which comes with numpy, starts a thread a core that waits for work in a loop: 3 % of a run that never asks it.

A program that uses logproc as a library keeps what it has chosen: these are settings of the whole process.
"""

from __future__ import annotations

import ctypes
from collections.abc import MutableMapping

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
MMAP_FROM_BYTES = 16 << 20
TRIM_FROM_BYTES = 16 << 20


def configure(environ: MutableMapping[str, str]) -> None:
    """Have large blocks given back to the system when they are freed, where the C library is glibc; no threads for OpenBLAS.

    mallopt(3): setting either limit ends its automatic rise. A variable that the user has set wins.
    """
    environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES)
        mallopt(M_TRIM_THRESHOLD, TRIM_FROM_BYTES)
