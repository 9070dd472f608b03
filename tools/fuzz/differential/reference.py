"""The answer to a question, computed in the slowest and plainest way: one record at a time, with no code of logproc.

`answer` returns what the program's JSON report should say. A percentile is a `Near`: the report may be 1 % off.
"""

from __future__ import annotations

import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from fractions import Fraction
from typing import Any

from tools.fuzz.differential.fields import (
    IPV6,
    SCALE,
    UNITS_S,
    address,
    bare,
    field,
    hidden,
    iso,
    number,
    number_of,
    same_address,
)
from tools.fuzz.differential.model import Line, Log, Record, shown
from tools.fuzz.differential.questions import Filter, Question

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MEASURED = ("status", "bytes", "duration")
"""The fields that are compared as numbers whatever is on the other side."""
WITH_ADDRESSES = ("forwarded_for", "message", "referrer", "host", "target", "path", "query")
IPV4 = re.compile(r"([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})\.[0-9]+")
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Near:
    """A number that may be 1 % off, None if there is none."""

    value: Fraction | None

    def __eq__(self, other: object) -> bool:
        if self.value is None or other is None or not isinstance(other, int | float):
            return self.value is other
        return abs(Fraction(other) - self.value) <= abs(self.value) * Fraction(1001, 100_000)

    __hash__ = None  # type: ignore[assignment]


def answer(logs: Sequence[Log], question: Question) -> Answer:
    """Return the accounts, the totals and the panels of a run over some logs."""
    accounts, rejects, records, sized = [], [], [], False
    for log in logs:
        account, rejected, found = accounted(log, question)
        accounts.append(account)
        rejects.append(rejected)
        sized = sized or any(record.sized for record in found)
        records += [record for record in (prepared(record, question) for record in found) if selected(record, question)]
    times = [record.time for record in records if record.time is not None]
    span_s = math.floor(max(times)) - math.floor(min(times)) if times else 0
    return {
        "account": {name: sum(account[name] for account in accounts) for name in accounts[0]},
        "sources": accounts,
        "rejects": rejects,
        "totals": {
            "bytes": sum(int(record.numbers.get("bytes", 0)) for record in records if record.sized or sized),
            "malformed_requests": sum(record.malformed for record in records),
        },
        "time": {"first": min(map(iso, times), default=None), "last": max(map(iso, times), default=None)},
        "panels": {name: panel(view, records, question, span_s, sized=sized) for name, view in panels_of(question).items()},
    }


def accounted(log: Log, question: Question) -> tuple[dict[str, int], list[int], list[Record]]:
    """Return the account of a log, the numbers of its rejected lines, and its records, also those that a filter leaves out."""
    account = dict.fromkeys(("lines", "records", "rejected", "blank", "filtered", "continuation"), 0)
    rejected, records, opened = [], [], False
    further, begun = "continuation", 0  # where further lines are counted; how many bytes ago the record began
    for at, line in enumerate(log.lines, 1):
        account["lines"] += 1
        begun += len(line.content) + 1
        if line.opens:
            further, begun = "continuation", len(line.content) + 1
        if len(line.content) > question.max_line_bytes:
            account["rejected"] += 1
            rejected.append(at)
            further = "continuation"  # lines behind a rejected one go on with that
            continue
        if line.record:
            behind = further_lines(log.lines[at - 1 :], question.max_line_bytes) if log.multi_line else ""
            record = replace(line.record, further=behind)
            records.append(record)
            kept = selected(prepared(record, question), question)
            account["records" if kept else "filtered"] += 1
            further = "continuation" if kept else "filtered"
        elif line.kind == "misfit" and log.multi_line and opened:
            seen = begun - len(line.content) - 1 < question.max_line_bytes
            account[further if seen else "continuation"] += 1
        elif line.kind in {"blank", "directive"}:
            account["blank" if line.kind == "blank" else "continuation"] += 1
        else:
            account["rejected"] += 1
            rejected.append(at)
            further = "continuation"
        opened = opened or line.opens
    return account, rejected, records


def further_lines(lines: Sequence[Line], max_line_bytes: int) -> str:
    """Return the further lines of the record in the first of some lines, as far as they belong to it."""
    found, begun = [], len(lines[0].content) + 1
    for line in lines[1:]:
        if line.opens or line.kind not in {"misfit", "blank"} or max(begun, len(line.content) + 1) > max_line_bytes:
            break
        found.append((line.kind, line.content))
        begun += len(line.content) + 1
    while found and found[-1][0] == "blank":
        found.pop()
    return "\n".join(shown(content).replace("\\x09", "\t") for _, content in found)


def prepared(record: Record, question: Question) -> Record:
    texts = dict(record.texts)
    if question.forwarded and "forwarded_for" in texts:
        entries = [bare(entry.strip(" ")) for entry in texts["forwarded_for"].split(",")]
        if first := next(filter(address, entries), None):
            texts["client"] = first
    if (client := texts.get("client")) is not None and (found := address(bare(client))):
        texts["client"] = str(found)  # in one spelling
    if question.anonymous:
        if "client" in texts:
            texts["client"] = hidden(texts["client"])
        for name in WITH_ADDRESSES:
            if name in texts:
                texts[name] = IPV6.sub(lambda match: hidden(match[0]), IPV4.sub(r"\1.0", texts[name]))
    return replace(record, texts=texts)


def selected(record: Record, question: Question) -> bool:
    time = record.time
    if question.since is not None and (time is None or time < question.since):
        return False
    if question.until is not None and (time is None or time >= question.until):
        return False
    return question.where is None or holds(question.where, record, question.zone)


def holds(node: Filter, record: Record, zone: tzinfo) -> bool:
    if node.kind in {"and", "or"}:
        results = [holds(part, record, zone) for part in node.parts]
        return all(results) if node.kind == "and" else any(results)
    if node.kind == "not":
        return not holds(node.parts[0], record, zone)
    value = time_or_field(node.field, record, zone, node.values[0] if node.values else None)
    if node.kind in {"absent", "present"}:
        has = value is not None or (node.field in record.numbers) or field(node.field, record, zone) is not None
        if node.field in MEASURED[1:]:  # what is not a number is neither a duration nor a size
            has = node.field in record.numbers
        return has == (node.kind == "present")
    if value is None:
        return False
    if node.field in {"client", "forwarded_for"}:
        hit = any(same_address(value, wanted) for wanted in node.values)
        return hit != (node.kind in {"!=", "not in"})
    if node.kind in {"in", "not in"}:
        return (value in node.values) == (node.kind == "in")
    wanted = node.values[0]
    searched = f"{value}\n{record.further}" if node.field == "message" and record.further else value
    if node.kind.endswith("contains"):
        return (wanted in searched) == (node.kind == "contains")
    if node.kind in {"=~", "!~"}:
        lines = re.MULTILINE if node.field == "message" else 0
        return bool(re.search(wanted, searched, re.ASCII | lines)) == (node.kind == "=~")
    if isinstance(value, str):
        return ORDERS[node.kind](value.encode(), wanted.encode())
    return ORDERS[node.kind](value, wanted)


def time_or_field(name: str, record: Record, zone: tzinfo, wanted: Any) -> Any:
    """Return a field as what it is compared with: a moment, a number or a text; None if it is not there or not one."""
    if name == "time":
        return record.time
    if name in record.numbers:
        return record.numbers[name] if not isinstance(wanted, str) else None
    if isinstance(wanted, Fraction):
        return None if name in MEASURED[1:] else number_of(record.texts.get(name), name)
    if name == "level" and wanted is not None:
        return SCALE.index(record.texts[name]) if name in record.texts else None
    return field(name, record, zone)


@dataclass(frozen=True, slots=True)
class View:
    """A panel. whole: with all its rows. metrics: of each row. sort: the metric to sort by, None for the usual order.

    usual: whether it is one of those without `--by`, which is left out where no record has its fields.
    visits: whether only records with a client count.
    """

    by: tuple[str, ...]
    metrics: tuple[str, ...]
    sort: str | None
    order: str | None
    whole: bool = False
    usual: bool = False
    visits: bool = False


USUAL_WHOLE = (("hour",), ("status",), ("method",), ("protocol",), ("level",), ("hour", "level"))
USUAL = ("logger", "program", "path", "client", "forwarded_for", "user", "host", "referrer", "user_agent")
"""The panels without `--by`, but for the shapes of messages."""


def panels_of(question: Question) -> dict[str, View]:
    metrics, sort, order = tuple(shown_metrics(question)), question.sort, question.order
    found = {",".join(by): View(tuple(by), metrics, sort, order) for by in question.by}
    if not question.by:
        if question.metrics or (sort and sort in metrics):
            found["total"] = View((), metrics, sort, order)
        of_sort = (sort,) if sort and sort in metrics else ()
        for by in USUAL_WHOLE:
            timed = by[0] == "hour"
            found[",".join(by)] = View(
                by, () if timed else of_sort, None if timed else sort, None if timed else order, True, True
            )
        found |= {name: View((name,), of_sort, sort, order, usual=True) for name in USUAL}
    if question.visitors:
        found["visitors_by_day"] = View(("day", "bot"), ("visitors",), None, None, whole=True, visits=True)
        found["visitors"] = View(("bot",), ("visitors",), None, None, whole=True, visits=True)
    return found


def shown_metrics(question: Question) -> list[str]:
    """Return the metrics of each row: those asked for, and the one that rows are sorted by."""
    names = [*question.metrics, *([question.sort] if question.sort and question.sort != "key" else [])]
    return [name for name in dict.fromkeys(names) if name not in {"count", "bytes"}]


def panel(view: View, records: Sequence[Record], question: Question, span_s: int, *, sized: bool) -> Answer:
    by, groups = view.by, defaultdict[tuple[str, ...], list[Record]](list)
    if not by:
        groups[()] = []
    for record in records:
        if view.visits and "client" not in record.texts:
            continue
        key = tuple(text for name in by if (text := field(name, record, question.zone)) is not None)
        if len(key) == len(by):
            groups[key].append(record)
    seconds = min((UNITS_S[name] for name in by if name in UNITS_S), default=span_s)
    taken = {"count", "bytes", *view.metrics, *(["status_number"] if "status" in by else [])}
    rows = []
    for key, members in groups.items():
        row: Answer = {f"by:{name}" if name in taken else name: text for name, text in zip(by, key, strict=True)}
        row["count"] = len(members)
        row["bytes"] = sum(int(member.numbers.get("bytes", 0)) for member in members) if sized else None
        if "status" in by:
            text = key[by.index("status")]
            row["status_number"] = int(text) if len(text) == 3 and text.isascii() and text.isdigit() else None
        row |= {name: metric(name, members, question.zone, seconds) for name in view.metrics if name not in row}
        rows.append((key, row, exact_metric(view.sort, members, question.zone)))
    found = {"by": list(by), "distinct": len(rows), "rows": ordered(rows, view, question.top)}
    return found | {"usual": view.usual}


def ordered(rows: list[tuple[tuple[str, ...], Answer, Any]], view: View, top: int) -> list[Answer]:
    """Return the rows in their order, as many as are shown. Rows without a number come last."""
    descending = view.order == "desc" or (view.order is None and view.sort != "key")
    rows.sort(key=lambda item: tuple(part.encode() for part in item[0]))
    if view.sort is None and view.by and view.by[0] in UNITS_S:
        return [row for _, row, _ in (rows[::-1] if view.order == "desc" else rows)]
    if view.sort == "key":
        rows = rows[::-1] if descending else rows
    else:
        rows.sort(key=lambda item: (item[2] is None, 0 if item[2] is None else -item[2] if descending else item[2]))
    return [row for _, row, _ in rows[: len(rows) if view.whole or not top else top]]


def values_of(name: str, records: Sequence[Record]) -> list[Fraction]:
    """Return the numbers that a field has, in the order of their size."""
    found = []
    for record in records:
        value = record.numbers.get(name)
        if value is None and name in record.texts:
            value = number(record.texts[name], name)
        if value is not None:
            found.append(value)
    return sorted(found)


def exact_metric(name: str | None, records: Sequence[Record], zone: tzinfo) -> Any:
    """Return what rows are sorted by, exactly."""
    function, _, what = (name or "count").partition(":")
    if function in {"count", "rate", "key"}:
        return len(records)
    if function == "bytes":
        return sum(int(record.numbers.get("bytes", 0)) for record in records)
    if function == "visitors":
        return len(
            {(record.texts["client"], record.texts.get("user_agent", "-")) for record in records if "client" in record.texts}
        )
    if function == "uniques":
        return len({text for record in records if (text := field(what, record, zone)) is not None})
    values = values_of(what, records)
    if not values:
        return 0 if function == "uniques" else None
    if function == "sum":
        return sum(values)
    if function == "mean":
        return sum(values) / len(values)
    if function in {"min", "max"}:
        return values[0] if function == "min" else values[-1]
    return values[max(1, math.ceil(Fraction(function[1:]) / 100 * len(values))) - 1]


def metric(name: str, records: Sequence[Record], zone: tzinfo, seconds: int) -> Any:
    """Return a metric as the JSON report writes it: rates with six digits, means with fifteen."""
    if name == "rate":
        return float(f"{len(records) / seconds:.6g}") if seconds else None
    value = exact_metric(name, records, zone)
    function = name.partition(":")[0]
    if function[0] == "p":
        return Near(value)
    if function == "mean" and value is not None:
        return float(f"{float(value):.15g}")
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value
