"""Where models are registered by name, version and alias."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cauce.core.promotion.history import Decision
from cauce.core.run_record import Alias
from cauce.errors import CauceError

CHAMPION, CHALLENGER = "champion", "challenger"
_URI = re.compile(r"models:/(?P<name>[^/@:]+)(?:@(?P<alias>[^/@]+)|/(?P<version>[1-9][0-9]{0,9}))")


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A registered version. digest: of its bundle; None where it is none of Cauce's. run: its name there."""

    name: str
    version: str
    digest: str | None
    aliases: tuple[str, ...] = ()
    run: str | None = None
    created: datetime
    tags: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        shown = {**vars(self), "tags": dict(self.tags), "aliases": list(self.aliases)}
        return {**shown, "created": self.created.isoformat()}


@dataclass(frozen=True, kw_only=True)
class TrackedRun:
    """A run as the tracker shows it."""

    run: str
    name: str
    experiment: str
    status: str
    started: datetime
    ended: datetime | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        ended = None if self.ended is None else self.ended.isoformat()
        return {**vars(self), "started": self.started.isoformat(), "ended": ended}


@dataclass(frozen=True, kw_only=True)
class ResolvedModel:
    """A version with its bundle on this machine; the folder's manifest has the digest."""

    name: str
    version: str
    digest: str
    folder: Path


@dataclass(frozen=True)
class ModelAddress:
    """`models:/name@alias` or `models:/name/3`: exactly one of alias and version is given."""

    name: str
    alias: str | None = None
    version: str | None = None

    @staticmethod
    def parse(text: str) -> ModelAddress:
        """The address that `text` writes; E1306 for anything else."""
        found = _URI.fullmatch(text)
        if found is None:
            raise CauceError("E1306", uri=text)
        return ModelAddress(**found.groupdict())

    def __str__(self) -> str:
        return f"models:/{self.name}" + (f"@{self.alias}" if self.alias else f"/{self.version}")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A model as its registry shows it: its versions, the latest first, and the entry of a history that
    its champion follows, None where nobody of Cauce's decided."""

    versions: tuple[ModelVersion, ...]
    decided: Decision | None = None

    @property
    def champion(self) -> ModelVersion | None:
        """The version with that alias."""
        return next((one for one in self.versions if CHAMPION in one.aliases), None)

    def holding(self, digest: str) -> ModelVersion | None:
        """The first version that holds this bundle."""
        return next((one for one in reversed(self.versions) if one.digest == digest), None)


class Registry(Protocol):
    """Versions of models. Raises E1301 without the library, E1302 where the registry does not answer."""

    def register(self, folder: Path, name: str, *, alias: Alias = "auto") -> ModelVersion:
        """Register the bundle in `folder`; the same bundle twice is one version. What opening it raises."""
        ...

    def set_alias(self, name: str, alias: str, *, version: str) -> None:
        """Give `alias` to this version, taking it from another. E1307, E1308."""
        ...

    def standing(self, name: str) -> Standing:
        """The versions of `name`, and the entry of a history that its champion follows. E1307."""
        ...

    def appoint(self, name: str, *, version: str | None, by: Decision) -> bool:
        """Make this version, or nobody, the champion, because the entry `by` says so, and note that it did.

        False, and nothing is changed, where a later entry of the same history was applied before. A
        champion is no challenger: it loses that alias. E1307, E1308.
        """
        ...

    def card(self, name: str, *, version: str) -> str | None:
        """The model card of this version in Markdown; None where it has none. E1307, E1308."""
        ...

    def resolve(self, uri: str) -> ResolvedModel:
        """The version `uri` names, its bundle downloaded and of exactly the digest recorded with the version.

        E1306 for no such address, E1307 for no such model, E1308 for no such version or alias, E1309 for a
        version that holds no bundle, E1310 where the bundle is not the registered one.
        """
        ...

    def models(self, name: str | None = None) -> tuple[ModelVersion, ...]:
        """All versions, by name, the latest first."""
        ...

    def runs(self, experiment: str | None = None, *, limit: int = 100) -> tuple[TrackedRun, ...]:
        """Runs, the latest first."""
        ...
