"""What an earlier model and the rows that are to continue it must have in common."""

from __future__ import annotations

from collections.abc import Iterator

from cauce.core.answering.transform import Transform
from cauce.core.bundle.features import Feature
from cauce.core.bundle.manifest import Manifest
from cauce.core.features.fitted import Feature as Fitted
from cauce.core.features.fitted import FittedFeatures
from cauce.core.features.stream import Facts
from cauce.core.task import Target
from cauce.errors import CauceError, CauceErrors
from cauce.expr.nodes import Column
from cauce.expr.schema import Schema
from cauce.language import gettext_noop as _
from cauce.language import translate

_TASK, _VALUE, _CLASSES, _SCALE = _("task"), _("value"), _("classes"), _("scale")
_NONE = "–"


def known_features(manifest: Manifest) -> FittedFeatures:
    """The bundle's features for rows that train: the expressions for new rows, since none of these taught
    them. A feature that is a column as it is has that column as its source."""
    return FittedFeatures(tuple(_known(one) for one in manifest.features), manifest.schema)


def _known(one: Feature) -> Fitted:
    plain = isinstance(one.expression, Column)
    source = one.expression.name if isinstance(one.expression, Column) else one.name
    told: tuple[tuple[str, Facts], ...] = () if plain else (("earlier", {}),)
    return Fitted(one.name, one.expression, one.expression, source, one.levels, told)


def check_continues(
    manifest: Manifest, *, schema: Schema, target: Target, transform: Transform | None, model: str
) -> None:
    """Raise every difference between what the earlier model reads and predicts, and the new rows.

    model: what the project calls it. E1009 for each column absent or of another kind, E2191 for the target.
    """
    faults = [*_columns(manifest, schema), *_target(manifest, target, transform, model)]
    if faults:
        raise faults[0] if len(faults) == 1 else CauceErrors(faults)


def _columns(manifest: Manifest, schema: Schema) -> Iterator[CauceError]:
    for field in manifest.schema:
        found = schema[field.name].kind if field.name in schema else "-"
        if field.name not in schema or schema[field.name] != field:
            yield CauceError("E1009", column=field.name, kind=field.kind, found=found)


def _target(
    manifest: Manifest, target: Target, transform: Transform | None, model: str
) -> Iterator[CauceError]:
    earlier, scale = manifest.target, manifest.answering.transform
    before = (earlier.task, earlier.name, _classes(earlier), _NONE if scale is None else scale.scale)
    now = (target.task, target.name, _classes(target), _NONE if transform is None else transform.scale)
    differs = (
        earlier.task != target.task,
        (earlier.expression, earlier.rest) != (target.expression, target.rest),
        earlier.classes != target.classes,
        before[3] != now[3],
    )
    for what, known, found, apart in zip(
        (_TASK, _VALUE, _CLASSES, _SCALE), before, now, differs, strict=True
    ):
        if apart:
            yield CauceError("E2191", model=model, what=translate(what), known=known, found=found)


def _classes(target: Target) -> str:
    return ", ".join(target.class_names) or _NONE
