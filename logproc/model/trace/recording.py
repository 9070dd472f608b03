"""What the threads of a run did, and when: `threads.trace` records it, `reports.trace` draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from logproc.model.trace.doing import Doing, Gauge


class Step(Struct, frozen=True):
    """Something that a thread did, in nanoseconds since the process started.

    source, lines: what it was about, "" and 0 if that is not known. parts: how many steps it stands for; more than one if
    there were so many that short ones were added up.
    """

    start_ns: int
    end_ns: int
    doing: Doing
    source: str = ""
    lines: int = 0
    parts: int = 1


class Lane(Struct, frozen=True):
    """What one thread did: steps in their order, which do not overlap. Between two of them it did nothing that has a name.

    cpu_ns: for how long it had a core, up to the end of its last span.
    """

    name: str
    steps: Sequence[Step]
    cpu_ns: int = 0


class Recording(Struct, frozen=True):
    """A whole run, from the start of the process. gauges: the value of each from a time on. cores: how many it may use."""

    end_ns: int
    lanes: Sequence[Lane]
    gauges: Mapping[Gauge, Sequence[tuple[int, int]]]
    cores: int = 1
