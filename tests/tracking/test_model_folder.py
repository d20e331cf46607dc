"""The folder of a model is the one that MLflow itself would write, which loads far more to write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.opening import open_bundle
from cauce.tracking.model_folder import EXAMPLE_ROWS, readable, write_model_folder

pytestmark = [pytest.mark.mlflow, pytest.mark.usefixtures("quiet")]

Bundles = tuple[Path, Path, Path]


def written_by_mlflow(bundle: Bundle, folder: Path) -> dict[str, Any]:
    """What MLflow writes of the same columns and rows; what it puts into `MLmodel`."""
    from mlflow.models import Model, ModelSignature
    from mlflow.models.utils import _save_example
    from mlflow.pyfunc import add_to_model
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import AnyType

    kinds = {
        "boolean": DataType.boolean,
        "integer": DataType.long,
        "float": DataType.double,
        "text": DataType.string,
    }
    unchecked: Any = AnyType
    given: list[Any] = [ColSpec(unchecked(), column.name) for column in bundle.manifest.input]
    answered: list[Any] = [ColSpec(kinds[one.kind], one.name) for one in bundle.cached_scorer.answers.fields]
    digest, columns = bundle.identity, bundle.manifest.schema.to_json()
    model = Model(
        artifact_path="model",
        run_id="run",
        signature=ModelSignature(inputs=Schema(given), outputs=Schema(answered)),
        metadata={"cauce": {"digest": digest, "input": columns}},
    )
    add: Any = add_to_model
    add(model, loader_module="cauce.tracking.pyfunc", data="bundle", pip_env="requirements.txt")
    _save_example(model, readable(bundle.golden.rows.head(EXAMPLE_ROWS)).to_pandas(), str(folder))
    model.save(str(folder / "MLmodel"))
    return _described(folder)


def _described(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
    own = ("model_uuid", "utc_time_created")
    assert all(found[name] for name in own)
    return {name: value for name, value in found.items() if name not in own}


@pytest.mark.parametrize("place", range(3), ids=["binary", "multiclass", "regression"])
def test_a_model_is_described_as_mlflow_describes_it(bundles: Bundles, place: int, tmp_path: Path) -> None:
    """What reads MLflow's models reads ours by these files alone."""
    (tmp_path / "ours").mkdir()
    (tmp_path / "mlflow").mkdir()
    bundle = open_bundle(bundles[place])
    write_model_folder(bundles[place], tmp_path / "ours", run="run")
    assert _described(tmp_path / "ours") == written_by_mlflow(bundle, tmp_path / "mlflow")
    for name in ("input_example.json", "serving_input_example.json"):
        ours, theirs = ((tmp_path / who / name).read_text("utf-8") for who in ("ours", "mlflow"))
        assert json.loads(ours) == json.loads(theirs.replace("NaN", "null"))


def test_rows_to_try_a_model_with_are_read_by_mlflow(bundles: Bundles, tmp_path: Path) -> None:
    """An example that does not load is worse than none."""
    from mlflow.models import Model

    write_model_folder(bundles[0], tmp_path)
    found = Model.load(str(tmp_path)).load_input_example(str(tmp_path))
    wanted = readable(open_bundle(bundles[0]).golden.rows.head(EXAMPLE_ROWS))
    assert list(found.columns) == wanted.columns
    assert pl.from_pandas(found, nan_to_null=True).null_count().equals(wanted.null_count())
