"""Proves that a bundle scores here as when it was born."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cauce.core.bundle.baseline import read_baseline
from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.writing import TOLERANCE, largest_difference
from cauce.core.matrix import Matrix
from cauce.core.payload import is_linear
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.planning.libraries import library_versions

CHECKS = {
    "digests": _("every file has the digest that the manifest states"),
    "features_batch": _("features of the golden rows, computed in a batch, equal as float32"),
    "features_row": _("features of the golden rows, computed row by row, equal as float32"),
    "scores_xgboost": _("scores of the golden rows by XGBoost"),
    "scores_onnx": _("scores of the golden rows by ONNX"),
    "scores_row": _("scores of the golden rows, row by row"),
    "baseline": _("the training baseline can be read"),
}
_OF_ENDS = {"ends": _("ends of intervals of the golden rows, by XGBoost and by ONNX")}
_OF_LINEAR = {"scores_linear": _("scores of the golden rows by the model's own sums")}
"""What stands in place of `scores_xgboost` for a model without trees."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. difference: the largest found, None where there is no number; tolerance:
    the largest allowed. reason: why it could not be looked at, or does not hold."""

    name: str
    holds: bool
    difference: float | None = None
    tolerance: float | None = None
    reason: str = ""

    @property
    def says(self) -> str:
        """What it is, in the active language."""
        return translate({**CHECKS, **_OF_LINEAR, **_OF_ENDS}[self.name])


@dataclass(frozen=True)
class Verification:
    """Every check, and the versions of the libraries: (library, when the model was made, here)."""

    identity: str
    name: str
    rows: int
    checks: tuple[Check, ...]
    libraries: tuple[tuple[str, str, str | None], ...]

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)

    def require(self) -> None:
        """E1210 unless every check holds."""
        failed = [check.name for check in self.checks if not check.holds]
        if failed:
            raise CauceError("E1210", checks=", ".join(failed))

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "model": self.name,
            "identity": self.identity,
            "rows": self.rows,
            "holds": self.holds,
            "checks": [vars(check) for check in self.checks],
            "libraries": [
                {"name": name, "then": then, "now": now, "same": then == now}
                for name, then, now in self.libraries
            ],
        }


def verify_bundle(bundle: Bundle) -> Verification:
    """Score the golden rows with everything the bundle has and compare with what it scored when it was made.

    bundle: as `open_bundle` gave it, so that its digests hold. Nothing is raised for what does not hold:
    each check says so (`Verification.require` raises).
    """
    checks = [Check("digests", _has_its_digests(bundle))]
    try:
        golden = bundle.golden
    except CauceError as error:
        return _verification(bundle, (*checks, _failed("features_batch", error)), 0)
    rows, listed = golden.rows, golden.rows.to_dicts()
    scorer = bundle.scorer(threads=1, payload="onnx")

    def by_payload() -> Matrix:
        return bundle.scorer(threads=1, payload="xgboost").scores(rows)

    checks += [
        _equal("features_batch", lambda: scorer.matrix(rows), born=golden.features),
        _equal("features_row", lambda: scorer.matrix_of_rows(listed), born=golden.features),
        _close("scores_linear" if _is_linear(bundle) else "scores_xgboost", by_payload, born=golden.scores),
        _close("scores_onnx", lambda: scorer.scores(rows), born=golden.scores),
        _close("scores_row", lambda: scorer.row_scores(listed), born=golden.scores),
        _looked("baseline", lambda: read_baseline(bundle.contents) is not None),
    ]
    if bundle.manifest.answering.quantiles:
        checks.append(_close("ends", lambda: _with_ends(bundle, "xgboost"), born=_with_ends(bundle, "onnx")))
    return _verification(bundle, tuple(checks), rows.height)


def _with_ends(bundle: Bundle, payload: Literal["xgboost", "onnx"]) -> Matrix:
    return bundle.scorer(threads=1, payload=payload, interval=True).raw_of(bundle.golden.features)


def _verification(bundle: Bundle, checks: tuple[Check, ...], rows: int) -> Verification:
    then = bundle.manifest.libraries
    now = library_versions(*then)
    libraries = tuple((name, version, now.get(name)) for name, version in sorted(then.items()))
    return Verification(bundle.identity, bundle.name, rows, checks, libraries)


def _is_linear(bundle: Bundle) -> bool:
    try:
        return is_linear(bundle.xgboost)
    except CauceError:
        return False


def _has_its_digests(bundle: Bundle) -> bool:
    found = {path: hashlib.sha256(data).hexdigest() for path, data in bundle.contents.items()}
    return found == {one.path: one.sha256 for one in bundle.manifest.files}


def _failed(name: str, error: CauceError) -> Check:
    return Check(name, holds=False, reason=str(error))


def _looked(name: str, look: Callable[[], bool]) -> Check:
    try:
        return Check(name, look())
    except CauceError as error:
        return _failed(name, error)


def _equal(name: str, make: Callable[[], Matrix], *, born: Matrix) -> Check:
    try:
        made = make()
    except CauceError as error:
        return _failed(name, error)
    same = made.shape == born.shape and np.array_equal(made, born, equal_nan=True)
    return Check(name, bool(same), largest_difference(born, made), 0.0)


def _close(name: str, make: Callable[[], Matrix], *, born: Matrix) -> Check:
    try:
        difference = largest_difference(born, make())
    except CauceError as error:
        return _failed(name, error)
    return Check(name, difference <= TOLERANCE, difference, TOLERANCE)
