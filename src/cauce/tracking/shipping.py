"""Empties an outbox: run by run, message by message, in order, each until it has arrived."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cauce.failpoints import passage
from cauce.tracking.border import is_permanent, reason_of, trouble_of
from cauce.tracking.delivery import Deliverer
from cauce.tracking.locks import held
from cauce.tracking.marks import Mark, read_mark, write_mark
from cauce.tracking.messages import Message
from cauce.tracking.outbox import (
    REFUSED,
    SHIPPER,
    WRITER,
    Outbox,
    messages,
    number_of,
    read_message,
    remove,
    sweep,
    waiting,
    weight,
)
from cauce.tracking.trouble import Trouble

BYTES_PER_SECOND = 200_000
_SHARED = ("begin", "bundle")
_LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Shipment:
    """An outbox on its way. sending: called before each message, with the seconds that its files may take;
    arrived: called after it."""

    outbox: Outbox
    deliverer: Deliverer
    sending: Callable[[float], None] = lambda _: None
    arrived: Callable[[], None] = lambda: None


def ship_all(shipment: Shipment) -> Trouble | None:
    """Send everything that waits; None, or why the first run that could not be sent was not.

    Use inside `quiet_mlflow`. A run that another process is sending is left to it.
    """
    problem, outbox, deliverer = None, shipment.outbox, shipment.deliverer
    sweep(outbox)
    for folder in outbox.runs():
        try:
            _ship_run(shipment, folder)
        except FileNotFoundError:
            if folder.is_dir():
                raise
        except Exception as error:
            problem = problem or trouble_of(error, deliverer.destination)
    return problem


def _ship_run(shipment: Shipment, folder: Path) -> None:
    deliverer = shipment.deliverer
    with held(folder / SHIPPER) as mine:
        if not mine:
            return
        # Between two passes another process may have sent something and died before it noted so.
        deliverer.certain.discard(folder.name)
        mark = read_mark(folder)
        if waiting(folder) or mark.destination != deliverer.destination.identity:
            mark = _own_mark(mark, deliverer)
        for path in [one for one in messages(folder) if number_of(one) > mark.through]:
            mark = _ship_message(shipment, path, mark)
            shipment.arrived()
        _leave(folder, deliverer, mark)


def _own_mark(mark: Mark, deliverer: Deliverer) -> Mark:
    """`mark`, or one at the beginning where it speaks of another server, or of one that forgot the run."""
    destination = deliverer.destination.identity
    known = mark.destination == destination and (not mark.run or deliverer.knows(mark.run))
    return mark if known else Mark(0, destination)


def _ship_message(shipment: Shipment, path: Path, mark: Mark) -> Mark:
    try:
        message = read_message(path)
        shipment.sending(weight(path.parent, message) / BYTES_PER_SECOND)
        run = _send(shipment, path, message, mark.run)
        shipment.deliverer.certain.add(path.parent.name)
    except Exception as error:
        shipment.deliverer.certain.discard(path.parent.name)
        if not _hopeless(path, error):
            raise
        _set_aside(path, reason_of(error, shipment.deliverer.destination))
        run = mark.run
    passage("shipping.sent")
    mark = replace(mark, through=number_of(path), run=run)
    write_mark(path.parent, mark)
    passage("shipping.marked")
    return mark


def _send(shipment: Shipment, path: Path, message: Message, run: str) -> str:
    deliverer = shipment.deliverer
    if message.kind not in _SHARED:
        return deliverer.send(message, path.parent, run=run)
    # What is looked for first and made where it is not there must not be made by two at once.
    with held(shipment.outbox.folder / SHIPPER, patience=_LOCK_SECONDS):
        return deliverer.send(message, path.parent, run=run)


def _hopeless(path: Path, error: Exception) -> bool:
    """Whether this one message can never arrive, and the others can without it."""
    if path.name.endswith(("-begin.json", "-end.json")):
        return False
    return is_permanent(error)


def _set_aside(path: Path, reason: str) -> None:
    aside = path.parent / REFUSED
    aside.mkdir(exist_ok=True)
    (aside / f"{path.name}.reason").write_text(json.dumps(reason), "utf-8")
    shutil.copyfile(path, aside / path.name)


def _leave(folder: Path, deliverer: Deliverer, mark: Mark) -> None:
    """Forget the run where it ended and all arrived; end it where its writer was killed."""
    if waiting(folder):
        # Its writer went on while the messages before were sent.
        return
    ended = any(path.name.endswith("-end.json") for path in messages(folder))
    if not ended:
        with held(folder / WRITER) as alone:
            if not alone:
                return
            if waiting(folder):
                return
            if mark.run:
                deliverer.killed(mark.run)
    if not (folder / REFUSED).is_dir():
        remove(folder)
