"""What the shell offers when TAB is pressed: files, and the names that an option takes.

README says how it is switched on: `eval "$(_LOGPROC_COMPLETE=bash_source logproc)"`. The shell then starts the program with
the words of the command line in variables; click finds the option that is being typed, and the functions here know its names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, shell_complete, split_arg_string

from logproc.settings import kind_of

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

VARIABLE = "_LOGPROC_COMPLETE"
PLAIN_METRICS = ("count", "bytes", "rate", "visitors")
FUNCTIONS = ("p50", "p95", "p99", "mean", "min", "max", "sum", "uniques")
OPEN = "open"
"""The type of a completion that goes on: no blank may follow `p95:`."""
BREAKS = ":="
"""Where readline ends a word although our values go on (`$COMP_WORDBREAKS`, of which these stand in names)."""
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


def complete_files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell, which knows files best."""
    return [CompletionItem(incomplete, type="file")]


def complete_setting(name: str) -> Complete:
    """Return the completion for the option of a setting: of its names, where it takes names that are known."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        words = NAMES[name](incomplete) if name in NAMES else kind_of(name).choices
        found = [word for word in words if word.startswith(incomplete)]
        return [CompletionItem(word, type=OPEN if word.endswith(":") else "plain") for word in found]

    return complete


def formats(_incomplete: str) -> Iterable[str]:
    """Return the names of all formats."""
    from logproc.formats.known import listing

    return (name for name, _, _ in listing())


def panels(incomplete: str) -> Iterable[str]:
    """Return the fields to count by, behind those that were typed already: `hour,pa` becomes `hour,path`."""
    chosen, comma, _ = incomplete.rpartition(",")
    return (chosen + comma + name for name in fields() if name not in chosen.split(","))


def metrics(incomplete: str) -> Iterable[str]:
    """Return metrics, behind those that were typed already; once there is a colon, the fields they can be of."""
    before, comma, last = incomplete.rpartition(",")
    return (before + comma + name for name in metric_names(last))


def sort_keys(incomplete: str) -> Iterable[str]:
    """Return what rows can be ordered by."""
    return ("key", *metric_names(incomplete))


def metric_names(incomplete: str) -> Iterable[str]:
    """Return the names of metrics, or with a colon those of one function."""
    from logproc.questions.where.values import FIELD_TYPES, FieldType

    function, colon, _ = incomplete.partition(":")
    if not colon:
        return (*PLAIN_METRICS, *(f"{name}:" for name in FUNCTIONS))
    numbers = [name for name, kind in FIELD_TYPES.items() if kind in {FieldType.SIZE, FieldType.DURATION}]
    return (f"{function}:{name}" for name in (fields() if function == "uniques" else numbers))


def fields() -> list[str]:
    """Return the fields that logs usually have, and those that are computed from them."""
    from logproc.questions.fields.derived import FIELDS
    from logproc.questions.view import TIME_FIELDS
    from logproc.questions.where.values import FIELD_TYPES

    return sorted({*FIELD_TYPES, *TIME_FIELDS, *FIELDS, "net:24", "shape(message)", "shape(path)"} - {"time"})


def zones(_incomplete: str) -> Iterable[str]:
    """Return the zones of the IANA database."""
    from zoneinfo import available_timezones

    return ("local", *sorted(available_timezones()))


NAMES: dict[str, Callable[[str], Iterable[str]]] = {
    "format": formats,
    "by": panels,
    "metric": metrics,
    "sort": sort_keys,
    "tz": zones,
}


class Bash(BashComplete):
    """Bash hands over `p95:du` as three words and replaces the last of them only, so it gets the end of a name only."""

    source_template = BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, and the one at it. Raises KeyError and ValueError if bash did not ask."""
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
        """Return a line for the function in bash: what follows what it keeps, with parentheses that the shell leaves alone."""
        value = str(item.value).removeprefix(self._kept)
        return f"{item.type}," + (value if self._quoted else value.replace("(", "\\(").replace(")", "\\)"))


def is_break(word: str) -> bool:
    """Return whether a word of bash is only what ends words."""
    return word != "" and not word.strip(BREAKS)


def joined(raw: Sequence[str]) -> list[str]:
    """Return bash's words as they were typed: `p95`, `:` and `du` are one, but a blank behind the colon begins another.

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
    """Write what a shell asked for; return whether it was understood. Never a message: it would stand in somebody's prompt."""
    add_completion_class(Bash)
    try:
        return shell_complete(command, {}, "logproc", VARIABLE, instruction) == 0
    except (KeyError, ValueError, IndexError, click.ClickException):
        return False
