"""A bundle as MLflow keeps models: `MLmodel` beside `bundle/`. No pickle, no code, no row of data."""

from __future__ import annotations

import json
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.opening import open_bundle

LOADER = "cauce.tracking.pyfunc"
BUNDLE, REQUIREMENTS, CARD = "bundle", "requirements.txt", "card.md"
EXAMPLE, SERVED = "input_example.json", "serving_input_example.json"
EXAMPLE_ROWS = 5
# What a model is scored with; the first of two names for the same library that is there.
_SCORING = (("cauce",), ("numpy",), ("polars",), ("pandas",), ("onnxruntime",), ("xgboost-cpu", "xgboost"))


def write_model_folder(bundle: Path, folder: Path, *, run: str | None = None, card: str = "") -> Bundle:
    """Write the model in `bundle` into `folder`, as MLflow wants it; the bundle, opened and checked.

    card: the model card in Markdown, kept beside the bundle where there is one.
    """
    from mlflow.models import Model

    opened = open_bundle(bundle)
    shutil.copytree(bundle, folder / BUNDLE)
    model = Model(
        artifact_path="model",
        run_id=run,
        signature=signature_of(opened),
        saved_input_example_info=_write_example(opened.golden.rows.head(EXAMPLE_ROWS), folder),
        metadata={"cauce": {"digest": opened.identity, "input": opened.manifest.schema.to_json()}},
    )
    python = platform.python_version()
    model.add_flavor(
        "python_function", loader_module=LOADER, python_version=python, data=BUNDLE, pip_env=REQUIREMENTS
    )
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
    """The columns in and out, as a signature of MLflow's says them. Those in are of any type: the bundle
    itself knows what it can read, and says so in codes, where MLflow would refuse whole numbers with missing
    values.
    """
    kinds = {"boolean": "boolean", "integer": "long", "float": "double", "text": "string"}
    given = [_column("any", column.name) for column in bundle.manifest.input]
    answered = [_column(kinds[one.kind], one.name) for one in bundle.cached_scorer.answers.fields]
    said = {"inputs": json.dumps(given), "outputs": json.dumps(answered), "params": None}
    # MLflow's own takes pandas.
    return SimpleNamespace(
        to_dict=lambda: said, _is_signature_from_type_hint=False, _is_type_hint_from_example=False
    )


def _column(kind: str, name: str) -> dict[str, Any]:
    return {"type": kind, "name": name, "required": True}


def _write_example(rows: pl.DataFrame, folder: Path) -> dict[str, str]:
    """Write rows to try the model with, as MLflow does of a frame of pandas; what `MLmodel` says of them."""
    known = readable(rows)
    split = {"columns": known.columns, "data": [list(row) for row in known.rows()]}
    (folder / EXAMPLE).write_text(json.dumps(split), "utf-8")
    (folder / SERVED).write_text(json.dumps({"dataframe_split": split}, indent=2), "utf-8")
    return {
        "artifact_path": EXAMPLE,
        "pandas_orient": "split",
        "serving_input_path": SERVED,
        "type": "dataframe",
    }


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
