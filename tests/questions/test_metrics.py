"""Metrics: what their names mean, what they need measured, and which texts are refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.errors import UsageError
from logproc.questions.metrics import KNOWN, VISITOR, Metric, Need, parse_metric, parse_metrics, split_outside


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
        ("share", "is unknown", "write share(status >= 500)"),
        ("ratio:status", "is unknown", "write share(status >= 500)"),
        ("peak", "is unknown", "write peak(1s)"),
        ("peak(5)", "needs a length of time", "write peak(1s), peak(1m) or peak(1h)"),
        ("min:time", "is unknown", "write first:time"),
        ("latest:time", "is unknown", "write last:time"),
        ("first:status", "is unknown", "write first:time"),
        ("", "is unknown", KNOWN),
    ],
)
def test_what_is_not_a_metric_is_refused(name: str, what: str, hint: str) -> None:
    """The error repeats the text, and suggests the metric probably meant or lists all."""
    with pytest.raises(UsageError) as caught:
        parse_metric(name)
    assert (caught.value.what, caught.value.hint.removeprefix("known are ")) == (f"--metric {name!r} {what}", hint)


def test_a_share_has_a_filter_of_its_own() -> None:
    """Its fields are needed; a fault in it names the option and the column."""
    metric = parse_metric('share(status in (404, 410) or path == "/a,b")')
    assert metric.need is not None
    assert (metric.function, metric.need.fields, metric.need.required) == ("mean", ("status", "path"), ("status", "path"))
    with pytest.raises(UsageError, match=r"--sort share: status >>: .* at column 9"):
        parse_metric("share(status >>)", "--sort")
    with pytest.raises(UsageError, match="--metric share: is empty"):
        parse_metric("share()")


def test_a_peak_needs_its_stretches_and_a_time_only_itself() -> None:
    """The stretches are those of `--by every(1m)`."""
    assert parse_metric("peak(1m)") == Metric("peak(1m)", "peak", Need("peaks", "every(1m)"))
    assert [parse_metric(f"{end}:time").need for end in ("first", "last")] == [Need("totals", "time")] * 2
    for name in ("mean:time", "p95:time", "sum:time", "uniques:time"):
        with pytest.raises(UsageError, match="a time is a moment"):
            parse_metric(name)


@given(st.lists(st.text(st.sampled_from("ab:1")).map(str.strip), min_size=1, max_size=5))
def test_commas_within_parentheses_and_quotes_separate_nothing(names: list[str]) -> None:
    """Nor do quotes and parentheses within quotes count."""
    for form in ("share({})", 'share(a == "){}(")', "share(`{}` in ('(', ')', \",\"))", "query({})"):
        assert split_outside(",".join([*names, form.format("x,y"), *names])) == [*names, form.format("x,y"), *names]


def test_several_metrics_stand_between_commas() -> None:
    """They keep their order; blanks and empty parts are ignored, and repeated ones are shown once."""
    assert [metric.name for metric in parse_metrics(" p95:bytes, count,, p95:bytes ,visitors")] == [
        "p95:bytes",
        "count",
        "visitors",
    ]
    assert parse_metrics("") == ()
