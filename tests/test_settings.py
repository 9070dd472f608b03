"""Settings come from four places, later ones win, and an error names the place of an invalid value."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.config_files import config_path, distrust, distrusted
from logproc.model.errors import EXIT_USAGE, UsageError
from logproc.model.knobs import GROUPS, option_name, parse_size
from logproc.settings import (
    Settings,
    convert,
    knobs,
    load,
    read_config,
    read_environment,
    unknown_variables,
)

DEFAULTS = Settings()
CONVERSIONS: list[tuple[str, Any, Any]] = [
    ("memory", "4194304", 4 << 20),
    ("memory", "64K", 64 << 10),
    ("memory", "64KB", 64 << 10),
    ("memory", "64kib", 64 << 10),
    ("memory", " 3 MiB ", 3 << 20),
    ("memory", "2g", 2 << 30),
    ("memory", "1TiB", 1 << 40),
    ("memory", "512B", 512),
    ("memory", 4096, 4096),
    ("readers", "8", 8),
    ("readers", 8, 8),
    ("readers", "08", 8),
    ("max_time", ".5", 0.5),
    ("max_time", "1e3", 1000.0),
    ("max_time", "2.5", 2.5),
    ("max_time", 2, 2.0),
    ("max_ratio", "0", 0.0),
    ("quiet", "True", True),
    ("quiet", "0", False),
    ("quiet", True, True),
    ("format", "combined", "combined"),
    ("output", "json", "json"),
    ("strict", "no-rejects", ("no-rejects",)),
    ("strict", "no-rejects,no-notes", ("no-rejects", "no-notes")),
    ("strict", ["no-notes"], ("no-notes",)),
    ("strict", [], ()),
    ("by", "hour,path", ("hour,path",)),
    ("by", "hour,path;status", ("hour,path", "status")),
    ("by", ["hour,path", "status"], ("hour,path", "status")),
    ("metric", "rate,p95:duration", ("rate", "p95:duration")),
    ("metric", ("rate", "p95:duration"), ("rate", "p95:duration")),
    ("nginx_conf", Path("nginx.conf"), "nginx.conf"),
]
NONSENSE: list[tuple[str, Any]] = [
    ("memory", "much"),
    ("memory", "-1"),
    ("memory", "1.5MiB"),
    ("memory", "4 PiB"),
    ("memory", 1.5),
    ("memory", True),
    ("memory", float("inf")),
    ("memory", float("nan")),
    ("readers", "many"),
    ("readers", "4K"),
    ("readers", "1e3"),
    ("readers", "2.0"),
    ("readers", 2.0),
    ("readers", [4]),
    ("max_time", "soon"),
    ("max_time", "nan"),
    ("max_time", float("nan")),
    ("max_time", False),
    ("quiet", "maybe"),
    ("quiet", 1),
    ("format", 3),
    ("output", "xml"),
    ("output", 1),
    ("strict", "no-fun"),
    ("strict", 5),
    ("strict", [["no-notes"]]),
]
OUT_OF_LIMITS: list[tuple[str, Any]] = [
    ("readers", 0),
    ("readers", 1025),
    ("workers", 0),
    ("chunk_size", 0),
    ("chunk_size", (1 << 30) + 1),
    ("memory", 0),
    ("max_line_bytes", 0),
    ("max_ratio", -1.0),
    ("max_time", 0.0),
    ("connections_per_host", 0),
    ("retries", 101),
    ("top", -1),
]


def write(path: Path, text: str) -> Path:
    """Write a config file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_defaults_are_in_force_when_nothing_is_said() -> None:
    """Without options, file and variables, the defaults apply."""
    assert load({}, None, {}) == DEFAULTS


def test_later_places_win(tmp_path: Path) -> None:
    """The file overrides the default, a variable the file, and an option both, for each key separately."""
    config = write(tmp_path / "c.toml", "top = 20\nretries = 5\nreaders = 2\n")
    settings = load({"top": 40}, config, {"LOGPROC_TOP": "30", "LOGPROC_RETRIES": "6"})
    assert (settings.top, settings.retries, settings.readers, settings.workers) == (40, 6, 2, None)


def test_an_empty_variable_is_not_set() -> None:
    """An empty variable counts as unset."""
    assert load({}, None, {"LOGPROC_TOP": "", "LOGPROC_STRICT": ""}) == DEFAULTS


def test_every_setting_can_come_from_a_variable() -> None:
    """The variable of a setting is LOGPROC_ and its name in capitals."""
    environ = {"LOGPROC_MAX_LINE_BYTES": "64K", "LOGPROC_COLOR": "never", "LOGPROC_ALLOW_DOWNGRADE": "1", "HOME": "/nowhere"}
    assert read_environment(environ) == {"max_line_bytes": 65536, "color": "never", "allow_downgrade": True}


@pytest.mark.parametrize(("name", "value", "expected"), CONVERSIONS)
def test_a_value_is_converted(name: str, value: Any, expected: Any) -> None:
    """Text of variables and TOML values are converted to the setting's type."""
    converted = convert(name, value, "here")
    assert (converted, type(converted)) == (expected, type(expected))


@pytest.mark.parametrize(("name", "value"), NONSENSE)
def test_nonsense_is_refused_with_its_place(name: str, value: Any) -> None:
    """A value of the wrong type is a usage error that says where it comes from."""
    with pytest.raises(UsageError, match=r"^LOGPROC_X: ") as caught:
        convert(name, value, "LOGPROC_X:")
    assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize(("name", "value"), OUT_OF_LIMITS)
def test_a_number_out_of_its_limits_is_refused(name: str, value: Any) -> None:
    """A number outside its limits is a usage error that names the option and the limit."""
    with pytest.raises(UsageError, match=rf"^{option_name(name)} {value}: at (least|most) "):
        load({name: value}, None, {})


def test_both_ends_of_the_limits_are_allowed() -> None:
    """The limits of every setting are inclusive."""
    for item in knobs():
        for bound in (item.metadata["least"], item.metadata["most"]):
            if bound is not None:
                assert getattr(Settings(**{item.name: bound}), item.name) == bound


def test_every_setting_is_in_a_group() -> None:
    """Groups follow one another, so that the order of the settings is that of the help."""
    groups = [item.metadata["group"] for item in knobs()]
    assert groups == sorted(groups, key=GROUPS.index)
    assert set(groups) == set(GROUPS)


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    """An unknown key of the file is an error with the file, the key and the nearest known one."""
    config = write(tmp_path / "c.toml", "top = 3\nmemroy = 5\n")
    with pytest.raises(UsageError, match=r"c\.toml: unknown key 'memroy': did you mean 'memory'\?"):
        read_config(config)


def test_keys_are_written_with_hyphens(tmp_path: Path) -> None:
    """A key is spelled like the option; the name of the field is unknown."""
    assert read_config(write(tmp_path / "a.toml", 'max-line-bytes = "2K"')) == {"max_line_bytes": 2048}
    with pytest.raises(UsageError, match="unknown key 'max_line_bytes'"):
        read_config(write(tmp_path / "b.toml", "max_line_bytes = 2048"))


@pytest.mark.parametrize("text", ["top = ", "top = 1\ntop = 2", "[" * 5000, "top = \ud800", "memory = 1e999999"])
def test_a_broken_file_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is not TOML, not UTF-8, or holds a huge number, is a usage error that names the file."""
    config = tmp_path / "c.toml"
    config.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError, match=r"c\.toml: "):
        read_config(config)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    """A named config file that is missing or a directory is a usage error."""
    with pytest.raises(UsageError, match=r"^config "):
        load({}, tmp_path / name, {})


def test_the_config_file_is_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$LOGPROC_CONFIG, then ./logproc.toml, then the user's folder; without any there is none."""
    home, here = tmp_path / "home", tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    environ = {"HOME": str(home)}
    assert config_path(environ) is None
    in_home = write(home / ".config" / "logproc" / "logproc.toml", "")
    assert config_path(environ) == in_home
    in_folder = write(tmp_path / "xdg" / "logproc" / "logproc.toml", "")
    environ["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    assert config_path(environ) == in_folder
    write(here / "logproc.toml", "")
    assert config_path(environ) == Path("logproc.toml")
    assert config_path(environ | {"LOGPROC_CONFIG": "/elsewhere.toml"}) == Path("/elsewhere.toml")
    assert config_path({}) == Path("logproc.toml")


def test_a_variable_that_names_a_missing_file_is_refused(tmp_path: Path) -> None:
    """If the file of $LOGPROC_CONFIG is missing, the run does not start without it."""
    with pytest.raises(UsageError, match="no such file"):
        load({}, None, {"LOGPROC_CONFIG": str(tmp_path / "none.toml")})


@given(st.integers(0, 2**60), st.sampled_from(["", "K", "M", "G", "T"]))
def test_a_size_is_its_number_times_its_unit(number: int, unit: str) -> None:
    """Units are powers of 1024, with or without `B` and `iB`."""
    expected = number * 1024 ** " KMGT".index(unit or " ")
    endings = ["", "B", "iB"] if unit else ["", "B"]
    assert {parse_size(f"{number}{unit}{ending}") for ending in endings} == {expected}


def test_chunks_share_the_memory() -> None:
    """A chunk is 8 MiB, or less so that two per worker can be parsed within the memory; a given size is kept."""
    assert Settings(workers=2).chunk_bytes == 8 << 20
    assert Settings(workers=2, memory=8 << 20).chunk_bytes == 512 << 10
    assert Settings(workers=1024, memory=1).chunk_bytes == 1
    assert Settings(workers=2, memory=8 << 20, chunk_size=5).chunk_bytes == 5


@pytest.mark.parametrize(("readers", "files", "expected"), [(None, 1, 1), (None, 9, 4), (None, 0, 0), (2, 9, 2), (8, 3, 3)])
def test_there_are_no_more_readers_than_files(readers: int | None, files: int, expected: int) -> None:
    """Four readers, or as many as requested, but never more than there are files."""
    assert Settings(readers=readers).reader_count(files) == expected


def other_owner(path: Path) -> None:
    os.chown(path, 12345, -1, follow_symlinks=False)


def linked(target: Path, link: Path, *, other: bool = False) -> Path:
    """Make a symbolic link, of another user if asked for."""
    link.symlink_to(target.absolute())
    if other:
        other_owner(link)
    return link


DISTRUSTED: list[tuple[str, Callable[[Path], object], str]] = [
    ("of another user", other_owner, "uid 12345"),
    ("of root and mine", lambda _: None, ""),
    ("0400", lambda path: path.chmod(0o400), ""),
    ("0660", lambda path: path.chmod(0o660), "others may write to it"),
    ("0606", lambda path: path.chmod(0o606), "others may write to it"),
    ("0666", lambda path: path.chmod(0o666), "others may write to it"),
    ("in a folder of all", lambda path: path.parent.chmod(0o777), "anybody may replace it"),
    ("in a sticky folder of all", lambda path: path.parent.chmod(0o1777), ""),
    ("a link", lambda path: linked(path.rename(path.with_name("target")), path), ""),
    ("a link of another user", lambda path: linked(path.rename(path.with_name("target")), path, other=True), "uid 12345"),
    (
        "a link to a link of another user",
        lambda path: linked(linked(path.rename(path.with_name("target")), path.with_name("other"), other=True), path),
        "uid 12345",
    ),
]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize(("make", "why"), [row[1:] for row in DISTRUSTED], ids=[row[0] for row in DISTRUSTED])
@pytest.mark.parametrize("place", ["here", "home", "xdg"])
def test_a_config_file_that_somebody_else_can_have_written_is_not_read(
    make: Callable[[Path], object], why: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the current folder nor in the user's; and the next one in the order is used."""
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path / "home")} | ({"XDG_CONFIG_HOME": "xdg"} if place == "xdg" else {})
    folder = {"here": Path(), "home": tmp_path / "home" / ".config" / "logproc", "xdg": Path("xdg", "logproc")}[place]
    path = write(folder / "logproc.toml", "top = 3")
    make(path)
    assert config_path(environ) == (None if why else path)
    assert [why in found[1] for found in distrusted(environ)] == ([True] if why else [])
    assert load({}, path, environ).top == 3
    assert load({}, None, environ | {"LOGPROC_CONFIG": str(path)}).config_file == str(path)
    if why and place == "here":
        after = write(tmp_path / "home" / ".config" / "logproc" / "logproc.toml", "top = 4")
        assert load({}, None, environ) == Settings(top=4, config_file=str(after))


def test_a_link_without_an_end_is_not_a_config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A circle of links, and a link to nothing, are as good as no file."""
    monkeypatch.chdir(tmp_path)
    linked(Path("logproc.toml"), Path("logproc.toml"))
    assert (config_path({}), distrusted({})) == (None, [])
    assert any(distrust(Path("logproc.toml")))


def test_a_misspelt_variable_is_found() -> None:
    """Each variable with the prefix that is not a setting is named, the nearest setting with it."""
    environ = {
        "LOGPROC_TPO": "3",
        "LOGPROC_top": "3",
        "LOGPROC_NO_IDEA": "",
        "LOGPROC_TOP": "3",
        "LOGPROC_CONFIG": "x",
        "LOG": "",
    }
    assert unknown_variables(environ) == {
        "LOGPROC_TPO": "did you mean LOGPROC_TOP?",
        "LOGPROC_top": "did you mean LOGPROC_TOP?",
        "LOGPROC_NO_IDEA": "see `logproc analyze --help`",
    }


def test_the_file_that_was_read_is_not_a_setting() -> None:
    """Nobody can claim that another file was read."""
    with pytest.raises(UsageError, match="unknown option 'config_file'"):
        load({"config_file": "x"})
