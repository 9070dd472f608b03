"""What is known of one source besides its counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from logproc.formats.columns.odd_bytes import NONE_ODD, OddLines
from logproc.formats.columns.printable import shown
from logproc.formats.times.assumed import NOTHING_ASSUMED, Assumed
from logproc.model.columns import REJECTED_SAMPLES, REJECTED_TEXT_BYTES, Account, Rejected
from logproc.questions.fields.addresses import anonymize_text

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.chunk import Chunk
    from logproc.model.columns import Parsed
    from logproc.questions.question import Question

Unread = Mapping[tuple[str, str], "Integers"]
"""Records whose value of a field is not a number, or not a time: their numbers, by the field and the reason."""


class SourceTally(Struct, frozen=True):
    """One source: its account, why lines were rejected, the first of those, and how many lines hold odd bytes.

    untimed: how many records have no time, the filtered ones too. assumed: what was assumed about times.
    unread: how many values of a field that is measured are not numbers, or lost digits, by the field and the reason.
    seen: the fields that some record has, the filtered ones too.
    """

    account: Account = field(default_factory=Account)
    reasons: Mapping[str, int] = field(default_factory=dict)
    sample: tuple[Rejected, ...] = ()
    odd: OddLines = NONE_ODD
    unread: Mapping[tuple[str, str], int] = field(default_factory=dict)
    untimed: int = 0
    assumed: Assumed = NOTHING_ASSUMED
    seen: frozenset[str] = frozenset()

    def __add__(self, other: SourceTally) -> SourceTally:
        sample = sorted((*self.sample, *other.sample), key=lambda rejected: rejected.line)[:REJECTED_SAMPLES]
        reasons = Counter(self.reasons) + Counter(other.reasons)
        unread = Counter(self.unread) + Counter(other.unread)
        return SourceTally(
            self.account + other.account,
            reasons,
            tuple(sample),
            self.odd + other.odd,
            unread,
            self.untimed + other.untimed,
            self.assumed + other.assumed,
            self.seen | other.seen,
        )

    def behind(self, lines: int) -> SourceTally:
        """Return the same for lines that come behind so many others."""
        sample = tuple(replace(rejected, line=rejected.line + lines) for rejected in self.sample)
        return replace(self, sample=sample, assumed=self.assumed.behind(lines)) if lines else self


def rejected(chunk: Chunk, parsed: Parsed, position: int, question: Question) -> Rejected:
    """Return a rejected line with its number in its own source."""
    start, end = parsed.rejected_bounds[position]
    text = shown(chunk.data[start : min(end, start + REJECTED_TEXT_BYTES)].tobytes())
    if question.anonymous:
        text = anonymize_text(text)
    _, number = chunk.place_of(int(parsed.rejected_lines[position]))
    return Rejected(number, parsed.rejected_reasons[position], text)
