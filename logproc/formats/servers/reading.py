"""The definition of an access log, as nginx's `log_format` and Apache's LogFormat have it → a Definition."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, combinations, count, pairwise

from msgspec.structs import replace

from logproc.formats.servers import apache, nginx
from logproc.formats.servers.definition import Definition, Dialect, Escape, Literal, Variable, fault
from logproc.formats.times import strftime
from logproc.model.errors import UsageError
from logproc.model.patterns import regex

OF_REQUEST = ("method", "target", "path", "query", "protocol")
"""The columns that a request is split into."""
MOST_VARIABLES = 500
"""Ten times as many as any real log has; the work for a line grows with their square."""
MOST_PIECES = 9
"""A time has a year, month, day, hour, minute, second and zone."""
OF_NGINX = regex(r"\$[A-Za-z0-9_{]")
OF_APACHE = regex(r"%(?:[!<>,0-9]|\{[^}]*\})*[A-Za-z^]")


def definition_of(text: str, *, escape: Escape = "default", dialect: Dialect | None = None) -> Definition:
    """Return what a definition means. Raises UsageError, with the place, if it has no meaning or more than one.

    dialect: None to infer it from the text: `$name` is nginx's, `%x` is Apache's.

    >>> definition_of("$remote_addr [$time_local] $status").fields
    ('client', 'time', 'status')
    """
    dialect = dialect or dialect_of(text)
    parts = nginx.parts_of(text, escape) if dialect == "nginx" else apache.parts_of(text)
    check(text, parts)
    whole = tuple(with_names(with_one_time(joined(parts))))
    return Definition(text, dialect, escape if dialect == "nginx" else "default", whole)


def dialect_of(text: str) -> Dialect:
    of_nginx, of_apache = OF_NGINX.search(text), OF_APACHE.search(text)
    if of_nginx and of_apache:
        at = max(of_nginx.start(), of_apache.start())
        raise fault(text, at, "variables of both nginx and Apache", "write `$name` or `%x`, not both")
    if not of_nginx and not of_apache:
        raise UsageError(f"--format {text!r} has no variables", "write `$name` as nginx does, or `%x` as Apache does")
    return "nginx" if of_nginx else "apache"


def check(text: str, parts: list[Literal | Variable]) -> None:
    """Raise UsageError if a variable has no visible end, the variables are too many, or a record has several lines."""
    if sum(isinstance(part, Variable) for part in parts) > MOST_VARIABLES:
        raise UsageError(f"--format has more than {MOST_VARIABLES} variables", "is it the definition of one line?")
    for left, right in pairwise(parts):
        if isinstance(left, Variable) and isinstance(right, Variable) and not left.width and not right.width:
            hint = f"put some text between {left.source} and {right.source}"
            raise fault(text, right.column, f"nothing tells where {left.source} ends", hint)
    if any("\n" in part.text for part in parts if isinstance(part, Literal)):
        raise UsageError(f"--format {text!r} has a line feed", "a record is one line")


def joined(parts: Iterable[Literal | Variable]) -> list[Literal | Variable]:
    """Return the parts with neighbouring literals merged."""
    found: list[Literal | Variable] = []
    for part in parts:
        if found and isinstance(part, Literal) and isinstance(found[-1], Literal):
            found[-1] = Literal(found[-1].text + part.text)
        else:
            found.append(part)
    return found


def with_one_time(parts: list[Literal | Variable]) -> list[Literal | Variable]:
    """Return the parts with a time that is written in pieces, such as `%{%Y-%m-%d}t %{%T}t`, as one variable.

    The pieces are one time if only text is between them and they give a full date and a clock, in the order of a form.
    """
    if any(isinstance(part, Variable) and part.name == "time" for part in parts):
        return parts
    for first, last in combinations([at for at, part in enumerate(parts) if is_piece_of_time(part)][:MOST_PIECES], 2):
        pieces = parts[first : last + 1]
        form = "".join(part.text.replace("%", "%%") if isinstance(part, Literal) else part.form for part in pieces)
        if all(isinstance(part, Literal) or is_piece_of_time(part) for part in pieces) and strftime.is_moment(form):
            source = "".join(part.text if isinstance(part, Literal) else part.source for part in pieces)
            begin = next(part.column for part in pieces if isinstance(part, Variable))
            time = Variable("time", source, "time", begin, width=strftime.width_of(form), form=form)
            return [*parts[:first], time, *parts[last + 1 :]]
    return parts


def is_piece_of_time(part: Literal | Variable) -> bool:
    return isinstance(part, Variable) and part.name == "time_text"


def with_names(parts: list[Literal | Variable]) -> list[Literal | Variable]:
    """Return the parts with unique variable names; a variable without another name has the first right to its own."""
    variables = sorted((part for part in parts if isinstance(part, Variable)), key=lambda variable: bool(variable.other))
    owners: dict[str, Variable] = {}
    for variable in variables:
        owners.setdefault(variable.name, variable)
    names: dict[int, str] = {}
    taken = set(OF_REQUEST) if "request" in owners else set()
    for variable in (*owners.values(), *variables):
        wanted = variable.name if owners[variable.name] is variable else variable.other or variable.name
        if variable.column not in names:
            names[variable.column] = free(wanted, taken)
            taken.add(names[variable.column])
    return [replace(part, name=names[part.column]) if isinstance(part, Variable) else part for part in parts]


def free(name: str, taken: set[str]) -> str:
    """Return the name, with the first of `_2`, `_3`, … appended if it is taken."""
    names = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(new for new in names if new not in taken)
