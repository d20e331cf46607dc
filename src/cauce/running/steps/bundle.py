"""The model as a bundle: expressions, payloads, metrics, golden rows, and what training looked like."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

from cauce.core.bundle.features import model_features
from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.lineage import Lineage
from cauce.core.bundle.manifest import Manifest
from cauce.core.bundle.writing import Draft, write_bundle
from cauce.core.evaluation import Evaluation, decode_evaluation
from cauce.core.features import FittedFeatures
from cauce.core.leaks.findings import LeakReport
from cauce.core.splits import decode_rule
from cauce.core.task import Target
from cauce.expr.codec import decode
from cauce.expr.schema import Schema
from cauce.planning.step import Reference, Step
from cauce.running.execution import Made
from cauce.running.steps.baseline import read_baseline
from cauce.running.steps.calibrate import answering_of, ends_of
from cauce.running.steps.ingest import Report
from cauce.running.steps.objects import read_bytes, read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.workspace import Workspace


def bundle(work: Workspace, step: Step, *, report: Report) -> Made:  # noqa: ARG001 - every action has it
    """Make the bundle and store it. No scan."""
    store, schema = work.store, snapshot_source(work, step).schema
    known = read_json(store, step.stored("split"))
    fitted = FittedFeatures.from_json(read_json(store, step.stored("features")))
    evaluation = decode_evaluation(read_bytes(store, step.stored("evaluation")))
    training = read_json(store, step.stored("training"))
    reading = read_json(store, step.stored("reading"))
    target = Target.from_json(known["target"])
    manifest = Manifest(
        name=work.project.name,
        target=target,
        input=_inputs(fitted.required, reading["texts"]),
        features=model_features(fitted),
        key=_inputs(schema.select(work.project.data.key), reading["texts"]),
        threshold=evaluation.threshold if target.task == "binary" else None,
        metrics={name: tuple(one.metrics) for name, one in evaluation.datasets.items()},
        counts=training["folds"],
        snapshot=step.stored("snapshot"),
        split=decode_rule(known["rule"]),
        reading=reading["options"],
        libraries=step.libraries,
        answering=answering_of(work, step),
        continued=_lineage(training),
        acknowledged=LeakReport.from_json(read_json(store, step.stored("leaks"))).passed,
    )
    made = write_bundle(
        Draft(
            manifest=manifest,
            payload=gzip.decompress(read_bytes(store, step.stored("model"))),
            baseline=read_baseline(store, step.stored("baseline")),
            ends=ends_of(work, step),
        ),
        store,
    )
    return Made({"bundle": Reference("bundle", made.identity)}, _facts(evaluation))


def _lineage(training: Mapping[str, Any]) -> Lineage | None:
    """From which model the trees go on, where they do."""
    told = training.get("continued")
    return None if told is None else Lineage(told["digest"], told["rounds"], told["added"])


def _inputs(schema: Schema, texts: Mapping[str, Any]) -> tuple[InputColumn, ...]:
    return tuple(
        InputColumn(field, decode(texts[field.name]) if field.name in texts else None) for field in schema
    )


def _facts(evaluation: Evaluation) -> dict[str, Any]:
    """The headline on each dataset."""
    name = str(evaluation.gap.name)
    found = {dataset: one[name].value for dataset, one in evaluation.datasets.items()}
    return {"metric": name, "values": found}
