"""One chromium for all tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reports.html.chromium import browser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Yield a running browser."""
    with browser() as started:
        yield started
