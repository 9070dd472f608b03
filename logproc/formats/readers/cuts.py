r"""Where the groups of an expression are in lines that fit it, found without capturing: that takes most of RE2's time.

Many an expression can fit a line in one way only. Where no byte of a unit can begin what follows it, the unit ends before
the first such byte; where its width is fixed, that tells. The same goes backwards, from the end of the line. So one unit
may hold any bytes: it is what the others leave.

    (?P<time>\S+ \S+) (?P<level>[A-Z]+) (?P<message>.*) \((?P<status>\d{3}) in [\d.]+ s\)
    └ each up to a blank ────────────→  └ the rest ──┘ ←──────────── from the end ─────┘

RE2 says which lines fit, which it does fast without groups. In these the boundaries between units are found by searches for
single bytes, in all lines at once, and no byte is copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache, reduce
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.lines import Lines, blocks
from logproc.formats.columns.slices import Slices, places
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask, Positions

WHOLE = regex(r"\(\?s\)\^\(\?:(.*)\)\$", re.DOTALL)
TOKEN = regex(
    r"""
    (?P<open>  \((?:\?P<(?P<name>\w+)>|\?:)? )
    | (?P<atom> \\x[0-9A-Fa-f]{2} | \\[dDsSwWtnrf] | \\[!-/:-@\[-`{-~] | \[\^?\]?(?:\\.|\[:\^?\w++:\]|[^\]\\])*+\]
        | [^\\\[\](){}|*+?^$] )
    | (?P<other> [|)$] )
    """,
    re.VERBOSE | re.ASCII,
)
REPEAT = regex(r"(?:[*+?]|\{(?P<least>\d+)(?P<comma>,(?P<most>\d*))?\})(?P<lazy>\??)", re.ASCII)
ANY = frozenset(range(256))
FEW = 4
"""So many bytes are compared with one by one; more are looked up in a table, which takes longer."""
LINES_AT_ONCE = 1 << 13
STEPS = 16
"""A run that may end at more bytes is followed so many bytes far: it is usually the blanks between two columns."""


class Unit(Struct, frozen=True):
    """A part of an expression: the bytes that may be in it, and how many; `most` is None for any number.

    is_choice: whether it is one byte that is taken where it is there, `x?`.
    """

    bytes: frozenset[int]
    least: int
    most: int | None
    is_choice: bool = False


class Step(Struct, frozen=True):
    """How a unit is passed: by its width, up to one of the `marks`, or over one byte if that is one of `skipped`.

    bytes: those that may be in it. width: from the end of a line on, how many bytes lie between the mark and the unit.
    """

    bytes: frozenset[int]
    width: int = 0
    marks: frozenset[int] = frozenset()
    skipped: frozenset[int] = frozenset()

    @property
    def is_fixed(self) -> bool:
        return not self.marks and not self.skipped

    def end(self, marks: Marks, at: Positions, ends: Positions) -> Positions:
        """Return where units end that begin at some places. ends: of their lines."""
        if self.skipped:
            at, inside = at.copy(), numpy.flatnonzero(at < ends)
            at[inside] += is_one_of(marks.data[at[inside]], self.skipped)
            return at
        if len(self.marks) <= FEW:
            return marks.up_to(self.marks, at, ends)
        at, left = at.copy(), numpy.arange(len(at))
        for _ in range(STEPS):
            left = left[at[left] < ends[left]]
            left = left[~is_one_of(marks.data[at[left]], self.marks)]
            if not len(left):
                return at
            at[left] += 1
        found = marks.places(self.marks)
        at[left] = numpy.minimum(found[numpy.searchsorted(found, at[left])], ends[left])
        return at

    def start(self, marks: Marks, at: Positions) -> Positions:
        """Return where units begin that end at some places."""
        found = marks.places(self.marks)
        return found[numpy.searchsorted(found, at) - 1] + numpy.int32(1 + self.width)


class Cuts(Struct, frozen=True):
    """The boundaries between the units of an expression, numbered from 0, which is before the first unit.

    forward: how each unit in front of the one of any bytes is passed. backward: each behind that one, from the last one on.
    groups: the numbers of the boundaries around each group that can be found.
    """

    forward: Sequence[Step]
    backward: Sequence[Step]
    groups: Mapping[str, tuple[int, int]]

    def slices(self, lines: Lines, which: Integers, names: Collection[str]) -> dict[str, Slices]:
        """Return where some groups are in some lines, all of which fit the expression."""
        front, last = len(self.forward), len(self.forward) + len(self.backward) + 1
        marks, ends = Marks(lines.data), lines.ends[which]
        bounds = {0: lines.starts[which], last: ends}
        needed = {bound for name in names for bound in self.groups[name]} - bounds.keys()
        at, ahead = bounds[0], 0  # fixed widths are added up, and to the places only where these are needed
        for bound, step in enumerate(self.forward[: max((bound for bound in needed if bound <= front), default=0)], 1):
            if step.is_fixed:
                ahead += step.width
            else:
                at, ahead = step.end(marks, moved(at, ahead), ends), 0
            marks.pass_by(step)
            if bound in needed:
                bounds[bound] = at = moved(at, ahead)
                ahead = 0
        at, ahead = ends, 0
        behind = last - min((bound for bound in needed if bound > front), default=last)
        for bound, step in enumerate(self.backward[:behind], 1):
            if step.is_fixed:
                ahead -= step.width
            else:
                at, ahead = step.start(marks, moved(at, ahead)), 0
            if last - bound in needed:
                bounds[last - bound] = at = moved(at, ahead)
                ahead = 0
        return {name: Slices(lines.data, *(bounds[bound] for bound in self.groups[name])) for name in names}


def fitting(lines: Lines, which: Integers, fits: Callable[[pyarrow.Array], Mask]) -> Integers:
    """Return which of some lines fit: some at a time, so that their copy is small and still in the processor's cache."""
    parts = [which[start : start + LINES_AT_ONCE] for start in range(0, len(which), LINES_AT_ONCE)]
    found: Integers = numpy.concatenate([which[:0], *(part[fits(lines.texts(part))] for part in parts)])
    return found


def moved(at: Positions, by: int) -> Positions:
    return at + numpy.int32(by) if by else at


class Marks:
    """Where the bytes of some sets are in a text. Each set is searched for once.

    next: of some sets, which of their places is the first one in each line that has not been passed.
    """

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.next: dict[frozenset[int], Integers] = {}
        self._found: dict[frozenset[int], Positions] = {}

    def places(self, of: frozenset[int]) -> Positions:
        if of not in self._found:
            hits = (places(is_one_of(block, of), start) for start, block in blocks(self.data))
            # One more behind the data, for a run that goes on to its end.
            self._found[of] = numpy.concatenate([*hits, numpy.array([len(self.data)], numpy.int32)])
        return self._found[of]

    def up_to(self, of: frozenset[int], at: Positions, ends: Positions) -> Positions:
        """Return the first places from some others on, or the ends of their lines."""
        found = self.places(of)
        if of not in self.next:
            self.next[of] = numpy.searchsorted(found, at)
        ended: Positions = numpy.minimum(found[self.next[of]], ends)
        return ended

    def pass_by(self, step: Step) -> None:
        """Note that all lines have passed a unit. The next places stay known where it is certain which of them are in it."""
        for of in [of for of in self.next if of & step.bytes]:
            if step.bytes <= of and step.is_fixed:
                self.next[of] = self.next[of] + step.width
            else:
                del self.next[of]


def is_one_of(data: Bytes, of: frozenset[int]) -> Mask:
    if len(of) <= FEW:
        found: Mask = reduce(numpy.logical_or, [data == byte for byte in of])
        return found
    table = numpy.zeros(256, bool)
    table[list(of)] = True
    return table[data]


@lru_cache(1 << 8)  # the layouts of logfmt come from the data
def cuts_of(expression: str) -> Cuts | None:
    r"""Return the cuts of an expression of the shape `(?s)^(?:…)$`, None if none of its groups can be found by them.

    >>> cuts_of(r"(?s)^(?:(?P<level>[A-Z]+) (?P<message>.*))$").groups
    {'level': (0, 1), 'message': (2, 3)}
    """
    whole = WHOLE.fullmatch(expression)
    try:
        parser = Parser(whole[1].removeprefix("^") if whole else "")
        parser.read()
    except NotCutError:
        return None
    units = parser.units
    # The last unit in front ends where the line does, unless one before it is of any bytes.
    forward = [*takewhile(bool, (step_over(units[at], units[at + 1 :]) for at in range(len(units) - 1)))]
    backward = [step_back(units[: at + 1]) for at in range(len(units) - 1, len(forward), -1)]
    return Cuts(defined(forward), defined(backward), parser.groups) if parser.groups and all(backward) else None


def defined(steps: Iterable[Step | None]) -> list[Step]:
    return [step for step in steps if step]


def step_over(unit: Unit, rest: Sequence[Unit]) -> Step | None:
    """Return how a unit is passed from its beginning, None if where it ends is not certain. rest: what follows it."""
    if unit.least == unit.most:
        return Step(unit.bytes, unit.least)
    if unit.is_choice and [(other.bytes, other.least, other.most) for other in rest] == [(ANY, 0, None)]:
        return Step(unit.bytes, skipped=unit.bytes)  # what follows takes anything, so a byte that fits is always taken
    following: frozenset[int] = frozenset()
    for other in rest:
        following |= other.bytes
        if other.least:
            break
    return Step(unit.bytes, marks=marks_of(unit.bytes, following)) if following and not following & unit.bytes else None


def step_back(units: Sequence[Unit]) -> Step | None:
    """Return how the last of some units is passed from its end, None if where it begins is not certain."""
    *others, unit = units
    if unit.least == unit.most:
        return Step(unit.bytes, unit.least)
    width, inside = 0, unit.bytes
    for before in reversed(others):  # the fixed ones in front of it may be in one run with it: ` key=value`
        if before.least and not before.bytes & inside:
            return Step(unit.bytes, width, marks_of(inside, before.bytes))
        if before.least != before.most:
            return None
        width += before.least
        inside |= before.bytes
    return None


def marks_of(inside: frozenset[int], beside: frozenset[int]) -> frozenset[int]:
    """Return the bytes that bound a run: those that may be beside it, or all that are not in it, whichever are fewer."""
    return min(beside, ANY - inside, key=len)


class NotCutError(Exception):
    """There is something in an expression that has no place among units."""


class Parser:
    """Reads an expression as a sequence of units. What is repeated, or has a choice in it, is one unit.

    groups: between which of the units those groups are that are not within one.
    """

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.units: list[Unit] = []
        self.groups: dict[str, tuple[int, int]] = {}

    def read(self) -> None:
        """Read the whole expression. Raises NotCutError if that cannot be done."""
        if self.branches() not in {"", "$"} or self.at < len(self.text):
            raise NotCutError

    def branches(self) -> str:
        """Read what is between two brackets, or all, and return what ends it."""
        first, branches = len(self.units), []
        while (end := self.sequence()) == "|":
            branches.append(self.joined(first))
        if branches:
            branches.append(self.joined(first))
            mosts = [unit.most for unit in branches]
            most = None if None in mosts else max(most or 0 for most in mosts)
            least = min(unit.least for unit in branches)
            self.units.append(Unit(frozenset().union(*(unit.bytes for unit in branches)), least, most))
        return end

    def sequence(self) -> str:
        """Read units up to the end of a branch, and return what ends it."""
        while token := TOKEN.match(self.text, self.at):
            self.at, first = token.end(), len(self.units)
            if token["other"]:
                return token[0]
            if token["atom"]:
                self.units.append(Unit(bytes_of(token["atom"]), 1, 1))
            elif self.branches() != ")":
                raise NotCutError
            if repeat := REPEAT.match(self.text, self.at):
                self.at = repeat.end()
                unit = repeated(self.joined(first), repeat, is_atom=bool(token["atom"]))
                self.units.append(unit)
            if token["name"] and not (repeat and repeat[0][0] != "?"):  # of a group that comes again, the last one counts
                self.groups[token["name"]] = (first, len(self.units))
        return ""

    def joined(self, first: int) -> Unit:
        """Take the units from one on away, and the groups among them, and return them as one unit."""
        taken, self.units = self.units[first:], self.units[:first]
        self.groups = {name: bounds for name, bounds in self.groups.items() if bounds[1] <= first}
        mosts = [unit.most for unit in taken]
        most = None if None in mosts else sum(most or 0 for most in mosts)
        return Unit(frozenset().union(*(unit.bytes for unit in taken)), sum(unit.least for unit in taken), most)


def repeated(unit: Unit, repeat: re.Match[str], *, is_atom: bool) -> Unit:
    """Return a unit as often as a repeat says."""
    sign = repeat[0][0]
    least = int(repeat["least"] or sign == "+")
    most = {"*": None, "+": None, "?": 1}[sign] if sign != "{" else int(repeat["most"]) if repeat["most"] else None
    if sign == "{" and not repeat["comma"]:
        most = least
    is_choice = is_atom and (least, most) == (0, 1) and not repeat["lazy"]
    return Unit(
        unit.bytes, unit.least * least, None if None in {unit.most, most} else (unit.most or 0) * (most or 0), is_choice
    )


@cache
def bytes_of(atom: str) -> frozenset[int]:
    """Return the bytes that a character or a class of an expression stands for, as RE2 has it."""
    if not atom.isascii():
        raise NotCutError
    every = pyarrow.array([bytes([byte]) for byte in range(256)], pyarrow.binary())
    try:
        fits = pyarrow.compute.match_substring_regex(every, f"(?s)^(?:{atom})$")
    except pyarrow.ArrowInvalid as error:
        raise NotCutError from error
    return frozenset(numpy.flatnonzero(fits.to_numpy(zero_copy_only=False)).tolist())
