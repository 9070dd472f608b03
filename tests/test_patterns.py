"""Expressions of modules are compiled at their first use."""

import re

import pytest

from logproc.model.patterns import regex


def test_an_expression_is_compiled_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before, and once; it then does what `re.compile` returns would do."""
    compiled: list[str] = []
    compile_it = re.compile

    def noted(pattern: str, flags: int) -> re.Pattern[str]:
        compiled.append(pattern)
        return compile_it(pattern, flags)

    monkeypatch.setattr(re, "compile", noted)
    found = regex("(?P<word>[a-z]+)", re.IGNORECASE)
    assert (found.pattern, compiled) == ("(?P<word>[a-z]+)", [])
    assert [found.fullmatch(text) is not None for text in ("Word", "1")] == [True, False]
    assert len(compiled) == 1
