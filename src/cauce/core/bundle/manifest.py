"""What a bundle says about itself: one canonical JSON document whose SHA-256 is the model's identity."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from cauce.core.answering.answering import NOTHING, Answering
from cauce.core.bundle.features import Feature, feature_projection
from cauce.core.bundle.inputs import InputColumn, schema_of
from cauce.core.bundle.lineage import Lineage
from cauce.core.canonical import (
    Json,
    canonical_json,
    check_fields,
    count,
    hex_digest,
    item,
    read_document,
)
from cauce.core.leaks.findings import FINDING_FIELDS, Finding
from cauce.core.metrics.value import Metric
from cauce.core.splits.rules import SplitRule, decode_rule, encode_rule
from cauce.core.task import Target, Task
from cauce.errors import CauceError
from cauce.expr.schema import KINDS, Schema
from cauce.language import gettext_noop as _
from cauce.language import translate

FORMAT = 1
MANIFEST = "manifest.json"
XGBOOST, ONNX, GOLDEN, BASELINE = "model.json.gz", "model.onnx", "golden.json", "baseline/index.json"
ENDS = (("lower.json.gz", "lower.onnx"), ("upper.json.gz", "upper.onnx"))
"""Where the answers read them: the payloads of the lower and of the upper quantile."""
MOST_FILES = 10_000
MOST_BYTES = 1 << 30
MANIFEST_BYTES = 1 << 26
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){0,2}")
_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
_BAD = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError)
_FEATURE_KINDS = ("integer", "float", "boolean")
T = TypeVar("T")


@dataclass(frozen=True)
class BundleFile:
    """A file of the bundle: its path within, its size, its SHA-256."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All about a model but its payload. No clock, path, user or run stands in it.

    input: the columns a row must have to be scored. key: the columns that name a row, where declared.
    features: the columns of the model's matrix, in order. threshold: of a binary target, the probability
    from which a row is predicted positive. metrics: by dataset. counts: of rows, by what they are.
    snapshot: identity of the dataset it was made from; split: how its rows were divided. reading: what was
    declared about text files (delimiter, quote, encoding, header and the like). libraries: versions that
    the numbers were made with. files: every other file of the bundle, by path. acknowledged: what the leak
    gate would have stopped, had the project not let it pass by name; answering: what is done to the payload's
    numbers; continued: from which model it went on; each written only where there is any.
    """

    name: str
    target: Target
    input: tuple[InputColumn, ...]
    features: tuple[Feature, ...]
    key: tuple[InputColumn, ...] = ()
    threshold: float | None = None
    metrics: Mapping[str, tuple[Metric, ...]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    snapshot: str | None = None
    split: SplitRule | None = None
    reading: Mapping[str, Json] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    files: tuple[BundleFile, ...] = ()
    acknowledged: tuple[Finding, ...] = ()
    answering: Answering = NOTHING
    continued: Lineage | None = None

    @property
    def identity(self) -> str:
        """SHA-256 of the manifest's bytes, in hexadecimal digits."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def schema(self) -> Schema:
        """The columns a row must have."""
        return schema_of(self.input)

    @property
    def known(self) -> tuple[InputColumn, ...]:
        """Every column the bundle knows: those of the key, then the others it reads."""
        keys = {column.name for column in self.key}
        return (*self.key, *(column for column in self.input if column.name not in keys))

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of its files, its own not among them."""
        return tuple(one.path for one in self.files)

    def to_bytes(self) -> bytes:
        """Canonical JSON that `from_bytes` reads back equal."""
        return canonical_json(
            {
                "format": FORMAT,
                "name": self.name,
                "target": self.target.to_json(),
                "input": [column.to_json() for column in self.input],
                "key": [column.to_json() for column in self.key],
                "features": [one.to_json() for one in self.features],
                "threshold": self.threshold,
                "metrics": {name: [one.to_json() for one in many] for name, many in self.metrics.items()},
                "counts": dict(self.counts),
                "snapshot": self.snapshot,
                "split": None if self.split is None else encode_rule(self.split),
                "reading": dict(self.reading),
                "libraries": dict(self.libraries),
                "files": [vars(one) for one in self.files],
                **self._let_pass,
                **self._answering,
                **({} if self.continued is None else {"continued": self.continued.to_json()}),
            }
        )

    @property
    def _let_pass(self) -> dict[str, Any]:
        """Nothing where nothing was: then the bytes are those of a manifest before there was a gate."""
        return {"acknowledged": [one.to_json() for one in self.acknowledged]} if self.acknowledged else {}

    @property
    def _answering(self) -> dict[str, Any]:
        return {"answering": self.answering.to_json()} if self.answering else {}

    @staticmethod
    def from_bytes(data: bytes) -> Manifest:
        """The manifest in `data`; E1201 where it is none, E1206 where a newer Cauce wrote it."""
        if len(data) > MANIFEST_BYTES:
            raise CauceError("E1205", path=MANIFEST, limit=MANIFEST_BYTES)
        try:
            value = read_document(data, MANIFEST, version=FORMAT, fields=_FIELDS, optional=_OPTIONAL)
            if _HALVES.search(data):
                # Half of a pair alone is a text that no terminal, file or library takes.
                json.dumps(value, ensure_ascii=False).encode("utf-8")
            manifest = _checked(_manifest(value))
            manifest.to_bytes()
        except CauceError as error:
            raise _translated(error) from error
        except _BAD as error:
            raise refused(f"{type(error).__name__}: {error}") from error
        return manifest


_FIELDS = (
    "name",
    "target",
    "input",
    "key",
    "features",
    "threshold",
    "metrics",
    "counts",
    "snapshot",
    "split",
    "reading",
    "libraries",
    "files",
)
_OPTIONAL = ("acknowledged", "answering", "continued")


def refused(reason: str, path: str = MANIFEST) -> CauceError:
    """E1201 for a file of a bundle."""
    return CauceError("E1201", path=path, reason=reason)


def _translated(error: CauceError) -> CauceError:
    if error.code == "E0508":
        return CauceError("E1206", **error.values)
    if error.code.startswith("E12"):
        return error
    return refused(str(error.values["reason"]) if error.code == "E0507" else error.message)


def _manifest(value: Mapping[str, Any]) -> Manifest:
    metrics = item(value, "metrics", kind=dict, key=MANIFEST)
    threshold, snapshot, split = value["threshold"], value["snapshot"], value["split"]
    check_fields(value["target"], ("name", "expression", "kind", "task", "classes", "rest"), key=MANIFEST)
    return Manifest(
        name=item(value, "name", kind=str, key=MANIFEST),
        target=Target.from_json(value["target"]),
        input=_each(value, "input", InputColumn.from_json),
        key=_each(value, "key", InputColumn.from_json),
        features=_each(value, "features", Feature.from_json),
        threshold=None if threshold is None else item(value, "threshold", kind=float, key=MANIFEST),
        metrics={name: tuple(Metric.from_json(one) for one in many) for name, many in metrics.items()},
        counts={name: count(value["counts"], name, key=MANIFEST) for name in value["counts"]},
        snapshot=None if snapshot is None else hex_digest(value, "snapshot", key=MANIFEST),
        split=None if split is None else decode_rule(split),
        reading=item(value, "reading", kind=dict, key=MANIFEST),
        libraries={
            name: item(value["libraries"], name, kind=str, key=MANIFEST) for name in value["libraries"]
        },
        files=_each(value, "files", _file),
        acknowledged=_each({"acknowledged": [], **value}, "acknowledged", _finding),
        answering=Answering.from_json(value.get("answering", {})),
        continued=Lineage.from_json(value["continued"]) if "continued" in value else None,
    )


def _each(value: Mapping[str, Any], name: str, read: Callable[[Any], T]) -> tuple[T, ...]:
    return tuple(read(one) for one in item(value, name, kind=list, key=MANIFEST))


def _file(value: Any) -> BundleFile:
    check_fields(value, ("path", "bytes", "sha256"), key=MANIFEST)
    path = item(value, "path", kind=str, key=MANIFEST)
    return BundleFile(path, count(value, "bytes", key=MANIFEST), hex_digest(value, "sha256", key=MANIFEST))


def _finding(value: Any) -> Finding:
    check_fields(value, FINDING_FIELDS, key=MANIFEST)
    return Finding.from_json(value)


def checked_path(path: str) -> str:
    """`path` where it can only lie inside the bundle; E1204 otherwise."""
    if _PATH.fullmatch(path) is None or path.endswith(".") or "./" in path:
        raise CauceError("E1204", path=path, reason=translate(_("it is not a plain name")))
    return path


def _checked(manifest: Manifest) -> Manifest:
    """E1201, E1204 and E1205 for what parses and yet is no model that can score."""
    _check_files(manifest.files)
    if manifest.answering.quantiles and not {one for pair in ENDS for one in pair} <= set(manifest.paths):
        raise refused("the payloads of the interval's ends are missing")
    _check_target(manifest)
    for columns in (manifest.input, manifest.key):
        _distinct(column.name for column in columns)
        if any(column.field.kind not in KINDS for column in columns):
            raise refused("a column is of an unknown kind")
    _distinct(one.name for one in manifest.features)
    for made in feature_projection(manifest.features, manifest.schema).schema:
        if made.kind not in _FEATURE_KINDS:
            raise refused(f"the feature {made.name} is of kind {made.kind}")
    return manifest


def _distinct(names: Iterable[str]) -> None:
    found = list(names)
    if len(set(found)) < len(found):
        raise refused("a name occurs twice")


def _check_files(files: tuple[BundleFile, ...]) -> None:
    _distinct(checked_path(one.path).lower() for one in files)
    _distinct([MANIFEST, *(one.path for one in files)])
    if len(files) > MOST_FILES or sum(one.bytes for one in files) > MOST_BYTES:
        raise CauceError("E1205", path=MANIFEST, limit=MOST_BYTES)
    if not {XGBOOST, ONNX, GOLDEN} <= {one.path for one in files}:
        raise refused("the payload or the golden rows are missing")


def _check_target(manifest: Manifest) -> None:
    target, threshold = manifest.target, manifest.threshold
    least = {"binary": (2, 2), "multiclass": (2, 1 << 20), "regression": (0, 0)}
    if target.task not in get_args(Task):
        raise refused(f"the task {target.task} is unknown")
    low, high = least[target.task]
    if not low <= len(target.classes) <= high:
        raise refused(f"{len(target.classes)} classes")
    if not all(type(one) in (bool, int, str) for one in target.classes):
        raise refused("a class is neither text nor a whole number nor true or false")
    _distinct(target.class_names)
    if threshold is not None and not (math.isfinite(threshold) and target.task == "binary"):
        raise refused("the threshold has no meaning")
    if reason := manifest.answering.misfit(target):
        raise refused(reason)
