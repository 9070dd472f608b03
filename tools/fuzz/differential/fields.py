"""Fields of a record as keys, and the addresses and numbers in them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from math import floor

from tools.fuzz.differential.model import EPOCH, Moment, Record
from tools.fuzz.differential.values import AGENTS, BOTS, FAMILIES, SHAPES, WEEKDAYS

SCALE = ("trace", "debug", "info", "notice", "warning", "error", "critical")
LEVELS = {
    word: level
    for level, words in {
        "trace": "TRACE V VRB T TRC TRAC trce 10",
        "debug": "DEBUG D DBG DEBU debug dbug 7 20 .",
        "info": "INFO I INF info Info System Note LOG 6 30 -",
        "notice": "NOTICE notice Notice N 5 *",
        "warning": "WARN WARNING WRN W warn warning Warning 4 40 #",
        "error": "ERROR SEVERE ERR ERRO E error Error fail 3 50",
        "critical": "CRITICAL FATAL FTL FATA Fatal ALERT PANIC F A S C crit critical alert emerg 0 1 2 60",
    }.items()
    for word in words.split()
}
"""What the words, letters, numbers and signs that the logs hold mean."""
UNITS_S = {"minute": 60, "hour": 3600, "day": 86_400}
LATENCIES = {
    "1.5ms": Fraction(3, 2000),
    "250ms": Fraction(1, 4),
    "2s": Fraction(2),
    "1m1.5s": Fraction(123, 2),
    "7us": Fraction(7, 10**6),
}
"""Durations as Go writes them, in seconds."""
SIZES = {"1.5KiB": Fraction(1536), "12KB": Fraction(12_000)}
"""Sizes with a unit, in bytes."""
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?")
LIST = re.compile(", | : ")
NANO = 10**9
IPV6 = re.compile(r"[0-9A-Fa-f]+(?::[0-9A-Fa-f]+)*::(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+)*)?|::1\b")
WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def bare(text: str) -> str:
    match = WITH_PORT.fullmatch(text)
    return match[1] or match[2] if match else text


def address(text: str) -> Address | None:
    """Return an address, that of IPv4 if it is one written as IPv6."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def hidden(text: str) -> str:
    found = address(bare(text))
    if found is None:
        return "(name)"
    return network(found, 24 if found.version == 4 else 48).partition("/")[0]


def network(found: Address, bits: int) -> str:
    return str(ipaddress.ip_network((found, bits), strict=False))


def levels_of(word: str | None, *, priority: bool = False) -> dict[str, str]:
    """Return the fields of what a log has as its level, none if it has nothing. priority: whether it is a priority of syslog.

    `-` means no text wherever it is, so that sign of Redis is a level only.
    """
    if word is None:
        return {}
    level = LEVELS.get(str(int(word) % 8) if priority else word)
    return ({} if word == "-" else {"raw_level": word}) | ({"level": level} if level else {})


def number_of(text: str | None, name: str = "", power: int = 0) -> Fraction | None:
    """Return a text as a number, exactly, in seconds or bytes if it has a unit. power: of the unit where the text has none."""
    known = {**({} if name == "bytes" else LATENCIES), **({} if name == "duration" else SIZES)}
    if text in known:
        return known[text]
    return Fraction(text) / 10**power if text and NUMBER.fullmatch(text) else None


def number(text: str | None, name: str = "", power: int = 0) -> Fraction | None:
    """Return a number in billionths, further digits cut off; of a list of durations, as nginx writes it, the sum."""
    parts = LIST.split(text or "") if name == "duration" else [text]
    found = [number_of(part, name, power) for part in parts if part not in {"", "-"}]
    if not found or None in found:
        return None
    return Fraction(int(sum(filter(None, found), Fraction(0)) * NANO), NANO)


def same_address(text: str, wanted: str) -> bool:
    if text == wanted:
        return True
    found = address(text)
    if found is None:
        return False
    if "/" not in wanted:
        return found == address(wanted)
    front, _, bits = wanted.partition("/")
    inside = ipaddress.ip_network((front, int(bits)), strict=False)
    if isinstance(inside, ipaddress.IPv6Network) and inside.network_address.ipv4_mapped and inside.prefixlen >= 96:
        inside = ipaddress.ip_network((str(inside.network_address.ipv4_mapped), inside.prefixlen - 96), strict=False)
    return found.version == inside.version and found in inside


def local(moment: Moment, zone: tzinfo) -> datetime:
    return (EPOCH + timedelta(seconds=floor(moment))).astimezone(zone).replace(tzinfo=None)


def iso(moment: Moment) -> str:
    """Return the second that a moment is in."""
    return local(moment, UTC).isoformat() + "Z"


def field(name: str, record: Record, zone: tzinfo) -> str | None:
    """Return a field of a record as a key, None if the record does not have it."""
    if name in {*UNITS_S, "weekday"}:
        if record.time is None:
            return None
        at = local(record.time, zone)
        if name == "weekday":
            return WEEKDAYS[at.weekday()]
        if name == "day":
            return f"{at:%Y-%m-%d}"
        at = at.replace(second=0) if name == "minute" else at.replace(second=0, minute=0)
        return at.isoformat() + ("Z" if zone is UTC else "")
    if name in record.texts:
        return record.texts[name]
    if name in record.numbers:
        return plain(record.numbers[name])
    return derived(name, record.texts)


def plain(value: Fraction) -> str:
    """Return a number of billionths as text, without zeros at the end."""
    nanos = int(value * 10**9)
    digits = f"{abs(nanos) // 10**9}.{abs(nanos) % 10**9:09}".rstrip("0").rstrip(".")
    return f"-{digits}" if nanos < 0 else digits


def derived(name: str, texts: Mapping[str, str]) -> str | None:
    if name == "status_class":
        status = texts.get("status", "")
        return f"{status[0]}xx" if re.fullmatch("[1-5][0-9][0-9]", status) else None
    if name == "bot":
        agents = {agent.decode("utf-8", "backslashreplace"): kind for agent, kind in BOTS.items()}
        return agents.get(texts.get("user_agent", ""), "unknown")
    if name in FAMILIES:
        known = dict(zip([agent.decode() for agent in AGENTS[:3]], FAMILIES[name], strict=True))
        return known.get(texts["user_agent"], "Other") if "user_agent" in texts else None
    if name == "shape(path)":
        return SHAPES.get(texts["path"], texts["path"]) if "path" in texts else None
    if name == "ext":
        last = texts.get("path", "").rpartition("/")[2].partition(";")[0]
        stem, _, extension = last.rpartition(".")
        return extension.lower() if stem and re.fullmatch("[0-9A-Za-z]{1,10}", extension) else None
    if name.startswith("net:"):
        bits = int(name.removeprefix("net:"))
        found = address(bare(texts.get("client", "")))
        return network(found, bits) if found and (bits <= 32) == (found.version == 4) else None
    return None
