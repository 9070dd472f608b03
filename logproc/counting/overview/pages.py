"""Panels that the report makes from others: pages apart from static files and what was not found, browsers and systems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec.structs import replace

from logproc.counting.counts import Counts, rolled_up
from logproc.counting.rows import LOW_BITS
from logproc.questions.fields.agents import families
from logproc.questions.fields.derived import extensions

if TYPE_CHECKING:
    from logproc.counting.overview.counts import OverviewCounts
    from logproc.counting.tally import Tally
    from logproc.model.arrays import Mask

STATIC = (
    *("css", "js", "mjs", "map", "json", "xml", "txt", "webmanifest", "wasm", "swf"),
    *("avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp"),
    *("eot", "otf", "ttf", "woff", "woff2"),
    *("mp3", "mp4", "ogg", "wav", "webm"),
)
"""Extensions of files that a server sends as they are. `robots.txt` and feeds are among them."""
MOST_AGENTS = 4096
"""A look-up of an agent takes 20 µs. With more agents than this, the report would come late."""


def derived_counts(tally: Tally, counts: OverviewCounts, *, families_too: bool) -> Iterator[tuple[str, str, Counts]]:
    """Yield name, column and counts of each panel that can be made from what was counted whole.

    families_too: whether browsers and systems are wanted, for which ua-parser has to be loaded.
    """
    paths, agents = tally.panels.get("path"), tally.panels.get("user_agent")
    if paths is not None and len(paths) and "status" in tally.seen and not (paths.floor or counts.failed.floor):
        missing = not_found(counts.failed)
        answered = without(paths, missing)
        is_static = pyarrow.compute.is_in(extensions(answered.keys[0]), value_set=pyarrow.array(STATIC))
        static = is_static.to_numpy(zero_copy_only=False)
        for name, part in (
            ("pages", some(answered, ~static)),
            ("static files", some(answered, static)),
            ("not found", missing),
        ):
            if len(part):
                yield name, "path", part
    if families_too and agents is not None and 0 < len(agents) <= MOST_AGENTS and not agents.floor:
        yield "browsers", "browser", of_agents(agents, lambda keys: families(keys, "browser"))
        yield "systems", "os", of_agents(agents, lambda keys: families(keys, "os"))


def not_found(failed: Counts) -> Counts:
    """Return the counts by path of the requests with status 404."""
    of_404 = some(failed, pyarrow.compute.equal(failed.keys[0], "404").to_numpy(zero_copy_only=False))
    return replace(of_404, keys=of_404.keys[1:])


def without(counts: Counts, others: Counts) -> Counts:
    """Return counts less those of others, whose keys are among theirs; keys that nothing is left of are dropped."""
    if not len(others):
        return counts
    at = pyarrow.compute.index_in(others.keys[0], value_set=counts.keys[0]).to_numpy(zero_copy_only=False).astype(numpy.int64)
    count, low, high = counts.count.copy(), counts.low.copy(), counts.high.copy()
    count[at] -= others.count
    low[at] -= others.low
    high[at] -= others.high
    borrow = low < 0
    low[borrow] += 1 << LOW_BITS
    high[borrow] -= 1
    return some(replace(counts, count=count, low=low, high=high, measures={}), count > 0)


def some(counts: Counts, which: Mask) -> Counts:
    return counts.select(numpy.flatnonzero(which))


def of_agents(agents: Counts, family: Callable[[pyarrow.Array], pyarrow.Array]) -> Counts:
    return rolled_up(replace(agents, keys=(family(agents.keys[0]),), measures={}), 1)[0]
