"""The record whose existence means that a step is finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from cauce.core.canonical import (
    Json,
    canonical_json,
    check_fields,
    count,
    damaged,
    is_digest,
    item,
    read_document,
)
from cauce.core.snapshot import snapshot_key
from cauce.errors import CauceError
from cauce.planning.step import Reference, ReferenceKind, Step, is_small

FORMAT = 1
_STEP = ("name", "version", "inputs", "parameters", "libraries", "workers")


def record_key(digest: str) -> str:
    """Where the record of the step with this digest is stored."""
    return f"ledger/{digest}.json"


@dataclass(frozen=True)
class Record:
    """A finished step: what it was (bound), what it made, and facts that are the same each time.

    outputs: by name. facts: small JSON values such as counts of rows or scans. No clock, path, user or
    run: those stand in the provenance beside it.
    """

    step: Step
    outputs: Mapping[str, Reference]
    facts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The step's digest."""
        return self.step.digest

    def to_bytes(self) -> bytes:
        """Canonical JSON that `from_bytes` reads back equal."""
        return canonical_json(
            {
                "format": FORMAT,
                "step": self.step.to_json(),
                "outputs": {name: value.to_json() for name, value in self.outputs.items()},
                "facts": dict(self.facts),
            }
        )

    @staticmethod
    def from_bytes(data: bytes, key: str) -> Record:
        """The record stored under `key`. E0507 where it is damaged, E0508 where its format is newer."""
        value = read_document(data, key, version=FORMAT, fields=("step", "outputs", "facts"))
        outputs = item(value, "outputs", kind=dict, key=key)
        record = Record(
            _step(item(value, "step", kind=dict, key=key), key),
            {name: _reference(one, key) for name, one in outputs.items()},
            item(value, "facts", kind=dict, key=key),
        )
        if key != record_key(record.digest):
            raise damaged(key, "it is stored under another step's digest")
        return record

    def objects(self) -> Mapping[str, str]:
        """Keys in the store, by output: where each output that is not a value must lie."""
        return _keys(self.outputs)

    def inputs_in_store(self) -> Mapping[str, str]:
        """Keys in the store, by input: what the step read there."""
        return _keys({name: one for name, one in self.step.inputs.items() if isinstance(one, Reference)})


def checked_outputs(step: Step, outputs: Mapping[str, Any]) -> Mapping[str, Reference]:
    """`outputs` as an action returned them, if they are references of small values; E0604 otherwise."""
    for name, one in outputs.items():
        if not isinstance(one, Reference) or not is_small(one.value):
            raise CauceError("E0604", step=step.name, output=name)
    return outputs


def _keys(references: Mapping[str, Reference]) -> Mapping[str, str]:
    found = {name: _key(one) for name, one in references.items()}
    return {name: key for name, key in found.items() if key is not None}


def _key(reference: Reference) -> str | None:
    if reference.kind == "snapshot":
        return snapshot_key(str(reference.value))
    if reference.kind == "bundle":
        return f"bundles/{reference.value}/manifest.json"
    return str(reference.value) if reference.kind == "object" else None


def _reference(value: Any, key: str) -> Reference:
    check_fields(value if isinstance(value, dict) else {}, ("kind", "value"), key=key)
    kind, found = value["kind"], value["value"]
    if kind not in get_args(ReferenceKind):
        raise damaged(key, f"{kind} is no kind of reference")
    if kind in ("snapshot", "bundle") and not is_digest(found):
        raise damaged(key, "a reference is not a SHA-256 digest")
    if kind == "object" and not isinstance(found, str):
        raise damaged(key, "a reference is not a key")
    return Reference(kind, found)


def _step(value: dict[str, Any], key: str) -> Step:
    check_fields(value, _STEP, key=key)
    libraries = item(value, "libraries", kind=dict, key=key)
    if not all(isinstance(version, str) for version in libraries.values()):
        raise damaged(key, "a library's version is not text")
    return Step(
        name=item(value, "name", kind=str, key=key),
        version=count(value, "version", key=key),
        inputs={name: _input(one, key) for name, one in item(value, "inputs", kind=dict, key=key).items()},
        parameters=item(value, "parameters", kind=dict, key=key),
        libraries=libraries,
        workers=None if value["workers"] is None else count(value, "workers", key=key),
    )


def _input(value: Any, key: str) -> Json | Reference:
    reference = _reference(value, key)
    return reference.value if reference.kind == "value" else reference
