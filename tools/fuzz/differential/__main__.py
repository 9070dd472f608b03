"""Random logs and questions, answered by the program and by a slow reference; each difference is printed with its seed.

usage: python -m tools.fuzz.differential [--runs N] [--seed S] [--command] [--kinds NAME,…] [--only SEED]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tools.fuzz.differential.command import whole_command
from tools.fuzz.differential.compare import case, in_process
from tools.fuzz.differential.logs import NAMES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.differential", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--command", action="store_true", help="run the whole command, with several sources and packed files")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=NAMES, help="draw only logs of these kinds")
    parser.add_argument("--only", help="repeat the run of one seed, and show its logs")
    chosen = parser.parse_args()
    started, different = time.monotonic(), 0
    seeds = [chosen.only] if chosen.only else [f"{chosen.seed}/{number}" for number in range(chosen.runs)]
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            found = case(seed, chosen.kinds)
            differences = (whole_command if chosen.command else in_process)(found, Path(folder))
            if differences or chosen.only:
                different += bool(differences)
                print(f"{seed}: {', '.join(log.name for log in found.logs)} {found.options}")
                print("".join(f"  {difference}\n" for difference in differences), end="", flush=True)
            if chosen.only:
                for log in found.logs:
                    print(log.content.decode("latin-1"), log.modified)
    took_s = time.monotonic() - started
    print(f"{len(seeds)} runs in {took_s:.1f} s, {len(seeds) / took_s:.0f} a second: {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
