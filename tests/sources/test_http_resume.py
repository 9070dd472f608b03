"""Going on after a cut: every byte once, and never two versions in one body."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.sources.http import HttpOptions
from tests.sources.http_fetch import fetch
from tests.support.fault_server import Answer, FaultServer, Request, Script, ranged

LOG = b"".join(b"line %d\n" % number for number in range(100))
OTHER = LOG[:200] + LOG[200:].upper()
HALF = 400
OLD, NEW = "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 09:49:37 GMT"


def cut(headers: dict[str, str] | None = None, body: bytes = LOG) -> Answer:
    """Return an answer of which a part arrives."""
    return Answer(body, headers=headers or {}, sent=HALF)


def part(first: int = HALF, *, size: int | str = len(LOG), body: bytes = LOG, **headers: str) -> Answer:
    """Return a 206 that says what the arguments say."""
    told = {"Content-Range": f"bytes {first}-{len(body) - 1}/{size}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return Answer(body[first:], "206 Partial Content", told)


STRONG = {"ETag": '"1"'}
GONE_ON: dict[str, tuple[Script, Script, list[str]]] = {
    "by range": (cut(STRONG), ranged(Answer(LOG)), []),
    "by range of unknown size": (cut(STRONG), part(size="*", ETag='"1"'), []),
    "by date": (cut({"Last-Modified": OLD, "Date": NEW}), part(Last_Modified=OLD), []),
    "range ignored": (cut(STRONG), Answer(LOG, headers=STRONG), ["restarted from 0"]),
    "range ignored, other framing": (cut(STRONG), Answer(LOG, framing="chunked"), ["restarted from 0"]),
    "no validator": (cut(), Answer(LOG), ["restarted from 0"]),
    "weak ETag": (cut({"ETag": 'W/"1"'}), Answer(LOG), ["restarted from 0"]),
    "young date": (cut({"Last-Modified": OLD, "Date": OLD}), Answer(LOG), ["restarted from 0"]),
    "grown": (cut(STRONG, LOG[:500]), Answer(LOG, headers={"ETag": '"2"'}), ["restarted from 0"]),
}


@pytest.mark.parametrize("case", GONE_ON)
def test_a_cut_body_is_gone_on_with(case: str) -> None:
    """After a cut the rest comes, by a range or behind what is known, and no byte comes twice."""
    first, second, events = GONE_ON[case]
    with FaultServer() as server:
        result = fetch(server.on("/log", first, second).url("/log"))
    assert (result.what, result.data, result.bytes_read) == ("", LOG, len(LOG))
    assert result.events == ["retry 1/3 in 1.0 s", *events]
    assert len(server.requests) == 2


VALIDATORS: list[dict[str, str]] = [
    STRONG,
    {"Last-Modified": OLD, "Date": NEW},
    {"ETag": 'W/"1"', "Last-Modified": OLD, "Date": NEW},
    {"Last-Modified": NEW, "Date": NEW},
    {"Last-Modified": OLD},
    {"ETag": '"a\r\n b"'},
    {"ETag": '"a\x1b"'},
    {"Last-Modified": "yesterday", "Date": "today"},
    {},
]


def test_a_range_is_asked_for_one_version() -> None:
    """The range goes with If-Range, and only where a strong validator is known."""
    with FaultServer() as server:
        for number, validators in enumerate(VALIDATORS):
            fetch(server.on(f"/{number}", cut(validators), Answer(LOG)).url(f"/{number}"))
    asked = [(request.headers.get("range"), request.headers.get("if-range")) for request in server.requests[1::2]]
    part_asked = f"bytes={HALF}-"
    assert asked == [(part_asked, '"1"'), (part_asked, OLD), *[(None, None)] * 7]


UNTRUSTED: dict[str, Answer] = {
    "new ETag": part(ETag='"2"'),
    "weak ETag": part(ETag='W/"1"'),
    "no ETag": part(),
    "other start": part(HALF - 1, ETag='"1"'),
    "other size": part(size=len(LOG) + 1, ETag='"1"'),
    "beyond its size": part(size=HALF, ETag='"1"'),
    "no Content-Range": Answer(LOG[HALF:], "206 Partial Content", STRONG),
    "junk Content-Range": Answer(LOG[HALF:], "206 OK", {**STRONG, "Content-Range": "bytes 4oo-"}),
    "length beside the range": replace(part(ETag='"1"'), body=LOG),
    "other coding": part(ETag='"1"', Content_Encoding="gzip"),
    "416 of another size": Answer(b"no\n", "416 No", {"Content-Range": "bytes */7"}),
    "416 without a size": Answer(b"no\n", "416 No"),
}


@pytest.mark.parametrize("case", UNTRUSTED)
@pytest.mark.parametrize("whole", [LOG, OTHER], ids=["same", "changed"])
def test_an_answer_that_is_no_continuation_is_not_used(case: str, whole: bytes) -> None:
    """A part of anything else is thrown away and the whole is asked for; if that has changed, the source is incomplete."""
    with FaultServer() as server:
        server.on("/log", cut(STRONG), UNTRUSTED[case], Answer(whole, headers={"ETag": '"2"'}))
        result = fetch(server.url("/log"))
    assert "changed on server: restarted" in result.events
    assert "range" not in server.requests[2].headers
    assert (result.what, result.data) == (("", LOG) if whole == LOG else ("changed on server", LOG[:HALF]))


@pytest.mark.parametrize("headers", [{"Last-Modified": NEW}, {}], ids=["another date", "no date"])
def test_a_part_is_of_the_date_that_was_asked_for(headers: dict[str, str]) -> None:
    """If the date is the validator, a part with another date or none is not used: If-Range may have been ignored."""
    with FaultServer() as server:
        server.on(
            "/log", cut({"Last-Modified": OLD, "Date": NEW}), replace(part(body=OTHER), headers={**part().headers, **headers})
        )
        result = fetch(server.url("/log"))
    assert "changed on server: restarted" in result.events
    assert (result.data, result.what.partition(" ")[0]) == (LOG[:HALF], "got")


def test_a_body_that_ended_unseen_is_complete() -> None:
    """416 with the size that was read means that the log is complete; the body of the 416 is not part of it."""
    with FaultServer() as server:
        server.on("/log", Answer(LOG, headers=STRONG, framing="chunked", sent=len(LOG) + 6), ranged(Answer(LOG)))
        result = fetch(server.url("/log"))
    assert (result.what, result.data, len(server.requests)) == ("", LOG, 2)


def test_a_part_that_is_cut_is_gone_on_with() -> None:
    """Cut after cut, each range begins where the last one ended; a hundred new bytes give new tries."""
    log = LOG * 3
    with FaultServer() as server:
        cuts = [ranged(Answer(log), sent=100, ending="close")] * 10
        result = fetch(server.on("/log", cut(STRONG, log), *cuts, ranged(Answer(log))).url("/log"), HttpOptions(retries=1))
    assert (result.data, result.waits) == (log, [1.0] * 11)


def test_a_byte_at_a_time_is_no_progress() -> None:
    """A server that cuts after each new byte is given up after the tries: a log of a megabyte would take days."""
    with FaultServer() as server:
        server.on("/log", cut(STRONG), ranged(Answer(LOG), sent=1, ending="close"))
        result = fetch(server.url("/log"), HttpOptions(retries=2))
    assert (result.what, len(result.waits)) == (f"got {HALF + 2} of {len(LOG)} bytes (closed too early)", 2)


def test_a_server_may_send_less_than_was_asked() -> None:
    """A part may end before the whole does; the rest is then requested."""
    with FaultServer() as server:
        short = Answer(LOG[HALF:500], "206 OK", {**STRONG, "Content-Range": f"bytes {HALF}-499/{len(LOG)}"})
        result = fetch(server.on("/log", cut(STRONG), short, ranged(Answer(LOG))).url("/log"))
    assert (result.what, result.data, len(server.requests)) == ("", LOG, 3)


def test_a_part_cannot_lie_behind_its_end() -> None:
    """A part that claims to lie beyond the end does not make the source complete."""
    with FaultServer() as server:
        first = Answer(LOG, headers=STRONG, framing="chunked", piece=HALF, sent=5 + HALF)
        result = fetch(server.on("/log", first, part(size=HALF, ETag='"1"'), Answer(LOG)).url("/log"))
    assert (result.what, result.data, len(server.requests)) == ("", LOG, 3)


def test_a_restart_that_is_cut_is_tried_again() -> None:
    """A restart that ends within what is known already is a cut, and no change."""
    with FaultServer() as server:
        result = fetch(server.on("/log", cut(), Answer(LOG, sent=10), Answer(LOG)).url("/log"))
    assert (result.what, result.data) == ("", LOG)


def test_tries_without_a_new_byte_come_to_an_end() -> None:
    """Restarts that never get beyond what is known are given up after the tries."""
    with FaultServer() as server:
        result = fetch(server.on("/log", cut()).url("/log"))
    assert (result.what, result.data) == (f"got {HALF} of {len(LOG)} bytes (closed too early)", LOG[:HALF])
    assert len(server.requests) == 4


@pytest.mark.parametrize("second", [Answer(OTHER), Answer(LOG[:100]), Answer(b"")], ids=["changed", "shorter", "empty"])
def test_another_body_is_told(second: Answer) -> None:
    """If the bytes before the cut are not the same any more the source is incomplete with those of the first version."""
    with FaultServer() as server:
        result = fetch(server.on("/log", cut(), second).url("/log"))
    assert (result.what, result.data) == ("changed on server", LOG[:HALF])


@pytest.mark.parametrize("sent", [0, 30])
def test_another_coding_is_told(sent: int) -> None:
    """A restart in another content coding cannot be gone on with, even if no byte had come."""
    packed = gzip.compress(LOG)
    with FaultServer() as server:
        first = Answer(packed, headers={"Content-Encoding": "gzip"}, sent=sent)
        result = fetch(server.on("/log", first, Answer(LOG)).url("/log"))
    assert result.what == "changed on server"
    assert LOG.startswith(result.data)


def test_a_coded_body_is_gone_on_with_by_range() -> None:
    """Ranges count encoded bytes; the decoder continues as if nothing had happened."""
    packed = gzip.compress(LOG)
    coded = Answer(packed, headers={"Content-Encoding": "gzip"})
    with FaultServer() as server:
        server.on("/log", ranged(replace(coded, sent=100)), ranged(coded))
        result = fetch(server.url("/log"))
    assert (result.what, result.data, result.bytes_read) == ("", LOG, len(packed))


def test_a_validator_is_for_its_own_place() -> None:
    """After a redirect the range is asked where the bytes came from, and not on the way or elsewhere."""
    with FaultServer() as server:
        places = [Answer(status="302 Found", headers={"Location": place}) for place in ("/a", "/a", "/b")]
        server.on("/log", *places)
        server.on("/a", cut(STRONG), Answer(LOG, sent=HALF)).on("/b", Answer(LOG))
        result = fetch(server.url("/log"))
    assert result.data == LOG
    assert [(r.target.partition("?")[0], "range" in r.headers) for r in server.requests] == [
        ("/log", False),
        ("/a", False),
        ("/log", False),
        ("/a", True),
        ("/log", False),
        ("/b", False),
    ]


VERSIONS = {"1": LOG, "2": OTHER, "3": LOG + b"more\n"}


def drop_plan(
    version: str, sent: int | None, framing: str, ending: str, validator: str, *, minds: bool
) -> Callable[[Request], Answer]:
    """Return the answer to one request of a plan: of which version, cut where and how, minding ranges or not."""
    tags = {"strong": {"ETag": f'"{version}"'}, "weak": {"ETag": f'W/"{version}"'}, "none": {}}[validator]
    whole = Answer(VERSIONS[version], headers=tags, framing=framing, sent=sent, ending=ending)  # type: ignore[arg-type]

    def of(request: Request) -> Answer:
        if minds and validator == "strong" and "range" in request.headers:
            return ranged(whole, etag=tags["ETag"])(request)
        return whole

    return of


plans = st.lists(
    st.one_of(
        st.builds(
            drop_plan,
            st.sampled_from(["1", "1", "1", "2", "3"]),
            st.one_of(st.none(), st.integers(0, 900)),
            st.sampled_from(["length", "chunked", "close"]),
            st.sampled_from(["close", "close", "reset"]),
            st.sampled_from(["strong", "weak", "none"]),
            minds=st.booleans(),
        ),
        st.just(Answer(b"busy\n", "503 Service Unavailable")),
        st.just(part(ETag='"1"')),
    ),
    min_size=1,
    max_size=6,
)


@given(plans)
def test_no_plan_of_cuts_mixes_two_versions(plan: list[Script]) -> None:
    """Whatever is cut wherever, the bytes are one whole version; or the beginning of one, and an error or a note says so."""
    with FaultServer() as server:
        result = fetch(server.on("/log", *plan).url("/log"), HttpOptions(retries=3))
    if result.error or result.notes:
        assert any(version.startswith(result.data) for version in VERSIONS.values())
    else:
        assert result.data in VERSIONS.values()
    assert result.what or len(result.data) == result.bytes_read
