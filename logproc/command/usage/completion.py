"""What the shell offers when TAB is pressed: files, and the names that an option takes.

`eval "$(_LOGPROC_COMPLETE=bash_source logproc)"` switches it on. The shell then starts the program with the words of the
command line in variables; click finds the option that is being typed, and the functions here list the names it takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, shell_complete, split_arg_string

from logproc.model.errors import UsageError
from logproc.settings import kind_of, load

VARIABLE = "_LOGPROC_COMPLETE"
PLAIN_METRICS = ("count", "bytes", "rate", "visitors", "first:time", "last:time", "peak(1s)", "share(")
FUNCTIONS = ("p50", "p95", "p99", "mean", "min", "max", "sum", "uniques")
OPEN = "open"
"""The type of a completion that is not finished: no blank may follow `p95:` or `share(`."""
BREAKS = ":="
"""Those of `$COMP_WORDBREAKS` that occur in our values: readline ends a word at them, although the value has not ended."""
BASH = """
%(complete_func)s() {
    local IFS=$'\\n' response completion type value
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete $1 2> /dev/null)
    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"
        case $type in
            file) COMPREPLY=(); compopt -o default ;;
            open) COMPREPLY+=("$value"); compopt -o nospace ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


def file_names(incomplete: str) -> list[CompletionItem]:
    """Leave file names to the shell."""
    return [CompletionItem(incomplete, type="file")]


def values_of(name: str, incomplete: str) -> list[CompletionItem]:
    """Return the values that a setting's option can take; none unless it takes known names."""
    words = NAMES[name](incomplete) if name in NAMES else kind_of(name).choices
    found = [word for word in words if word.startswith(incomplete)]
    return [CompletionItem(word, type=OPEN if word.endswith((":", "=", "(")) else "plain") for word in found]


def formats(_incomplete: str) -> Iterable[str]:
    from logproc.formats.known import listing

    own: list[str] = []
    with suppress(UsageError):  # of a config file that cannot be read: a run says so
        settings = load({}, None, os.environ)
        own = [name for name, _ in (*settings.patterns, *settings.formats)]
    return (*own, *(name for name, _, _ in listing()))


def panels(incomplete: str) -> Iterable[str]:
    """Return the fields to count by, after those already typed: `hour,pa` becomes `hour,path`."""
    chosen, comma, _ = incomplete.rpartition(",")
    return (chosen + comma + name for name in fields() if name not in chosen.split(","))


def metrics(incomplete: str) -> Iterable[str]:
    """Return metrics, after those already typed; after a colon, the fields that the function can take."""
    before, comma, last = incomplete.rpartition(",")
    return (before + comma + name for name in metric_names(last))


def sort_keys(incomplete: str) -> Iterable[str]:
    return ("key", *metric_names(incomplete))


def metric_names(incomplete: str) -> Iterable[str]:
    """Return the names of metrics; with a colon, those of one function."""
    from logproc.questions.where.values import FIELD_TYPES, FieldType

    function, colon, _ = incomplete.partition(":")
    if not colon or function in {"first", "last"}:
        return (*PLAIN_METRICS, *(f"{name}:" for name in FUNCTIONS))
    numbers = [name for name, kind in FIELD_TYPES.items() if kind in {FieldType.SIZE, FieldType.DURATION}]
    return (f"{function}:{name}" for name in (fields() if function == "uniques" else numbers))


def fields() -> list[str]:
    from logproc.questions.fields.derived import FIELDS
    from logproc.questions.question import SOURCE
    from logproc.questions.view import TIME_FIELDS
    from logproc.questions.where.values import FIELD_TYPES

    calls = ("every(5m)", "net:24", "query(", "shape(message)", "shape(path)")
    return sorted({*FIELD_TYPES, *TIME_FIELDS, *FIELDS, SOURCE, *calls} - {"time"})


def sources(_incomplete: str) -> Iterable[str]:
    """Return the fields that may come from another source, each with the sign behind it."""
    return (f"{name}=" for name in sorted({*fields(), "time", "request"}) if name.isidentifier())


def zones(_incomplete: str) -> Iterable[str]:
    from zoneinfo import available_timezones

    return ("local", *sorted(available_timezones()))


NAMES: dict[str, Callable[[str], Iterable[str]]] = {
    "format": formats,
    "map": sources,
    "by": panels,
    "metric": metrics,
    "sort": sort_keys,
    "tz": zones,
}


class Bash(BashComplete):
    """Bash passes `p95:du` as three words and replaces only the last one, so it is given only the end of the name."""

    source_template = BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor and the one at it. Raises KeyError and ValueError if bash set no variables."""
        raw = os.environ["COMP_WORDS"].split("\n")[: int(os.environ["COMP_CWORD"]) + 1]
        words = joined(raw)
        self._quoted = words[-1][:1] in {'"', "'"}
        last = "".join(split_arg_string(words[-1])[:1])
        replaced = "" if is_break(raw[-1]) else "".join(split_arg_string(raw[-1])[:1])
        self._kept = last.removesuffix(replaced)
        if last.startswith("--"):
            self._kept = self._kept.partition("=")[2]
        return [word for text in words[1:-1] for word in split_arg_string(text)], last

    def format_completion(self, item: CompletionItem) -> str:
        """Return a line for the bash function: what follows the part it keeps, with parentheses escaped."""
        value = str(item.value).removeprefix(self._kept)
        return f"{item.type}," + (value if self._quoted else value.replace("(", "\\(").replace(")", "\\)"))


def is_break(word: str) -> bool:
    """Whether one of bash's words consists only of word breaks."""
    return word != "" and not word.strip(BREAKS)


def joined(raw: Sequence[str]) -> list[str]:
    """Return bash's words as they were typed: `p95`, `:` and `du` are one, but a blank after the colon begins another.

    >>> joined(["logproc", "--sort", "p95", ":", "du"]), joined(["logproc", "a", ":", ""])
    (['logproc', '--sort', 'p95:du'], ['logproc', 'a:', ''])
    """
    words: list[str] = []
    for at, word in enumerate(raw):
        if words and word and (is_break(word) or is_break(raw[at - 1])):
            words[-1] += word
        else:
            words.append(word)
    return words


def answer(command: click.Command, instruction: str) -> bool:
    """Write what a shell asked for; return whether it was understood. Writes no error: it would appear in the user's prompt."""
    add_completion_class(Bash)
    try:
        return shell_complete(command, {}, "logproc", VARIABLE, instruction) == 0
    except (KeyError, ValueError, IndexError, click.ClickException):
        return False
