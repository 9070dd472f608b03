r"""What an expression of RE2 may cost, known before a line is read: a call of RE2 cannot be interrupted.

RE2 takes time in proportion to the text times the states that it may be in at once. Only counted repeats make these many:
`a.{0,990}c` may be in a thousand, and a line of 1 MiB then takes a minute, where `a.*c` takes a millisecond. So what
counts is the size of the repeats when they are written out.
"""

from __future__ import annotations

import re
from functools import cache

from logproc.model.patterns import regex

STEPS = 1 << 26
"""The most bytes of a line times repeated pieces: some seconds at worst."""
MOST_REPEATED = 128
"""The most repeated pieces in a filter, whose values may be as long as a line: some seconds for a value of 1 MiB."""
PIECE = regex(
    r"""
    \\Q(?:(?!\\E).)*+(?:\\E)? | \\x\{[^}]*+\} | \\[pP]\{[^}]*+\} | \\.
    | \[\^?\]?(?:\\.|\[:\^?\w++:\]|[^\]\\])*+\]?
    | (?P<open> \((?:\?P?<\w*+>|\?[a-zA-Z-]*+:)? ) | (?P<close> \) )
    | \{(?P<least>\d++)(?P<most>,\d*+)?\} | .
    """,
    re.VERBOSE | re.DOTALL,
)


def repeated(expression: str) -> int:
    r"""Return of how many pieces (characters, classes) the counted repeats of an expression are, written out.

    >>> repeated(r"^(?:[0-9]{1,3}\.){3}.*$"), repeated("a.{0,990}c"), repeated("(?:a|b|cde)+ [{0,9}]")
    (12, 990, 0)
    """
    sizes, costs = [0], [0]  # of each open group: its pieces, and those of its repeats
    last = last_cost = 0  # of the piece before
    for match in PIECE.finditer(expression):
        if match["open"]:
            sizes.append(0)
            costs.append(0)
            last = last_cost = 0
        elif match["close"] and len(sizes) > 1:
            last, last_cost = sizes.pop(), costs.pop()
            sizes[-1] += last
            costs[-1] += last_cost
        elif match["least"]:
            times = int(match["most"][1:] or match["least"]) if match["most"] else int(match["least"])
            sizes[-1] += last * (times - 1)
            costs[-1] += last * times - last_cost
            last = last_cost = last * times
        elif match[0] not in "*+?|^$":
            last, last_cost = 1, 0
            sizes[-1] += 1
    return sum(costs)


@cache
def longest_line(*expressions: str) -> int:
    """Return how many bytes a line may have, so that expressions cost at most STEPS; 0 for any number."""
    pieces = sum(map(repeated, expressions))
    return STEPS // pieces if pieces else 0
