"""Plots drawn in a process of their own while the run goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cauce.language import active_language
from cauce.running.plots.drawer import DRAWN
from cauce.threads import usable_cores

_LONGEST = 60.0


@dataclass
class Beside:
    """A process that draws one evaluation: started early, so that matplotlib is loaded when it is needed;
    told what to draw; waited for. Where it cannot be had, it says so: then plots are drawn in this process.
    """

    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _name: str = field(default="", init=False)
    _folder: Path | None = field(default=None, init=False)

    @property
    def started(self) -> bool:
        """Whether there is a process to draw."""
        return self._process is not None

    def start(self) -> None:
        """Start the process where there is a processor for it."""
        if self._process is not None or usable_cores() < 2:
            return
        with suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "cauce.running.plots.drawer"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Ctrl-C is for the run, which then ends this process.
                start_new_session=True,
            )

    def draw(self, name: str, evaluation: Path, *, folder: Path) -> None:
        """Draw the evaluation in this file into `folder`, which is gone unless `drawn` asks for `name`."""
        self._name, self._folder = name, folder
        order = {"evaluation": str(evaluation), "folder": str(folder), "language": active_language()}
        if self._process is None or self._process.stdin is None:
            return
        with suppress(OSError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def drawn(self, name: str) -> Path | None:
        """The folder that holds all the plots of `name`, now the caller's; waits for them."""
        if self._process is None or self._folder is None or name != self._name:
            return None
        said, folder = b"", self._folder
        with suppress(OSError, subprocess.TimeoutExpired):
            said, _ = self._process.communicate(timeout=_LONGEST)
        if said != DRAWN:
            return None
        self._folder = None
        return folder

    def close(self) -> None:
        """End the process; what it drew for nobody is removed."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
        self._process, self._folder = None, None
