"""Random mutations of a target's seeds and words, the same for the same seed; used without a fuzzer."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from tools.fuzz.target import Target

MOST_BYTES = 4096
MOST_CHANGES = 4
SWOLLEN_BYTES = 64 << 10


def mutated(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """Yield inputs, each a seed changed in up to four places."""
    draw = random.Random(f"{target.name} {seed}")
    for _ in range(count):
        data = draw.choice(target.seeds)
        for _ in range(draw.randint(1, MOST_CHANGES)):
            data = draw.choice(CHANGES)(draw, data, target)[:MOST_BYTES]
        yield data


def swollen(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """Yield inputs of 64 KiB: a repeated piece of a seed, or word, between the seed's beginning and end."""
    draw = random.Random(f"{target.name} {seed} swollen")
    for _ in range(count):
        data = draw.choice(target.seeds)
        start, end = spot(draw, data)
        piece = data[start:end] or draw.choice(target.words or (b"a",))
        yield data[:start] + piece * ((SWOLLEN_BYTES - len(data)) // len(piece)) + data[end:]


def spot(draw: random.Random, data: bytes) -> tuple[int, int]:
    """Return the bounds of a few bytes."""
    start = draw.randint(0, len(data))
    return start, min(len(data), start + draw.choice((0, 1, 2, 8, 40)))


def with_word(draw: random.Random, data: bytes, target: Target) -> bytes:
    """Replace a few bytes by a word."""
    start, end = spot(draw, data)
    return data[:start] + draw.choice(target.words or (b"",)) + data[end:]


def with_byte(draw: random.Random, data: bytes, _target: Target) -> bytes:
    """Replace a few bytes by a random one."""
    start, end = spot(draw, data)
    return data[:start] + bytes([draw.randrange(256)]) + data[end:]


def shorter(draw: random.Random, data: bytes, _target: Target) -> bytes:
    """Remove a few bytes."""
    start, end = spot(draw, data)
    return data[:start] + data[end:]


def repeated(draw: random.Random, data: bytes, _target: Target) -> bytes:
    """Repeat a few bytes."""
    start, end = spot(draw, data)
    return data[:end] + data[start:end] * draw.randint(1, 9) + data[end:]


def spliced(draw: random.Random, data: bytes, target: Target) -> bytes:
    """Continue with the end of another seed."""
    other = draw.choice(target.seeds)
    return data[: draw.randint(0, len(data))] + other[draw.randint(0, len(other)) :]


CHANGES: Sequence[Callable[[random.Random, bytes, Target], bytes]] = (
    with_word,
    with_word,
    with_byte,
    shorter,
    repeated,
    spliced,
)
