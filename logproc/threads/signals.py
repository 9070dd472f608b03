"""Signals: Ctrl-C becomes a message, and the code that it interrupts is left as it was.

Invariant: the first signal is noted and wakes main; nothing is ever raised from a handler.

Python runs a signal handler in the main thread, between any two bytecodes, and that may be in the middle of a `with lock:` of
the standard library. An exception there leaves a lock taken. (Raising in `queue.Queue.get` left its mutex locked in 756 of
8,000 interruptions, and the program then hung in its own clean-up.) So the handler writes down the number and puts a message
into the queue that main waits on, which is allowed there (see channel). Main looks at the note whenever it takes a message,
whichever it is: an interrupt does not queue up behind the chunks that came before it.

One gap is left. The interpreter's own handler, in C, only sets a flag, and ours runs when main is back in Python. If the signal
comes after main's last look at the flag and before it sleeps in the kernel, main sleeps on. The self-pipe closes the gap:
`set_wakeup_fd` has the C handler write a byte as well, and a thread that waits for it wakes main, which then finds the flag.

The kernel gives a signal of the process to any thread that does not block it, and outside of main it interrupts no wait of
main's. A thread inherits the mask of its creator. So main blocks our signals around every start of a thread, with `blocked()`;
threads that those start in turn, of libraries too, inherit it. (A signal that another program aims at one of them with `tgkill`
stays pending there: to stop the program, signal the process, as `kill` and Ctrl-C do.)

- Before the run nothing has been read: a signal ends the process at once, also out of a wait for a config file that is a FIFO.
- From the beginning of the run the first signal is a message. The run stops and its partial report is written.
- The second signal means "now": the known temporary files are removed, and the process leaves. One that follows within a fifth
  of a second is the first one once more: `timeout` signals the program and then its group.

Use this where a program must survive Ctrl-C with its data in order. Do not use it for a small script: KeyboardInterrupt is
enough where nobody needs what the script leaves behind. Newer Pythons change nothing here.
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
    """What the handler shares with main. No lock: the handler runs in the main thread, as does everything that reads this.

    wake: how to make main look up, None while it does not wait for messages. begun: whether there may be something to report.
    installed: whether the handlers are there, which a program that uses logproc as a library keeps for itself.
    """

    signal_number: int | None = None
    at_s = 0.0
    begun = False
    installed = False
    wake: Callable[[], None] | None = None
    clock: Callable[[], float] = staticmethod(time.monotonic)
    temporaries: Callable[[], Iterable[str]] = staticmethod(tuple)


def install(clock: Callable[[], float] = time.monotonic) -> None:
    """Install the handlers. To be the program's first statement, in its main thread. SIGHUP stays ignored under nohup.

    SIGUSR1 prints the stacks of all threads to stderr. That handler is written in C and needs neither the GIL nor a lock, so
    it answers a program that hangs as well.
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
    """Name the source of the temporary files to be removed when the process leaves at once. It must take no lock."""
    _Noted.temporaries = staticmethod(temporaries)


def noted() -> tuple[int, float] | None:
    """Return the number of the signal that came and when, on the clock; None if none has come."""
    return None if _Noted.signal_number is None else (_Noted.signal_number, _Noted.at_s)


@contextmanager
def waking(wake: Callable[[], None]) -> Iterator[None]:
    """Have the first signal call `wake` while the block runs, and now if it has come. For main alone.

    `wake` is called from the handler: it may put into a SimpleQueue, and nothing more. It is set before the note is looked
    at: a signal between the two calls it by itself, perhaps twice. From here on a signal no longer ends the process.
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
    """Block our signals while main starts a thread. One that comes meanwhile is delivered behind the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _listen() -> None:
    """Have main woken from outside as well. Not before the run begins: the pipe might take the number of a closed stdout."""
    outlet, inlet = os.pipe()
    os.set_blocking(inlet, False)  # as set_wakeup_fd asks: a full pipe must not hold a handler up
    signal.set_wakeup_fd(inlet, warn_on_full_buffer=False)
    with blocked():
        Thread(target=_pass_on, args=(outlet,), name="signals", daemon=True).start()


def _pass_on(outlet: int) -> None:
    """Wake main once for each signal that comes out of the pipe, until that is closed."""
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
    elif _Noted.signal_number is None or now_s >= _Noted.at_s + SECOND_AFTER_S:
        for path in _Noted.temporaries():
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - a handler does as little as it can
        os._exit(128 + number)
