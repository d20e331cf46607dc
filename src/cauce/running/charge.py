"""Who is in charge, or was: what the history says, beside what the registry shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from cauce.core.promotion.history import Change, Held, appointment, appointment_at, champion_of, moment_of
from cauce.errors import CauceError, warn
from cauce.ports.registry import ModelVersion, Registry, Standing
from cauce.running.promotion import Office, settle, with_version
from cauce.running.promotion_history import Entries, digest_of, history_of, model_name
from cauce.running.webhook import DELIVERED, MOST_ROUNDS, ROUND
from cauce.running.workspace import Workspace
from cauce.stores.history import StoreHistory

Agreement: TypeAlias = Literal["agrees", "moved", "waiting", "unknown"]
Told: TypeAlias = Literal["told", "waiting", "given up", "nobody"]
_UNREACHABLE = ("E1301", "E1302")


@dataclass(frozen=True, kw_only=True)
class Charge:
    """Who is in charge of a model. moment: an instant asked for, None for now. champion: by the history,
    with the entry that decided. registry: the version that carries the alias now; agreement: whether it is
    the same: "agrees", "moved" where somebody set it elsewhere, "waiting" where the model is not registered
    yet, "unknown" where the registry could not be asked or the past was asked for.
    """

    model: str
    moment: datetime | None
    champion: Held | None
    entry: Change | None
    registry: ModelVersion | None = None
    agreement: Agreement = "unknown"

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "model": self.model,
            "moment": None if self.moment is None else self.moment.isoformat(),
            "champion": None if self.champion is None else self.champion.to_json(),
            "entry": None if self.entry is None else self.entry.to_json(),
            "registry": None if self.registry is None else self.registry.to_json(),
            "agreement": self.agreement,
        }


@dataclass(frozen=True, kw_only=True)
class Past:
    """All that is known of a model's champions, the latest entry last. told: by entry, whether the webhook
    knows."""

    charge: Charge
    entries: tuple[Change, ...]
    told: Mapping[int, Told] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        entries = [{**one.to_json(), "webhook": self.told.get(one.number, "nobody")} for one in self.entries]
        return {**self.charge.to_json(), "entries": entries}


def charge_of(work: Workspace, at: str | None = None, *, registry: Registry | None = None) -> Charge:
    """Who is in charge, or was at `at` (ISO 8601; local time where no zone is named; a date alone is the end
    of that day). W2012 where the registry shows another, W2014 where it cannot be asked, E2010."""
    moment = None if at is None else moment_of(at)
    entries = history_of(work).entries()
    standing = _standing(work, entries, model_name(work), registry)
    if moment is None:
        return _charge(model_name(work), entries, standing)
    entry = appointment_at(entries, moment)
    held = None if entry is None else with_version(entry.after, standing)
    return Charge(model=model_name(work), moment=moment, champion=held, entry=entry)


def past_of(work: Workspace, model: str | None = None, *, registry: Registry | None = None) -> Past:
    """The history of the project's model, or of another in its store. W2012, W2014."""
    history = history_of(work, model)
    entries = history.entries()
    standing = _standing(work, entries, history.model, registry)
    charge = _charge(history.model, entries, standing)
    shown = tuple(_with_versions(one, standing) for one in entries)
    return Past(charge=charge, entries=shown, told=_told(history, entries))


def _standing(work: Workspace, entries: Entries, model: str, registry: Registry | None) -> Standing | None:
    """The registry's view, settled; None where it cannot be asked."""
    try:
        chosen = registry or work.registry
        standing = chosen.standing(model)
        if model != model_name(work):
            return standing
        return settle(Office(work, chosen, entries, standing)).standing
    except CauceError as error:
        if error.code == "E1307":
            return Standing(versions=())
        if error.code not in _UNREACHABLE:
            raise
        warn("W2014", reason=error.message)
        return None


def _charge(model: str, entries: Entries, standing: Standing | None) -> Charge:
    held = with_version(champion_of(entries), standing)
    shown = None if standing is None else standing.champion
    agreement = _agreement(held, standing)
    if agreement == "moved":
        found, known = _named(shown), "–" if held is None else held.version or held.digest[:12]
        warn("W2012", found=found, name=model, known=known)
    entry = appointment(entries)
    return Charge(model=model, moment=None, champion=held, entry=entry, registry=shown, agreement=agreement)


def _agreement(held: Held | None, standing: Standing | None) -> Agreement:
    if standing is None:
        return "unknown"
    shown = standing.champion
    if (None if shown is None else shown.digest) == digest_of(held):
        return "agrees"
    return "waiting" if held is not None and held.version is None and shown is None else "moved"


def _named(shown: ModelVersion | None) -> str:
    return "–" if shown is None else shown.version


def _with_versions(change: Change, standing: Standing | None) -> Change:
    """The entry with versions that were not known when it was written."""
    held = {name: with_version(getattr(change, name), standing) for name in ("before", "after", "refused")}
    return Change(**{**vars(change), **held})


def _told(history: StoreHistory, entries: Entries) -> dict[int, Told]:
    notes = history.notes()
    found: dict[int, Told] = {}
    for one in entries:
        known = notes.get(one.number, {})
        rounds = sum(name.startswith(ROUND) for name in known)
        if not one.notify:
            found[one.number] = "nobody"
        elif DELIVERED in known:
            found[one.number] = "told"
        else:
            found[one.number] = "given up" if rounds >= MOST_ROUNDS else "waiting"
    return found
