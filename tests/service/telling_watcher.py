"""A watcher that asks nobody: it tells what stands in a file, line by line as the file grows.

python telling_watcher.py FILE ALIVE
"""

from __future__ import annotations

import os
import select
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    told, alive = 0, int(sys.argv[2])
    while not select.select([alive], [], [], 0.02)[0]:
        lines = Path(sys.argv[1]).read_bytes().splitlines(keepends=True)
        for line in lines[told:]:
            if line.endswith(b"\n"):
                told += 1
                if line == b"die\n":
                    time.sleep(0.1)
                    os._exit(3)
                os.write(1, line)
