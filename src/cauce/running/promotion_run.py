"""What a run does with its new model: the gate is asked, and the history says what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.promotion.gate import GateVerdict
from cauce.core.promotion.history import Held, champion_of, decision_of
from cauce.core.run_record import Alias
from cauce.errors import CauceError
from cauce.running.promotion_gate import judge
from cauce.running.promotion_history import Deed, Entries, digest_of, history_of, write
from cauce.running.workspace import Workspace

Outcome: TypeAlias = Literal["champion", "challenger", "refused", "none"]


@dataclass(frozen=True)
class Welcome:
    """What became of a run's model: who it is now, and why. decided: the entry that put it in charge."""

    outcome: Outcome
    verdict: GateVerdict
    decided: str = ""

    @property
    def alias(self) -> Alias:
        """The alias its version gets."""
        return "none" if self.outcome == "refused" else self.outcome

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {"outcome": self.outcome, "verdict": self.verdict.to_json(), "decided": self.decided}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Welcome:
        """What `to_json` gave."""
        return Welcome(value["outcome"], GateVerdict.from_json(value["verdict"]), value["decided"])


def welcome(work: Workspace, identity: str, *, run: str) -> Welcome:
    """Ask the gate about the run's bundle and write into the history what follows from [gate].promote.

    The registry is not asked, so that no run waits for it. E2009 and what names in gate.require raise.
    """
    bundle, history = open_stored_bundle(work.store, identity), history_of(work)
    while True:
        entries = history.entries()
        champion = champion_of(entries)
        verdict = judge(work, bundle, champion=champion)
        if digest_of(champion) == identity:
            return Welcome("champion", verdict, str(decision_of(entries)))
        subject = Held(identity)
        if not verdict.holds:
            if not _refused_before(entries, identity, verdict):
                write(work, entries, deed=Deed("refuse", subject, run=run, verdict=verdict))
            return Welcome("refused", verdict)
        outcome = _outcome(work, champion)
        if outcome != "champion":
            return Welcome(outcome, verdict)
        try:
            entries = write(work, entries, deed=Deed("promote", subject, run=run, verdict=verdict))
        except CauceError as error:
            if error.code != "E2003":
                raise
            # Another is in charge now: the gate has to be asked again, against that one.
            continue
        return Welcome("champion", verdict, str(decision_of(entries)))


def _outcome(work: Workspace, champion: Held | None) -> Outcome:
    """What a model that passed the gate becomes."""
    wanted, policy = work.project.tracking.alias, work.project.gate.promote
    if wanted in ("challenger", "none"):
        return wanted
    if policy == "never":
        return "challenger"
    return "champion" if policy == "auto" or wanted == "champion" or champion is None else "challenger"


def _refused_before(entries: Entries, identity: str, verdict: GateVerdict) -> bool:
    """Whether the history knows of this refusal, and nothing moved since."""
    for one in reversed(entries):
        if one.moves:
            return False
        if digest_of(one.refused) == identity and one.verdict == verdict:
            return True
    return False
