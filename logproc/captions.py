"""What a thread is doing, in words: each function in which a thread may be for long says what that means.

The words stand where the work or the wait is. Nothing is noted while the program runs, so a caption costs nothing, and it
cannot be wrong: it is read off the stack of the thread, by who asks (see threads.watchdog).
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FrameType, FunctionType
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])

CAPTIONS: dict[CodeType, str] = {}


def caption(words: str) -> Callable[[Function], Function]:
    """Have a function told as `words`, such as "waits for the next chunk". Filled while modules load, before any thread."""

    def register(function: Function) -> Function:
        if isinstance(function, FunctionType):
            CAPTIONS[function.__code__] = words
        return function

    return register


def caption_of(frame: FrameType | None) -> str | None:
    """Return the words of the innermost function with a caption that a stack is in, None if there is none."""
    while frame is not None:
        if frame.f_code in CAPTIONS:
            return CAPTIONS[frame.f_code]
        frame = frame.f_back
    return None
