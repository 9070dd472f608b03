"""What `show` does with the records that match, besides counting them: chunk → piece → output, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from logproc.counting.tally import Filtered, Tally, count_filtered, filtered
from logproc.model.chunk import Chunk
from logproc.model.columns import Parsed
from logproc.model.source import Source
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.pipeline.plan import Plan
from logproc.pipeline.serial import traced_parse
from logproc.records.piece import Piece
from logproc.threads.delivery import Output


class Writing(Struct, frozen=True):
    """How records are written.

    piece: makes the piece of a chunk, given the name of its source; runs in the workers. output: where the pieces go.
    side_by_side: whether the output takes the pieces of several sources as they come. Otherwise it gets one source after the
    other, in their order.
    """

    piece: Callable[[Chunk, Parsed, Filtered, str], Piece]
    output: Output[Any]
    side_by_side: bool = False

    def select(self, plan: Plan, sources: Sequence[Source], chunk: Chunk, trace: Trace = NO_TRACE) -> tuple[Tally, Piece]:
        """Parse one chunk; return its account and the piece of its matching records. Shares no state."""
        parsed = traced_parse(plan, sources, chunk, trace)
        name = sources[chunk.source].name
        with trace.span(Doing.COUNT, name, chunk.lines):
            found = filtered(chunk, parsed, plan.question, name)
            tally = count_filtered(chunk, parsed, found, plan.question)
        with trace.span(Doing.SELECT, name, chunk.lines):
            return tally, self.piece(chunk, parsed, found, name)
