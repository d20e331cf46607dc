"""Defects of systems made by hand, one each: what their registries, versions and releases did wrong."""

from __future__ import annotations

import math
import re
import warnings
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cauce
from cauce.core.bundle.opening import open_bundle
from cauce.core.promotion.history import champion_of
from cauce.running.charge import past_of
from cauce.running.promotion import promote
from cauce.running.promotion_history import history_of
from cauce.running.promotion_run import welcome
from cauce.running.workspace import open_workspace
from cauce.spec import project_from_mapping
from cauce.testing.tracking import MemoryRegistry
from cauce.tracking.border import mlflow_installed
from cauce.tracking.destination import destination_for

ROOT = Path(__file__).resolve().parents[2]
ROWS = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that ran once, untracked: 300 rows, one in four positive."""
    folder = tmp_path_factory.mktemp("defects")
    rows = [f"{k:04d},{math.sin(k):.6f},{(k * 7) % 11},{int(k % 4 == 0)}" for k in range(ROWS)]
    (folder / "table.csv").write_text("\n".join(["id,a,b,y", *rows]) + "\n", encoding="utf-8")
    (folder / "cauce.toml").write_text(
        'schema = 1\nname = "m"\n[data]\nsource = "table.csv"\nkey = "id"\n[target]\ncolumn = "y"\n'
        '[split]\nkind = "stratified"\n[[models]]\nrounds = 5\n[tracking]\nenabled = false\n',
        encoding="utf-8",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cauce.run(folder)
    return folder


@pytest.fixture(scope="module")
def bundle(folder: Path) -> Path:
    """The model it made."""
    (found,) = (folder / ".cauce" / "models").iterdir()
    return found


def test_no_row_repeats_or_vanishes_between_the_folds(bundle: Path) -> None:
    """B D19: a split written twice from a lazy plan lost and doubled rows, nor was it stratified."""
    manifest = open_bundle(bundle).manifest
    counts = {name: manifest.counts[name] for name in ("train", "validation", "test")}
    assert sum(counts.values()) == ROWS
    prevalence = [
        one.value for name in counts for one in manifest.metrics[name] if one.name.kind == "prevalence"
    ]
    for rows, share in zip(counts.values(), prevalence, strict=True):
        assert abs(share * rows - 0.25 * rows) <= 1, "each class within a row of its share"


def test_no_model_is_in_charge_before_it_was_judged(folder: Path, bundle: Path) -> None:
    """B D21: it was deployed first and evaluated afterwards, and nothing stood between."""
    work = open_workspace(folder)
    order = [step.name for step in cauce.plan(folder).steps]
    assert order.index("evaluate") < order.index("bundle") < len(order)
    strict = {**work.project.to_mapping(), "gate": {"require": {"roc_auc[positive=1]": 1.1}}}
    judged = type(work)(project_from_mapping(strict), folder)
    found = welcome(judged, open_bundle(bundle).identity, run="r")
    assert (found.outcome, found.alias) == ("refused", "none")
    assert champion_of(history_of(judged).entries()) is None


def test_a_version_is_its_content_not_a_clock(bundle: Path) -> None:
    """B D31: versions were seconds of a clock: two in one second collided, the same model had two."""
    registry = MemoryRegistry()
    first, again = registry.register(bundle, "m"), registry.register(bundle, "m")
    assert (first.version, first.digest) == (again.version, again.digest)
    assert re.fullmatch("[0-9a-f]{64}", str(first.digest))


def test_no_stage_is_used_anywhere() -> None:
    """C D7, E D8: stages are deprecated and on their way out; aliases stay."""
    for path in (ROOT / "src" / "cauce").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"transition_model_version_stage|get_latest_versions|current_stage", text), path


def test_runs_are_tracked_in_a_database_of_the_project(tmp_path: Path) -> None:
    """C D8, E D7: the file store `mlruns/` is refused by today's MLflow, and lay in any folder."""
    found = destination_for(None, tmp_path, home=tmp_path / ".cauce", environment={})
    assert found.uri == f"sqlite:///{tmp_path.resolve() / '.cauce' / 'mlflow.db'}"


def test_who_was_in_charge_survives_the_loss_of_the_tracking_server(folder: Path, bundle: Path) -> None:
    """C D9: a reset deleted `mlruns/`, and with it the registry and all memory of it."""
    registry = MemoryRegistry()
    registry.register(bundle, "m", alias="none")
    work = open_workspace(folder)
    promote(work, "1", why="good", registry=registry)
    with pytest.warns(UserWarning, match="W2012"):
        past = past_of(work, registry=MemoryRegistry())
    assert past.entries[-1].why == "good"
    assert past.charge.champion is not None
    assert past.charge.champion.digest == open_bundle(bundle).identity


def test_a_prediction_says_of_which_row_by_which_model_from_what(folder: Path, bundle: Path) -> None:
    """C D17, D D9: outputs had a time and nothing else: no key, no model, no snapshot."""
    out = folder / "scored.parquet"
    cauce.predict(folder / "table.csv", model=bundle, out=out, overwrite=True)
    scored, identity = pl.read_parquet(out), open_bundle(bundle)
    assert scored["id"].to_list() == pl.read_csv(folder / "table.csv", infer_schema=False)["id"].to_list()
    constant = {name: scored[name][0] for name in scored.columns if scored[name].n_unique() == 1}
    assert identity.identity in constant.values()
    assert identity.manifest.snapshot in constant.values()
    assert any(dtype.is_temporal() for dtype in scored.dtypes)


def test_a_model_is_no_pickle_and_has_a_digest_and_a_way_back(folder: Path, bundle: Path) -> None:
    """D D8: pickles, overwritten by copy: loading one runs whatever is in it, and nothing goes back."""
    kept = folder / ".cauce" / "bundles" / open_bundle(bundle).identity
    for path in (path for path in kept.rglob("*") if path.is_file()):
        head = path.read_bytes()[:2]
        assert path.suffix not in (".pkl", ".pickle", ".joblib")
        assert not (head[:1] == b"\x80" and head[1] in range(2, 6)), f"{path.name} is a pickle"
        assert not path.stat().st_mode & 0o222, f"{path.name} can be overwritten"
    assert callable(cauce.rollback)


@pytest.mark.mlflow
@pytest.mark.skipif(not mlflow_installed(), reason="the extra cauce[mlflow] is not installed")
def test_the_second_run_is_tracked_where_the_first_was_with_its_model(tmp_path: Path, bundle: Path) -> None:
    """E D2, D3, D5: tags went to the experiment Default, the second run failed on the experiment's name,
    and no model was ever logged, so that there was nothing to register."""
    from cauce.core.run_record import TrackedBundle
    from cauce.tracking.border import quiet_mlflow
    from cauce.tracking.delivery import Deliverer, register_bundle
    from cauce.tracking.messages import Message

    body = {"experiment": "insurance", "project": "m", "started": 0}
    told = TrackedBundle(folder=str(bundle), digest=open_bundle(bundle).identity, name="m")
    with quiet_mlflow():
        for name in ("first", "second"):
            deliverer = Deliverer(destination_for(None, tmp_path, home=tmp_path, environment={}))
            run = deliverer.send(Message("begin", {**body, "name": name}), Path(name))
            deliverer.send(Message("tags", {"team": "risk"}), Path(name), run=run)
        version: Any = register_bundle(deliverer.client, told, run=run)
        client = deliverer.client
        experiment = client.get_experiment_by_name("insurance").experiment_id
        found = client.search_runs([experiment])
        assert {one.info.run_name for one in found} == {"first", "second"}
        assert all(one.data.tags["team"] == "risk" for one in found)
        assert client.search_runs(["0"]) == [], "nothing is in Default"
        assert client.get_model_version_by_alias("m", "champion").version == version.version
