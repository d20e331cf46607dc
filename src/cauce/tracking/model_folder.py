"""A bundle as MLflow keeps models: `MLmodel` beside `bundle/`. No pickle, no code, no row of data."""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.opening import open_bundle

LOADER = "cauce.tracking.pyfunc"
BUNDLE, REQUIREMENTS, CARD = "bundle", "requirements.txt", "card.md"
EXAMPLE_ROWS = 5
# What a model is scored with; the first of two names for the same library that is there.
_SCORING = (("cauce",), ("numpy",), ("polars",), ("pandas",), ("onnxruntime",), ("xgboost-cpu", "xgboost"))


def write_model_folder(bundle: Path, folder: Path, *, run: str | None = None, card: str = "") -> Bundle:
    """Write the model in `bundle` into `folder`, as MLflow wants it; the bundle, opened and checked.

    card: the model card in Markdown, kept beside the bundle where there is one.
    """
    from mlflow.models import Model
    from mlflow.models.utils import _save_example
    from mlflow.pyfunc import add_to_model

    opened = open_bundle(bundle)
    shutil.copytree(bundle, folder / BUNDLE)
    model = Model(
        artifact_path="model",
        run_id=run,
        signature=signature_of(opened),
        metadata={"cauce": {"digest": opened.identity, "input": opened.manifest.schema.to_json()}},
    )
    add: Any = add_to_model
    add(model, loader_module=LOADER, data=BUNDLE, pip_env=REQUIREMENTS)
    example = opened.golden.rows.head(EXAMPLE_ROWS)
    _save_example(model, readable(example).to_pandas(), str(folder))
    (folder / REQUIREMENTS).write_text("".join(f"{line}\n" for line in requirements()), "utf-8")
    if card:
        (folder / CARD).write_text(card, "utf-8")
    model.save(str(folder / "MLmodel"))
    return opened


def requirements() -> tuple[str, ...]:
    """Cauce and what a model is scored with, in exactly the versions at hand."""
    found = []
    for names in _SCORING:
        for name in names:
            try:
                found.append(f"{name}=={version(name)}")
            except PackageNotFoundError:
                continue
            break
    return tuple(found)


def signature_of(bundle: Bundle) -> Any:
    """The columns in and out. Those in are of any type: the bundle itself knows what it can read, and says
    so in codes, where MLflow would refuse whole numbers with missing values."""
    from mlflow.models.signature import ModelSignature
    from mlflow.types import ColSpec, DataType, schema
    from mlflow.types import Schema as MlflowSchema

    kinds = {
        "boolean": DataType.boolean,
        "integer": DataType.long,
        "float": DataType.double,
        "text": DataType.string,
    }
    unchecked: Any = schema.AnyType
    given: list[Any] = [ColSpec(unchecked(), column.name) for column in bundle.manifest.input]
    answered: list[Any] = [ColSpec(kinds[one.kind], one.name) for one in bundle.cached_scorer.answers.fields]
    return ModelSignature(inputs=MlflowSchema(given), outputs=MlflowSchema(answered))


def readable(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as JSON can carry them: moments as texts, decimals as numbers, NaN and infinities as null."""
    columns = []
    for column in frame:
        plain = column.alias("cells")
        if column.dtype.is_temporal():
            plain = plain.cast(pl.String)
        elif column.dtype.is_decimal():
            plain = plain.cast(pl.Float64)
        elif column.dtype.is_float():
            plain = plain.set(~plain.is_finite().fill_null(False), None)
        columns.append(plain.alias(column.name))
    return pl.DataFrame(columns)
