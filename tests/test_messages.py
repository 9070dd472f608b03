"""Each message says what is wrong and what to do next, in one line and in the same style."""

from __future__ import annotations

import pytest

from tools.messages import PAGE, Message, messages, page, without_parts

MESSAGES = messages()
LONGEST = 130
each = pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.place)


def test_the_page_lists_what_is_said() -> None:
    """docs/messages.md is generated from the source; `python -m tools.messages` updates it."""
    assert PAGE.read_text("utf-8") == page()


def test_they_are_found() -> None:
    """The list has messages of each kind."""
    assert {message.kind for message in MESSAGES} == {
        "Options, settings and questions",
        "Outputs",
        "Sources",
        "The program itself",
    }


@each
def test_a_message_says_what_to_do_next(message: Message) -> None:
    """A message has a hint; for an internal error, `InternalError` adds one."""
    assert message.hint or message.kind == "The program itself"


@each
def test_a_message_is_one_short_line(message: Message) -> None:
    """It begins in lower case, as it follows a name and a colon, ends without a full stop, and fits on a line."""
    for words in (message.what, message.hint):
        assert "\n" not in words
        assert not words.endswith((".", ":", " "))
        assert len(without_parts(words)) <= LONGEST
    words = without_parts(message.what)
    assert not (words[:1].isupper() and words[1:2].islower()), message.what  # unlike TLS and I/O
