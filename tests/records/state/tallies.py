"""Tallies of real logs, by all kinds of questions, and what is known of a tally."""

from __future__ import annotations

import random
from dataclasses import is_dataclass
from typing import Any

import numpy
import pyarrow
from msgspec import Struct

from logproc.counting.counts import Counts
from logproc.counting.overview.report import overview_of
from logproc.counting.panels import panels
from logproc.counting.tally import Tally, count
from logproc.formats.known import BY_NAME
from logproc.model.chunk import Context
from logproc.pipeline.plan import question_of
from logproc.questions.question import Question
from logproc.settings import Settings
from tests.support import logs
from tests.support.chunks_of import chunk_of

MAX_LINE_BYTES = 1 << 20
METRICS = "uniques:client,p95:bytes,mean:bytes,min:bytes,max:bytes,peak(1s),share(status >= 500),first:time,visitors"
QUESTIONS: dict[str, dict[str, Any]] = {
    "usual": {},
    "by": {"by": ("path,status", "every(5m)", "day")},
    "metrics": {"by": ("path",), "metric": (METRICS,)},
    "metrics of all": {"metric": (METRICS,), "sort": "p95:bytes", "visitors": True},
    "bounded": {"max_keys": 3},
    "bounded metrics": {"by": ("path", "client"), "metric": (METRICS,), "max_keys": 2},
    "filtered": {"where": "status >= 400 and path contains 'a'"},
    "nothing matches": {"where": "path == '/nowhere'"},
    "anonymous": {"anonymize": True, "by": ("client",)},
    "compared": {"compares": True},
}


def question(name: str) -> Question:
    return question_of(Settings(**QUESTIONS[name]), 0)


def tally_of(content: bytes, asked: Question, *, source: int = 0, index: int = 0) -> Tally:
    """Return the counts of lines of an access log."""
    chunk = chunk_of(content, source=source, index=index, first_line=1 + index * 1000)
    parsed = BY_NAME["combined"].parse(chunk.data, Context(), asked.wanted, MAX_LINE_BYTES)
    tally = count(chunk, parsed, asked, "a.log")
    return tally.folded(asked.max_keys) if asked.max_keys else tally


def some_tally(seed: int, asked: Question, lines: int = 60) -> Tally:
    """Return the counts of a log with damaged lines and, in some, bytes that are not UTF-8 and sums over 64 bits."""
    content = logs.log(lines, seed=seed, damaged=0.1)
    large = b"".join(logs.line(bytes=b"%d" % (2**63 - 1 - seed), client=b"caf\xe9") + b"\n" for _ in range(seed % 4))
    return tally_of(content + large, asked, source=seed % 3, index=seed // 3)


def told(tally: Tally, asked: Question) -> Any:
    """Return all that reports say about a tally."""
    totals = (tally.account, tally.bytes, tally.malformed_requests, tally.first, tally.last, tally.seen, tally.unmatched)
    by_interval = plain(tally.by_interval) if tally.by_interval else None
    overview = overview_of(tally, asked, 0, families=False)
    return totals, panels(tally, asked, 0), overview, dict(sorted(tally.sources.items())), by_interval


def plain(value: Any) -> Any:
    """Return a value as nested lists in which two values are equal only if all their arrays are, types included."""
    if isinstance(value, numpy.ndarray):
        return [str(value.dtype), value.tolist()]
    if isinstance(value, pyarrow.Array):
        return [str(value.type), value.to_pylist()]
    if isinstance(value, Struct):
        return [type(value), *(plain(getattr(value, name)) for name in value.__struct_fields__)]
    if isinstance(value, dict):
        return [(key, plain(of)) for key, of in value.items()]
    if isinstance(value, tuple):
        return [plain(of) for of in value]
    assert value is None or isinstance(value, int | str | bytes | frozenset) or is_dataclass(value), type(value)
    return value


def shuffled(seed: int, values: list[Any]) -> list[Any]:
    random.Random(seed).shuffle(values)
    return values


def tally_number(number: int) -> Tally:
    """Return counts all of which are one number."""
    numbers = numpy.full(500, number, numpy.int64)
    keys = pyarrow.array([f"/{at}" for at in range(500)])
    return Tally({"path": Counts((keys,), numbers, numbers, numbers)}, bytes=number)
