"""Why a step would run: in what it differs from the nearest time it ran before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cauce.errors import shown
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.planning.step import Step

_SAYS = {
    "never run": _("It has never run."),
    "output gone": _("What it made is gone from the store: {name}."),
    "stopped": _("What it found stops a run: `cauce report` shows it, `cauce run` says what to do."),
    "waits": _("It depends on what {name} will make."),
    "version": _("The step itself changed, from version {before} to {after}."),
    "workers": _("The number of workers changed from {before} to {after}."),
    "library": _("The library {name} changed from {before} to {after}."),
    "parameter": _("The setting {name} changed from {before} to {after}."),
    "input": _("The input {name} changed."),
}
_ABSENT = object()


@dataclass(frozen=True)
class Reason:
    """One reason to run. kind: a key of the table of sentences; before and after: JSON values or None."""

    kind: str
    name: str = ""
    before: Any = None
    after: Any = None

    @property
    def text(self) -> str:
        """The reason as a sentence in the active language."""
        values = {"name": self.name, "before": _plain(self.before), "after": _plain(self.after)}
        return translate(_SAYS[self.kind]).format_map({key: shown(value) for key, value in values.items()})


def _plain(value: Any) -> str:
    return "–" if value is None or value is _ABSENT else str(value)


def differences(earlier: Step, step: Step) -> tuple[Reason, ...]:
    """In what `step` differs from `earlier`, both bound; settings within settings have dotted names."""
    found: list[Reason] = []
    if earlier.version != step.version:
        found.append(Reason("version", before=earlier.version, after=step.version))
    if earlier.workers != step.workers:
        found.append(Reason("workers", before=earlier.workers, after=step.workers))
    before, after = earlier.to_json(), step.to_json()
    for kind, part in (("library", "libraries"), ("parameter", "parameters")):
        found.extend(_changes(kind, _flat(before[part]), _flat(after[part])))
    inputs = _changes("input", before["inputs"], after["inputs"])
    return (*found, *(Reason("input", change.name) for change in inputs))


def _changes(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Reason]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, _ABSENT), after.get(name, _ABSENT)
        if old is _ABSENT or new is _ABSENT or type(old) is not type(new) or old != new:
            yield Reason(kind, name, None if old is _ABSENT else old, None if new is _ABSENT else new)


def _flat(value: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in value.items():
        if isinstance(one, Mapping) and one:
            found.update(_flat(one, f"{above}{name}."))
        else:
            found[f"{above}{name}"] = one
    return found


def why(step: Step, earlier: tuple[Step, ...]) -> tuple[Reason, ...]:
    """Why the bound `step` runs. earlier: times it ran before, the latest first; the nearest explains."""
    if not earlier:
        return (Reason("never run"),)
    return min((differences(one, step) for one in earlier), key=len)
