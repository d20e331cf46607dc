"""Puts a model in charge, or another one back: decided in the history, then shown by the registry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.disposable import parse_in_child
from cauce.core.bundle.opening import open_bundle
from cauce.core.bundle.writing import bundle_key
from cauce.core.promotion.gate import GateVerdict
from cauce.core.promotion.history import (
    Change,
    Held,
    appointment,
    champion_of,
    decision_of,
    previous_champion,
    was_champion,
)
from cauce.errors import CauceError
from cauce.ports.registry import Registry, Standing
from cauce.running.promotion_gate import judge
from cauce.running.promotion_history import Deed, Entries, digest_of, history_of, model_name, write
from cauce.running.promotion_target import find_version
from cauce.running.verification import verify_bundle
from cauce.running.webhook import tell_webhook
from cauce.running.workspace import Workspace

NOBODY = "none"


@dataclass(frozen=True)
class Promotion:
    """What `promote` or `rollback` did. entry: the one that decided. changed: False where the model was in
    charge already. before, after: who was and is in charge."""

    model: str
    changed: bool
    before: Held | None
    after: Held | None
    entry: Change
    verdict: GateVerdict | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        held = {name: getattr(self, name) for name in ("before", "after")}
        return {
            "model": self.model,
            "changed": self.changed,
            **{name: None if one is None else one.to_json() for name, one in held.items()},
            "entry": self.entry.to_json(),
            "verdict": None if self.verdict is None else self.verdict.to_json(),
        }


@dataclass(frozen=True)
class Office:
    """The office of champion: the history, which decides, and the registry, which shows it."""

    work: Workspace
    registry: Registry
    entries: Entries
    standing: Standing

    @property
    def model(self) -> str:
        """The registered model."""
        return model_name(self.work)

    @property
    def champion(self) -> Held | None:
        """Who is in charge by the history, with its version where the registry has one."""
        return with_version(champion_of(self.entries), self.standing)


def open_office(work: Workspace, registry: Registry | None = None) -> Office:
    """History and registry as they are, once what a killed command left undone is done.

    E1301 and E1302 where the registry cannot be asked, E1307 where it does not know the model.
    """
    chosen = registry or work.registry
    standing = chosen.standing(model_name(work))
    return settle(Office(work, chosen, history_of(work).entries(), standing))


def settle(office: Office) -> Office:
    """Show in the registry what the history decided, where nobody did since: a command may have been killed
    between the two. What was moved by hand stays as it is."""
    if not is_unfinished(office.entries, office.standing):
        return office
    if not _show(office, office.entries):
        return office
    return replace(office, standing=office.registry.standing(office.model))


def is_unfinished(entries: Entries, standing: Standing) -> bool:
    """Whether the registry has yet to follow the latest decision, and could."""
    decided, applied = decision_of(entries), standing.decided
    champion = champion_of(entries)
    if decided is None or (champion is not None and standing.holding(champion.digest) is None):
        return False
    if applied is None:
        return standing.champion is None
    return applied.history == decided.history and applied.number < decided.number


def with_version(held: Held | None, standing: Standing | None) -> Held | None:
    """The model with the version that holds it."""
    if held is None or standing is None or held.version is not None:
        return held
    found = standing.holding(held.digest)
    return held if found is None else Held(held.digest, found.version)


def promote(
    work: Workspace, wanted: str, *, why: str = "", force: bool = False, registry: Registry | None = None
) -> Promotion:
    """Put the version, or the run's model, in charge, if it still scores as when it was made and the gate
    lets it pass. force: the gate is overruled, and the history says so.

    E2001 where the gate refuses, E2003 where somebody else changed the champion first, E2004 where the
    model does not score as it did, and what `find_version` and `open_office` raise.
    """
    office = open_office(work, registry)
    chosen = find_version(work, office.standing, wanted=wanted)
    if digest_of(office.champion) == chosen.digest:
        return _already(office, chosen)
    bundle = _proved(office, chosen)
    verdict = judge(work, bundle, champion=champion_of(office.entries))
    if not verdict.holds and not force:
        write(work, office.entries, deed=Deed("refuse", chosen, why, verdict=verdict))
        reasons = "; ".join(verdict.failures)
        raise CauceError("E2001", name=office.model, version=chosen.version, reasons=reasons)
    forced = force and not verdict.holds
    return _done(office, Deed("promote", chosen, why, verdict=verdict, forced=forced))


def rollback(
    work: Workspace, to: str | None = None, *, why: str = "", registry: Registry | None = None
) -> Promotion:
    """Put an earlier champion back in charge, the one before the present where `to` is None, if it still
    scores as when it was made. to = "none" leaves nobody in charge.

    E2005 where there is no earlier champion, E2011 for a version that never was one, E2003, E2004, and
    what `find_version` and `open_office` raise.
    """
    office = open_office(work, registry)
    if to == NOBODY:
        if office.champion is None:
            raise CauceError("E2005", name=office.model)
        return _done(office, Deed("remove", None, why))
    if to is None:
        earlier = with_version(previous_champion(office.entries), office.standing)
        if earlier is None:
            raise CauceError("E2005", name=office.model)
        if earlier.version is None:
            short = earlier.digest[:12]
            raise CauceError("E2007", digest=short, wanted=short, name=office.model)
        chosen = earlier
    else:
        chosen = find_version(work, office.standing, wanted=to)
        if not was_champion(office.entries, chosen.digest):
            raise CauceError("E2011", name=office.model, version=chosen.version)
    if digest_of(office.champion) == chosen.digest:
        return _already(office, chosen)
    _proved(office, chosen)
    return _done(office, Deed("rollback", chosen, why))


def _already(office: Office, chosen: Held) -> Promotion:
    """Nothing to decide; where the alias was moved elsewhere by hand, it comes back."""
    entry = appointment(office.entries)
    assert entry is not None
    if office.standing.champion is None or office.standing.champion.digest != chosen.digest:
        _show(office, office.entries)
    return Promotion(office.model, False, chosen, chosen, entry)


def _done(office: Office, deed: Deed) -> Promotion:
    before = office.champion
    entries = write(office.work, office.entries, deed=deed)
    _show(office, entries)
    tell_webhook(office.work, entries)
    entry = appointment(entries)
    assert entry is not None
    return Promotion(office.model, True, before, deed.subject, entry, deed.verdict)


def _show(office: Office, entries: Entries) -> bool:
    """Let the registry's alias follow the history; False where a later entry was faster."""
    champion, decided = with_version(champion_of(entries), office.standing), decision_of(entries)
    if decided is None or (champion is not None and champion.version is None):
        return False
    version = None if champion is None else champion.version
    return office.registry.appoint(office.model, version=version, by=decided)


def _proved(office: Office, chosen: Held) -> Bundle:
    """The registered bundle, which scores its golden rows here as on the day it was made; E2004."""
    found = office.registry.resolve(f"models:/{office.model}/{chosen.version}")
    bundle = open_bundle(found.folder, digest=chosen.digest)
    if not office.work.store.exists(bundle_key(chosen.digest)):
        parse_in_child(bundle)
    checked = verify_bundle(bundle)
    if not checked.holds:
        failed = ", ".join(one.name for one in checked.checks if not one.holds)
        raise CauceError("E2004", name=office.model, version=chosen.version, checks=failed)
    return bundle
