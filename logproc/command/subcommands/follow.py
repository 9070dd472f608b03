"""Runs that go on: `--follow`, `--every` and `--state`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from logproc.command.outputs import Outputs, check_followed, leave_out
from logproc.command.terminal.screen import Screen, is_terminal, is_utf8
from logproc.counting.window import Window
from logproc.model.errors import Ended, Interrupted, OutputError, UsageError
from logproc.pipeline.following import Followed
from logproc.questions.zones import parse_zone
from logproc.records.state.asked import asked
from logproc.records.state.state_file import StateFile
from logproc.reports.units import plural
from logproc.sources.names import shown_path, shown_url
from logproc.sources.objects.places import OBJECT, STORE_OF_SCHEME, shown_object
from logproc.sources.resolve import MAGIC, SCHEME, STDIN_ARGUMENT, WEB_SCHEMES
from logproc.threads.committer import Committer, Saver
from logproc.threads.grace import within_grace
from logproc.threads.live import LiveView
from logproc.threads.signals import blocked
from logproc.threads.sliding import SlidingTally

if TYPE_CHECKING:
    from logproc.model.snapshot import Snapshot
    from logproc.model.source import Source
    from logproc.pipeline.threaded import Crew
    from logproc.threads.committer import Commit
    from logproc.threads.live import Companion


MOST_NAMES = 3
logger = logging.getLogger(__name__)


class FollowOptions(Struct, frozen=True):
    """The options of a run that goes on. every_s: how often files are written anew. window_s: count only so many seconds."""

    follow: bool = False
    every_s: float | None = None
    state: str | None = None
    window_s: float | None = None


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments that are followed as files, and the others: standard input, pipes, URLs and objects."""
    files: list[str] = []
    others: list[str] = []
    for argument in arguments:
        scheme = SCHEME.match(argument)
        is_url = scheme is not None and scheme[1].lower() in (*WEB_SCHEMES, *STORE_OF_SCHEME)
        is_pipe = not MAGIC.search(argument) and Path(argument).is_fifo()
        (others if is_url or is_pipe or argument == STDIN_ARGUMENT else files).append(argument)
    return files, others


def refuse_objects(arguments: Sequence[str]) -> None:
    """Raise UsageError for an object: it does not grow, it is replaced."""
    for argument in arguments:
        if OBJECT.fullmatch(argument):
            raise UsageError(f"--follow: {shown_object(argument)} does not grow", "read objects without --follow")


def say_missing(arguments: Sequence[str], sources: Sequence[Source], screen: Screen) -> None:
    """Say which of the files that arguments name never came."""
    found = {source.location for source in sources}
    for path in split_arguments(arguments)[0]:
        if path not in found and not MAGIC.search(path) and not Path(path).exists():
            screen.say(shown_path(path), "there was no such file", level="warning")


class GoingOn:
    """What a run that follows logs, or has a state, does besides counting. Raises UsageError for what makes no sense."""

    def __init__(self, options: FollowOptions, screen: Screen) -> None:
        self._options = options
        self._screen = screen
        self._arguments: Sequence[str] = ()
        self._keeper = StateKeeper(options.state, screen) if options.state is not None else None
        if options.every_s is not None and not options.follow:
            raise UsageError("--every is for --follow", "add --follow")
        if options.window_s is not None:
            if not options.follow:
                raise UsageError("--window is for --follow", "add --follow, or use --since")
            if options.state is not None or screen.settings.max_keys is not None:
                other = "--state" if options.state is not None else "--max-keys"
                raise UsageError(f"--window forgets what {other} would keep", f"leave out one of --window and {other}")
        if screen.settings.max_time is not None:
            raise UsageError("--max-time bounds the reading of a source that ends", "leave out --max-time")

    @property
    def follows(self) -> bool:
        return self._options.follow

    def others(self, arguments: Sequence[str]) -> list[str]:
        """Return the arguments that are not files. Raises UsageError for what cannot be followed, or read again."""
        others = split_arguments(arguments)[1]
        if self.follows:
            refuse_objects(others)
        if self._keeper and others:
            raise UsageError(f"--state: {shown_url(others[0])} cannot be read again from where a run stopped", "name files")
        return others

    def begin(self, arguments: Sequence[str], sources: Sequence[Source], outputs: Outputs, stack: ExitStack) -> Followed:
        """Return the logs of the run, with their state if there is one; the stack closes its file."""
        self._arguments = arguments
        files, _ = split_arguments(arguments)
        streams = [self._screen.stdout, self._screen.stderr]
        check_followed(files, outputs, streams, self._screen.settings)
        make = partial(
            Followed,
            files,
            sources,
            once=not self.follows,
            leave_out=leave_out(outputs, streams, self._options.state),
            window=Window(self._options.window_s) if self._options.window_s else None,
        )
        if self._keeper is None:
            return make()
        stack.callback(self._keeper.close)
        return self._keeper.open(make)

    def observers(
        self, stack: ExitStack, rewrite: Callable[[float, Snapshot], None], *, typed: bool
    ) -> Callable[[Crew], list[Companion]]:
        """Return what makes the threads beside the run: the live report, what writes files anew, and what saves the state."""
        make_live = stack.enter_context(live(self._screen, self._arguments, typed=typed)) if self.follows else None

        def make(crew: Crew) -> list[Companion]:
            found: list[Companion] = []
            if make_live:
                found.append(make_live(crew))
            if self.follows and self._options.every_s:
                found.append(Rewriter(partial(rewrite, self._options.every_s), crew, self._options.every_s, self._screen))
            if self._keeper:
                self._keeper.watch(crew)
            return found

        return make

    def finish(self) -> None:
        """Save the state a last time. Blocks until it is on the disk. Raises OutputError."""
        if self._keeper:
            self._keeper.finish()

    def say_missing(self, sources: Sequence[Source]) -> None:
        """Say which files were waited for in vain."""
        say_missing(self._arguments, sources, self._screen)

    def is_end(self, cause: BaseException | None) -> bool:
        """Whether a run has ended as it should: one that follows logs is ended by its user, or by the system."""
        return self.follows and isinstance(cause, Ended | Interrupted)


class StateKeeper:
    """The state of one run: its file, and the thread that saves it."""

    def __init__(self, path: str, screen: Screen) -> None:
        self._file = StateFile(path)
        self._screen = screen
        self._saver: Saver[Any] | None = None
        self._crew: Crew | None = None
        self._followed: Followed | None = None

    def open(self, make: Callable[..., Followed]) -> Followed:
        """Lock and load the file; return the logs, which go on from there. Raises UsageError and OutputError.

        make: makes the logs, given the state.
        """
        settings = self._screen.settings
        question = asked(
            {item.name: getattr(settings, item.name) for item in fields(settings)}, parse_zone(settings.tz), int(time.time())
        )
        self._file.lock()
        earlier = self._file.load(question)
        self._followed = make(earlier=earlier, question=question)
        self._say_resumed(self._followed.lines_before)
        return self._followed

    def watch(self, crew: Crew) -> None:
        """Start the thread that saves the state of a run."""
        if not isinstance(crew.shared, Committer):
            raise TypeError("a run without commits")
        self._crew = crew
        self._saver = Saver(crew.shared, self._save, crew.stop, self._say)
        with suppress(RuntimeError), blocked():  # without the thread the state is saved once, at the end
            self._saver.start()

    def finish(self) -> None:
        """Save a last time. Blocks until it is on the disk. Raises OutputError."""
        if self._saver:
            self._saver.finish()

    def close(self) -> None:
        self._file.close()

    def _save(self, commit: Commit[Any]) -> None:
        if self._crew and self._followed:
            self._file.save(self._followed.state(commit, self._crew.outcomes()))

    def _say_resumed(self, lines: Mapping[str, int]) -> None:
        """Say where the run goes on: to who is watching. A job of cron would send a mail each time."""
        logger.info("resumed", extra={"logs": len(lines), "lines": sum(lines.values())})
        if not is_terminal(self._screen.stderr):
            return
        if len(lines) > MOST_NAMES:
            self._screen.say_now("", f"resumed {len(lines):,} logs after {sum(lines.values()):,} lines", "")
            return
        for name, count in lines.items():
            self._screen.say_now(name, f"resumed at line {count + 1:,}", "")

    def _say(self, error: OutputError) -> None:
        self._screen.say("", error.what, "; ".join(filter(None, (error.hint, "the run goes on"))), level="warning")


class Rewriter:
    """Writes the report files anew now and then, while the run goes on. A companion of the run."""

    def __init__(self, write: Callable[[Snapshot], None], crew: Crew, every_s: float, screen: Screen) -> None:
        self._write = write
        self._crew = crew
        self._every_s = every_s
        self._screen = screen
        self._next_s = time.monotonic()
        self._has_failed = False
        self._view = LiveView(self._tick)

    def start(self) -> None:
        """Begin to write."""
        self._view.start()

    def finish(self) -> None:
        """End, and wait for a file that is being written, which must not replace the last one. For main; a signal ends it."""
        self._view.finish()
        if self._view.is_alive():
            with suppress(Interrupted):
                within_grace(self._view.join)

    def _tick(self) -> None:
        if time.monotonic() < self._next_s:
            return
        try:
            self._write(self._crew.so_far())
            self._has_failed = False
        except OutputError as error:
            if not self._has_failed:
                self._screen.say("", error.what, "it is tried again", level="warning")
            self._has_failed = True
        except Exception as error:
            self._crew.stop.set(error)
            raise
        self._next_s = time.monotonic() + self._every_s


@contextmanager
def live(screen: Screen, arguments: Sequence[str], *, typed: bool) -> Iterator[Callable[[Crew], LiveView] | None]:
    """Yield what makes the thread that paints the live report; None where stdout cannot show one.

    arguments: what is followed. typed: whether standard input is read as a log: then what is typed is on the screen already.
    """
    terminal = screen.stdout
    settings = screen.settings
    wanted = settings.output == "terminal" and not settings.quiet and not typed
    if terminal is None or not wanted or not is_terminal(terminal) or not screen.has_sequences:
        if is_terminal(screen.stderr):
            screen.say_now("", f"following {named(arguments)}", "the report comes at the end; end with Ctrl-C")
        yield None
        return
    from logproc.command.terminal.live_report import LiveReport, View, full_screen, keyboard
    from logproc.reports.text.style import Look
    from logproc.reports.text.terminal import render_terminal

    top = settings.top
    look = Look(color=screen.colors(terminal), ascii_only=not is_utf8(terminal), terminal=True, whole=settings.full)

    def make(crew: Crew) -> LiveView:
        def view(columns: int, rows: int) -> View:
            found = len([source for source in list(crew.sources) if not source.verdict])
            footer = [f"{found} {plural(found, 'log')}"]
            if not crew.pool.lines:
                return View(["", look.text(f"  Waiting for lines of {named(arguments)}")], footer, screen.unsaid())
            snapshot = crew.so_far()
            snapshot = snapshot.first_rows(top) if isinstance(top, int) else snapshot
            text = render_terminal(snapshot, replace(look, columns=columns, rows=rows + 1))
            return View(text.removesuffix("\n").split("\n"), footer, screen.unsaid())

        def mark() -> object:
            shared = crew.shared
            moved = int(shared.now() // shared.window.slice_s) if isinstance(shared, SlidingTally) else 0
            return crew.pool.lines, moved, len(crew.sources), screen.unsaid()

        def tick() -> None:
            try:
                report.tick()
            except OSError:  # the terminal is gone
                raise
            except Exception as error:
                crew.stop.set(error)
                raise

        report = LiveReport(taken, view, mark, lambda: crew.pool.lines, lambda: crew.stop.set(Ended()))
        return LiveView(tick)

    with screen.holding_back(), keyboard(typed=typed) as keys, full_screen(terminal, keys) as taken:
        yield make


def named(arguments: Sequence[str]) -> str:
    """Return a few of the names of what is followed, and the number of the others."""
    names = ["standard input" if name == STDIN_ARGUMENT else shown_url(name) for name in arguments]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more
