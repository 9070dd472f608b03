"""The law of following: under a writer and a rotator, every line exactly once."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.sources.follow import rotating
from tests.sources.follow.reader import Reader

WHOLE = re.compile(rb"line (\d{8}) \.*")
SCRIPT = Path(rotating.__file__)


def numbers_in(lines: list[bytes]) -> Counter[int]:
    """Return the numbers of the whole lines."""
    return Counter(int(found[1]) for line in lines if (found := WHOLE.fullmatch(line)))


def survivors(log: Path) -> dict[int, str]:
    """Return the numbers of the whole lines that are in any file at the end, each with its file.

    Others were lost by a copy with truncation: a line that was being copied may be cut in the copy and is truncated in the log.
    """
    files = [path for path in [*log.parent.glob(f"{log.name}*"), *(log.parent / "kept").iterdir()] if not path.is_symlink()]
    texts = {path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files}
    return {number: name for name, text in texts.items() for number in numbers_in(text.split(b"\n")[:-1])}


def follow_rotations(folder: Path, count: int, seed: str, pattern: str) -> str:
    """Follow a log through rotations; return the figures. Fails if a line is lost or doubled."""
    log, done = folder / "access.log", folder / "kept" / "done"
    done.parent.mkdir()
    writer = subprocess.Popen([sys.executable, SCRIPT, "write", log, done, seed])
    while not (done.parent / "inode").exists():
        time.sleep(0.01)
    reader = Reader([f"{log}{pattern}"])
    rotator = subprocess.Popen([sys.executable, SCRIPT, "rotate", log, str(count), seed], stdout=subprocess.PIPE, text=True)
    start = time.process_time()
    while rotator.poll() is None:
        assert writer.poll() is None
        assert reader.step()
    kinds = rotator.communicate()[0].strip()
    assert rotator.returncode == 0
    time.sleep(0.1)
    done.touch()
    assert writer.wait() == 0
    written, there = int((done.parent / "lines").read_text()), survivors(log)
    for _ in range(10):
        end = time.monotonic() + 1
        while time.monotonic() < end:
            reader.step()
        if set(there) <= set(numbers_in(reader.lines)):
            break
    reader.close()
    seen = numbers_in(reader.lines)
    lost, doubled = sorted(set(there) - set(seen)), sorted(number for number, times in seen.items() if times > 1)
    gone = written - len(there)
    figures = (
        f"{count} rotations ({kinds}), {written} lines: {len(lost)} lost, {len(doubled)} doubled, {gone} lost by truncation"
    )
    assert not lost, (
        figures,
        Counter(there[number] for number in lost),
        sorted(Counter(reader.notes).items(), key=lambda item: -item[1])[:9],
    )
    assert not doubled, (figures, doubled[:20], sorted(Counter(reader.notes).items(), key=lambda item: -item[1])[:9])
    assert len(reader.following.logs) == 1, [one.name for one in reader.following.logs]
    return f"{figures}; {len(seen) - len(there)} of these were seen; {time.process_time() - start:.1f} s of CPU"


@pytest.mark.parametrize("pattern", ["", "*"])
def test_random_rotations(tmp_path: Path, pattern: str) -> None:
    """A few dozen, in a few seconds."""
    print(follow_rotations(tmp_path, 40, f"short{pattern}", pattern))


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pattern", ["", "*"])
def test_a_thousand_random_rotations(tmp_path: Path, pattern: str) -> None:
    """As the short test, for some minutes."""
    print(follow_rotations(tmp_path, 1000, f"long{pattern}", pattern))
