"""Going on after a cut: every byte once, and never two versions in one body."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.sources.http import HttpOptions
from logproc.sources.http.versions import Version, retry_after_s, span
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
    {"Last-Modified": OLD, "Date": "Sun, 06 Nov 1994 08:50:37 GMT"},
    {"Last-Modified": OLD, "Date": "Sun, 06 Nov 1994 08:50:36 GMT"},
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
    assert asked == [(part_asked, '"1"'), (part_asked, OLD), (part_asked, OLD), *[(None, None)] * 8]


UNTRUSTED: dict[str, Answer] = {
    "new ETag": part(ETag='"2"'),
    "weak ETag": part(ETag='W/"1"'),
    "no ETag": part(),
    "other start": part(HALF - 1, ETag='"1"'),
    "other size": part(size=len(LOG) + 1, ETag='"1"'),
    "smaller size": part(size=500, body=LOG[:500], ETag='"1"'),
    "beyond its size": part(size=HALF, ETag='"1"'),
    "a byte beyond its size": part(body=LOG + b"x", ETag='"1"'),
    "no Content-Range": Answer(LOG[HALF:], "206 Partial Content", STRONG),
    "junk Content-Range": Answer(LOG[HALF:], "206 OK", {**STRONG, "Content-Range": "bytes 4oo-"}),
    "length beside the range": replace(part(ETag='"1"'), body=LOG),
    "shorter than its range": replace(part(ETag='"1"'), body=LOG[HALF:500]),
    "other coding": part(ETag='"1"', Content_Encoding="gzip"),
    "416 of another size": Answer(b"no\n", "416 No", {"Content-Range": "bytes */7"}),
    "416 without a size": Answer(b"no\n", "416 No"),
}


@pytest.mark.parametrize("case", UNTRUSTED)
@pytest.mark.parametrize("whole", [LOG, OTHER], ids=["same", "changed"])
def test_an_answer_that_is_not_a_continuation_is_not_used(case: str, whole: bytes) -> None:
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


DATES = ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
"""The three forms that RFC 9110, 5.6.7, has every recipient accept. All are in UTC."""


@pytest.mark.parametrize("date", [*DATES, "Sun, 06 Nov 1994 08:49:37 -0000", "Sun, 06 Nov 1994 10:49:37 +0200"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_a_date_of_http_means_the_same_everywhere(date: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A date that names no zone is not in that of this machine."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        version = Version.of("", {"Last-Modified": date, "Date": NEW})
        assert (version.modified_s, version.modified_is_strong) == (784111777.0, True)
        assert retry_after_s({"Retry-After": NEW, "Date": date}) == 3600
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((119, "119 s"), (120, "2 minutes"), (7199, "119 minutes"), (7200, "2 hours"), (172_799, "47 hours")),
        *((172_800, "2 days"), (63_115_199, "730 days"), (63_115_200, "2 years")),
    ],
)
def test_a_span_has_the_largest_unit_of_which_there_are_two(seconds: int, words: str) -> None:
    """It is cut off, never rounded up."""
    assert span(seconds) == words


def test_a_body_that_ended_unseen_is_complete() -> None:
    """416 with the size that was read means that the log is complete; the body of the 416 is not part of it."""
    with FaultServer() as server:
        server.on("/log", Answer(LOG, headers=STRONG, framing="chunked", sent=len(LOG) + 6), ranged(Answer(LOG)))
        result = fetch(server.url("/log"))
    assert (result.what, result.data, len(server.requests)) == ("", LOG, 2)


@pytest.mark.parametrize("step", [100, 130])
def test_a_part_that_is_cut_is_gone_on_with(step: int) -> None:
    """Cut after cut, each range begins where the last one ended; a hundred new bytes give new tries."""
    log = LOG * 3
    with FaultServer() as server:
        cuts = [ranged(Answer(log), sent=step, ending="close")] * 10
        result = fetch(server.on("/log", cut(STRONG, log), *cuts, ranged(Answer(log))).url("/log"), HttpOptions(retries=1))
    assert (result.data, result.waits) == (log, [1.0] * 11)


@pytest.mark.parametrize("step", [1, 99])
def test_a_byte_at_a_time_is_not_progress(step: int) -> None:
    """A server that cuts after each new byte is given up after the tries: a log of a megabyte would take days."""
    with FaultServer() as server:
        server.on("/log", cut(STRONG), ranged(Answer(LOG), sent=step, ending="close"))
        result = fetch(server.url("/log"), HttpOptions(retries=2))
    assert (result.what, len(result.waits)) == (f"got {HALF + 2 * step} of {len(LOG)} bytes (closed too early)", 2)


NO_LENGTH = Answer(LOG, headers=STRONG, framing="chunked", piece=HALF, sent=5 + HALF)
"""Cut after the first half, without a word on how much there is."""


@pytest.mark.parametrize("first", [cut(STRONG), NO_LENGTH], ids=["length", "no length"])
def test_a_server_may_send_less_than_was_asked(first: Answer) -> None:
    """A part may end before the whole does; the rest is then requested."""
    with FaultServer() as server:
        short = Answer(LOG[HALF:500], "206 OK", {**STRONG, "Content-Range": f"bytes {HALF}-499/{len(LOG)}"})
        result = fetch(server.on("/log", first, short, ranged(Answer(LOG))).url("/log"))
    assert (result.what, result.data, len(server.requests)) == ("", LOG, 3)


def test_a_part_of_something_of_unknown_size_is_the_rest() -> None:
    """Where neither the cut answer nor the part says how much there is, the body ends where the part does."""
    with FaultServer() as server:
        result = fetch(server.on("/log", NO_LENGTH, part(size="*", ETag='"1"')).url("/log"))
    assert (result.what, result.data, result.size_bytes, len(server.requests)) == ("", LOG, len(LOG), 2)


def test_bytes_behind_the_size_are_not_part_of_the_log() -> None:
    """A part in chunks may bring more than its Content-Range says."""
    with FaultServer() as server:
        longer = replace(part(ETag='"1"'), body=LOG[HALF:] + b"more\n", framing="chunked")
        result = fetch(server.on("/log", cut(STRONG), longer).url("/log"))
    assert (result.data, result.size_bytes) == (LOG, len(LOG))


def test_a_server_that_is_busy_has_not_changed_the_log() -> None:
    """An error page in place of the rest is not a reason to ask for all of it again."""
    with FaultServer() as server:
        busy = Answer(b"busy\n", "503 Service Unavailable", {"Content-Range": f"bytes */{HALF}"})
        result = fetch(server.on("/log", cut(STRONG), busy, ranged(Answer(LOG))).url("/log"))
    assert (result.data, result.events) == (LOG, ["retry 1/3 in 1.0 s", "retry 2/3 in 2.0 s"])
    assert [request.headers.get("range") for request in server.requests[1:]] == [f"bytes={HALF}-"] * 2


def test_after_a_restart_the_range_is_of_the_new_version() -> None:
    """The body was fetched again and had only grown: what is asked for next is the rest of that one."""
    again = Answer(LOG, headers={"ETag": '"2"'}, sent=600)
    with FaultServer() as server:
        result = fetch(server.on("/log", cut(STRONG), again, ranged(Answer(LOG), etag='"2"')).url("/log"))
    assert (result.what, result.data) == ("", LOG)
    assert [request.headers.get("if-range") for request in server.requests] == [None, '"1"', '"2"']


def test_a_part_does_not_have_to_repeat_what_is_known_of_the_whole() -> None:
    """RFC 9110 lets a part go without most headers: those of the first answer hold for the next range too."""
    with FaultServer() as server:
        first, second = cut({"Last-Modified": OLD, "Date": NEW}), replace(part(Last_Modified=OLD), sent=100)
        result = fetch(server.on("/log", first, second, part(500, Last_Modified=OLD)).url("/log"))
    assert (result.what, result.data) == ("", LOG)
    assert [request.headers.get("if-range") for request in server.requests] == [None, OLD, OLD]


def test_a_part_cannot_lie_behind_its_end() -> None:
    """A part that claims to lie beyond the end does not make the source complete."""
    with FaultServer() as server:
        result = fetch(server.on("/log", NO_LENGTH, part(size=HALF, ETag='"1"'), Answer(LOG)).url("/log"))
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


OTHERS = [OTHER, *(LOG.replace(b"line 1\n", b"line %d\n" % other) for other in range(2, 9)), LOG[:100], b""]
"""So many that their hashes are before and behind that of the first."""


@pytest.mark.parametrize("second", [Answer(other) for other in OTHERS])
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


def test_a_body_cannot_become_coded() -> None:
    """Packed bytes are never a continuation of plain ones, even if they begin with the same bytes."""
    with FaultServer() as server:
        server.on("/log", cut(), Answer(LOG, headers={"Content-Encoding": "gzip"}))
        result = fetch(server.url("/log"))
    assert (result.what, result.data) == ("changed on server", LOG[:HALF])


def test_a_coded_body_without_a_validator_is_fetched_again() -> None:
    """The bytes that are known are skipped, and what comes behind them is unpacked."""
    packed = gzip.compress(LOG)
    coded = Answer(packed, headers={"Content-Encoding": "gzip"})
    with FaultServer() as server:
        result = fetch(server.on("/log", replace(coded, sent=100), coded).url("/log"))
    assert (result.what, result.data, result.bytes_read) == ("", LOG, len(packed))


def test_a_coded_body_is_gone_on_with_by_range() -> None:
    """Ranges count encoded bytes; the decoder continues as if nothing had happened."""
    packed = gzip.compress(LOG)
    coded = Answer(packed, headers={"Content-Encoding": "gzip"})
    with FaultServer() as server:
        server.on("/log", ranged(replace(coded, sent=100)), ranged(coded))
        result = fetch(server.url("/log"))
    assert (result.what, result.data, result.bytes_read, len(server.requests)) == ("", LOG, len(packed), 2)


@pytest.mark.parametrize("other", ["br", "zstd", "identity"])
def test_a_part_in_another_coding_is_not_a_continuation(other: str) -> None:
    """Even with the same ETag, which a server should have changed: the whole is asked for."""
    packed = gzip.compress(LOG)
    coded = Answer(packed, headers={"Content-Encoding": "gzip"})
    with FaultServer() as server:
        wrong = ranged(Answer(packed, headers={"Content-Encoding": other}))
        result = fetch(server.on("/log", ranged(replace(coded, sent=100)), wrong, coded).url("/log"))
    assert (result.what, result.data) == ("", LOG)
    assert "changed on server: restarted" in result.events


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
    version: str,
    sent: int | None,
    framing: Literal["length", "chunked", "close"],
    ending: Literal["close", "reset"],
    validator: str,
    *,
    minds: bool,
) -> Callable[[Request], Answer]:
    """Return the answer to one request of a plan: of which version, cut where and how, minding ranges or not."""
    tags = {"strong": {"ETag": f'"{version}"'}, "weak": {"ETag": f'W/"{version}"'}, "none": {}}[validator]
    whole = Answer(VERSIONS[version], headers=tags, framing=framing, sent=sent, ending=ending)

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
