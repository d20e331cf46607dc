"""What a run tells while earlier messages are on their way arrives too."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cauce.tracking.destination import Destination
from cauce.tracking.messages import Message
from cauce.tracking.outbox import Outbox, RunMail
from cauce.tracking.shipping import Shipment, ship_all


@dataclass
class TalkativeRun:
    """A destination whose first message makes the run tell more, and end."""

    mail: RunMail
    destination: Destination = field(default_factory=lambda: Destination("http://127.0.0.1:9"))
    seen: list[str] = field(default_factory=list)
    certain: set[str] = field(default_factory=set)

    def knows(self, run: str) -> bool:
        return run == "known"

    def send(self, message: Message, folder: Path, *, run: str = "") -> str:
        self.seen.append(message.kind)
        if message.kind == "begin":
            self.mail.put(Message("params", {"items": {"a": "1"}}))
            self.mail.put(Message("end", {"status": "finished", "time": 1}))
        return "known"

    def killed(self, run: str) -> None:
        raise AssertionError("the run was not killed")


def test_messages_told_while_the_first_is_shipped_are_not_lost(tmp_path: Path) -> None:
    """A registered model vanished so: the end was there, so the run's folder was removed unsent."""
    outbox = Outbox(tmp_path)
    with outbox.run("20261121T000000.000-aaaaaa") as mail:
        mail.put(Message("begin", {"experiment": "x"}))
        deliverer: Any = TalkativeRun(mail)
        assert not ship_all(Shipment(outbox, deliverer))
        assert outbox.backlog() == 2
        assert not ship_all(Shipment(outbox, deliverer))
    assert deliverer.seen == ["begin", "params", "end"]
    assert outbox.backlog() == 0
    assert outbox.runs() == ()
