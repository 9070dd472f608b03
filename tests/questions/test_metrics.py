"""Metrics: what their names mean, what they need measured, and which texts are refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from logproc.model.errors import UsageError
from logproc.questions.metrics import KNOWN, VISITOR, Metric, Need, parse_metric, parse_metrics


@pytest.mark.parametrize("name", ["count", "bytes", "rate"])
def test_what_every_key_has_needs_nothing(name: str) -> None:
    """Counts, bytes and rates come with every key."""
    assert parse_metric(name) == Metric(name, name)


@pytest.mark.parametrize(
    ("name", "function", "kind"),
    [
        ("mean:duration", "mean", "totals"),
        ("min:duration", "min", "totals"),
        ("max:duration", "max", "totals"),
        ("sum:duration", "sum", "totals"),
        ("uniques:duration", "uniques", "uniques"),
        ("p95:duration", "quantile", "buckets"),
    ],
)
def test_a_function_of_a_field_needs_its_measure(name: str, function: str, kind: str) -> None:
    """Means, sums and extremes share one measure, percentiles and distinct values have their own."""
    metric = parse_metric(name)
    assert metric.need is not None
    assert (metric.function, metric.need.kind, metric.need.field) == (function, kind, "duration")


@pytest.mark.parametrize(
    ("name", "per_mille"), [("p0:x", "0"), ("p5:x", "50"), ("p99.9:x", "999"), ("p99.999:x", "999.99"), ("p100:x", "1000")]
)
def test_a_percentile_is_from_0_to_100(name: str, per_mille: str) -> None:
    """A percentile may have three decimals, and its quantile is exactly what was written."""
    assert parse_metric(name).quantile == Fraction(per_mille) / 1000


@pytest.mark.parametrize("field", ["shape(message)", "net:24", "req.headers.host", "hour"])
def test_a_field_is_all_that_stands_behind_the_first_colon(field: str) -> None:
    """Everything after the first colon is the field, so computed and nested fields work."""
    assert parse_metric(f"uniques:{field}").need == Need("uniques", field)


def test_visitors_are_distinct_clients_with_their_agents() -> None:
    """The metric `visitors` needs two fields as one."""
    assert parse_metric("visitors") == Metric("visitors", "uniques", Need("uniques", VISITOR))


@pytest.mark.parametrize(
    ("name", "what", "hint"),
    [
        ("mean", "needs a field", "write mean:duration"),
        ("p95", "needs a field", "write p95:duration"),
        ("p95:", "needs a field", "write p95:duration"),
        ("uniques:", "needs a field", "write uniques:client"),
        ("p101:bytes", "is unknown", KNOWN),
        ("p:bytes", "is unknown", KNOWN),
        ("p9.1234:bytes", "is unknown", KNOWN),
        ("median:bytes", "is unknown", "write p50:bytes"),
        ("avg:bytes", "is unknown", "write mean:bytes"),
        ("AVG:bytes", "is unknown", "write mean:bytes"),
        ("P95:bytes", "is unknown", "write p95:bytes"),
        ("avg(bytes)", "is unknown", "write mean:bytes"),
        ("distinct:client", "is unknown", "write uniques:client"),
        ("unique", "is unknown", "write uniques:client"),
        ("count:bytes", "is unknown", "did you mean 'count'?"),
        ("visitors:x", "is unknown", "did you mean 'visitors'?"),
        ("visitor", "is unknown", "did you mean 'visitors'?"),
        ("COUNT", "is unknown", "did you mean 'count'?"),
        ("", "is unknown", KNOWN),
    ],
)
def test_what_is_not_a_metric_is_refused(name: str, what: str, hint: str) -> None:
    """The error repeats the text, and suggests the metric probably meant or lists all."""
    with pytest.raises(UsageError) as caught:
        parse_metric(name)
    assert (caught.value.what, caught.value.hint.removeprefix("known are ")) == (f"--metric {name!r} {what}", hint)


def test_several_metrics_stand_between_commas() -> None:
    """They keep their order; blanks and empty parts are ignored, and repeated ones are shown once."""
    assert [metric.name for metric in parse_metrics(" p95:bytes, count,, p95:bytes ,visitors")] == [
        "p95:bytes",
        "count",
        "visitors",
    ]
    assert parse_metrics("") == ()
