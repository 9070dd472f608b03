"""Signals: Ctrl-C becomes a message, and the code that it interrupts continues undisturbed.

Invariant: the first signal is noted and wakes main; nothing is ever raised from a handler.

Python runs a signal handler in the main thread, between any two bytecodes, and that may be in the middle of a `with lock:` of
the standard library. An exception there leaves a lock taken. (Raising in `queue.Queue.get` left its mutex locked in 756 of
8,000 interruptions, and the program then hung in its own clean-up.) So the handler writes down the number and puts a message
into the queue that main waits on, which is allowed there (see channel). Main checks the note after every message, so an
interrupt does not wait until the chunks before it are handled.

There is a gap. The interpreter's C handler only sets a flag, and ours runs when main is back in Python. If the signal comes
between main's last check of the flag and its sleep in the kernel, main sleeps on. A self-pipe closes the gap: by
`set_wakeup_fd` the C handler also writes a byte, and a thread that waits for it wakes main, which then sees the flag.

The kernel delivers a signal to any thread that does not block it, and in another thread it does not interrupt a wait of main.
A thread inherits the signal mask of its creator. So main blocks our signals while it starts a thread, with `blocked()`;
threads started by those threads, also by libraries, inherit the mask. (A signal that another program sends to one of them with
`tgkill` stays pending there: to stop the program, signal the process, as `kill` and Ctrl-C do.)

- Before the run nothing has been read: a signal ends the process at once, even while it waits for a config file that is a FIFO.
- During the run the first signal is a message. The run stops and its partial report is written.
- The second signal means "now": the known temporary files are removed, and the process exits. One within a fifth of a second
  counts as the first: `timeout` signals the program and then its process group.

Use this where Ctrl-C must not lose or damage data. For a small script KeyboardInterrupt is enough. Newer Pythons change
nothing here.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU)
SECOND_AFTER_S = 0.2


class _Noted:
    """What the handler shares with main. No lock: the handler runs in the main thread too.

    wake: wakes main, None while it does not wait for messages. begun: whether there may be something to report. installed:
    whether our handlers are installed; they are not where logproc is used as a library. is_shared: whether a child has the
    terminal too. undo: makes the terminal usable before a second signal ends the process.
    """

    signal_number: int | None = None
    at_s = 0.0
    begun = False
    installed = False
    is_shared = False
    wake: Callable[[], None] | None = None
    clock: Callable[[], float] = staticmethod(time.monotonic)
    temporaries: Callable[[], Iterable[str]] = staticmethod(tuple)
    undo: Callable[[], None] | None = None


def install(clock: Callable[[], float] = time.monotonic) -> None:
    """Install the handlers. To be called first of all, in the main thread. SIGHUP stays ignored under nohup.

    SIGUSR1 prints the stacks of all threads to stderr. That handler is written in C and needs neither the GIL nor a lock, so
    it works even if the program hangs.
    """
    _Noted.clock = staticmethod(clock)
    if sys.stderr is None:  # closed: descriptor 2 may belong to something else by then
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    else:
        faulthandler.register(signal.SIGUSR1, all_threads=True, chain=False)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)
    _Noted.installed = True


def unlink_on_second(temporaries: Callable[[], Iterable[str]]) -> None:
    """Set the function that lists the temporary files to remove on a second signal. It must not take a lock."""
    _Noted.temporaries = staticmethod(temporaries)


def unlink_temporaries() -> None:
    """Remove the temporary files that there are, before the process is left without Python's clean-up. Never raises."""
    for path in _Noted.temporaries():
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - a handler does as little as it can


@contextmanager
def before_leaving(undo: Callable[[], None]) -> Iterator[None]:
    """While the block runs, have a second signal call `undo` before it ends the process: a terminal must be usable again.

    It runs in the handler: it must not take a lock, wait, or raise.
    """
    _Noted.undo = staticmethod(undo)
    try:
        yield
    finally:
        _Noted.undo = None


def noted() -> tuple[int, float] | None:
    """Return the number of the first signal, and its time on the clock; None if there was none."""
    return None if _Noted.signal_number is None else (_Noted.signal_number, _Noted.at_s)


@contextmanager
def waking(wake: Callable[[], None]) -> Iterator[None]:
    """Call `wake` at the first signal while the block runs, and now if there was one. Only for main.

    The handler calls `wake`, which may only put into a SimpleQueue. It is set before the note is checked, so that no signal
    between the two is lost; it may be called twice. From now on the first signal no longer ends the process.
    """
    if _Noted.installed and not _Noted.begun:
        with suppress(OSError, RuntimeError):  # without a descriptor or a thread for it the gap stays open
            _listen()
    before, _Noted.wake, _Noted.begun = _Noted.wake, wake, True
    try:
        if _Noted.signal_number is not None:
            wake()
        yield
    finally:
        _Noted.wake = before


@contextmanager
def blocked() -> Iterator[None]:
    """Block our signals while main starts a thread. A signal that comes meanwhile is delivered after the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def share_terminal() -> None:
    """Let Ctrl-C stop the run, but never end the process: a child, such as a pager, has the terminal too. For any thread.

    As in `git log | less`: what is still searching stops, and its user goes on reading, until `left_to_child` is over.
    """
    _Noted.is_shared = True


@contextmanager
def suspending(leave: Callable[[], None], come_back: Callable[[], None]) -> Iterator[None]:
    """While the block runs, have Ctrl-Z call `leave` before it stops the process, and `come_back` when that goes on. For main.

    Both run in the handler: they must not take a lock, wait, or raise. SIGSTOP stops the process as the default action of
    SIGTSTP does, after `leave`, and it needs no second handler: `kill` returns when the process goes on.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        come_back()

    if not _Noted.installed or signal.getsignal(signal.SIGTSTP) is not signal.SIG_DFL:
        yield
        return
    before = signal.signal(signal.SIGTSTP, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)


@contextmanager
def left_to_child() -> Iterator[None]:
    """Ignore Ctrl-C while a child, such as a pager, has the terminal: both get the signal, and only the child acts on it.

    One that has stopped the run before is forgotten: it must not make main leave the child behind.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    if _Noted.signal_number == signal.SIGINT:
        _Noted.signal_number = None
    try:
        yield
    finally:
        _Noted.is_shared = False
        signal.signal(signal.SIGINT, before)


def _listen() -> None:
    """Start the self-pipe. Not before the run begins: the pipe could get the descriptor of a closed stdout."""
    outlet, inlet = os.pipe()
    os.set_blocking(inlet, False)  # set_wakeup_fd requires it: a full pipe must not block the handler
    signal.set_wakeup_fd(inlet, warn_on_full_buffer=False)
    with blocked():
        Thread(target=_pass_on, args=(outlet,), name="signals", daemon=True).start()


def _pass_on(outlet: int) -> None:
    """Wake main once for each byte from the pipe, until that is closed."""
    while os.read(outlet, 1):
        wake = _Noted.wake
        if wake is not None:
            wake()
    os.close(outlet)


def _handle(number: int, _frame: FrameType | None) -> None:
    now_s = _Noted.clock()
    if _Noted.signal_number is None and _Noted.begun:
        _Noted.signal_number, _Noted.at_s = number, now_s
        if _Noted.wake is not None:
            _Noted.wake()
    elif number == signal.SIGINT and _Noted.is_shared:
        return
    elif _Noted.signal_number is None or now_s >= _Noted.at_s + SECOND_AFTER_S:
        if _Noted.undo is not None:
            _Noted.undo()
        unlink_temporaries()
        os._exit(128 + number)
