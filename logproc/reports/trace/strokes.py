"""Which rectangles show the steps of a lane: one for each long step, and mixtures for neighbours too short to be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from logproc.model.trace.doing import Doing
from logproc.model.trace.recording import Step

Parts = list[tuple[Doing | None, int]]


class Stroke(Struct, frozen=True):
    """What is drawn between two places: a step, or a mixture of several. shares: of each kind, in their order; they add to 1.

    In a mixture, None is time in which nothing was recorded.
    """

    left: float
    right: float
    shares: tuple[tuple[Doing | None, float], ...]
    step: Step | None = None


def strokes(steps: Sequence[Step], place: Callable[[int], float], least: float) -> list[Stroke]:
    """Return the strokes of one lane. place: where a moment is. least: what is narrower is mixed with its neighbours."""
    return list(joined(mixed(steps, place, least), least))


def mixed(steps: Sequence[Step], place: Callable[[int], float], least: float) -> Iterator[Stroke]:
    waiting: list[Step] = []
    for step in steps:
        if waiting and place(step.start_ns) - place(waiting[-1].end_ns) >= least:
            yield mixture(waiting, place)
            waiting = []
        if place(step.end_ns) - place(step.start_ns) >= least:
            if waiting:
                yield mixture(waiting, place)
                waiting = []
            yield Stroke(place(step.start_ns), place(step.end_ns), ((step.doing, 1.0),), step)
            continue
        waiting.append(step)
        if place(step.end_ns) - place(waiting[0].start_ns) >= least:
            yield mixture(waiting, place)
            waiting = []
    if waiting:
        yield mixture(waiting, place)


def mixture(steps: Sequence[Step], place: Callable[[int], float]) -> Stroke:
    start_ns, end_ns = steps[0].start_ns, steps[-1].end_ns
    whole_ns = max(1, end_ns - start_ns)
    sums: dict[Doing | None, int] = {}
    for step in steps:
        sums[step.doing] = sums.get(step.doing, 0) + step.end_ns - step.start_ns
    if nothing_ns := whole_ns - sum(sums.values()):
        sums[None] = nothing_ns
    shares = tuple((kind, part_ns / whole_ns) for kind, part_ns in sums.items())
    return Stroke(place(start_ns), place(end_ns), shares, steps[0] if len(steps) == 1 else None)


def joined(found: Iterator[Stroke], least: float) -> Iterator[Stroke]:
    """Join what looks the same: mixtures in which the same kind has nearly all of the time, and steps of one kind."""
    last: Stroke | None = None
    for stroke in found:
        one, other = last and mostly(last), mostly(stroke)
        if last and one and one == other and stroke.left - last.right < least / 2:
            last = Stroke(last.left, stroke.right, ((one, 1.0),))
            continue
        if last:
            yield last
        last = stroke
    if last:
        yield last


def mostly(stroke: Stroke) -> Doing | None:
    kind, share = max(stroke.shares, key=lambda item: item[1])
    return kind if share >= 0.9 else None
