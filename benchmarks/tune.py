"""Forty boosting trials on five folds, against Optuna and `xgboost.cv` written plainly.

Reference: a process that reads the training rows with Polars, makes one DMatrix, and lets Optuna's TPE ask
for forty candidates one by one, each judged by `xgboost.cv` on five stratified folds with 100 rounds. Ours is
`cauce tune` as a process in a fresh project over the same rows and a quarter more, which it locks away as a
test: it reads, checks, stores, profiles and splits, then five stratified folds, features learned for each
fold, 100 rounds, the same space, budget and seed, and every trial kept in the store. No early stopping:
`xgboost.cv` stops by the rows that score, which Cauce never does, so that scores and work would not be the
same. Both start with imports compiled. Pairs alternate which goes first; the ratio is reference / ours
between medians. Both best candidates are then trained on the same rows from five seeds and judged on 100,000
new ones: the scores on folds must be the same within noise, and ours no worse than theirs on the new rows.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from run_overhead import generate

TARGET = 1.3
_PROJECT = """schema = 1
name = "tune"
data.source = "rows.parquet"
target.column = "label"
tracking.enabled = false
split = {{ kind = "stratified", train = 0.6, validation = 0.2, test = 0.2 }}
[[models]]
rounds = 100
early_stopping = 0
[models.search]
method = "tpe"
trials = {trials}
width = 4
[models.search.space]
max_depth = [3, 8]
eta = "log 0.05..0.3"
subsample = "0.5..1"
min_child_weight = "log 0.5..50"
[choose]
metric = "roc_auc[positive=1]"
folds = {{ k = 5, by = "stratified" }}
"""

_REFERENCE = """
import json, sys
from cauce.threads import limit_threads
threads = limit_threads()
import optuna, polars, xgboost
optuna.logging.set_verbosity(optuna.logging.WARNING)
frame = polars.read_parquet(sys.argv[1]).head(int(sys.argv[2]))
label = frame["label"].to_numpy()
matrix = xgboost.DMatrix(frame.drop("label").to_numpy(), label, nthread=threads)

def judged(trial):
    parameters = {
        "objective": "binary:logistic", "eval_metric": "auc", "tree_method": "hist", "nthread": threads,
        "seed": 0,
        "max_depth": trial.suggest_int("max_depth", 3, 8),
        "eta": trial.suggest_float("eta", 0.05, 0.3, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 50.0, log=True),
    }
    history = xgboost.cv(parameters, matrix, 100, nfold=5, stratified=True, seed=0)
    best = history.iloc[-1]
    return float(best["test-auc-mean"])

study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(judged, n_trials=int(sys.argv[3]))
best = study.best_trial
print(json.dumps({"score": best.value, "best": best.params}))
"""

_JUDGE = """
import json, sys
from cauce.threads import limit_threads
threads = limit_threads()
import polars, sklearn.metrics, xgboost
train, fresh = polars.read_parquet(sys.argv[1]).head(int(sys.argv[2])), polars.read_parquet(sys.argv[3])
matrix = xgboost.DMatrix(train.drop("label").to_numpy(), train["label"].to_numpy(), nthread=threads)
found = []
for settings in json.loads(sys.argv[4]):
    fixed = {"objective": "binary:logistic", "tree_method": "hist", "nthread": threads}
    areas = []
    for seed in range(5):
        parameters = {**fixed, **settings, "seed": seed}
        scores = xgboost.train(parameters, matrix, 100).inplace_predict(fresh.drop("label").to_numpy())
        areas.append(sklearn.metrics.roc_auc_score(fresh["label"].to_numpy(), scores))
    found.append(float(sum(areas) / len(areas)))
print(json.dumps(found))
"""
_SPACE = ("max_depth", "eta", "subsample", "min_child_weight")
FRESH = 100_000


@dataclass(frozen=True)
class Took:
    """Seconds on the clock and of processors, bytes at the peak, the best score and its settings."""

    clock: float
    processors: float
    peak: int
    score: float
    best: dict[str, Any]


def timed(command: list[str], folder: Path) -> tuple[float, float, int, Any]:
    """Run `command` to its end, which prints JSON: clock, processors, peak, and what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    answer = folder / "answer.json"
    with answer.open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        clock = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{command[:4]} ended with status {status}")
    return clock, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, json.loads(answer.read_text())


def reference(folder: Path, data: Path, *, rows: int, trials: int) -> Took:
    """Optuna and xgboost.cv."""
    clock, work, peak, said = timed(
        [sys.executable, "-c", _REFERENCE, str(data), str(rows), str(trials)], folder
    )
    return Took(clock, work, peak, said["score"], said["best"])


def ours(folder: Path, data: Path, *, trials: int) -> Took:
    """`cauce tune` in a fresh project."""
    project = Path(tempfile.mkdtemp(dir=folder))
    os.link(data, project / "rows.parquet")
    (project / "cauce.toml").write_text(_PROJECT.format(trials=trials))
    command = [sys.executable, "-m", "cauce", "tune", "--project", str(project), "--quiet", "--json"]
    try:
        clock, work, peak, said = timed(command, folder)
    finally:
        shutil.rmtree(project)
    best = said["leaderboard"]["trials"][0]
    settings = {name: best["candidate"]["model"][name] for name in _SPACE}
    return Took(clock, work, peak, statistics.fmean(one["score"] for one in best["folds"]), settings)


def judged(folder: Path, candidates: list[dict[str, Any]], *, rows: int) -> list[float]:
    """The area under the ROC curve of each on rows that nobody has seen."""
    fresh = folder / "fresh.parquet"
    generate(fresh, 500_000 + FRESH)
    last = fresh.with_name("last.parquet")
    import polars as pl

    pl.read_parquet(fresh).tail(FRESH).write_parquet(last)
    command = [sys.executable, "-c", _JUDGE, str(folder / "rows.parquet"), str(rows), str(last)]
    return list(timed([*command, json.dumps(candidates)], folder)[3])


def measure(folder: Path, *, rows: int, trials: int, pairs: int) -> tuple[list[Took], list[Took]]:
    """Took by reference and by ours; a small first pair only compiles imports and is not counted."""
    data, small = folder / "rows.parquet", folder / "small.parquet"
    generate(data, rows * 5 // 4)
    generate(small, 2_000)
    reference(folder, small, rows=1_600, trials=2)
    ours(folder, small, trials=2)
    found: dict[bool, list[Took]] = {True: [], False: []}
    for number in range(pairs):
        for mine in (number % 2 == 0, number % 2 == 1):
            one = (
                ours(folder, data, trials=trials)
                if mine
                else reference(folder, data, rows=rows, trials=trials)
            )
            found[mine].append(one)
            name = "ours" if mine else "reference"
            print(
                f"  {name} {one.clock:.1f} s, {one.processors:.1f} s of processors, {one.peak / 1e9:.2f} GB, "
                f"best on folds {one.score:.5f}"
            )
    return found[False], found[True]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of all folds")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--pairs", type=int, default=2)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="cauce-tune-") as folder:
        base, mine = measure(Path(folder), rows=options.rows, trials=options.trials, pairs=options.pairs)
        worth, their_worth = judged(Path(folder), [mine[-1].best, base[-1].best], rows=options.rows)
    seconds, theirs = (statistics.median(one.clock for one in some) for some in (mine, base))
    work, their_work = (statistics.median(one.processors for one in some) for some in (mine, base))
    # An area of 0.8 on n rows of balanced classes errs by about 0.45 / √n (Hanley and McNeil 1982).
    noise = 2 * math.sqrt(2) * 0.45 / math.sqrt(FRESH)
    on_folds = mine[-1].score - base[-1].score
    same = abs(on_folds) <= noise and worth >= their_worth - noise
    result = {
        "name": "tune",
        "rows": options.rows,
        "trials": options.trials,
        "reference_seconds": round(theirs, 2),
        "seconds": round(seconds, 2),
        "processor_ratio": round(their_work / work, 3),
        "ratio": round(theirs / seconds, 3),
        "target": TARGET,
        "best": round(worth, 5),
        "reference_best": round(their_worth, 5),
        "same_best": same,
        "best_on_folds": round(mine[-1].score, 5),
        "reference_best_on_folds": round(base[-1].score, 5),
        "peak_ratio": round(mine[-1].peak / base[-1].peak, 3),
        "holds": theirs / seconds >= TARGET and same,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
