"""Help on the screen: examples first, options in groups, and colours where the terminal has them.

The group of an option, and whether the short help shows it, come from its setting (see `logproc.model.knobs`), or from its
declaration if it can only be given on the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import click

from logproc.model.knobs import GROUPS
from logproc.model.patterns import regex

Rows = Sequence[tuple[str, str]]

FOLLOWING = "Following"
"""Options of runs that go on."""
FIRST_GROUP = "Records"
"""What `show` writes: the only options of records that are not settings."""
CLUSTER = "Cluster"
"""Where a run reads and counts, if it is not here."""
LAST_GROUP = "Help"
NAMES_WIDE = 28
"""The widest column of names: longer ones have their text below."""
OPTION_NAMES = regex(r"(?<!\S)(-\w|--[\w-]+)")
FIRST_EXAMPLES: Rows = (
    ("logproc access.log", "what is in it, on one screen"),
    ("logproc access.log --by path,status", "count by fields"),
    ("logproc access.log --where 'status >= 500'", "only some records"),
    ("logproc show access.log --where 'status >= 500'", "their lines"),
    ("logproc -f access.log", "as it grows"),
    ("logproc *.log.gz -o report.html", "the report as a page"),
    ("ssh web1 cat app.log | logproc", "read a pipe"),
)
PRECEDENCE = """\
Each setting is also a variable (LOGPROC_MAX_TIME) and a key of the config file (max-time), which `logproc init` writes.
An option wins over the variable, the variable over the file."""
EXIT_CODES: Sequence[tuple[int, str]] = (
    (0, "every source was read to its end, and the report was written"),
    (1, "a report was written, but some source is incomplete"),
    (2, "an option, a variable or the config file is wrong"),
    (3, "nothing usable was read"),
    (4, "an output could not be written"),
    (5, "a `--strict` rule or a limit was hit"),
    (6, "a condition of `logproc diff --fail-on` is met"),
    (70, "an error inside the program"),
    (129, "ended by SIGHUP"),
    (130, "ended by Ctrl-C (SIGINT)"),
    (141, "the reader of stdout went away"),
    (143, "ended by SIGTERM"),
    (152, "over its CPU time (`ulimit -t`)"),
)
"""The codes of the help, of the man page and of docs/exit-codes.md."""
AFTER_A_SIGNAL = """\
After a signal (129, 130, 143, 152) the report holds what was read until then, and says so.
A signal before the reading begins leaves no report."""


class Formatter(click.HelpFormatter):
    """Headings and names of options have a style. click leaves it out when it writes to what has no colours."""

    def write_heading(self, heading: str) -> None:
        super().write_heading(click.style(heading, bold=True))

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, click.style("Usage:", bold=True) + " " if prefix is None else prefix)

    def write_options(self, rows: Rows) -> None:
        shown = [(OPTION_NAMES.sub(lambda name: click.style(name[1], fg="cyan"), names), text) for names, text in rows]
        self.write_dl(shown, NAMES_WIDE)

    def write_examples(self, rows: Rows) -> None:
        """Write commands, each with what it is for: behind it, or above it where the line is too short for both."""
        if not rows:
            return
        wide = max(len(command) for command, _ in rows)
        beside = wide + 4 + max(len(what) for _, what in rows) <= self.width
        with self.section("Examples"):
            for command, what in rows:
                shown = click.style(command, fg="green")
                self.write(f"  {shown}{' ' * (wide - len(command))}  {what}\n" if beside else f"  # {what}\n  {shown}\n")


class Context(click.Context):
    """A context whose help has styles."""

    formatter_class = Formatter


class Command(click.Command):
    """A command with styles in its help."""

    context_class = Context


class GroupedOption(click.Option):
    """An option with its group, and whether the short help shows it."""

    def __init__(self, *arguments: Any, group: str, usual: bool = False, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.group = group
        self.usual = usual


class GroupedCommand(Command):
    """A command whose help shows its usual options in groups, examples first; `--help-all` shows everything.

    examples: commands, each with what it is for. more_examples: those that only the whole help shows. topics: what an option
    takes, explained behind the options, by heading. closing: a text behind that.
    """

    def __init__(
        self,
        *arguments: Any,
        examples: Rows,
        more_examples: Rows,
        topics: Mapping[str, Rows] = MappingProxyType({}),
        closing: str = "",
        **attributes: Any,
    ) -> None:
        super().__init__(*arguments, **attributes)
        self.examples = examples
        self.more_examples = more_examples
        self.topics = topics
        self.closing = closing
        order = [FIRST_GROUP, *GROUPS, FOLLOWING, CLUSTER, LAST_GROUP]
        # The order of the help is also that of the table in docs/options.md and of the man page.
        self.params.sort(key=lambda option: order.index(option.group) if isinstance(option, GroupedOption) else -1)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the short help."""
        self.write_help(ctx, formatter, whole=False)

    def write_help(self, ctx: click.Context, formatter: click.HelpFormatter, *, whole: bool) -> None:
        assert isinstance(formatter, Formatter)  # noqa: S101 - Context makes no other
        self.format_usage(ctx, formatter)
        formatter.write_examples([*self.examples, *self.more_examples] if whole else self.examples)
        self.format_help_text(ctx, formatter)
        groups = [(group, self.rows_of(options, ctx, whole=whole)) for group, options in self.grouped(ctx)]
        wide = min(max(len(names) for _, rows in groups for names, _ in rows), NAMES_WIDE)
        for group, rows in groups:
            if rows:
                with formatter.section(group):
                    formatter.write_options([(f"{names:{wide}}", text) for names, text in rows])
        for title, rows in self.topics.items():
            with formatter.section(title):
                formatter.write_dl(rows, NAMES_WIDE)
        formatter.write_paragraph()
        if self.closing:
            formatter.write_text(self.closing)
            formatter.write_paragraph()
        if not whole:
            everything = sum(isinstance(option, click.Option) for option in self.params)
            shows = f"`{ctx.command_path} --help-all` shows all {everything} options"
            formatter.write_text(f"{shows}, and `logproc man | man -l -` the manual.")
            return
        formatter.write_text(PRECEDENCE)
        with formatter.section("Exit codes"):
            formatter.write("".join(f"  {code:>3}  {text}\n" for code, text in EXIT_CODES))
        formatter.write_text(AFTER_A_SIGNAL)

    def rows_of(self, options: Iterable[click.Parameter], ctx: click.Context, *, whole: bool) -> Rows:
        """Return names and texts of options; of the usual ones unless the whole help is wanted."""
        shown = [option for option in options if whole or not isinstance(option, GroupedOption) or option.usual]
        return [record for option in shown if (record := option.get_help_record(ctx))]

    def grouped(self, ctx: click.Context) -> Iterator[tuple[str, list[click.Parameter]]]:
        """Yield each group with its options, in the order of GROUPS; the last one has what explains the command."""
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option) and not option.hidden]
        for group in (FIRST_GROUP, *GROUPS, FOLLOWING, CLUSTER, LAST_GROUP):
            yield group, [one for one in options if (one.group if isinstance(one, GroupedOption) else LAST_GROUP) == group]


def write_all(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Print the whole help of a command, and leave."""
    if not wanted or context.resilient_parsing:
        return
    assert isinstance(context.command, GroupedCommand)  # noqa: S101 - only such a command has this option
    formatter = context.make_formatter()
    context.command.write_help(context, formatter, whole=True)
    click.echo(formatter.getvalue().rstrip("\n"), color=context.color)
    context.exit()


def help_all_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command with `--help-all`."""
    text = "Show all options, and exit."
    return click.option("--help-all", is_flag=True, is_eager=True, expose_value=False, callback=write_all, help=text)(command)
