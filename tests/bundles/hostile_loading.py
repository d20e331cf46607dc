"""Loads hostile bundles as `cauce.load` and `cauce verify` do, in this process, which may die of one.

python hostile_loading.py FOLDER < [names]; a JSON line for each on standard output.
"""

from __future__ import annotations

import json
import resource
import shutil
import signal
import sys
import time
from pathlib import Path

from cauce.threads import limit_threads

limit_threads(1)

import hostile_changes as hostile  # noqa: E402 - after the threads

from cauce.core.bundle.disposable import check_bundle  # noqa: E402
from cauce.core.bundle.opening import open_bundle  # noqa: E402
from cauce.errors import CauceError  # noqa: E402
from cauce.running.verification import verify_bundle  # noqa: E402

_SECONDS = 5
"""`cauce.load` waits a minute for its child; what takes longer than this is stopped there as it is here."""


def loaded(folder: Path) -> dict[str, object]:
    """The code that loading it, proving it or reading its baseline ends in."""
    started = time.monotonic()
    found: dict[str, object] = {"code": None, "message": ""}
    try:
        bundle = open_bundle(folder)
        check_bundle(bundle)
        verify_bundle(bundle).require()
    except CauceError as error:
        found = {"code": error.code, "message": error.message}
    except MemoryError:
        found = {"code": "E1207", "message": "MemoryError"}
    return {**found, "seconds": round(time.monotonic() - started, 2)}


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    root = Path(sys.argv[1])
    for name in json.loads(sys.stdin.read()):
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        folder = hostile.make(root / "bundle", name)
        signal.alarm(_SECONDS)
        print(json.dumps({"name": name, **loaded(folder)}), flush=True)
        signal.alarm(0)


if __name__ == "__main__":
    main()
