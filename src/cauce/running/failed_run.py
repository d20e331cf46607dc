"""A run that did not end well, told to the tracker by its error's code alone."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from cauce.core.run_record import RunRecord, Status
from cauce.errors import CauceError
from cauce.running.steps.register import Told, flat_settings
from cauce.running.workspace import Workspace

INTERRUPTED = "E0601"


def tell_failure(work: Workspace, error: BaseException, *, told: Told) -> None:
    """Tell that the run ended with `error` and in which step; nothing of the values in its message.

    Nothing where nobody is told of runs, where the run never began or was already told as finished. Where
    it cannot be told, the error on its way is not hidden.
    """
    if told.tracker is None or told.said:
        return
    with suppress(CauceError):
        notes = work.ledger.run_notes(told.run)
        if "begin" not in notes:
            return
        tracking = work.project.tracking
        told.tracker.put(
            RunRecord(
                run=told.run,
                project=work.project.name,
                experiment=tracking.experiment or work.project.name,
                params=dict(flat_settings(work.project.to_mapping())),
                tags={
                    "cauce.error": _code(error),
                    "cauce.step": str(notes.get("end", {}).get("stopped_at", "")),
                },
                status=_status(error),
                started=told.began,
                ended=datetime.now(UTC),
            )
        )


def _code(error: BaseException) -> str:
    return error.code if isinstance(error, CauceError) else type(error).__name__


def _status(error: BaseException) -> Status:
    interrupted = isinstance(error, KeyboardInterrupt) or _code(error) == INTERRUPTED
    return "interrupted" if interrupted else "failed"
