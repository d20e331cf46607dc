"""A process that promotes: `promoter.py FOLDER BUNDLE... --version N [--wait FILE]`; it says who won."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from histories import registry, workspace

from cauce.errors import CauceError
from cauce.running.promotion import promote


def main(folder: str, version: str, wait: str, *bundles: str) -> int:
    work, known = workspace(Path(folder), *map(Path, bundles)), registry(*map(Path, bundles))
    Path(f"{wait}.{version}").touch()
    while not Path(wait).exists():
        time.sleep(0.001)
    try:
        done = promote(work, version, registry=known)
    except CauceError as error:
        print(error.code, error.values.get("version"))
        return int(error.exit_code)
    print("won", done.entry.number)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
