"""How many threads there are descriptors for."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from contextlib import suppress

SPARE_DESCRIPTORS = 8
"""For the reports, libraries, and what a thread opens for a moment."""
DESCRIPTORS = {"reader": 1, "stream": 3, "pipe": 3}
"""How many descriptors a thread needs. A stream has a socket and its duplicate, and for a moment those of a name look-up."""


def shared_out(free: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """Return how many threads of each kind there are descriptors for: at least one, and what one kind leaves is for the others.

    >>> shared_out(43, {"reader": 4, "stream": 16, "pipe": 1})
    {'pipe': 1, 'reader': 4, 'stream': 12}
    """
    found = {}
    kinds = sorted((number * DESCRIPTORS[name], name) for name, number in wanted.items())
    for place, (needed, name) in enumerate(kinds):
        share = min(needed, free // (len(kinds) - place))
        found[name] = min(wanted[name], max(1, share // DESCRIPTORS[name]))
        free -= found[name] * DESCRIPTORS[name]
    return found


def free_descriptors() -> int:
    """Return how many more files this process may open, leaving some for the report and for libraries."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = SPARE_DESCRIPTORS
    with suppress(OSError):  # no /proc, or not even a descriptor to list it
        used += len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough
    return limit - used
