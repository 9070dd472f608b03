"""Units of durations and sizes, and what a number with one of them is: the same for filters, metrics, sizes and options.

Durations are seconds, sizes bytes. kB, MB and GB are powers of 1000; KiB, MiB, GiB and a bare K, M and G are of 1024. A unit
may be behind a blank. Commas between thousands are read where they can be nothing else (`1,260.403`, `1,234,567`): `1,234` may
as well have a decimal comma, so it is not a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal, TypeAlias

from msgspec import Struct

from logproc.model.patterns import regex

Factor: TypeAlias = int | Fraction
Kind: TypeAlias = Literal["", "duration", "size"]
SECONDS: Mapping[str, Factor] = {
    "ns": Fraction(1, 10**9),
    **dict.fromkeys(("us", "µs", "μs"), Fraction(1, 10**6)),
    "ms": Fraction(1, 10**3),
    "s": 1,
    **dict.fromkeys(("m", "min"), 60),
    "h": 3600,
    "d": 86_400,
}
BYTES: Mapping[str, Factor] = {
    "B": 1,
    "k": 1000,
    **dict.fromkeys(("kB", "KB"), 1000),
    **{letter + "B": 1000**power for power, letter in enumerate("MGT", 2)},
    **{letter: 1024**power for power, letter in enumerate("KMGT", 1)},
    **{letter + "iB": 1024**power for power, letter in enumerate("KMGT", 1)},
}
WORDS = {
    "ns": "nanosecond nanoseconds nanos nsec nsecs",
    "us": "microsecond microseconds micros usec usecs",
    "ms": "millisecond milliseconds millis msec msecs",
    "s": "sec secs second seconds",
    "m": "mins minute minutes",
    "h": "hr hrs hour hours",
    "d": "day days",
    "B": "byte bytes Bytes",
}
"""Units as some logs write them out."""
LONG_NAMES = {word: unit for unit, words in WORDS.items() for word in words.split()}
SECONDS_OF = {**SECONDS, **{word: SECONDS[unit] for word, unit in LONG_NAMES.items() if unit in SECONDS}}
IN_VALUES: Mapping[str, Factor] = {
    **{letter + "i": 1024**power for power, letter in enumerate("KMGTP", 1)},
    "PB": 1000**5,
    "PiB": 1024**5,
}
"""Units of sizes that only logs write, as Kubernetes' `2Gi`."""
BYTES_OF = {**BYTES, **IN_VALUES, **{word: BYTES[unit] for word, unit in LONG_NAMES.items() if unit in BYTES}}

ISO_DURATION = regex(r"P(?=.)(?:([0-9]+)D)?(?:T(?=.)(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:[.,][0-9]{1,9})?)S)?)?")
"""ISO 8601, Java's Duration: `PT1.5S`, `P1DT2H`. Years and months have no one length."""
CLOCK = regex(r"(?:([0-9]{1,8})\.)?([0-9]{1,8}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,9})?)")
"""Hours, minutes and seconds, behind .NET's days and a point: `00:00:01.5`, `1.02:03:04`. `01:30` may begin with either."""
NUMBER = regex(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
GROUPED = regex(r"[+-]?[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+\.[0-9]+|(?:,[0-9]{3}){2,})")
TERM = regex(r" ?([0-9]+(?:\.[0-9]+)?|[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+\.[0-9]+|(?:,[0-9]{3}){2,})) ?([A-Za-zµμ]+)")
MOST_OF_A_QUANTITY = 64
MOST_DIGITS = 2048
FINEST = -400
"""A number with no digit before this place behind the point is not computed, only known to be too fine."""
NOT_A_NUMBER, NOT_A_SIZE, TOO_LARGE, TOO_FINE = "not-a-number", "not-a-size", "too-large", "too-fine"
NOT_A_TIME, NO_UNIT = "not-a-time", "no-unit"
"""Why a value is not read, or not all of it."""
OF_DURATION = regex(
    r"(?:.*[_.\-])?(?:duration|latency|elapsed|took|time|wait)(?:_?(?:s|ms|us|ns|seconds|millis))?"
    r"|.*(?:Duration|Latency|Elapsed|Time)(?:Ms|Us|Ns|Millis|Seconds)?|T[qwcrRtda]"
)
"""Names of fields that hold how long something took; those of HAProxy's timers too. In them -1 means: never measured."""


class Unit(Struct, frozen=True):
    """How the numbers of a field are read.

    kind: which units they may have, "" for any. power, times: a number without a unit is divided by 10**`power` and
    multiplied by `times`. lists: whether nginx's lists of upstream servers are added up. measured: whether -1 means absent.
    unknown: whether nothing shows the unit, so that only 0 and numbers with a unit of their own are read.
    """

    kind: Kind = ""
    power: int = 0
    times: int = 1
    lists: bool = False
    measured: bool = False
    unknown: bool = False


UNKNOWN_POWER = -1
"""In place of the power of ten of a unit that nothing shows."""
ANY = Unit()
NAMED: Mapping[str, Unit] = {
    **{name: Unit("duration", power, measured=True) for name, power in {"ns": 9, "us": 6, "ms": 3, "s": 0}.items()},
    **{name: Unit("duration", times=int(SECONDS[name]), measured=True) for name in ("m", "min", "h", "d")},
    **{name: Unit("size", times=int(factor)) for name, factor in BYTES.items()},
}
"""What a number without a unit is, if its unit has this name."""


def unit_named(name: str) -> Unit | None:
    """Return how numbers are read whose unit has a name, None for an unknown one.

    >>> unit_named("ms").power, unit_named("seconds").power, unit_named("KiB").times, unit_named("miles")
    (3, 0, 1024, None)
    """
    return NAMED.get(name) or NAMED.get(LONG_NAMES.get(name, "us" if name in {"µs", "μs"} else ""))


def unit_of(name: str, power: int = 0) -> Unit:
    """Return how the numbers of a field are read, by its name."""
    if name == "bytes":
        return Unit("size", power)
    of_upstream = "upstream" in name
    is_standard = name == "duration" or name.endswith("_duration")
    measured = is_standard or OF_DURATION.fullmatch(name) is not None
    unknown, power = power == UNKNOWN_POWER, max(power, 0)
    lists = of_upstream or name == "duration"
    return Unit("duration" if is_standard else "", power, lists=lists, measured=measured, unknown=unknown)


def amount(text: str, unit: Unit) -> Fraction | str | None:
    """Return one number, with its unit if it has one, exactly; the reason why it is not a number; or None for no value.

    >>> amount("1.5 ms", ANY), amount("1,260.403", ANY), amount("2KiB", ANY), amount("0,250", ANY)
    (Fraction(3, 2000), Fraction(1260403, 1000), Fraction(2048, 1), 'not-a-number')
    >>> amount("2KiB", unit_of("duration")), amount("-1", unit_of("duration"))
    ('not-a-number', None)
    """
    if GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not NUMBER.fullmatch(text):
        found = quantity(text, unit.kind)
        if found is None and unit.kind != "size":
            found = written_duration(text)
        return NOT_A_NUMBER if found is None else found
    number = Decimal(text)
    if number and number.adjusted() >= MOST_DIGITS:
        return TOO_LARGE
    if number and number.adjusted() < FINEST:
        return Fraction(1, 10**-FINEST) if number > 0 else Fraction(-1, 10**-FINEST)
    if unit.measured and number == -1:
        return None
    if unit.unknown and number:
        return NO_UNIT
    # A Decimal holds its text exactly, but arithmetic would round it to 28 digits, or overflow.
    return Fraction(number) * unit.times / 10**unit.power if number else Fraction(0)


def written_duration(text: str) -> Fraction | None:
    """Return a duration as ISO 8601 or a clock has it, in seconds.

    >>> written_duration("PT1M1.5S"), written_duration("1.00:00:01"), written_duration("10:00")
    (Fraction(123, 2), Fraction(86401, 1), None)
    """
    match = (ISO_DURATION.fullmatch(text) or CLOCK.fullmatch(text)) if len(text) <= MOST_OF_A_QUANTITY else None
    if not match:
        return None
    parts: list[Fraction] = [Fraction((part or "0").replace(",", ".")) for part in match.groups()]
    total: Fraction = Fraction(0)
    factors: tuple[int, ...] = (86_400, 3600, 60, 1)
    for part, factor in zip(parts, factors, strict=True):
        total += part * factor
    return total


def quantity(text: str, kind: Kind) -> Fraction | None:
    """Return a number with a unit in seconds or bytes; of a duration several, the largest unit first: `1h2m3.5s`, `1m 30s`."""
    if len(text) > MOST_OF_A_QUANTITY:
        return None
    digits = text.removeprefix("-").removeprefix("+") if text[1:2].isdigit() else text
    terms, at = [], 0
    while at < len(digits) and (match := TERM.match(digits, at)) and not (at == 0 and digits[0] == " "):
        terms.append((match[1].replace(",", ""), match[2]))
        at = match.end()
    if not terms or at < len(digits):
        return None
    if kind != "duration" and len(terms) == 1 and terms[0][1] in BYTES_OF:
        found = Fraction(terms[0][0]) * BYTES_OF[terms[0][1]]
    elif kind != "size" and all(unit in SECONDS_OF for _, unit in terms):
        factors = [SECONDS_OF[unit] for _, unit in terms]
        if any(factor <= following for factor, following in pairwise(factors)):
            return None
        found = sum((Fraction(number) * factor for (number, _), factor in zip(terms, factors, strict=True)), Fraction(0))
    else:
        return None
    return -found if text.startswith("-") else found
