"""The manual page, in roff: made of the commands and options themselves, so that it cannot differ from the help."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence

import click

from logproc import __version__
from logproc.command.usage.help import AFTER_A_SIGNAL, EXIT_CODES, PRECEDENCE, GroupedCommand
from logproc.model.patterns import regex

MARKED = regex(r"`([^`]+)`")
ESCAPES = {"…": "...", "\\": r"\e", "-": r"\-", "'": r"\(aq", '"': r"\(dq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
VARIABLES: Sequence[tuple[str, str]] = (
    ("LOGPROC_CONFIG", "The config file to read."),
    ("LOGPROC_...", "Each setting: LOGPROC_MAX_TIME is --max-time."),
    ("NO_COLOR", "No colours, if it is not empty."),
    ("FORCE_COLOR, CLICOLOR_FORCE", "Colours also where stdout is not a terminal, if one is neither empty nor 0."),
    ("LOGPROC_NATIVE", "0: read access logs without the compiled kernel."),
    ("LOGPROC_PAGER, PAGER", "The pager of --full; `cat`, or an empty variable, means no pager."),
    ("COLUMNS", "The width of a report."),
)
FILES: Sequence[tuple[str, str]] = (
    ("./logproc.toml", "Settings; read if nobody else can have written it."),
    ("~/.config/logproc/logproc.toml", "Settings, if the current folder has none."),
)


def manual(group: click.Group) -> str:
    """Return the manual page of the program, which ends in LF."""
    return "\n".join(lines(group)) + "\n"


def lines(group: click.Group) -> Iterator[str]:
    context = click.Context(group, info_name="logproc")
    commands = [(name, group.commands[name]) for name in group.list_commands(context) if not group.commands[name].hidden]
    yield f'.TH LOGPROC 1 "" "logproc {roff(__version__)}" "User Commands"'
    yield from (".nh", ".ad l")
    yield from section("NAME", [r"logproc \- analyze logs of any kind"])
    yield from section("SYNOPSIS", [])
    usages = ["[OPTIONS] FILE...", *(f"{name} {usage_of(command)}" for name, command in commands)]
    yield from (line for usage in usages for line in (f"\\fBlogproc\\fR {roff(usage)}", ".br"))
    yield from section("DESCRIPTION", paragraphs(group.help or ""))
    yield from section("COMMANDS", [])
    for name, command in commands:
        yield from (".SS " + roff(f"logproc {name} {usage_of(command)}"), *paragraphs(command.help or ""))
        if not isinstance(command, GroupedCommand):
            yield from options(command.params, click.Context(command, info_name=name))
    for name, command in commands:
        if isinstance(command, GroupedCommand):
            yield from section(f"OPTIONS OF {name.upper()}", [])
            inner = click.Context(command, info_name=name, help_option_names=["-h", "--help"])
            for title, members in command.grouped(inner):
                yield f".SS {roff(title)}"
                yield from options(members, inner)
            for title, rows in command.topics.items():
                yield f".SS {roff(title)}"
                yield from (line for name, text in rows for line in entry(name, text))
            if command.closing:
                yield from (".PP", *paragraphs(command.closing))
    yield from section("EXAMPLES", [".nf"])
    examples = [(*command.examples, *command.more_examples) for _, command in commands if isinstance(command, GroupedCommand)]
    yield from (roff(line) for rows in examples for line, _ in rows)
    yield ".fi"
    yield from section("ENVIRONMENT", paragraphs(PRECEDENCE))
    yield from (line for name, text in VARIABLES for line in entry(name, text))
    yield from section("FILES", [])
    yield from (line for name, text in FILES for line in entry(name, text))
    yield from section("EXIT STATUS", [])
    yield from (line for code, text in EXIT_CODES for line in entry(str(code), text))
    yield from (".PP", *paragraphs(AFTER_A_SIGNAL))


def usage_of(command: click.Command) -> str:
    return " ".join(command.collect_usage_pieces(click.Context(command)))


def section(title: str, body: Sequence[str]) -> list[str]:
    return [f".SH {title}", *body]


def options(members: Sequence[click.Parameter], context: click.Context) -> Iterator[str]:
    """Yield an entry for each option, with the names, value and text of the help."""
    for option in members:
        if isinstance(option, click.Option) and (record := option.get_help_record(context)):
            yield from entry(*record)


def entry(name: str, text: str) -> list[str]:
    return [".TP", f"\\fB{roff(name)}\\fR", marked(text)]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring, each as one line."""
    found = [" ".join(part.split()) for part in re.split(r"\n\s*\n", inspect.cleandoc(text))]
    return [line for number, part in enumerate(found) for line in ((".PP", marked(part)) if number else (marked(part),))]


def marked(text: str) -> str:
    r"""Return a text as roff, with what stands between backquotes in bold.

    >>> print(marked("see `logproc -h`"))
    see \fBlogproc \-h\fR
    """
    parts = MARKED.split(" ".join(text.split()))
    return "".join(f"\\fB{roff(part)}\\fR" if number % 2 else roff(part) for number, part in enumerate(parts)) or r"\&"


def roff(text: str) -> str:
    r"""Return a text as roff shows it literally; a `.` at the beginning of a line would be a request.

    >>> print(roff(".x-é"))
    \&.x\-\[u00E9]
    """
    escaped = "".join(ESCAPES.get(sign, sign if sign.isascii() else f"\\[u{ord(sign):04X}]") for sign in text)
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
