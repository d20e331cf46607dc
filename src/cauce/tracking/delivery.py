"""Hands messages to MLflow so that each counts once, however often it has to be sent."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cauce.core.promotion.history import Decision
from cauce.core.run_record import TrackedBundle
from cauce.failpoints import passage
from cauce.tracking.border import code_of, connect, unless_exists
from cauce.tracking.destination import Destination
from cauce.tracking.messages import Message
from cauce.tracking.outbox import checked_name, kept_file
from cauce.tracking.places import refuse_to_send
from cauce.tracking.trouble import files_in
from cauce.tracking.versions import PROJECT, Kept, give_alias, register_version, registered, renew_card

RUN, VERSION, PARENT, CONTINUED = "cauce.run_id", "cauce.version", "cauce.parent", "cauce.continued"
_NESTED = "mlflow.parentRunId"
_STATUS = {"finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED", "running": "RUNNING"}


@dataclass
class Deliverer:
    """Sends one message after the other of any run. Use inside `quiet_mlflow`.

    certain: runs of which it is known what has arrived; of others the next message may be there already.
    """

    destination: Destination
    certain: set[str] = field(default_factory=set)
    _experiments: dict[str, str] = field(default_factory=dict)
    _places: dict[str, str] = field(default_factory=dict)

    @cached_property
    def client(self) -> Any:
        """MLflow's client, connected."""
        return connect(self.destination)

    def warm(self) -> None:
        """Do now what the first request would wait for: a new database gets its tables."""
        self.client.search_experiments(max_results=1)

    def send(self, message: Message, folder: Path, *, run: str = "") -> str:
        """Send `message` of the run in `folder`. run: MLflow's id of it, "" before its beginning was sent.

        MLflow's id of the run. Whatever MLflow raises.
        """
        if message.kind == "begin":
            return self._begin(folder.name, message.body)
        place = self._place(run) if message.kind == "artifact" else ""
        to = _Addressed(self.client, folder, run, folder.name not in self.certain, place)
        _ACTIONS[message.kind](to, message.body)
        return run

    def knows(self, run: str) -> bool:
        """Whether MLflow has a run of this id."""
        try:
            self.client.get_run(run)
        except Exception as error:
            if code_of(error) != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False
        return True

    def killed(self, run: str) -> None:
        """Note that the run never ended by itself."""
        self.client.set_terminated(run, status="KILLED")

    def _begin(self, run: str, body: Mapping[str, Any]) -> str:
        experiment = self._experiment(body["experiment"])
        found = self._found(experiment, run)
        if found is not None:
            return self._noted(found)
        tags = {RUN: run, PROJECT: body["project"]}
        if body.get("parent"):
            # Its name sorts before those of its parts, so it has begun, or cannot be told at all.
            parent = self._found(experiment, body["parent"])
            tags |= {PARENT: body["parent"], **({_NESTED: parent.info.run_id} if parent else {})}
        made = self.client.create_run(
            experiment, start_time=body["started"], tags=tags, run_name=body["name"]
        )
        passage("delivery.run")
        return self._noted(made)

    def _found(self, experiment: str, run: str) -> Any | None:
        """MLflow's own of a run of ours; None where there is none."""
        wanted = f"tags.`{RUN}` = '{run}'"
        found = self.client.search_runs([experiment], filter_string=wanted, max_results=1)
        return found[0] if found else None

    def _noted(self, run: Any) -> str:
        """Its id; where its files lie is kept."""
        found = str(run.info.run_id)
        self._places[found] = str(run.info.artifact_uri)
        return found

    def _place(self, run: str) -> str:
        """Where the files of a run of MLflow's lie; E1320 where nothing may be sent there."""
        if run not in self._places:
            self._noted(self.client.get_run(run))
        refuse_to_send(self._places[run], self.destination.uri)
        return self._places[run]

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            found = self.client.get_experiment_by_name(name)
            if found is None:
                where = (
                    None if self.destination.artifacts is None else Path(self.destination.artifacts).as_uri()
                )
                unless_exists(lambda: self.client.create_experiment(name, artifact_location=where))
                found = self.client.get_experiment_by_name(name)
            self._experiments[name] = str(found.experiment_id)
        return self._experiments[name]


@dataclass(frozen=True)
class _Addressed:
    """Where a message comes from and goes to. run: MLflow's id. doubtful: it may be there already. place: of
    the run's files, where it has some."""

    client: Any
    folder: Path
    run: str
    doubtful: bool
    place: str = ""


def _params(to: _Addressed, body: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    to.client.log_batch(to.run, params=[Param(key, value) for key, value in body.items()])


def _metrics(to: _Addressed, body: Mapping[str, Any]) -> None:
    from mlflow.entities import Metric

    told = [Metric(key, float(value), body["at"], step) for key, value, step in body["metrics"]]
    known = _known(to, {one.key for one in told}) if to.doubtful else set()
    to.client.log_batch(to.run, metrics=[one for one in told if (one.key, one.step) not in known])


def _known(to: _Addressed, keys: set[str]) -> set[tuple[str, int]]:
    """Keys and steps that are there already, by a sending whose answer never came."""
    there = keys & set(to.client.get_run(to.run).data.metrics)
    return {(key, one.step) for key in there for one in to.client.get_metric_history(to.run, key)}


def _tags(to: _Addressed, body: Mapping[str, Any]) -> None:
    from mlflow.entities import RunTag

    to.client.log_batch(to.run, tags=[RunTag(key, value) for key, value in body.items()])


def _datasets(to: _Addressed, body: Mapping[str, Any]) -> None:
    from mlflow.entities import Dataset as MlflowDataset
    from mlflow.entities import DatasetInput, InputTag

    inputs = [
        DatasetInput(
            # MLflow takes 36 characters of a digest; the whole one stands in the source.
            MlflowDataset(one["name"], one["digest"][:36], "cauce", f"{one['source']}#{one['digest']}"),
            [InputTag("mlflow.data.context", one["context"])],
        )
        for one in body["datasets"]
    ]
    to.client.log_inputs(to.run, inputs)


def _artifact(to: _Addressed, body: Mapping[str, Any]) -> None:
    where, _, name = body["name"].rpartition("/")
    with tempfile.TemporaryDirectory(prefix="cauce-") as scratch:
        copy = Path(scratch, name)
        shutil.copyfile(kept_file(to.folder, body["sha256"]), copy)
        with files_in(lambda: to.place):
            to.client.log_artifact(to.run, str(copy), where or None)


def _bundle(to: _Addressed, body: Mapping[str, Any]) -> None:
    with tempfile.TemporaryDirectory(prefix="cauce-") as scratch:
        bundle = Path(scratch, "bundle")
        for path, digest in body["files"].items():
            copy = bundle / checked_name(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept_file(to.folder, digest), copy)
        # What an older Cauce put into the outbox knows neither cards nor decisions.
        told = TrackedBundle(
            folder=str(bundle),
            digest=body["digest"],
            name=body["name"],
            alias=body["alias"],
            decided=body.get("decided", ""),
            card=body.get("card", ""),
        )
        version = register_bundle(to.client, told, run=to.run)
    to.client.set_tag(to.run, VERSION, f"{version.name}/{version.version}")
    _continued(to, version)


def _continued(to: _Addressed, version: Any) -> None:
    """Say at a killed run, which a version goes on leading to, which run ended its work."""
    if version.run_id in ("", None, to.run):
        return
    try:
        first = to.client.get_run(version.run_id).info
    except Exception as error:
        if code_of(error) != "RESOURCE_DOES_NOT_EXIST":
            raise
        return
    if (first.status, first.lifecycle_stage) == ("KILLED", "active"):
        to.client.set_tag(version.run_id, CONTINUED, to.folder.name)


def _end(to: _Addressed, body: Mapping[str, Any]) -> None:
    to.client.set_terminated(to.run, status=_STATUS[body["status"]], end_time=body["ended"])


def register_bundle(client: Any, told: TrackedBundle, *, run: str) -> Any:
    """Track the bundle as the model of `run`, register it and give it its alias; the version. E1318,
    E1320."""
    from cauce.tracking.model_folder import CARD, write_model_folder

    with tempfile.TemporaryDirectory(prefix="cauce-") as scratch:
        opened = write_model_folder(Path(told.folder), Path(scratch), run=run, card=told.card)
        version = registered(client, told.name, digest=opened.identity)
        if version is None:
            found = client.get_run(run)
            place = str(found.info.artifact_uri)
            refuse_to_send(place, client.tracking_uri)
            with files_in(lambda: place):
                client.log_artifacts(run, scratch, "model")
            passage("delivery.model")
            kept = Kept(digest=opened.identity, project=opened.name, description=told.card)
            version = register_version(client, told.name, run=found, kept=kept)
            passage("delivery.version")
        elif told.card:
            renew_card(client, version, file=Path(scratch, CARD), text=told.card)
    number, decided = str(version.version), Decision.parse(told.decided)
    give_alias(client, told.name, version=number, alias=told.alias, decided=decided)
    passage("delivery.alias")
    return version


_ACTIONS: dict[str, Callable[[_Addressed, Mapping[str, Any]], None]] = {
    "params": _params,
    "metrics": _metrics,
    "tags": _tags,
    "datasets": _datasets,
    "artifact": _artifact,
    "bundle": _bundle,
    "end": _end,
}
