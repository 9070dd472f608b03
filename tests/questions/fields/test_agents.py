"""User agents: their names and their classes."""

from __future__ import annotations

import pyarrow
import pytest

from logproc.questions.fields.agents import MOST_CHARACTERS, agent_classes, families

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.0 Mobile/15E148 Safari/604.1"
)
CUBOT = "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0 Mobile Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
HEADLESS = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36"


def keys(*texts: str | None) -> pyarrow.Array:
    """Return texts as the keys of a column."""
    return pyarrow.array(texts, pyarrow.string())


def test_families_are_named_without_versions() -> None:
    """Browser, system and device are families; unknown ones are `Other`, absent ones stay absent."""
    texts = keys(CHROME, IPHONE, "a text", None)
    assert families(texts, "browser").to_pylist() == ["Chrome", "Mobile Safari", "Other", None]
    assert families(texts, "os").to_pylist() == ["Windows", "iOS", "Other", None]
    assert families(texts, "device").to_pylist() == ["Other", "iPhone", "Other", None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHROME, "person"),
        (IPHONE, "person"),
        (CUBOT, "person"),
        (GOOGLEBOT, "bot"),
        (HEADLESS, "bot"),
        ("curl/8.5.0", "bot"),
        ("python-requests/2.31.0", "bot"),
        ("Go-http-client/1.1", "bot"),
        ("Wget/1.21 (linux-gnu)", "bot"),
        ("ELB-HealthChecker/2.0", "bot"),
        ("kube-probe/1.29", "bot"),
        ("okhttp/4.9.3", "unknown"),
        ("Mozilla/5.0", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_agent_is_a_person_a_bot_or_unknown(text: str | None, expected: str) -> None:
    """Bots say so, persons have a known browser and system, all others, and missing user agents, are unknown."""
    assert agent_classes(keys(text)).to_pylist() == [expected]


def test_only_the_beginning_of_an_endless_agent_counts() -> None:
    """Text after the first MOST_CHARACTERS is ignored."""
    assert agent_classes(keys(CHROME.ljust(MOST_CHARACTERS) + "Googlebot/2.1")).to_pylist() == ["person"]
