"""How good the models are, beside those of scikit-learn's defaults, FLAML and AutoGluon.

Each data set is divided once, by groups where rows belong together and by their content otherwise, so that
copies stay on one side. Every system learns from the same training rows and predicts the same test rows,
which are scored here by scikit-learn: ROC AUC for two classes, minus log loss for more, R² for numbers (of
amounts on their logarithm). Cauce is a project with a random search over boosting, a forest and a linear
candidate, five folds, limited to the same wall time as FLAML and AutoGluon, reading and writing included; of
its training rows a small part is a test of its own, which it locks away and so cannot learn from. Trees of
scikit-learn get categories as numbers. `--with flaml,autogluon` makes an environment for each under
`--folder`; what cannot be installed is said and left out. ratio is FLAML's mean rank / ours.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

TARGET = 1.0
PINNED = {
    "flaml": ("flaml[automl]==2.7.0", "pyarrow==21.0.0"),
    "autogluon": ("autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3",),
}


@dataclass(frozen=True)
class Set:
    """A data set. amount: learned and scored as log1p. task: as Cauce names it. drop: leaks and copies."""

    file: str
    target: str
    task: str
    group: str | None = None
    amount: bool = False
    drop: tuple[str, ...] = ()
    missing: str | None = None
    codes: tuple[str, ...] = ()


SETS = {
    "penguins": Set("penguins/*.csv", "species", "multiclass", missing="NA"),
    "wine": Set("wine_quality_white/*.csv", "quality", "regression"),
    "diabetes": Set(
        "diabetes130/diabetic_data.csv",
        "readmitted",
        "binary",
        group="patient_nbr",
        drop=("encounter_id",),
        missing="?",
        codes=("admission_type_id", "discharge_disposition_id", "admission_source_id"),
    ),
    "contracts": Set(
        "secop2/contratos_100k.csv",
        "valor_del_contrato",
        "regression",
        group="proveedor_adjudicado",
        amount=True,
        drop=("estado_contrato", "referencia_del_contrato"),
        missing="No Definido",
    ),
    "contract-kinds": Set(
        "secop2/contratos_100k.csv",
        "tipo_de_contrato",
        "multiclass",
        group="proveedor_adjudicado",
        drop=("estado_contrato", "referencia_del_contrato"),
        missing="No Definido",
    ),
}

_WORKER = """
import json, sys, time
import numpy as np, pandas as pd
system, folder, task, seconds, cores = sys.argv[1:]
seconds, cores = float(seconds), int(cores)
train, test = (pd.read_parquet(f"{folder}/{one}.parquet") for one in ("train", "test"))
grouped = "group" in train
groups = train.pop("group") if grouped else None
test = test.drop(columns=[one for one in ("group", "target") if one in test])
for name in test.columns:
    if not pd.api.types.is_numeric_dtype(train[name]):
        levels = sorted(set(train[name].dropna()))
        kind = pd.CategoricalDtype(levels)
        train[name], test[name] = train[name].astype(kind), test[name].astype(kind)
y = train.pop("target")
start = time.perf_counter()
numeric = task == "regression"
if system == "flaml":
    from flaml import AutoML
    model = AutoML()
    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "r2"}[task]
    more = {"split_type": "group", "groups": pd.factorize(groups)[0], "eval_method": "cv"} if grouped else {}
    model.fit(X_train=train, y_train=y, task="regression" if numeric else "classification", metric=metric,
              time_budget=seconds, n_jobs=cores, seed=0, verbose=0, **more)
    found = model.predict(test) if numeric else model.predict_proba(test)
    classes = [] if numeric else list(model.classes_)
elif system == "autogluon":
    from autogluon.tabular import TabularPredictor
    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "r2"}[task]
    model = TabularPredictor("target", problem_type=task, eval_metric=metric, verbosity=0,
                             path=f"{folder}/autogluon")
    model.fit(train.assign(target=y), time_limit=seconds, num_cpus=cores)
    probable = None if numeric else model.predict_proba(test)
    found = (model.predict(test) if numeric else probable).to_numpy()
    classes = [] if numeric else list(probable.columns)
else:
    from sklearn.ensemble import (HistGradientBoostingClassifier, HistGradientBoostingRegressor,
                                  RandomForestClassifier, RandomForestRegressor)
    for name in test.columns:
        if not pd.api.types.is_numeric_dtype(train[name]):
            train[name], test[name] = (one[name].cat.codes.astype(float) for one in (train, test))
    middle = train.median()
    if system == "histogram":
        model = (HistGradientBoostingRegressor if numeric else HistGradientBoostingClassifier)(random_state=0)
    else:
        model = (RandomForestRegressor if numeric else RandomForestClassifier)(n_jobs=cores, random_state=0)
        train, test = train.fillna(middle).fillna(0), test.fillna(middle).fillna(0)
    model.fit(train, y)
    found = model.predict(test) if numeric else model.predict_proba(test)
    classes = [] if numeric else list(model.classes_)
spent = time.perf_counter() - start
np.save(f"{folder}/{system}.npy", np.asarray(found, dtype=float))
json.dump({"classes": [str(one) for one in classes], "seconds": spent}, open(f"{folder}/{system}.json", "w"))
"""

_PROJECT = """schema = 1
name = "quality"
data.source = "train.parquet"
target.task = "{task}"
target.column = "target"
tracking.enabled = false
evaluate.permutation = false
split = {{ kind = "{kind}", train = {train}, validation = 0, test = {test} }}
{more}
[choose]
{metric}folds = {{ k = 5, by = "{kind}" }}
time_limit = "{seconds} s"
[[models]]
rounds = 400
[models.search]
method = "random"
trials = 200
width = 2
time_limit = "{search} s"
[models.search.space]
max_depth = [3, 9]
eta = "log 0.03..0.3"
min_child_weight = "log 1..50"
subsample = "0.6..1"
colsample_bytree = "0.4..1"
[[models]]
learner = "forest"
[[models]]
learner = "{linear}"
penalty = {{ l1_ratio = [0, 1], lambda = [0.0001, 0.001, 0.01, 0.1] }}
"""


def divided(one: Set, source: Path, folder: Path, rows: int | None) -> None:
    """Write train.parquet and test.parquet, one row in five in the second; the target is called `target`."""
    path = next(iter(sorted(source.glob(one.file))))
    nulls = [text for text in ("", one.missing) if text is not None]
    separator = ";" if ";" in path.open(encoding="utf-8").readline() else ","
    table = pl.read_csv(path, null_values=nulls, infer_schema_length=None, separator=separator)
    if rows is not None and rows < table.height:
        table = table.sample(rows, seed=0)
    table = table.drop(one.drop).drop_nulls(one.target)
    table = table.with_columns(pl.col(one.codes).cast(pl.String)) if one.codes else table
    if one.task == "binary":
        table = table.with_columns((pl.col(one.target) == "<30").cast(pl.Int64).alias(one.target))
    if one.amount:
        table = table.with_columns(pl.col(one.target).cast(pl.Float64).log1p())
    if one.task == "multiclass":
        kept = pl.col(one.target).len().over(one.target) >= 50
        table = table.filter(kept)
    places = pl.col(one.group) if one.group else pl.struct(pl.all())
    table = table.with_columns(fold=places.hash(7) % 5)
    names = {one.target: "target"} | ({one.group: "group"} if one.group else {})
    table = table.rename(names)
    for name, part in (("train", pl.col("fold") != 0), ("test", pl.col("fold") == 0)):
        table.filter(part).drop("fold").write_parquet(folder / f"{name}.parquet")


def ours(one: Set, folder: Path, seconds: float) -> dict[str, Any]:
    """Cauce on the training rows, its predictions for the test rows, as the others write theirs."""
    rows = pl.scan_parquet(folder / "train.parquet").select(pl.len()).collect().item()
    test = max(0.02, min(0.15, 60 / rows))
    kind = "group" if one.group else ("random" if one.task == "regression" else "stratified")
    more = 'data.group = "group"' if one.group else ""
    metric = {"binary": "roc_auc[positive=1]", "multiclass": "log_loss", "regression": "r2"}[one.task]
    text = _PROJECT.format(
        task=one.task,
        kind=kind,
        train=1 - test,
        test=test,
        more=more,
        metric=f'metric = "{metric}"\n',
        linear="linear" if one.task == "regression" else "logistic",
        seconds=max(round(0.9 * seconds), 1),
        search=max(round(0.6 * seconds), 1),
    )
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    start = time.perf_counter()
    cauce = str(Path(sys.executable).with_name("cauce"))
    subprocess.run([cauce, "run", "--quiet"], cwd=folder, check=True, capture_output=True, text=True)
    spent = time.perf_counter() - start
    command = [cauce, "predict", "test.parquet", "--out", "ours.parquet"]
    subprocess.run([*command, "--overwrite"], cwd=folder, check=True, capture_output=True, text=True)
    scored = pl.read_parquet(folder / "ours.parquet")
    shares = [name for name in scored.columns if name.startswith("probability_")]
    found = scored.select(shares).to_numpy() if shares else scored["prediction"].to_numpy()
    np.save(folder / "cauce.npy", found)
    return {"classes": [name.removeprefix("probability_") for name in shares], "seconds": spent}


def theirs(system: str, python: str, one: Set, folder: Path, seconds: float) -> dict[str, Any]:
    """Another system in its own process."""
    cores = str(len(os.sched_getaffinity(0)))
    command = [python, "-c", _WORKER, system, str(folder), one.task, str(seconds), cores]
    subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads((folder / f"{system}.json").read_text(encoding="utf-8"))
    return found


def score(one: Set, folder: Path, system: str, classes: list[str]) -> float:
    """What the predictions are worth on the test rows; more is better."""
    from sklearn.metrics import log_loss, r2_score, roc_auc_score

    actual = pl.read_parquet(folder / "test.parquet")["target"]
    found = np.load(folder / f"{system}.npy")
    if one.task == "regression":
        return float(r2_score(actual.to_numpy(), found))
    if one.task == "binary":
        chosen = found if found.ndim == 1 else found[:, [str(name) for name in classes].index("1")]
        return float(roc_auc_score(actual.to_numpy(), chosen))
    every = sorted(actual.unique().to_list())
    ordered = found[:, [classes.index(name) for name in every]]
    return -float(log_loss(actual.to_numpy(), ordered / ordered.sum(1, keepdims=True), labels=every))


def environments(names: list[str], folder: Path) -> dict[str, str]:
    """The Python of each system's own environment, made where it is not there yet."""
    found = {}
    for name in names:
        place = folder / f"environment-{name}"
        python = place / "bin" / "python"
        try:
            if not python.exists():
                subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, capture_output=True)
                command = [str(python), "-m", "pip", "install", "--quiet", *PINNED[name]]
                subprocess.run(command, check=True, capture_output=True, text=True)
            found[name] = str(python)
        except subprocess.CalledProcessError as error:
            shutil.rmtree(place, ignore_errors=True)
            print(f"{name} is left out; it could not be installed: {str(error.stderr)[-200:]}")
    return found


def ranks(scores: dict[str, float]) -> dict[str, float]:
    """1 for the best; equal scores share the mean of their places."""
    values = list(scores.values())
    return {
        name: 1 + sum(other > own for other in values) + (sum(other == own for other in values) - 1) / 2
        for name, own in scores.items()
    }


def measured(one: Set, others: dict[str, str], folder: Path, seconds: float) -> dict[str, float]:
    """The score of every system on one data set; of one that fails, minus infinity."""
    found = {}
    for system in ("cauce", *others):
        try:
            if system == "cauce":
                told = ours(one, folder, seconds)
            else:
                told = theirs(system, others[system], one, folder, seconds)
            found[system] = score(one, folder, system, told["classes"])
            print(f"  {system}: {found[system]:.4f}, {told['seconds']:.0f} s", flush=True)
        except subprocess.CalledProcessError as error:
            found[system] = -math.inf
            print(f"  {system} failed: {error.stderr[-300:]}", flush=True)
    return found


def main() -> None:
    """Measure, print a line for each system and data set, then one of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("CAUCE_SHARED_DATA", default)))
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--seconds", type=float, default=120.0, help="wall time of each search")
    parser.add_argument("--rows", type=int, help="at most so many rows of each data set")
    parser.add_argument("--with", dest="others", default="", help="flaml,autogluon or one of them")
    parser.add_argument("--folder", type=Path, help="where environments are made and kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        names = [name for name in given.others.split(",") if name]
        others = {"histogram": sys.executable, "forest": sys.executable}
        others |= environments(names, given.folder or Path(work))
        report(given, others, Path(work))


def report(given: argparse.Namespace, others: dict[str, str], work: Path) -> None:
    """Each data set in a folder of its own; then mean ranks and the last line."""
    placed: dict[str, list[float]] = {name: [] for name in ("cauce", *others)}
    for name in given.sets:
        folder = work / name
        folder.mkdir()
        print(name, flush=True)
        divided(SETS[name], given.data, folder, given.rows)
        for system, rank in ranks(measured(SETS[name], others, folder, given.seconds)).items():
            placed[system].append(rank)
    means = {system: sum(found) / len(found) for system, found in placed.items()}
    print("mean rank:", ", ".join(f"{name} {rank:.2f}" for name, rank in means.items()))
    ratio = means["flaml"] / means["cauce"] if "flaml" in means else None
    told: dict[str, Any] = {"name": "quality", "ratio": ratio and round(ratio, 3), "target": TARGET}
    told |= {"holds": ratio is not None and ratio > TARGET, "ranks": means, "seconds": given.seconds}
    print(json.dumps(told | {"sets": given.sets, "rows": given.rows}))


if __name__ == "__main__":
    main()
