"""`logproc init` writes the config file that config/logproc.toml is, and never over another file."""

from __future__ import annotations

import os
from contextlib import chdir
from pathlib import Path

import pytest

from logproc.command.subcommands import init
from logproc.model.config_files import config_path
from logproc.settings import Settings, load
from tests.faults.fault import in_process

CONFIG = (Path(__file__).parents[3] / "config" / "logproc.toml").read_bytes()


def test_it_writes_every_setting_where_it_is_read(tmp_path: Path) -> None:
    """The file is config/logproc.toml, the next run in the folder reads it, and it changes nothing."""
    with chdir(tmp_path):
        run = in_process("init")
        assert (run.code, run.stdout) == (0, b"logproc.toml: written; every run in this folder reads it\n")
        assert Path("logproc.toml").read_bytes() == CONFIG
        assert config_path({}) == Path("logproc.toml")
        assert load({}, None, {}) == Settings(config_file="logproc.toml")


def test_it_is_read_whatever_the_umask(tmp_path: Path) -> None:
    """A file that a group may write to would not be read."""
    before = os.umask(0)
    try:
        with chdir(tmp_path):
            in_process("init")
            assert config_path({}) == Path("logproc.toml")
    finally:
        os.umask(before)


@pytest.mark.parametrize("there", ["file", "link", "broken link"])
def test_it_never_overwrites(there: str, tmp_path: Path) -> None:
    """A file or a link that is there stays as it is; one line says so."""
    mine, place = tmp_path / "mine.toml", tmp_path / "logproc.toml"
    if there == "file":
        place.write_text("top = 3")
    else:
        place.symlink_to(mine)
    if there == "link":
        mine.write_text("top = 3")
    with chdir(tmp_path):
        run = in_process("init")
    assert (run.code, run.stdout) == (4, b"")
    assert run.stderr == "logproc: logproc.toml: exists already: name another file, or - for stdout\n"
    assert (place if there == "file" else mine).exists() is (there != "broken link")
    if there != "broken link":
        assert place.read_text() == "top = 3"


def test_another_file_and_stdout(tmp_path: Path) -> None:
    """FILE is where it goes; `-` is standard output."""
    with chdir(tmp_path):
        run = in_process("init", "other.toml")
        assert run.stdout == b"other.toml: written; --config other.toml reads it\n"
        assert Path("other.toml").read_bytes() == in_process("init", "-").stdout == CONFIG
        assert list(Path().iterdir()) == [Path("other.toml")]
        missing = in_process("init", "no/such.toml")
    assert (missing.code, missing.stdout) == (4, b"")
    assert missing.stderr == "logproc: cannot write no/such.toml: no such file or directory: make its folder first\n"


def test_the_installed_file_is_found_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel puts the file beside the command; without one the error says what to do."""
    installed = tmp_path / "logproc.toml"
    monkeypatch.setattr(init, "PLACES", (installed, *init.PLACES[1:]))
    assert init.template() == CONFIG
    installed.write_bytes(b"# installed\n")
    assert init.template() == b"# installed\n"
    monkeypatch.setattr(init, "PLACES", (tmp_path / "none",))
    assert "install logproc again" in in_process("init", "-").stderr
