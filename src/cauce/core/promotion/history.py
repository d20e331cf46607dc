"""The history of a model's champions: immutable entries, each naming the one before by its digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypeAlias, get_args

from cauce.core.canonical import canonical_json, check_fields, count, is_digest, item, read_document
from cauce.core.promotion.gate import GateVerdict
from cauce.errors import CauceError

FORMAT = 1
_DECISION = re.compile(r"([0-9a-f]{16})/([1-9][0-9]{0,6})")
FOLDER = "promotions"
Event: TypeAlias = Literal["promote", "rollback", "refuse", "remove"]
_FIELDS = (
    *("number", "previous", "model", "event", "before", "after", "refused"),
    *("who", "host", "when", "why", "run", "forced", "verdict", "notify"),
)


@dataclass(frozen=True)
class Held:
    """A model by its bundle's digest, which is the truth, and its version in the registry where known."""

    digest: str
    version: str | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Change:
    """One entry of a history.

    number: from 1, without gaps. previous: SHA-256 of the entry before, "" for the first. event: promote
    and rollback put a model in charge, remove leaves none, refuse changes nothing. before, after: who was
    and is in charge. refused: the model the gate refused. who, host: of whoever did it. when: an instant,
    never before the previous entry's. run: of the project, where a run did it. forced: the gate was
    overruled. notify: a webhook was declared and has to be told.
    """

    number: int
    previous: str
    model: str
    event: Event
    before: Held | None
    after: Held | None
    who: str
    host: str
    when: datetime
    refused: Held | None = None
    why: str = ""
    run: str | None = None
    forced: bool = False
    verdict: GateVerdict | None = None
    notify: bool = False

    @property
    def moves(self) -> bool:
        """Whether another is in charge after it."""
        return self.event != "refuse"

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, by which the next entry names it."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        held = {name: getattr(self, name) for name in ("before", "after", "refused")}
        return {
            **vars(self),
            **{name: None if one is None else one.to_json() for name, one in held.items()},
            "when": self.when.astimezone(UTC).isoformat(),
            "verdict": None if self.verdict is None else self.verdict.to_json(),
        }

    def to_bytes(self) -> bytes:
        """Canonical JSON that `from_bytes` reads back equal."""
        return canonical_json({"format": FORMAT, **self.to_json()})

    @staticmethod
    def from_bytes(data: bytes, key: str) -> Change:
        """What `to_bytes` gave; E0507 for anything else, E0508 where a newer Cauce wrote it."""
        value = read_document(data, key, version=FORMAT, fields=_FIELDS)
        try:
            return _change(value, key)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CauceError("E0507", key=key, reason=type(error).__name__) from error


def _change(value: dict[str, Any], key: str) -> Change:
    text = ("previous", "model", "who", "host", "why")
    if value["event"] not in get_args(Event) or value["number"] < 1:
        raise ValueError(value["event"])
    return Change(
        number=count(value, "number", key=key),
        event=value["event"],
        before=_held(value["before"], key),
        after=_held(value["after"], key),
        refused=_held(value["refused"], key),
        when=datetime.fromisoformat(value["when"]).astimezone(UTC),
        run=None if value["run"] is None else item(value, "run", kind=str, key=key),
        forced=item(value, "forced", kind=bool, key=key),
        verdict=None if value["verdict"] is None else GateVerdict.from_json(value["verdict"]),
        notify=item(value, "notify", kind=bool, key=key),
        **{name: item(value, name, kind=str, key=key) for name in text},
    )


def _held(value: Any, key: str) -> Held | None:
    if value is None:
        return None
    check_fields(value, ("digest", "version"), key=key)
    if not is_digest(value["digest"]):
        raise ValueError("digest")
    return Held(value["digest"], None if value["version"] is None else str(value["version"]))


@dataclass(frozen=True)
class Decision:
    """Which entry of which history: what a registry notes of the one its champion follows."""

    history: str
    number: int

    def __str__(self) -> str:
        return f"{self.history}/{self.number}"

    @staticmethod
    def parse(text: str | None) -> Decision | None:
        """What `str` gave; None for anything else."""
        found = _DECISION.fullmatch(text or "")
        return None if found is None else Decision(found[1], int(found[2]))


def folder_of(model: str) -> str:
    """Where the entries of `model` are kept in a store, whatever characters its name has."""
    return f"{FOLDER}/{hashlib.sha256(model.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def entry_key(model: str, number: int) -> str:
    """The key of an entry."""
    return f"{folder_of(model)}/entries/{number:06d}.json"


def checked_chain(model: str, entries: Sequence[Change]) -> tuple[Change, ...]:
    """`entries` where they are numbered from 1 and each names the one before; E2002 otherwise."""
    before = ""
    for number, one in enumerate(entries, 1):
        if (one.number, one.previous, one.model) != (number, before, model):
            raise CauceError("E2002", name=model, number=number)
        before = one.digest
    return tuple(entries)


def champion_of(entries: Sequence[Change]) -> Held | None:
    """Who is in charge, or None."""
    return entries[-1].after if entries else None


def appointment(entries: Sequence[Change]) -> Change | None:
    """The entry that put the present champion, or nobody, in charge; None where none ever did."""
    return next((one for one in reversed(entries) if one.moves), None)


def decision_of(entries: Sequence[Change]) -> Decision | None:
    """The entry that decided, with what tells this history from any other of the same model: 16
    hexadecimal digits of its first entry. None where nothing was decided."""
    decided = appointment(entries)
    return None if decided is None else Decision(entries[0].digest[:16], decided.number)


def appointment_at(entries: Sequence[Change], moment: datetime) -> Change | None:
    """The entry that decided who was in charge at `moment` (an instant with its zone)."""
    return appointment([one for one in entries if one.when <= moment])


def champions(entries: Sequence[Change]) -> tuple[Held | None, ...]:
    """Who would be in charge after each further `rollback`, the present champion last.

    A promotion puts one on top, a rollback takes off what came after the one it goes back to.
    """
    stack: list[Held | None] = []
    for one in entries:
        digests = [None if held is None else held.digest for held in stack]
        if one.event == "rollback" and one.after is not None and one.after.digest in digests:
            last = len(digests) - 1 - digests[::-1].index(one.after.digest)
            del stack[last + 1 :]
        elif one.moves:
            stack.append(one.after)
    return tuple(stack)


def previous_champion(entries: Sequence[Change]) -> Held | None:
    """The one `rollback` goes back to, or None."""
    now = champion_of(entries)
    present = None if now is None else now.digest
    earlier = (one for one in reversed(champions(entries)[:-1]) if one is not None)
    return next((one for one in earlier if one.digest != present), None)


def was_champion(entries: Sequence[Change], digest: str) -> bool:
    """Whether this model was ever in charge."""
    return any(one.moves and one.after is not None and one.after.digest == digest for one in entries)


def moment_of(text: str) -> datetime:
    """The instant that `text` means: ISO 8601, local time where it names no zone.

    A date alone is the end of that day in local time. E2010 for anything else.
    """
    try:
        if len(text) == 10:
            after = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time())
            return after.astimezone() - timedelta(microseconds=1)
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError) as error:
        raise CauceError("E2010", text=text) from error
