"""Logs that come in bursts, as real ones do: sessions of clients, loads that go up and down, storms of errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

PATHS, CLIENTS, MESSAGES = 300, 4000, 40
LONGEST_S = 900
"""A session lasts about a quarter of an hour at most."""
BEGIN_S = 1_772_841_600
"""7 March 2026."""


@dataclass(frozen=True, slots=True)
class World:
    """What both logs of a pair have in common, and in what the second differs.

    slower: the factor of the durations of the path with rank 3. failing: the share of further records with status 500.
    strange: how many records have a message of their own, spread over the time.
    outages: how many times, on average, nearly half of all requests fail for some minutes.
    """

    records: int = 50_000
    seconds: int = 14_400
    slower: float = 1.0
    failing: float = 0.0
    strange: int = 0
    outages: float = 0.0


def zipf(size: int, power: float = 1.0) -> Any:
    weights = 1 / numpy.arange(1, size + 1) ** power
    return weights / weights.sum()


def load(random: Any, minutes: int) -> Any:
    """Return the load of each minute: gamma distributed, like its neighbours."""
    shocks = random.gamma(0.6, 1 / 0.6, minutes)
    return numpy.convolve(numpy.concatenate([shocks[-4:], shocks]), numpy.array([0.3, 0.25, 0.2, 0.15, 0.1]), "valid")


def columns(world: World, seed: int) -> dict[str, Any]:
    """Return the records of one log as columns, in order of time."""
    random = numpy.random.default_rng(seed)
    minutes = world.seconds // 60
    sizes = numpy.minimum(1 + random.lognormal(1.3, 1.3, world.records).astype(int), 1500)
    sessions = int(numpy.searchsorted(numpy.cumsum(sizes), world.records)) + 1
    sizes = sizes[:sessions]
    weights = load(random, minutes)
    minute = random.choice(minutes, sessions, p=weights / weights.sum())
    session = numpy.repeat(numpy.arange(sessions), sizes)[: world.records]
    pauses = numpy.minimum(random.choice([0.5, 4.0, 20.0], sessions), LONGEST_S / sizes)
    gaps = random.exponential(numpy.repeat(pauses, sizes))[: world.records]
    since = numpy.cumsum(gaps)
    begins = numpy.searchsorted(session, numpy.arange(sessions))
    time = minute[session] * 60 + since - since[begins[session]]
    time %= world.seconds
    favourites = random.choice(PATHS, (sessions, 6), p=zipf(PATHS))
    path = favourites[session, random.integers(0, 6, len(session))]
    client = random.choice(CLIENTS, sessions, p=zipf(CLIENTS, 0.7))[session]
    unlucky = random.random(sessions) < 0.004  # everything of such a session fails
    draw = random.random(len(session))
    status = numpy.where(draw < 0.004, 500, numpy.where(draw < 0.024, 404, numpy.where(draw < 0.06, 304, 200)))
    status = numpy.where(unlucky[session] & (draw < 0.7), 502, status)
    scanning = random.random(sessions) < 0.01
    status = numpy.where(scanning[session] & (draw < 0.9), 404, status)
    status = numpy.where(random.random(len(session)) < world.failing, 500, status)
    for _ in range(random.poisson(world.outages)):
        begin, long = random.integers(0, world.seconds), random.integers(60, 300)
        down = (time >= begin) & (time < begin + long) & (random.random(len(time)) < 0.4)
        status = numpy.where(down, 503, status)
    slow = numpy.exp(0.15 * (load(random, minutes) - 1))[(time // 60).astype(int)]
    duration = 0.02 * (1 + path % 17) * random.lognormal(0, 0.6, len(session)) * slow
    duration = numpy.where(path == 3, duration * world.slower, duration)
    message = random.choice(MESSAGES, len(session), p=zipf(MESSAGES, 1.2))
    for _ in range(random.poisson(4)):  # a storm: one message, again and again, for a minute or two
        begin, which = random.integers(0, world.seconds), random.integers(MESSAGES // 2, MESSAGES)
        message = numpy.where((time >= begin) & (time < begin + 90) & (random.random(len(time)) < 0.6), which, message)
    if world.strange:
        message[random.choice(len(message), world.strange, replace=False)] = MESSAGES
    order = numpy.argsort(time, kind="stable")
    found = {"time": time, "client": client, "path": path, "status": status, "duration": duration, "message": message}
    return {name: column[order] for name, column in found.items()}


def write(path: Path, world: World, seed: int) -> Path:
    """Write one log as lines of JSON."""
    found = columns(world, seed)
    rows = zip(*(found[name].tolist() for name in ("time", "client", "path", "status", "duration", "message")), strict=True)
    with path.open("w") as file:
        for time, client, page, status, duration, message in rows:
            second = int(time)
            day_s = BEGIN_S + second
            hour, rest = divmod(day_s % 86_400, 3600)
            level = "error" if status >= 500 or message == MESSAGES else "info"
            record = {
                "time": f"2026-03-07T{hour:02}:{rest // 60:02}:{rest % 60:02}Z",
                "level": level,
                "client": f"10.{client // 62500}.{client // 250 % 250}.{client % 250 + 1}",
                "path": f"/page/{words(page)}",
                "status": status,
                "duration": round(duration, 4),
                "message": f"step {words(message)} took {second % 97} turns",
            }
            file.write(json.dumps(record) + "\n")
    return path


def words(number: int) -> str:
    """Return a number as letters, so that it is not an identifier."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number)) + "x"
