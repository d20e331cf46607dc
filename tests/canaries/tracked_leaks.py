"""Leaks made on purpose."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from planted import SECRETS

from cauce.core.run_record import RunRecord
from cauce.errors import CauceError
from cauce.tracking.outbox import Outbox


def leaking(leak: str, folder: Path, told: Any) -> None:
    """Give the tracking password away in the way that `leak` names."""
    text = f"ana:{SECRETS['tracking password']}"
    if leak == "a message":
        error = CauceError("E1302", where="http://h", reason="no")
        error.__cause__ = ValueError(text)
        told.failed(leak, error)
        return
    started = datetime(2026, 11, 22, tzinfo=UTC)
    record = RunRecord(run="r", project="p", experiment="e", tags={"who": text}, started=started)
    with Outbox(folder / ".cauce" / "outbox").run("r") as mail:
        mail.put_record(record)
