"""Writing reports to files and stdout, with real files, folders, FIFOs and devices."""

from __future__ import annotations

import errno
import io
import os
import resource
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast

import pytest

from logproc.model.errors import OutputError, UsageError
from logproc.reports import output


def folder_missing(folder: Path) -> Path:
    """Name a file in a missing folder."""
    return folder / "missing" / "report.json"


def a_directory(folder: Path) -> Path:
    """Name a folder."""
    return folder


def below_a_file(folder: Path) -> Path:
    """Name a file below another file."""
    (folder / "file").touch()
    return folder / "file" / "report.json"


def link_to_a_file(folder: Path) -> Path:
    """Make a link to a file."""
    (folder / "precious").write_text("old")
    (folder / "report.json").symlink_to("precious")
    return folder / "report.json"


def dangling_link(folder: Path) -> Path:
    """Make a link to nothing."""
    (folder / "report.json").symlink_to("nothing")
    return folder / "report.json"


def loop_of_links(folder: Path) -> Path:
    """Make a link to itself."""
    (folder / "report.json").symlink_to("report.json")
    return folder / "report.json"


def name_too_long(folder: Path) -> Path:
    """Name a file of 300 letters."""
    return folder / ("a" * 300)


BAD_TARGETS = [
    (folder_missing, "no such file or directory"),
    (a_directory, "is a directory"),
    (below_a_file, "not a directory"),
    (link_to_a_file, "is a symbolic link"),
    (dangling_link, "is a symbolic link"),
    (loop_of_links, "ymbolic link"),
    (name_too_long, "file name too long"),
]


@pytest.mark.parametrize(("target", "reason"), BAD_TARGETS)
def test_a_bad_target_is_refused_before_and_at_writing(target: Callable[[Path], Path], reason: str, tmp_path: Path) -> None:
    """A target that cannot be written is refused early, with the reason, and the folder is unchanged."""
    path = target(tmp_path)
    before = sorted(tmp_path.iterdir())
    attempts: list[Callable[[], None]] = [lambda: output.check_output(path), lambda: output.write_atomically(path, "new")]
    for attempt in attempts:
        with pytest.raises(OutputError, match="cannot write .*" + reason) as refusal:
            attempt()
        assert refusal.value.exit_code == 4
    assert sorted(tmp_path.iterdir()) == before
    assert not (tmp_path / "precious").exists() or (tmp_path / "precious").read_text() == "old"


CHECK_AS_NOBODY = """
import os, sys
from logproc.reports.output import check_output
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
try:
    check_output(sys.argv[1])
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o555, 0o666), (0o777, 0o444)])
def test_what_a_user_may_not_write_is_known_early(folder_mode: int, file_mode: int) -> None:
    """A folder or a file without permission is refused by `check_output`, for a user who is not root."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.json")
        path.touch()
        path.chmod(file_mode)
        Path(folder).chmod(folder_mode)
        done = subprocess.run([sys.executable, "-c", CHECK_AS_NOBODY, str(path)], capture_output=True, text=True, check=True)
        Path(folder).chmod(0o700)
    assert done.stdout == f"cannot write {path}: permission denied: name a place that you may write to\n"


def test_only_the_owner_can_read_a_new_file(tmp_path: Path) -> None:
    """The file is UTF-8, has mode 0600 under any umask, and no temporary file remains."""
    path = tmp_path / "report.json"
    old = os.umask(0)
    try:
        output.check_output(path)
        output.write_atomically(path, "größe\n")
    finally:
        os.umask(old)
    assert path.read_bytes() == "größe\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*tmp_path.iterdir()] == [path]
    assert output.known_temporaries() == ()


def test_an_old_file_is_replaced_not_overwritten(tmp_path: Path) -> None:
    """A process that has the old file open still reads all of it."""
    path = tmp_path / "report.csv"
    path.write_text("old")
    with path.open() as reader:
        output.write_atomically(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_a_disk_that_takes_only_a_part_leaves_the_old_file(tmp_path: Path) -> None:
    """If a write fails halfway, the old report stays, no temporary file remains, and the error says why."""
    path = tmp_path / "report.json"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*report\.json: file too large"):
            output.write_atomically(path, "new" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]
    assert output.known_temporaries() == ()


@pytest.mark.parametrize(("owner", "step"), [(os, "fsync"), (Path, "replace")])
def test_a_report_that_is_not_safe_on_the_disk_is_not_claimed(
    owner: object, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same holds if syncing or renaming fails."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "report.json"
    path.write_text("old")
    monkeypatch.setattr(owner, step, fail)
    with pytest.raises(OutputError, match="no space left on device: free some space"):
        output.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]
    assert output.known_temporaries() == ()


def test_the_temporary_file_is_known_while_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second signal could delete it at any moment before the rename."""
    seen: list[tuple[str, ...]] = []
    rename = Path.replace

    def look_and_rename(name: Path, target: Path) -> Path:
        seen.append(output.known_temporaries())
        return rename(name, target)

    monkeypatch.setattr(Path, "replace", look_and_rename)
    output.write_atomically(tmp_path / "report.txt", "")
    ((name,),) = seen
    assert Path(name).parent == tmp_path
    assert not Path(name).exists()


def test_a_fifo_is_written_as_it_is(tmp_path: Path) -> None:
    """A FIFO with a reader gets the text and stays a FIFO."""
    path = tmp_path / "report.json"
    os.mkfifo(path)
    output.check_output(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        output.write_atomically(path, "text")
        assert os.read(reader, 100) == b"text"
    finally:
        os.close(reader)
    assert path.is_fifo()


def test_a_fifo_without_a_reader_is_an_error_at_once(tmp_path: Path) -> None:
    """Opening it fails at once."""
    path = tmp_path / "report.json"
    os.mkfifo(path)
    with pytest.raises(OutputError, match="nothing reads the FIFO"):
        output.write_atomically(path, "text")


def test_devices_are_written_as_they_are() -> None:
    """/dev/null takes everything, /dev/full nothing."""
    output.write_atomically("/dev/null", "text")
    with pytest.raises(OutputError, match="cannot write /dev/full: no space left on device"):
        output.write_atomically("/dev/full", "text")


@pytest.mark.parametrize(
    ("path", "form"),
    [("a.json", "json"), ("b/a.CSV", "csv"), ("a.tar.txt", "terminal"), ("p.html", "html"), (Path("r.json"), "json")],
)
def test_the_ending_names_the_format(path: str | Path, form: str) -> None:
    """The last extension decides, in any case."""
    assert output.format_for(path) == form


@pytest.mark.parametrize("path", ["report", "report.htm", ".json", "json", "report.json.gz", "/dev/stdout"])
def test_an_ending_that_means_nothing_is_refused(path: str) -> None:
    """The error lists the known extensions."""
    with pytest.raises(UsageError, match=r"\.json, \.csv, \.txt, \.html"):
        output.format_for(path)


def test_stdout_gets_utf_8(tmp_path: Path) -> None:
    """The text is written as UTF-8 and flushed."""
    with (tmp_path / "out").open("wb") as stream:
        output.write_stdout(stream, "größe\n")
        assert (tmp_path / "out").read_bytes() == "größe\n".encode()


def test_a_full_disk_under_stdout_is_an_output_error() -> None:
    """It is never reported as success."""
    with (
        Path("/dev/full").open("wb") as stream,
        pytest.raises(OutputError, match="cannot write stdout: no space left on device"),
    ):
        output.write_stdout(stream, "text")


def test_a_closed_stdout_is_an_output_error() -> None:
    """For `>&-` Python has no stream at all."""
    with pytest.raises(OutputError, match="cannot write stdout: it is closed"):
        output.write_stdout(None, "text")


def test_a_reader_of_stdout_that_went_away_is_a_broken_pipe() -> None:
    """BrokenPipeError is passed on, because the program then ends silently."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as stream, pytest.raises(BrokenPipeError):
        output.write_stdout(cast("BinaryIO", stream), "text")


def test_a_stdout_that_does_not_block_gets_all_the_same() -> None:
    """Another process may have set O_NONBLOCK on the pipe: writing waits for room."""
    outlet, inlet = os.pipe()
    os.set_blocking(inlet, False)
    text = "x" * (1 << 20)
    with os.fdopen(outlet, "rb") as reader, os.fdopen(inlet, "wb") as stream:
        seen: list[bytes] = []
        reading = Thread(target=lambda: seen.append(reader.read(len(text))))
        reading.start()
        output.write_stdout(cast("BinaryIO", stream), text)
        reading.join()
    assert seen == [text.encode()]


def test_what_stdout_cannot_show_is_escaped() -> None:
    """Text is written in the stream's encoding, whatever it contains."""
    stream = io.BytesIO()
    output.write_stdout(stream, "größe \udcff", "ascii")
    assert stream.getvalue() == b"gr\\xf6\\xdfe \\udcff"


def test_a_special_file_that_is_replaced_while_it_is_opened_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a link to a file replaces the FIFO after the check, nothing is written through it."""
    (tmp_path / "precious").write_text("old")
    (tmp_path / "report.json").symlink_to("precious")
    monkeypatch.setattr(output, "is_special", lambda _: True)
    with pytest.raises(OutputError, match="was replaced in the meantime"):
        output.write_atomically(tmp_path / "report.json", "new")
    assert (tmp_path / "precious").read_text() == "old"


def test_a_file_mounted_by_itself_has_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers mount single files, which cannot be replaced; the message says what to do, and the file stays."""

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    path = tmp_path / "report.json"
    path.write_text("old")
    monkeypatch.setattr(Path, "replace", busy)
    with pytest.raises(OutputError, match="busy: if the file is mounted by itself, as in a container, mount its folder"):
        output.write_atomically(path, "new")
    assert path.read_text() == "old"
