"""Makes a bundle from what was learned and gives it to a store: files first, manifest last."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cauce.core.bundle.baseline import Gathered, baseline_files
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.golden import Golden, synthetic_rows
from cauce.core.bundle.manifest import ENDS, GOLDEN, MANIFEST, ONNX, XGBOOST, BundleFile, Manifest
from cauce.core.bundle.margins import with_margins
from cauce.core.bundle.scorer import Scorer
from cauce.core.matrix import Matrix
from cauce.core.objects import Objects
from cauce.core.payload import Payload, onnx_of, read_payload
from cauce.errors import CauceError
from cauce.failpoints import passage

TOLERANCE = 1e-6


def bundle_key(identity: str, path: str = MANIFEST) -> str:
    """Where a file of the bundle `identity` is stored."""
    return f"bundles/{identity}/{path}"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What becomes a bundle. manifest: all but `files`, which is filled in. payload: XGBoost's JSON or
    a linear model's, as a fit returns it. baseline: summaries over the training rows, with their states.
    ends: payloads of the lower and the upper quantile, where the manifest's answers read them."""

    manifest: Manifest
    payload: bytes
    baseline: tuple[Gathered, ...] = field(default=())
    ends: tuple[bytes, ...] = ()


def make_bundle(draft: Draft) -> Bundle:
    """The bundle in memory; the same draft gives the same bytes. E1217 where features and payload do not fit,
    E1208 where payload and ONNX, or batches and rows, disagree on the golden rows; E0811, E0812, E0819."""
    payload = _fitting(draft.payload, draft.manifest)
    onnx = onnx_of(payload)
    if draft.manifest.answering.margins:
        onnx = with_margins(onnx)
    ends = tuple((one, onnx_of(_fitting(one, draft.manifest))) for one in draft.ends)
    golden = _golden(draft, payload, onnx, ends)
    contents = {
        XGBOOST: packed(draft.payload),
        ONNX: onnx,
        GOLDEN: golden.to_bytes(),
        **baseline_files(draft.baseline),
    }
    for paths, own in zip(ENDS, ends, strict=False):
        contents |= zip(paths, (packed(own[0]), own[1]), strict=True)
    manifest = replace(draft.manifest, files=_files(contents))
    data = manifest.to_bytes()
    return Bundle(Manifest.from_bytes(data), hashlib.sha256(data).hexdigest(), contents)


def packed(payload: bytes) -> bytes:
    """The payload as it lies in a bundle; the same bytes for the same payload and zlib."""
    return gzip.compress(payload, compresslevel=6, mtime=0)


def _fitting(data: bytes, manifest: Manifest) -> Payload:
    payload = read_payload(data)
    if payload.features != len(manifest.features):
        raise CauceError("E1217", features=len(manifest.features), expected=payload.features)
    return payload


def _files(contents: Mapping[str, bytes]) -> tuple[BundleFile, ...]:
    return tuple(
        BundleFile(path, len(data), hashlib.sha256(data).hexdigest())
        for path, data in sorted(contents.items())
    )


def _golden(draft: Draft, payload: Payload, onnx: bytes, ends: Sequence[tuple[bytes, bytes]]) -> Golden:
    manifest = draft.manifest
    settings = {
        "input": manifest.schema,
        "features": manifest.features,
        "target": manifest.target,
        "answering": manifest.answering,
    }
    graphs, documents = tuple((None, one[1]) for one in ends), tuple((one[0], None) for one in ends)
    by_onnx = Scorer(**settings, onnx=onnx, ends=graphs, threads=1)  # type: ignore[arg-type]
    by_xgboost = Scorer(**settings, xgboost=draft.payload, ends=documents, threads=1)  # type: ignore[arg-type]
    rows = synthetic_rows(manifest.features, manifest.schema, payload=payload)
    features = by_onnx.matrix(rows)
    by_row = by_onnx.matrix_of_rows(rows.to_dicts())
    if not np.array_equal(features, by_row, equal_nan=True):
        wrong = ~((features == by_row) | (np.isnan(features) & np.isnan(by_row)))
        column = int(np.flatnonzero(wrong.any(axis=0))[0])
        raise CauceError("E1208", what=manifest.features[column].name, difference="float32")
    scores = by_onnx.scores(rows)
    difference = largest_difference(scores, by_xgboost.scores(rows))
    if ends:
        beside = largest_difference(by_onnx.raw_of(features), by_xgboost.raw_of(features))
        difference = max(difference, beside)
    if not difference <= TOLERANCE:
        raise CauceError("E1208", what="XGBoost / ONNX", difference=difference)
    return Golden(rows, features, scores)


def largest_difference(first: Matrix, second: Matrix) -> float:
    """The largest |a - b| / max(1, |a|); infinite where the shapes differ or one alone is NaN."""
    if first.shape != second.shape:
        return float("inf")
    a, b = first.astype(np.float64), second.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b) / np.maximum(1.0, np.abs(a))
    apart[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    apart[np.isnan(apart)] = np.inf
    return float(apart.max(initial=0.0))


def write_bundle(draft: Draft, store: Objects) -> Bundle:
    """Make the bundle and store it, so that it is there whole or not at all. E0503 to E0506 besides."""
    bundle = make_bundle(draft)
    store_bundle(bundle, store)
    return bundle


def store_bundle(bundle: Bundle, store: Objects) -> None:
    """Give the store the bundle's files and then its manifest."""
    for path, data in bundle.contents.items():
        store.put_if_absent(bundle_key(bundle.identity, path), data)
    passage("bundle.files")
    store.put_if_absent(bundle_key(bundle.identity), bundle.manifest.to_bytes())
    passage("bundle.manifest")
