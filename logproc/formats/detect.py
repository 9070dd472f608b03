"""Which format a source has, told from its first bytes alone, so never from how they came: block, chunk or network sizes.

A sample is the first 256 KiB, or the first 4 MiB if no line of those fits (a file may open with one huge damaged
line). The format that fits most of its lines wins, so a file that opens with a few damaged ones is recognised.
"""

from __future__ import annotations

from logproc.formats.layout import LAYOUTS, Layout
from logproc.formats.pattern import expression

SAMPLE_BYTES = (256 << 10, 4 << 20)
SAMPLE_LINES = (100, 2_000)
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UTF8_MARK = b"\xef\xbb\xbf"


def detect(sample: bytes, *, whole: bool) -> str | None:
    """Return the name of the format that most lines of the sample fit, None if none fits any.

    whole: whether the sample is all of the source; otherwise its last line may be cut and is not looked at.
    """
    lines = sample.removeprefix(UTF8_MARK).split(b"\n")
    if not whole:
        lines.pop()
    for count in SAMPLE_LINES:
        some = [line.removesuffix(b"\r") for line in lines[:count]]
        scores = {layout: score(layout, some) for layout in LAYOUTS}
        best = max(scores, key=lambda layout: scores[layout])
        if any(scores[best]):
            return best.name
    return None


def score(layout: Layout, lines: list[bytes]) -> tuple[int, int]:
    """Return how many lines fit: with a user of one word, and at all.

    The first decides: a line of `vhost_combined` is one of `combined` as well, by a user that holds a blank.
    """
    strict, loose = expression(layout, strict=True), expression(layout)
    return sum(map(bool, map(strict.fullmatch, lines))), sum(map(bool, map(loose.fullmatch, lines)))


def unreadable(sample: bytes) -> tuple[str, str] | None:
    """Return what a sample that fits no format is instead of text, with a hint; None if it may be text."""
    head = sample[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if head[:2] in UTF16_MARKS or (max(even, odd) > len(head) // 8 and min(even, odd) < max(even, odd) // 8):
        return "looks like UTF-16", "use --encoding utf-16"
    controls = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1b")
    if controls > len(head) // 32:
        return "looks binary: skipped", "give logs, or archives of them as .gz .bz2 .xz .zst"
    return None
