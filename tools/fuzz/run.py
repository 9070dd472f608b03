"""Coverage-guided fuzzing of one target for a given time. Needs atheris: `pip install -e '.[fuzz]'`.

usage: python -m tools.fuzz.run TARGET [--seconds N] [--found FOLDER] [--corpus FOLDER]

A finding does not end the run: each place in the code is reported once, and the shortest input that leads there is kept in
FOLDER. An input that takes over two seconds of processor time is a finding too. The exit code is 1 if there was any.
--corpus keeps the inputs that reached new code; the next run starts from them.
"""

from __future__ import annotations

import argparse
import importlib
import os
import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.fuzz.target import Target

MOST_CPU_S = 2.0
MOST_BYTES = 4096


@dataclass(slots=True)
class Findings:
    """The findings, with a short input for each place in the code, and how many inputs were tried."""

    target: Target
    folder: Path
    seconds: float
    tried: int = 0
    started: float = field(default_factory=time.monotonic)
    by_place: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, data: bytes) -> None:
        """Try one input. When the time is over, print the summary and exit: libFuzzer's own end has another exit code."""
        if time.monotonic() - self.started > self.seconds:
            self.tell()
            os._exit(1 if self.by_place else 0)
        self.tried += 1
        before = time.process_time()
        try:
            self.target.run(data)
        except Exception as error:
            self.keep(place_of(error), error, data)
        took_s = time.process_time() - before
        if took_s > MOST_CPU_S:
            self.keep("too slow", TimeoutError(f"{took_s:.1f} s of processor time"), data)

    def keep(self, place: str, error: Exception, data: bytes) -> None:
        """Print a new finding, and keep its input if it is the shortest for its place."""
        known = self.by_place.get(place)
        if known is None:
            print(f"FOUND {place}: {error!r:.300}", *traceback.format_tb(error.__traceback__)[-3:], sep="\n", flush=True)
        if known is None or len(data) < len(known):
            self.by_place[place] = data
            name = "".join(character if character.isalnum() else "-" for character in f"{self.target.name}-{place}")
            (self.folder / name).write_bytes(data)

    def tell(self) -> None:
        seconds = time.monotonic() - self.started
        print(
            f"{self.target.name}: {self.tried} inputs in {seconds:.0f} s, {self.tried / seconds:.0f}/s, "
            f"{len(self.by_place)} findings",
            flush=True,
        )


def place_of(error: Exception) -> str:
    """Return the type of an error and the last line of our code in its traceback."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if any(folder in frame.filename for folder in ("logproc", "tests", "tools"))
    ]
    return f"{type(error).__name__} {Path(frames[-1].filename).stem} {frames[-1].lineno}"


def quoted(word: bytes) -> str:
    """Return a word as an entry of a libFuzzer dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


def arguments(target: Target, corpus: Path, folder: Path) -> Sequence[str]:
    """Write libFuzzer's seeds and dictionary, and return its command line."""
    seeds = folder / "seeds"
    seeds.mkdir()
    for at, seed in enumerate((*target.seeds, *target.found.values())):
        (seeds / str(at)).write_bytes(seed)
    (folder / "words").write_text("".join(map(quoted, filter(None, target.words))))
    return [
        *("fuzz", str(corpus), str(seeds), f"-dict={folder / 'words'}", f"-max_len={MOST_BYTES}"),
        *("-timeout=300", "-rss_limit_mb=4096", "-verbosity=0", f"-artifact_prefix={folder}/"),
    ]


def main() -> None:
    """Fuzz the target that the command line names. logproc is imported here, so that the fuzzer can instrument it."""
    atheris: Any = importlib.import_module("atheris") if find_spec("atheris") else None
    with atheris.instrument_imports(include=["logproc"]) if atheris else nullcontext():
        from tools.fuzz.targets import TARGETS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS, metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--found", type=Path, help="where to keep the inputs that fail")
    parser.add_argument("--corpus", type=Path, help="where to keep the inputs that reach new code")
    options = parser.parse_args()
    if not atheris:
        parser.error("atheris is not installed: pip install -e '.[fuzz]'")
    target, folder = TARGETS[options.target], Path(tempfile.mkdtemp(prefix="logproc-fuzz-"))
    found, corpus = options.found or folder / "found", options.corpus or folder / "corpus"
    for made in (found, corpus):
        made.mkdir(parents=True, exist_ok=True)
    findings = Findings(target, found, options.seconds)
    atheris.Setup(list(arguments(target, corpus, folder)), findings)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
