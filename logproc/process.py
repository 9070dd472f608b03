"""What the libraries under the program do with memory and threads of their own. Set once, by the command, before they load.

Left alone, glibc keeps what is freed: it takes blocks up to the size of the largest one ever freed (at most 32 MiB) from
its arenas, of which each thread has one, and Arrow's own allocator has a cache beside those. A run over twenty files of
100 MB with `--memory 32MiB` peaked at 225 MiB so, and peaks at 207 with fixed limits. They are larger than a block that is
read: pages that go back to the system after each one have to be zeroed again for the next, 5 % of the processor time.

OpenBLAS, which comes with numpy, starts a thread a core that waits for work in a loop: 3 % of a run that never asks it; and
where it cannot, it sends the process a SIGINT. Arrow's jemalloc starts one too, and tells on stderr if it cannot.

A program that uses logproc as a library keeps what it has chosen: these are settings of the whole process.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
from collections.abc import MutableMapping

from logproc.errors import InternalError

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
MMAP_FROM_BYTES = 16 << 20
TRIM_FROM_BYTES = 16 << 20
LEAST_SPACE_BYTES = 416 << 20
WORKER_SPACE_BYTES = 24 << 20
"""Address space that the libraries take, and each worker with its stack and arena."""

_placeholders: list[select.epoll] = []


def configure(environ: MutableMapping[str, str]) -> None:
    """Have large blocks given back to the system when they are freed, where the C library is glibc; no threads for OpenBLAS.

    A closed standard stream gets a placeholder: see `hold_standard_descriptors`.
    mallopt(3): setting either limit ends its automatic rise. A variable that the user has set wins.
    """
    hold_standard_descriptors()
    environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, MMAP_FROM_BYTES)
        mallopt(M_TRIM_THRESHOLD, TRIM_FROM_BYTES)


def hold_standard_descriptors() -> None:
    """Have something stand for each of stdin, stdout and stderr that is closed, so that no file gets its number.

    Whatever is opened gets the smallest free one, and C libraries write to 2 what goes wrong: it would stand in a report.
    A placeholder is an epoll because that can be neither read nor written, nor opened again as /dev/stdout.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            _placeholders.append(select.epoll())


def check_address_space(memory_bytes: int, workers: int) -> None:
    """Raise InternalError if a limit (`ulimit -v`) leaves less address space than a run takes.

    Python turns what it is refused into MemoryError, but where C libraries are refused, some end the process.
    """
    limit_bytes, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed_bytes = LEAST_SPACE_BYTES + workers * WORKER_SPACE_BYTES + memory_bytes
    if limit_bytes != resource.RLIM_INFINITY and limit_bytes < needed_bytes:
        raise InternalError(
            "out of memory",
            f"lower --memory or --workers, or raise `ulimit -v`, which allows {limit_bytes >> 20} of {needed_bytes >> 20} MiB",
        )
