"""The process beside a run that ships its outbox: `python -m cauce.tracking.shipper`.

It loads MLflow; then it is told on its standard input, one JSON document a line: first where to ship what,
later that the run is over. It tells on its standard output what arrived. It ends with the process that
started it.
"""

from __future__ import annotations

import gc
import json
import os
import select
import threading
import time
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from cauce.sparing import spare_mlflow_imports
from cauce.tracking.border import quiet_mlflow, trouble_of
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import Destination
from cauce.tracking.outbox import Outbox
from cauce.tracking.patience import patiently
from cauce.tracking.shipping import Shipment, ship_all
from cauce.tracking.trouble import Trouble

# Of the judges, which MLflow's store takes types from, each other way in ends in a circle.
_NEEDED = ("mlflow.genai.judges", "mlflow.models", "cauce.tracking.model_folder")
_LOOK, _SHORT, _LONGEST = 0.1, 0.3, 30.0
_channel = 1


@dataclass
class Orders:
    """What the parent wants by now."""

    finish: threading.Event = field(default_factory=threading.Event)

    def watch(self, parent: int) -> None:
        """Read standard input until it ends or the parent is another; then end this process at once."""
        while True:
            readable, _, _ = select.select([0], [], [], 1.0)
            if readable:
                if not os.read(0, 1024):
                    break
                self.finish.set()
            elif os.getppid() != parent:
                break
        # Messages are safe at any moment, so there is nothing to put in order.
        os._exit(0)


def _say(**values: Any) -> None:
    os.write(_channel, json.dumps(values).encode() + b"\n")


def _sending(seconds: float) -> None:
    _say(sending=seconds)


def _failed(trouble: Trouble) -> None:
    _say(failed=asdict(trouble))


def _arrived() -> None:
    _say(arrived=True)


def _private_channel() -> int:
    """Standard output, for us alone: what libraries print goes nowhere."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    return kept


def main() -> None:
    """Ship until the parent ends, or says that the run is over and all has arrived."""
    global _channel  # noqa: PLW0603 - one process, one channel
    parent = os.getppid()
    _channel = _private_channel()
    failure = _loaded()
    told = json.loads(_first_line())
    orders = Orders()
    threading.Thread(target=orders.watch, args=(parent,), daemon=True).start()
    destination = Destination.from_json(told["destination"])
    outbox = Outbox(Path(told["outbox"]))
    if failure is not None:
        _failed(trouble_of(failure, destination))
        os._exit(1)
    os.chdir(outbox.folder)
    with quiet_mlflow(destination):
        _say(sending=0.0)
        _work(Shipment(outbox, Deliverer(destination), _sending, _arrived), orders)
    os._exit(0)


def _loaded() -> Exception | None:
    """What went wrong while MLflow was loaded, before anybody can be told."""
    try:
        patiently(_load)
    except Exception as error:
        return error
    return None


def _load() -> None:
    """Import MLflow, and what a model's folder is written with, before they are needed."""
    spare_mlflow_imports()
    # Thousands of modules and nothing to collect.
    gc.disable()
    try:
        with quiet_mlflow():
            for module in _NEEDED:
                import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _first_line() -> bytes:
    """One line, read byte by byte: what follows is for the watching thread."""
    found = b""
    while not found.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            os._exit(0)
        found += byte
    return found


def _work(shipment: Shipment, orders: Orders) -> None:
    deliverer = shipment.deliverer
    pause = _SHORT
    warm = False
    while True:
        finishing = orders.finish.is_set()
        try:
            if not warm:
                patiently(deliverer.warm)
                warm = True
                _arrived()
            problem = ship_all(shipment)
        except Exception as error:
            problem = trouble_of(error, deliverer.destination)
        if problem:
            _failed(problem)
            orders.finish.wait(pause)
            pause = min(2 * pause, _LONGEST)
            if finishing:
                time.sleep(_SHORT)
            continue
        pause = _SHORT
        if finishing and not shipment.outbox.backlog():
            return
        orders.finish.wait(_LOOK)
        if finishing:
            time.sleep(_LOOK)


if __name__ == "__main__":
    main()
