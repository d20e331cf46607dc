"""How soon the command line answers: `cauce --help`, and `import cauce`, with compiled bytecode.

Each is timed as a process of its own, from its start to its end, in rounds; beside it an interpreter that
does nothing. On a machine that does something else as well the best round is the fair one, and decides.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

TARGETS = {"help": 0.300, "import": 0.150}
COMMANDS = {
    "bare": ["-c", "pass"],
    "import": ["-c", "import cauce"],
    "help": ["-m", "cauce", "--help"],
}


def _timed(arguments: list[str]) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for arguments in COMMANDS.values():
        _timed(arguments)
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            seconds[name].append(_timed(arguments))
    for name, values in seconds.items():
        print(f"{name}: best {min(values):.3f} s, median {statistics.median(values):.3f} s")
    result = {
        "name": "startup",
        "best_seconds": {name: round(min(values), 3) for name, values in seconds.items()},
        "median_seconds": {name: round(statistics.median(values), 3) for name, values in seconds.items()},
        "targets": TARGETS,
        "holds": all(min(seconds[name]) < target for name, target in TARGETS.items()),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
