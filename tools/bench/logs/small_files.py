"""Cut a log into many small files.

usage: python -m tools.bench.logs.small_files LOG FOLDER FILES LINES_EACH
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=int)
    parser.add_argument("lines_each", type=int)
    options = parser.parse_args()
    options.folder.mkdir()
    with options.log.open("rb") as log:
        for number in range(options.files):
            (options.folder / f"{number:06}.log").write_bytes(b"".join(islice(log, options.lines_each)))


if __name__ == "__main__":
    main()
