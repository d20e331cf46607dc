"""What a run makes of a real dirty table scores alike from files, frames and rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cauce.api.run import run
from cauce.core.bundle.conversion import Conversion
from cauce.core.bundle.frames import predict_frame
from cauce.core.bundle.opening import open_bundle
from cauce.expr.schema import Field
from cauce.running.prediction import PredictOptions, predict_file
from cauce.running.verification import verify_bundle

PROJECT = """
schema = 1
name = "patients"
[data]
source = "rows.csv"
missing = ["?"]
key = "encounter_id"
group = "patient_nbr"
[target]
formula = "readmitted != 'NO'"
[split]
kind = "group"
[tracking]
enabled = false
[features.formulas]
load = "num_lab_procedures / (time_in_hospital + 1)"
[features.columns]
race = [{step = "one_hot"}]
age = [{step = "ordinal"}]
medical_specialty = [{step = "target_mean"}]
diag_1 = [{step = "frequency"}]
diag_2 = [{step = "category", limit = 20}]
diag_3 = [{step = "text_length"}]
num_medications = [
    [{step = "impute", method = "median", indicator = true}, {step = "scale"}],
    [{step = "log", method = "one_plus"}],
    [{step = "bins"}],
]
time_in_hospital = [{step = "clip", upper_quantile = 0.95}, {step = "scale", method = "robust"}]
[[models]]
rounds = 10
"""


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was run on 4,000 patients, and 1,500 later ones in new.csv."""
    root = tmp_path_factory.mktemp("patients")
    lines = (shared_data / "diabetes130" / "diabetic_data.csv").read_text().splitlines(keepends=True)
    (root / "rows.csv").write_text("".join(lines[:4001]))
    (root / "new.csv").write_text("".join([lines[0], *lines[60_000:61_500]]))
    (root / "cauce.toml").write_text(PROJECT)
    shutil.copytree(run(root / "cauce.toml").folder, root / "model")
    return root


def test_a_file_its_frame_and_its_rows_score_alike(folder: Path) -> None:
    """Three worlds, one model: a difference would be found by the customer."""
    model = open_bundle(folder / "model")
    found = predict_file(
        model, folder / "new.csv", out=folder / "out.parquet", options=PredictOptions(threads=1)
    )
    assert (found.rows, found.rejected) == (1500, 0)
    made = pl.read_parquet(folder / "out.parquet")
    texts = pl.read_csv(folder / "new.csv", infer_schema=False)
    assert made["encounter_id"].cast(pl.String).equals(texts["encounter_id"])
    framed = predict_frame(model, texts.drop("readmitted"))
    assert framed.equals(made.select(framed.columns))
    rows = Conversion(model.manifest.input, {name: Field(name, "text") for name in texts.columns})(texts)
    scorer = model.scorer(threads=1)
    assert np.array_equal(scorer.matrix(rows), scorer.matrix_of_rows(rows.to_dicts()), equal_nan=True)
    single = [row["probability_true"] for row in scorer.score_rows(rows.to_dicts())]
    assert np.abs(np.array(single) - made["probability_true"].to_numpy()).max() <= 1e-6


def test_the_model_of_a_run_proves_itself_and_holds_no_row(folder: Path) -> None:
    """A bundle is handed on: it must prove itself, and hold nobody's data."""
    model = open_bundle(folder / "model")
    assert verify_bundle(model).holds
    whole = pl.read_csv(folder / "rows.csv", infer_schema=False)
    ids = whole["encounter_id"].to_list()
    kept = b"".join((*model.contents.values(), model.manifest.to_bytes())).decode("latin-1")
    assert not any(f'"{one}"' in kept for one in ids[:500])
    names = [column.name for column in model.manifest.input]
    golden = {tuple(map(str, row)) for row in model.golden.rows.select(names).rows()}
    assert not golden & {tuple(map(str, row)) for row in whole.select(names).rows()}


def test_the_target_need_not_be_there_but_every_column_of_the_model_must(folder: Path) -> None:
    """New rows have no outcome yet; a renamed column must not score as missing."""
    model = open_bundle(folder / "model")
    names = {column.name for column in model.manifest.input}
    assert not names & {"readmitted", "encounter_id", "patient_nbr"}
    assert {"race", "num_lab_procedures"} <= names
