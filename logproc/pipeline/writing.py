"""What `show` does with the records that match, besides counting them: chunk → piece → output, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from logproc.counting.tally import Tally, count_filtered, filtered
from logproc.model.chunk import Chunk, Parser
from logproc.model.source import Source
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.pipeline.plan import Plan
from logproc.pipeline.serial import parse
from logproc.records.forms import Form
from logproc.records.output import Output
from logproc.records.piece import Piece
from logproc.threads.budget import ByteBudget
from logproc.threads.delivery import Delivery, ReorderBudget
from logproc.threads.stop import Stop


class Writing(Struct, frozen=True):
    """How records are written.

    form: makes the pieces of chunks, in the workers. output: where the pieces go. side_by_side: whether the output takes the
    pieces of several sources as they come. Otherwise it gets one source after the other, in their order.
    """

    form: Form
    output: Output[Any]
    side_by_side: bool = False

    def begin(self, formats: Iterable[Parser | None]) -> None:
        """Tell the form which formats there are: for main, before a worker makes the first piece."""
        self.form.begin([form for form in formats if form is not None])

    def delivery(
        self,
        budget: ByteBudget,
        in_turn: Sequence[int],
        stop: Stop,
        written: Callable[[], None],
        trace: Trace,
        finishes: Callable[[], bool],
        *,
        follows: bool,
    ) -> tuple[ByteBudget, Delivery[Piece]]:
        """Return the thread that writes, and the budget that goes with it: the given one for logs that are followed.

        in_turn: the sources in their order. The others are as for Delivery.
        """
        order = None if self.side_by_side else in_turn
        if not follows:
            budget = ReorderBudget(budget.limit_bytes, stop, order, trace)
        return budget, Delivery(self.output, order, budget, stop, written, trace, finishes)

    def select(self, plan: Plan, sources: Sequence[Source], chunk: Chunk, trace: Trace = NO_TRACE) -> tuple[Tally, Piece]:
        """Parse one chunk; return its account and the piece of its matching records. Shares no state."""
        name = sources[chunk.source].name
        with trace.span(Doing.PARSE, name, chunk.lines):
            parsed = parse(plan, chunk, None if chunk.format is None else self.form.wanted(chunk.format, plan.question))
        with trace.span(Doing.COUNT, name, chunk.lines):
            found = filtered(chunk, parsed, plan.question, name)
            tally = count_filtered(chunk, parsed, found, plan.question)
        with trace.span(Doing.SELECT, name, chunk.lines):
            return tally, self.form.piece(chunk, parsed, found, plan.question, name)
