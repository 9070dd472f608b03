"""The documents are true: their commands and Python code are run, and their tables match the program.

To update outputs and tables: UPDATE_DOCUMENTS=1 .venv/bin/python -m pytest -n0 tests/test_documents.py
"""

from __future__ import annotations

import doctest
import html
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from logproc.command.cli import cli
from logproc.command.subcommands import init
from logproc.command.usage.help import AFTER_A_SIGNAL, EXIT_CODES, GroupedOption
from logproc.formats.known import listing
from logproc.model import errors
from tests.support.ready_command import ready_command
from tools.pictures import threads as draw_threads
from tools.pictures.report import PICTURES, draw

ROOT = Path(__file__).parents[1]
GENERATED = {"faults.md", "messages.md"}
"""Pages that are generated from the tests and the source, and compared elsewhere."""
PAGES = [
    *(ROOT / name for name in ("README.md", "THREADING.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name not in GENERATED),
]
UPDATE = bool(os.environ.get("UPDATE_DOCUMENTS"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PACE = re.compile(r"in [\d.]+ m?s   [\d.]+ [kMG]?B/s")
DEFAULT = re.compile(r"  \[default: (.*)\]$")


def blocks(language: str) -> list[tuple[Path, str]]:
    """Return the fenced blocks of a language, each with its page."""
    return [(page, match[2]) for page in PAGES for match in BLOCK.finditer(page.read_text("utf-8")) if match[1] == language]


def cases(language: str, *marks: pytest.MarkDecorator) -> list[object]:
    """Return the blocks of a language as parameters, each named by its page and first line."""
    return [
        pytest.param(
            page,
            block,
            id=f"{page.stem}: {block.splitlines()[0][:50]}",
            marks=[*marks, *([pytest.mark.needs("jq")] if "jq " in block else [])],
        )
        for page, block in blocks(language)
    ]


def written(page: Path, old: str, new: str, place: str = "{}") -> str:
    """Return a section of a page, after updating it if UPDATE_DOCUMENTS is set."""
    if UPDATE:
        page.write_text(page.read_text("utf-8").replace(place.format(old), place.format(new)), "utf-8")
        return new
    return old


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with a command `logproc`."""
    with ready_command(tmp_path_factory.mktemp("command")) as folder:
        yield folder


@pytest.fixture
def run_in_bash(command: Path, tmp_path: Path) -> Callable[[str], str]:
    """Return a function that runs a line of shell beside the sample logs; it returns what was printed on both streams."""
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    env = {"HOME": str(tmp_path), "LANG": "C.UTF-8", "PATH": f"{command}:{os.environ['PATH']}"}

    def run(line: str) -> str:
        script = ["bash", "-c", f"exec 2>&1; {line}"]
        run = subprocess.run(script, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return run.stdout.decode()

    return run


def paceless(text: str) -> str:
    """Return a report without the time that it took."""
    return PACE.sub("in T s   R MB/s", text)


@pytest.mark.parametrize(("page", "block"), cases("console", pytest.mark.needs("bash")))
def test_commands_print_what_is_shown(page: Path, block: str, run_in_bash: Callable[[str], str]) -> None:
    """The commands of a console block print what the page shows below each."""
    commands = re.findall(r"^\$ (.*(?:(?<=\\)\n.*)*)$", block, re.MULTILINE)
    real = "".join(f"$ {line}\n{run_in_bash(line)}" for line in commands)
    assert paceless(written(page, block, real)) == paceless(real)


@pytest.mark.parametrize("page", sorted({page for page, _ in blocks("pycon")}), ids=lambda page: page.stem)
def test_python_prints_what_is_shown(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python sessions of a page run as shown; a later one may use names of an earlier one."""
    monkeypatch.chdir(ROOT)
    session = "\n".join(block for where, block in blocks("pycon") if where == page)
    example = doctest.DocTestParser().get_doctest(session, {}, page.name, None, None)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example, out=report.append)
    assert "".join(report) == ""
    assert example.examples


@pytest.mark.parametrize(("page", "block"), cases("python"))
def test_python_runs(page: Path, block: str) -> None:
    """Every Python program runs in its own interpreter, its assertions hold, and it prints nothing."""
    program = [sys.executable, "-X", "dev", "-W", "error", "-c", block]
    run = subprocess.run(program, cwd=ROOT, capture_output=True, check=False, timeout=30, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", ""), page.name


def place_of(name: str) -> str:
    """Return the pair of markers of a section, with `{}` between them."""
    return f"<!-- {name} -->\n{{}}<!-- /{name} -->"


def marked(page: Path, name: str) -> str:
    """Return the text between the markers of a section."""
    match = re.search(place_of(name).format("(.*?)"), page.read_text("utf-8"), re.DOTALL)
    assert match, f"{page.name} has no place {name}"
    return match[1]


def options_table() -> str:
    """Return the options of `logproc analyze` as a table."""
    rows = ["| option | default | |", "|---|---|---|"]
    command = cli.get_command(click.Context(cli), "analyze")
    assert command
    group = ""
    for option in command.params:
        if isinstance(option, GroupedOption) and option.group != group:
            group = option.group
            rows.append(f"| **{group}** | | |")
        if isinstance(option, click.Option) and not option.hidden:
            text, metavar = option.help or "", value_of(option)
            default = DEFAULT.search(text)
            names = ", ".join(f"`{name}`" for name in option.opts[:-1]) + (", " if option.opts[1:] else "")
            shown = f"{names}`{option.opts[-1]}{metavar}`".replace("|", r"\|")
            rows.append(f"| {shown} | {default[1] if default else ''} | {DEFAULT.sub('', text)} |")
    return "\n".join(rows) + "\n"


def value_of(option: click.Option) -> str:
    """Return what follows the name of an option, empty for a flag."""
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return " " + "|".join(option.type.choices)
    return f" {option.metavar}"


def test_options_are_those_of_the_command() -> None:
    """The table of options has every option with its default and its text."""
    page = ROOT / "docs" / "options.md"
    assert written(page, marked(page, "options"), options_table(), place_of("options")) == options_table()


def test_exit_codes_are_those_of_the_program() -> None:
    """Every exit code has a row, with the words of the help."""
    page = ROOT / "docs" / "exit-codes.md"
    rows = "".join(f"| {code} | {text} |\n" for code, text in EXIT_CODES)
    table = f"| code | |\n|---|---|\n{rows}\n{AFTER_A_SIGNAL}\n"
    assert written(page, marked(page, "exit-codes"), table, place_of("exit-codes")) == table
    assert {code for code, _ in EXIT_CODES} == {value for name, value in vars(errors).items() if name.startswith("EXIT_")} | {
        129,
        130,
        143,
        152,
    }


def test_formats_are_those_that_are_known() -> None:
    """Every format has a row with its summary, in the order of `logproc formats`."""
    page = ROOT / "docs" / "formats.md"
    table = "| name | |\n|---|---|\n" + "".join(f"| `{name}` | {summary} |\n" for name, summary, _ in listing())
    assert written(page, marked(page, "formats"), table, place_of("formats")) == table


@pytest.mark.parametrize(("page", "name"), [("docs/speed.md", "bench"), ("THREADING.md", "gil")])
def test_there_is_a_place_for_measurements(page: str, name: str) -> None:
    """The markers between which benchmark tables are pasted exist."""
    assert marked(ROOT / page, name)


def test_the_front_page_is_short() -> None:
    """README has at most 220 lines, and shows at least ten commands."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 220
    assert len(re.findall(r"^\$ .*logproc", text, re.MULTILINE)) >= 10


def test_the_site_has_every_page() -> None:
    """The site's menu lists every file of docs/, and nothing else."""
    named = re.findall(r"^ +- .*?([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_the_settings_are_in_the_package() -> None:
    """The wheel contains config/logproc.toml, and the pages name its path."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    (source, target), *_ = wheel["shared-data"].items()
    assert wheel["force-include"] == {source: str(init.PLACES[0].relative_to(ROOT))}
    assert (ROOT / source).is_file()
    assert target in (ROOT / "docs" / "options.md").read_text("utf-8")


def test_other_machines_run_the_same_check() -> None:
    """The workflow runs .ci/run, on each Python that it names in full."""
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert "- run: .ci/run\n" in workflow
    assert 'python: ["3.11", "3.12", "3.13"]' in workflow


def test_every_make_target_is_explained() -> None:
    """CONTRIBUTING names each target that `make help` lists."""
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    rows = re.findall(r"^\| `make ?([a-z-]*)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    assert set(targets) - {"check"} <= set(rows)
    assert "" in rows


def test_the_pictures_show_the_report_of_today(tmp_path: Path) -> None:
    """The pictures in docs/ have the words and numbers that `make picture` draws."""
    draw(tmp_path)
    assert {name: words(tmp_path / name) for name in PICTURES} == {name: words(ROOT / "docs" / name) for name in PICTURES}


def test_the_drawings_are_those_of_their_script() -> None:
    """The pictures in THREADING.md are those that `python -m tools.pictures.threads` writes."""
    drawn = draw_threads.pictures()
    assert {name: (ROOT / "docs" / name).read_text("utf-8") for name in drawn} == drawn


def words(picture: Path) -> list[str]:
    """Return only the text of a picture: other releases of rich may draw it differently."""
    body = re.sub(r"<style>.*?</style>", "", picture.read_text("utf-8"), flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", body)).split()
