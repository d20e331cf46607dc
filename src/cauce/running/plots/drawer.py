"""The process that draws a run's plots beside it: `python -m cauce.running.plots.drawer`.

It loads what it draws with, then takes one order, a JSON document on a line of its standard input, draws,
and says on its standard output that it did. It ends with the process that started it.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from cauce.sparing import spare_plot_imports

DRAWN = b"drawn"
_NEEDED = (
    "cauce.core.evaluation",
    "cauce.running.plots.rendering",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "matplotlib.layout_engine",
    "matplotlib.font_manager",
)
_NICE, _LOOK = 10, 0.5


def main() -> None:
    """Draw what is ordered, once."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    loading = threading.Thread(target=_load)
    loading.start()
    loading.join()
    line = sys.stdin.buffer.readline()
    if line:
        warnings.simplefilter("ignore")
        _draw(json.loads(line))
        os.write(1, DRAWN)


def _load() -> None:
    """Import what figures are made with, in the time that the run leaves: only this thread gives way."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
    # Hundreds of modules and nothing to collect.
    gc.disable()
    spare_plot_imports()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Its classes list their properties in their docstrings, a fifth of all that is loaded here.
        artist: Any = import_module("matplotlib.artist")
        artist.kwdoc = lambda _artist: ""
        for module in _NEEDED:
            import_module(module)


def _draw(order: dict[str, str]) -> None:
    from cauce.core.evaluation import decode_evaluation  # noqa: PLC0415 - loaded with less priority
    from cauce.language import use_language  # noqa: PLC0415
    from cauce.running.plots.rendering import render  # noqa: PLC0415

    use_language(order["language"])
    render(decode_evaluation(Path(order["evaluation"]).read_bytes()), Path(order["folder"]))


def _end_with(parent: int) -> None:
    """Outlive no run, however it ended."""
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)


if __name__ == "__main__":
    main()
