"""Writes the history of champions: who did what, when and why, and of two at once one wins."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cauce.core.promotion.gate import GateVerdict
from cauce.core.promotion.history import Change, Event, Held, champion_of
from cauce.errors import CauceError, shown
from cauce.ports.clock import Clock
from cauce.running.clock import SystemClock
from cauce.running.workspace import Workspace
from cauce.stores.history import StoreHistory

USER = "CAUCE_USER"
_CHARACTERS = 200
_WHY_CHARACTERS = 2000
Entries = tuple[Change, ...]


@dataclass(frozen=True)
class Deed:
    """What somebody wants to write: the event, the model it is about (None to leave nobody in charge), why.

    run: of the project, where a run does it.
    """

    event: Event
    subject: Held | None
    why: str = ""
    run: str | None = None
    verdict: GateVerdict | None = None
    forced: bool = False


def model_name(work: Workspace) -> str:
    """The registered model of the project."""
    return work.project.tracking.registry or work.project.name


def history_of(work: Workspace, model: str | None = None) -> StoreHistory:
    """The history of the project's model, or of another in the same store."""
    return StoreHistory(work.store, model or model_name(work))


def who() -> str:
    """Who does it: CAUCE_USER, for jobs that act for somebody, else the user of this process."""
    try:
        found = os.environ.get(USER) or getpass.getuser()
    except (KeyError, OSError):
        found = ""
    return shown(found, most=_CHARACTERS)


def digest_of(held: Held | None) -> str | None:
    """The digest, or None for nobody."""
    return None if held is None else held.digest


def write(work: Workspace, entries: Entries, *, deed: Deed, clock: Clock | None = None) -> Entries:
    """`entries`, which the deed was decided on, with an entry for it.

    Where somebody changed the champion first: E2003, which names them; and where that was to the very same
    model, their entry is the one. A refusal changes nothing, so it never comes too late.
    """
    history, time = history_of(work), clock or SystemClock()
    before = champion_of(entries)
    while True:
        draft = _draft(work, deed, champion_of(entries), entries=entries)
        written = history.append(_placed(draft, time.now(), entries))
        if written is not None:
            return (*entries, written)
        entries = history.entries()
        if deed.event == "refuse":
            continue
        if digest_of(champion_of(entries)) != digest_of(before):
            if digest_of(champion_of(entries)) == digest_of(deed.subject):
                return entries
            raise _lost(history.model, entries)


def _draft(work: Workspace, deed: Deed, before: Held | None, *, entries: Entries) -> Change:
    refusing = deed.event == "refuse"
    return Change(
        number=len(entries) + 1,
        previous="",
        model=model_name(work),
        event=deed.event,
        before=before,
        after=before if refusing else deed.subject,
        refused=deed.subject if refusing else None,
        who=who(),
        host=shown(socket.gethostname(), most=_CHARACTERS),
        when=datetime.min.replace(tzinfo=UTC),
        why=shown(deed.why, most=_WHY_CHARACTERS),
        run=deed.run,
        forced=deed.forced,
        verdict=deed.verdict,
        notify=not refusing and work.project.gate.webhook is not None,
    )


def _placed(draft: Change, now: datetime, after: Entries) -> Change:
    """The draft where it stands: an entry is never earlier than the one before, whatever the clocks say."""
    latest = max((one.when for one in after), default=now)
    return replace(draft, when=max(now, latest), previous=after[-1].digest if after else "")


def _lost(model: str, entries: Entries) -> CauceError:
    winner = next(one for one in reversed(entries) if one.moves)
    version = "–" if winner.after is None else winner.after.version or winner.after.digest[:12]
    return CauceError(
        "E2003", who=f"{winner.who}@{winner.host}", name=model, version=version, number=winner.number
    )
