"""Registered models through MLflow."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.opening import open_bundle
from cauce.core.canonical import is_digest
from cauce.core.faults import translated
from cauce.core.promotion.history import Decision
from cauce.core.run_record import Alias, TrackedBundle
from cauce.errors import CauceError
from cauce.ports.registry import ModelAddress, ModelVersion, ResolvedModel, Standing, TrackedRun
from cauce.tracking.border import answering, code_of, connect
from cauce.tracking.delivery import PARENT, RUN, Deliverer, register_bundle
from cauce.tracking.destination import Destination
from cauce.tracking.locks import held
from cauce.tracking.messages import Message
from cauce.tracking.model_folder import CARD
from cauce.tracking.outbox import SHIPPER
from cauce.tracking.places import refuse_elsewhere
from cauce.tracking.trouble import files_in
from cauce.tracking.versions import DECISION, DIGEST, aliases_of, appoint, give_alias, named, registered

_MISSING = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_LOCK_SECONDS = 60.0
_NEAR = 10


@dataclass(frozen=True)
class MlflowRegistry:
    """The Registry port over an MLflow server or database.

    home: the folder of Cauce's own files (`.cauce`); bundles that were downloaded are kept in it, by digest.
    """

    destination: Destination
    home: Path

    def register(self, folder: Path, name: str, *, alias: Alias = "auto") -> ModelVersion:
        """Register the bundle in `folder`; the same bundle twice is one version.

        Raises what `open_bundle` raises, E1301 and E1302.
        """
        bundle = open_bundle(folder)
        with self._alone() as client:
            made = registered(client, name, digest=bundle.identity)
            if made is None:
                made = self._register(bundle, folder, name)
            give_alias(client, name, version=str(made.version), alias=alias)
            return _version(made, aliases_of(client, name))

    @contextmanager
    def _alone(self) -> Iterator[Any]:
        """A client, while no other process of this machine looks first and makes then."""
        outbox = self.home / "outbox"
        with translated(str(outbox)):
            outbox.mkdir(parents=True, exist_ok=True)
        with answering(self.destination), held(outbox / SHIPPER, patience=_LOCK_SECONDS):
            yield connect(self.destination)

    def _register(self, bundle: Bundle, folder: Path, name: str) -> Any:
        """A version in a run made for it; the same run where this was begun before."""
        deliverer = Deliverer(self.destination)
        run = f"bundle-{bundle.identity}"
        started = int(datetime.now(UTC).timestamp() * 1000)
        body = {"experiment": bundle.name, "name": run[:19], "project": bundle.name, "started": started}
        tracked = deliverer.send(Message("begin", body), Path(run))
        told = TrackedBundle(folder=str(folder), digest=bundle.identity, name=name, alias="none")
        made = register_bundle(deliverer.client, told, run=tracked)
        deliverer.client.set_terminated(tracked, status="FINISHED")
        return made

    def set_alias(self, name: str, alias: str, *, version: str) -> None:
        """Give `alias` to this version, taking it from another. E1307, E1308."""
        with answering(self.destination):
            client = connect(self.destination)
            self._found(client, ModelAddress(name, version=version))
            client.set_registered_model_alias(name, alias, version)

    def standing(self, name: str) -> Standing:
        """The versions of `name`, and the entry of a history that its champion follows. E1307."""
        versions = self.models(name)
        with answering(self.destination):
            tags = connect(self.destination).get_registered_model(name).tags
        return Standing(versions=versions, decided=Decision.parse(tags.get(DECISION)))

    def appoint(self, name: str, *, version: str | None, by: Decision) -> bool:
        """Make this version, or nobody, the champion, as the entry `by` says. E1307, E1308."""
        with self._alone() as client:
            if version is not None:
                self._found(client, ModelAddress(name, version=version))
            return appoint(client, name, version=version, by=by) == "done"

    def card(self, name: str, *, version: str) -> str | None:
        """The model card of this version in Markdown; None where it has none. E1307, E1308, E1319."""
        with answering(self.destination), tempfile.TemporaryDirectory(prefix="cauce-") as scratch:
            from mlflow.artifacts import download_artifacts, list_artifacts

            found = self._found(connect(self.destination), ModelAddress(name, version=version))
            refuse_elsewhere(str(found.source), self.destination, name=name, version=version)
            uri, tracking = f"{found.source}/{CARD}", self.destination.uri
            with files_in(lambda: str(found.source)):
                listed = list_artifacts(artifact_uri=found.source, tracking_uri=tracking)
                if not any(Path(one.path).name == CARD for one in listed):
                    return None
                path = download_artifacts(artifact_uri=uri, dst_path=scratch, tracking_uri=tracking)
            return Path(path).read_text("utf-8")

    def resolve(self, uri: str) -> ResolvedModel:
        """The version `uri` names, with its bundle in a folder here. E1306 to E1310, E1319."""
        address = ModelAddress.parse(uri)
        with answering(self.destination):
            version = self._found(connect(self.destination), address)
            digest = version.tags.get(DIGEST, "")
            if not is_digest(digest):
                raise CauceError("E1309", name=address.name, version=version.version)
            folder = self.home / "downloaded" / digest
            if not _is_bundle(folder, digest):
                self._download(version, digest, folder)
        return ResolvedModel(name=address.name, version=str(version.version), digest=digest, folder=folder)

    def models(self, name: str | None = None) -> tuple[ModelVersion, ...]:
        """All versions, by name, the latest first."""
        with answering(self.destination):
            client = connect(self.destination)
            known = {one.name: one for one in _pages(client.search_registered_models)}
            chosen = sorted(known) if name is None else [name]
            found = []
            for one in chosen:
                if one not in known:
                    raise self._unknown(one, known)
                aliases = {alias: str(version) for alias, version in known[one].aliases.items()}
                versions = _pages(client.search_model_versions, filter_string=named(one))
                made = [_version(version, aliases) for version in versions]
                found += sorted(made, key=lambda version: -int(version.version))
            return tuple(found)

    def runs(self, experiment: str | None = None, *, limit: int = 100) -> tuple[TrackedRun, ...]:
        """Runs, the latest first; not their trials."""
        with answering(self.destination):
            client = connect(self.destination)
            names = {
                one.experiment_id: one.name
                for one in _pages(client.search_experiments)
                if experiment is None or one.name == experiment
            }
            if not names:
                return ()
            found = client.search_runs(
                list(names),
                filter_string=f"tags.`{PARENT}` IS NULL",
                order_by=["attributes.start_time DESC"],
                max_results=limit,
            )
            return tuple(_run(one, names[one.info.experiment_id]) for one in found)

    def _found(self, client: Any, address: ModelAddress) -> Any:
        try:
            if address.alias is not None:
                return client.get_model_version_by_alias(address.name, address.alias)
            return client.get_model_version(address.name, address.version)
        except Exception as error:
            if code_of(error) not in _MISSING:
                raise
        known = {one.name: one for one in _pages(client.search_registered_models)}
        if address.name not in known:
            raise self._unknown(address.name, known)
        versions = [
            str(one.version)
            for one in _pages(client.search_model_versions, filter_string=named(address.name))
        ]
        aliases = [f"@{alias}" for alias in sorted(known[address.name].aliases)]
        near = ", ".join([*aliases, *sorted(versions, key=int, reverse=True)[:_NEAR]]) or "-"
        wanted = f"@{address.alias}" if address.alias else str(address.version)
        raise CauceError("E1308", name=address.name, wanted=wanted, near=near)

    def _unknown(self, name: str, known: Iterable[str]) -> CauceError:
        near = ", ".join(sorted(known)[:_NEAR]) or "-"
        return CauceError("E1307", name=name, where=self.destination.where, near=near)

    def _download(self, version: Any, digest: str, folder: Path) -> None:
        """Put the version's bundle into `folder`, whole or not at all; E1310 where it is not the one."""
        from mlflow.artifacts import download_artifacts

        place, number = str(version.source), str(version.version)
        refuse_elsewhere(place, self.destination, name=version.name, version=number)
        with translated(str(folder)):
            folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as scratch:
            uri, tracking = f"{version.source}/bundle", self.destination.uri
            with files_in(lambda: str(version.source)):
                found = Path(download_artifacts(artifact_uri=uri, dst_path=scratch, tracking_uri=tracking))
            try:
                open_bundle(found, digest=digest)
            except CauceError as error:
                where = {"name": version.name, "version": version.version}
                raise CauceError("E1310", **where, reason=error.message) from error
            shutil.rmtree(folder, ignore_errors=True)
            with translated(str(folder)), suppress(FileExistsError):
                os.replace(found, folder)  # noqa: PTH105 - of folders


def _is_bundle(folder: Path, digest: str) -> bool:
    try:
        open_bundle(folder, digest=digest)
    except CauceError:
        return False
    return True


def _pages(search: Any, **given: Any) -> list[Any]:
    found, token = [], None
    while True:
        page = search(**given, page_token=token) if token else search(**given)
        found += page
        token = page.token
        if not token:
            return found


def _version(one: Any, aliases: dict[str, str]) -> ModelVersion:
    number = str(one.version)
    return ModelVersion(
        name=one.name,
        version=number,
        digest=one.tags.get(DIGEST),
        aliases=tuple(sorted(alias for alias, version in aliases.items() if version == number)),
        run=one.run_id or None,
        created=_moment(one.creation_timestamp),
        tags=dict(one.tags),
    )


def _run(one: Any, experiment: str) -> TrackedRun:
    return TrackedRun(
        run=one.data.tags.get(RUN, one.info.run_id),
        name=one.info.run_name,
        experiment=experiment,
        status=str(one.info.status).lower(),
        started=_moment(one.info.start_time),
        ended=None if one.info.end_time is None else _moment(one.info.end_time),
        metrics=dict(one.data.metrics),
        params=dict(one.data.params),
        tags={key: value for key, value in one.data.tags.items() if not key.startswith("mlflow.")},
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
