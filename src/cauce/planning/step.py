"""What a run will do, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from cauce.core.canonical import Json, canonical_json, digest_of
from cauce.errors import CauceError

ReferenceKind: TypeAlias = Literal["snapshot", "object", "bundle", "value"]


@dataclass(frozen=True)
class Reference:
    """What a step made: where it is in the store, or a small value.

    snapshot: `value` is its identity; object: its key; bundle: its digest; value: any small JSON value.
    """

    kind: ReferenceKind
    value: Json

    def to_json(self) -> dict[str, Json]:
        """A JSON value; equal references have equal ones."""
        return {"kind": self.kind, "value": self.value}


@dataclass(frozen=True)
class Output:
    """An input that is what an earlier step of the plan will have made, under this name."""

    step: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a plan. What changes its result is in it; what does not is not.

    version: of the step's own code; raised when the same inputs would give another result.
    inputs: JSON values, references, or outputs of earlier steps. parameters: JSON values.
    libraries: versions, by name, of the libraries that change its numbers.
    workers: only where the number of workers changes the numbers, else None. An engine's name is in no
    step. scans: how often its input is read, for `cauce plan`; it does not enter the digest.
    """

    name: str
    version: int = 1
    inputs: Mapping[str, Json | Reference | Output] = field(default_factory=dict)
    parameters: Mapping[str, Json] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    workers: int | None = None
    scans: float = 0.0

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the steps whose outputs it takes, each once."""
        steps = (value.step for value in self.inputs.values() if isinstance(value, Output))
        return tuple(dict.fromkeys(steps))

    def bind(self, made: Mapping[str, Mapping[str, Reference]]) -> Step:
        """This step with what was made in place of outputs: small values as they are, else references.

        made: by step, by name; E0605 where one lacks.
        """
        return replace(self, inputs={name: _bound(value, made) for name, value in self.inputs.items()})

    def stored(self, name: str) -> str:
        """Identity, key or digest of the stored input `name`. E0605 where it is no such reference."""
        found = self.inputs.get(name)
        if not isinstance(found, Reference) or found.kind == "value":
            raise CauceError("E0605", step=self.name, output=name)
        return str(found.value)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of what changes the result. E0603 before `bind`."""
        return digest_of(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """What enters the digest, as JSON. E0603 before `bind`."""
        return {
            "name": self.name,
            "version": self.version,
            "inputs": {name: self._input(name, value) for name, value in self.inputs.items()},
            "parameters": dict(self.parameters),
            "libraries": dict(self.libraries),
            "workers": self.workers,
        }

    def _input(self, name: str, value: Json | Reference | Output) -> Json:
        if isinstance(value, Output):
            raise CauceError("E0603", step=self.name, input=name, earlier=value.step)
        return value.to_json() if isinstance(value, Reference) else {"kind": "value", "value": value}


def _bound(value: Json | Reference | Output, made: Mapping[str, Mapping[str, Reference]]) -> Json | Reference:
    if not isinstance(value, Output):
        return value
    try:
        reference = made[value.step][value.name]
    except KeyError:
        raise CauceError("E0605", step=value.step, output=value.name) from None
    return reference.value if reference.kind == "value" else reference


@dataclass(frozen=True)
class Plan:
    """Steps in the order in which they run. E0602 for a name used twice, E0603 for an input from later.

    project: whose plan it is, for the notes of runs; in no digest.
    """

    steps: tuple[Step, ...]
    project: str = ""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for step in self.steps:
            if step.name in seen:
                raise CauceError("E0602", step=step.name)
            for name, value in step.inputs.items():
                if isinstance(value, Output) and value.step not in seen:
                    raise CauceError("E0603", step=step.name, input=name, earlier=value.step)
            seen.add(step.name)

    def through(self, name: str) -> Plan:
        """The plan up to the step of this name, which must be one of its steps."""
        return replace(self, steps=self.steps[: self.names.index(name) + 1])

    @property
    def names(self) -> tuple[str, ...]:
        """The steps' names, in order."""
        return tuple(step.name for step in self.steps)


def is_small(value: Json) -> bool:
    """Whether `value` is JSON of at most 64 KiB, small enough to stand in a record itself."""
    return len(canonical_json(value)) <= 65_536
