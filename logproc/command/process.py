"""Process-wide settings of libraries and standard streams. The command applies them before the libraries load.

A program that uses logproc as a library keeps its own.
"""

from __future__ import annotations

import os
import resource
import select
import stat
import sys
import time
from collections.abc import MutableMapping
from contextlib import suppress

from logproc.model.errors import InternalError

LEAST_SPACE_BYTES = 416 << 20
WORKER_SPACE_BYTES = 24 << 20
"""Address space that the libraries need, and each worker with its stack and malloc arena."""
OUT_OF_MEMORY = (
    "out of memory",
    "lower --memory, --readers or --workers, bound the counts with --max-keys, or allow the process more",
)

_placeholders: list[select.epoll] = []


def configure(environ: MutableMapping[str, str]) -> None:
    """Set up allocators, library threads and the standard descriptors. Variables that the user has set win.

    Arrow's own allocator keeps freed memory: a run over 230 MB peaks at 200 MiB with it, and at 157 MiB with malloc.
    OpenBLAS, part of numpy, starts a thread per core although it is never used, and raises SIGINT if it cannot. Arrow's
    jemalloc starts a thread even when it is not the allocator in use, and complains on stderr if it cannot.
    """
    hold_standard_descriptors()
    environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")


def hold_standard_descriptors() -> None:
    """Open a placeholder for each of stdin, stdout and stderr that is closed, so that no file gets its number.

    Otherwise the next file opened could become descriptor 2, and C libraries would write their errors into a report. The
    placeholder is an epoll, which can be neither read nor written, nor reopened as /dev/stdout.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            _placeholders.append(select.epoll())


def check_address_space(memory_bytes: int, workers: int) -> None:
    """Raise InternalError if a limit (`ulimit -v`) leaves less address space than a run needs.

    Without this check, runs over 230 MB with 250 MiB of address space hung: not every failed allocation in a C library becomes
    an exception in Python.
    """
    limit_bytes, _ = resource.getrlimit(resource.RLIMIT_AS)
    needed_bytes = LEAST_SPACE_BYTES + workers * WORKER_SPACE_BYTES + memory_bytes
    if limit_bytes != resource.RLIM_INFINITY and limit_bytes < needed_bytes:
        raise InternalError(
            "out of memory",
            f"lower --memory or --workers, or raise `ulimit -v`, which allows {limit_bytes >> 20} of {needed_bytes >> 20} MiB",
        )


def load_libraries() -> None:
    """Load numpy and Arrow. To be called before the first import of a module that needs them.

    Not from deep inside such imports: CPython keeps the frames of a thread in pieces of 16 KiB, and where a loop calls across
    the end of one, each call maps the next one and unmaps it again. That happened 3,500 times, and took 25 ms.
    """
    import pyarrow.compute  # noqa: F401 - and numpy with it


def started_ns() -> int:
    """Return when this process started, on the clock of `time.perf_counter_ns`, to about a hundredth of a second.

    The kernel rounds it down to a tick (proc(5), field 22). The processor time that was used is a second bound: the process
    has existed for at least so long.
    """
    now_ns = time.perf_counter_ns()
    latest_ns = now_ns - time.process_time_ns()
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - the command imports no pathlib here
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        return min(latest_ns, now_ns - time.clock_gettime_ns(time.CLOCK_BOOTTIME) + (ticks + 1) * tick_ns)
    except (OSError, ValueError, IndexError, AttributeError):  # no /proc
        return latest_ns


def is_piped() -> bool:
    """Whether standard input is a pipe or a file, so that somebody wants it read."""
    with suppress(OSError, ValueError, AttributeError):  # it is closed, or in memory
        mode = os.fstat(sys.stdin.fileno()).st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)
    return False
