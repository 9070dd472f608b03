"""How many records per second each side has, and whether the difference is more than chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from logproc.model.comparison import Change, What
from logproc.reports.comparing.chance import two_sided_t
from logproc.reports.comparing.difference import LEAST_BLOCKS

if TYPE_CHECKING:
    from logproc.reports.comparing.side import Side

MOST_ALIKE = 0.9


def rate_change(before: Side, after: Side) -> Change:
    """Compare the rates by those of the blocks.

    A load goes up and down slowly, so blocks are like their neighbours and tell less than as many independent ones would: with
    a correlation r of neighbours, (1 - r) / (1 + r) of that (Bayley and Hammersley, J. R. Stat. Soc. Suppl. 8, 1946).
    """
    rates = [side.about.records / side.about.seconds if side.about.seconds else None for side in (before, after)]
    old, new = rates
    counts = before.about.records, after.about.records
    what: What = "same" if old is None or new is None or old == new else "rose" if new > old else "fell"
    chance, error, degrees = chance_of(before, after, old, new)
    return Change("rate", "", "", what, old, new, counts, chance, error=error, degrees_of_freedom=degrees)


def chance_of(before: Side, after: Side, old: float | None, new: float | None) -> tuple[float | None, float | None, float]:
    """Return the chance, the standard error relative to the mean of both rates, and its degrees of freedom."""
    if not old or not new:
        return None, None, 0.0
    errors, of_sides = [], []
    for side in (before, after):
        number = len(side.records)
        if number < LEAST_BLOCKS:
            return None, None, 0.0
        relative = side.records / side.records.mean() - 1
        squares = float((relative**2).sum())
        alike = float((relative[1:] * relative[:-1]).sum()) / squares if squares else 0.0
        alike = min(max(alike, 0.0), MOST_ALIKE)
        share = (1 - alike) / (1 + alike)
        errors.append(max(squares / (number - 1) / (number * share), 1 / max(side.about.records, 1)))
        of_sides.append(max(1.0, number * share - 1))
    error = sum(errors)
    degrees = error**2 / sum(part**2 / of for part, of in zip(errors, of_sides, strict=True))
    return (
        two_sided_t((new - old) / ((new + old) / 2) / math.sqrt(error), degrees),
        math.sqrt(error),
        degrees,
    )
