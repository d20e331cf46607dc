"""The parity certificate of a model: what engines made of its run's data, and where that is kept."""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC
from typing import Any

from cauce.core.bundle.opening import CERTIFICATE
from cauce.core.canonical import Json, canonical_json
from cauce.core.durable import sync
from cauce.core.faults import translated
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.ports.clock import Clock
from cauce.running.artifacts import model_folder
from cauce.running.clock import SystemClock
from cauce.running.workspace import Workspace

FORMAT = "cauce.certificate/1"
CHECKS = {
    "snapshot": _("the rows of the files have the same identity"),
    "profile": _("what the columns hold"),
    "split": _("how the rows are divided"),
    "folds": _("how many rows each part has"),
    "learned": _("what the features learned from the training rows"),
    "features": _("the features of every row, as float32"),
    "scores": _("the scores of the model"),
    "model": _("the model trained anew, by its scores"),
}
_REASONS = {
    "changed": _("the files or their settings changed since the run"),
    "unreached": _("not every engine reaches the source"),
}


@dataclass(frozen=True)
class EngineCheck:
    """One thing that was compared. holds: None where it could not be looked at, for `reason`.

    difference: the largest found, infinite where the values are not two numbers; tolerance: the largest
    allowed; place: where the largest is, "" where there is none.
    """

    name: str
    holds: bool | None
    difference: float = 0.0
    tolerance: float = 0.0
    place: str = ""
    reason: str = ""

    @property
    def says(self) -> str:
        """What it is, in the active language."""
        return translate(CHECKS[self.name])

    @property
    def why(self) -> str:
        """Why it could not be looked at, in the active language; "" where it was."""
        return translate(_REASONS[self.reason]) if self.reason else ""

    def to_json(self) -> dict[str, Json]:
        """A JSON value; an infinite difference is null."""
        return {**asdict(self), "difference": self.difference if math.isfinite(self.difference) else None}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> EngineCheck:
        """What `to_json` gave."""
        return EngineCheck(
            **{**value, "difference": math.inf if value["difference"] is None else value["difference"]}
        )


@dataclass(frozen=True)
class Certificate:
    """What engines made of one run's data. identity: the bundle's; rows: of the snapshot; compared: rows
    whose features and scores were also compared cell by cell; refit: whether the model was trained anew."""

    identity: str
    name: str
    snapshot: str
    engines: tuple[str, ...]
    rows: int
    compared: int
    refit: bool
    checks: tuple[EngineCheck, ...]
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing that was looked at is apart."""
        return all(check.holds is not False for check in self.checks)

    def require(self) -> None:
        """E0755 unless everything holds."""
        failed = [check.name for check in self.checks if check.holds is False]
        if failed:
            raise CauceError("E0755", checks=", ".join(failed))

    def to_json(self) -> dict[str, Any]:
        """A JSON value without clock, path, user or run."""
        return {
            "format": FORMAT,
            "model": self.name,
            "identity": self.identity,
            "snapshot": self.snapshot,
            "engines": list(self.engines),
            "rows": self.rows,
            "compared": self.compared,
            "refit": self.refit,
            "holds": self.holds,
            "checks": [check.to_json() for check in self.checks],
            "libraries": dict(self.libraries),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Certificate:
        """What `to_json` gave; KeyError and TypeError for anything else."""
        return Certificate(
            identity=value["identity"],
            name=value["model"],
            snapshot=value["snapshot"],
            engines=tuple(value["engines"]),
            rows=value["rows"],
            compared=value["compared"],
            refit=value["refit"],
            checks=tuple(EngineCheck.from_json(one) for one in value["checks"]),
            libraries=value["libraries"],
        )


def keep_certificate(work: Workspace, certificate: Certificate, *, clock: Clock | None = None) -> str:
    """Store the certificate beside the bundle it is about, and in the bundle's folder where there is one.

    It is no part of the bundle, whose identity stays. The same findings are stored once; each time that they
    were made is noted beside. Returns the key.
    """
    data = canonical_json(certificate.to_json())
    key = f"{_prefix(certificate.identity)}{hashlib.sha256(data).hexdigest()}.json"
    work.store.put_if_absent(key, data)
    moment = (clock or SystemClock()).now().astimezone(UTC)
    note = f"{_notes(certificate.identity)}{moment:%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}.json"
    work.store.put_if_absent(note, canonical_json({"certificate": key, "time": moment.isoformat()}))
    folder = model_folder(work, certificate.identity)
    if folder.is_dir():
        path = folder / CERTIFICATE
        draft = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.part")
        with translated(path):
            draft.write_bytes(data)
            sync(draft)
            os.replace(draft, path)  # noqa: PTH105 - Path.replace says no more
    return key


def certificate_of(work: Workspace, identity: str) -> Certificate | None:
    """The certificate of the bundle that was made last; None where there is none that can be read."""
    for note in sorted(work.store.list(_notes(identity)), reverse=True):
        with suppress(CauceError, KeyError, TypeError, ValueError):
            key = json.loads(work.store.get(note))["certificate"]
            return Certificate.from_json(json.loads(work.store.get(str(key))))
    return None


def _prefix(identity: str) -> str:
    return f"certificates/{identity}/"


def _notes(identity: str) -> str:
    """Where it is noted when certificates of the bundle were made; in order of time."""
    return f"provenance/{_prefix(identity)}"
