"""The parity certificate says that engines agree where they do, and where they do not."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import cauce
from cauce.core.bundle.opening import CERTIFICATE, open_bundle
from cauce.core.parity import ScoredBits, apart
from cauce.engines.local.engine import LocalEngine
from cauce.errors import CauceError
from cauce.running.certificate import Certificate, certificate_of, keep_certificate
from cauce.running.certifying import certify
from cauce.running.report.blocks import Paragraph
from cauce.running.report.gathering import gather
from cauce.running.report.report import report_page
from cauce.running.workspace import open_workspace
from cauce.testing.clocks import SteppingClock

NAMES = ["snapshot", "profile", "split", "folds", "learned", "features", "scores"]
ROWS = 700


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run over a dirty table: gaps, texts, dates, a name that is a pattern, a row rejected."""
    folder = tmp_path_factory.mktemp("project")
    draw = np.random.default_rng(1)
    amounts = [f"{one:.2f}".replace(".", ",") if one > 0.3 else "?" for one in draw.gamma(2, 3, ROWS)]
    amounts[5] = "n/a, perhaps"
    frame = pl.DataFrame(
        {
            "amount": amounts,
            "*": draw.choice(["a", "b", "ñ", ""], ROWS).tolist(),
            "day": [f"{1 + k % 28:02d}/{1 + k % 12:02d}/2024" for k in range(ROWS)],
            "count": draw.integers(-5, 5, ROWS),
            "label": np.where(draw.random(ROWS) < 0.4, "yes", "no"),
        }
    )
    frame.write_csv(folder / "table.csv", separator=";")
    (folder / "cauce.toml").write_text(
        'name = "certified"\n[data]\nsource = "table.csv"\nmissing = ["?"]\nrejected = 5\ndecimal = ","\n'
        '[data.types]\namount = "float"\n'
        '[target]\ncolumn = "label"\n[[models]]\nrounds = 10\n[tracking]\nenabled = false\n'
    )
    cauce.run(folder)
    return folder


@pytest.mark.spark
def test_spark_makes_the_same_of_the_user_s_data(project: Path, spark_session: Any) -> None:
    """Before a model goes from a laptop to a cluster, somebody wants to see that nothing changes."""
    work = open_workspace(project)
    identity = work.ledger.step_record(work.ledger.runs()[-1], "bundle").outputs["bundle"].value
    found = cauce.verify(project=project, engines=["local", "spark"], spark=spark_session, refit=True)
    assert [check.name for check in found.checks] == [*NAMES, "model"]
    assert {check.name: (check.holds, check.difference) for check in found.checks} == dict.fromkeys(
        [*NAMES, "model"], (True, 0.0)
    )
    assert (found.identity, found.rows, found.compared) == (identity, ROWS - 1, ROWS - 1)
    assert found.holds
    found.require()
    assert certificate_of(work, str(identity)) == found


def test_the_certificate_lies_beside_the_bundle_and_changes_nothing_of_it(project: Path) -> None:
    """A model whose identity changed because somebody looked at it could no longer be promoted."""
    work = open_workspace(project)
    found = certified(project)
    key = keep_certificate(work, found, clock=SteppingClock())
    assert key == keep_certificate(work, found, clock=SteppingClock())
    assert key.startswith(f"certificates/{found.identity}/")
    assert b"time" not in work.store.get(key)
    (folder,) = (work.store_folder / "models").iterdir()
    assert json.loads((folder / CERTIFICATE).read_bytes()) == found.to_json()
    assert open_bundle(folder, digest=found.identity).identity == found.identity
    assert Certificate.from_json(json.loads(work.store.get(key))) == found
    (folder / CERTIFICATE).unlink()
    (folder / CERTIFICATE).symlink_to(folder / "manifest.json")
    with pytest.raises(CauceError, match="E1204"):
        open_bundle(folder)
    (folder / CERTIFICATE).unlink()


def test_the_last_certificate_counts_though_it_says_what_an_earlier_one_said(project: Path) -> None:
    """A cluster that was mended must not stay blamed in the report."""
    work, good = open_workspace(project), certified(project)
    bad = replace(good, checks=(_apart(good),))
    clock = SteppingClock(at=datetime(2100, 1, 1, tzinfo=UTC))
    kept = []
    for one in (good, bad, good):
        keep_certificate(work, one, clock=clock)
        assert certificate_of(work, good.identity) == one
        kept.append(set(work.store.list(f"certificates/{good.identity}/")))
    assert kept[1] == kept[2] != kept[0], "the same certificate is stored once"


@dataclass(frozen=True)
class _Shifted:
    """Scored rows of which one column is a little off."""

    bits: ScoredBits
    column: str
    by: float

    @property
    def columns(self) -> tuple[str, ...]:
        return self.bits.columns

    @property
    def schema(self) -> Any:
        return self.bits.schema

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        return self.bits(batch).with_columns(pl.col(self.column) + self.by)


@dataclass
class _Off(LocalEngine):
    """An engine that is a little off where features and scores are made."""

    column: str = ""
    by: float = 0.0

    def map(self, table: Any, work: Any) -> Any:
        return super().map(table, _Shifted(work, self.column, self.by) if type(work) is ScoredBits else work)


def certified(project: Path, engine: LocalEngine | None = None) -> Certificate:
    """What a second engine of this machine makes of it."""
    other = open_workspace(project)
    other.__dict__["engine"] = engine or LocalEngine()
    return certify({"local": open_workspace(project), "other": other}, report=lambda _done, _total: None)


@pytest.mark.parametrize(
    ("column", "by", "failed", "difference"),
    [
        ("__score_1__", 1e-3, "scores", 1e-3),
        ("__score_0__", 1e-7, "", 1e-7),
        ("__feature_1__", 0.5, "features", None),
    ],
)
def test_an_engine_that_is_off_is_found_out(
    project: Path, column: str, by: float, failed: str, difference: float | None
) -> None:
    """A certificate that always says yes certifies nothing."""
    found = certified(project, _Off(column=column, by=by))
    assert [check.name for check in found.checks if not check.holds] == ([failed] if failed else [])
    (largest,) = [check for check in found.checks if check.difference]
    assert largest.place == column
    assert difference is None or largest.difference == pytest.approx(difference, rel=1e-3)
    if failed:
        with pytest.raises(CauceError, match=f"E0755 .*{failed}"):
            found.require()


def test_files_that_changed_are_said_to_have(project: Path, tmp_path: Path) -> None:
    """Other files are no reason to doubt an engine, and no proof either."""
    (project / "table.csv").rename(tmp_path / "kept.csv")
    lines = (tmp_path / "kept.csv").read_text().splitlines()
    (project / "table.csv").write_text("\n".join(lines[:-1]) + "\n")
    try:
        found = certified(project)
    finally:
        (tmp_path / "kept.csv").replace(project / "table.csv")
    first, *others = found.checks
    assert (first.name, first.holds) == ("snapshot", None)
    assert "changed since the run" in first.why
    assert all(check.holds for check in others)
    assert found.holds


@pytest.mark.parametrize("change", [None, lambda found: replace(found, checks=(_apart(found),))])
def test_the_report_tells_of_it(project: Path, change: Callable[[Certificate], Certificate] | None) -> None:
    """Who reads the report of a model must see on which engines it was tried."""
    work = open_workspace(project)
    content = gather(work, work.ledger.runs()[-1])
    plain = [section.anchor for section in report_page(replace(content, certificate=None)).sections]
    found = certified(project)
    page = report_page(replace(content, certificate=found if change is None else change(found)))
    (section,) = [section for section in page.sections if section.anchor == "engines"]
    assert [one.anchor for one in page.sections if one.anchor != "engines"] == plain
    said, _table = section.blocks
    assert isinstance(said, Paragraph)
    assert ("do not make the same" in said.text) == (change is not None)
    assert (said.tone == "warning") == (change is not None)


def _apart(found: Certificate) -> Any:
    return replace(found.checks[1], holds=False, difference=math.inf, place="columns[<b>].mean")


def test_what_cannot_be_compared_is_refused(project: Path) -> None:
    """One engine compared with itself agrees, and says nothing."""
    for engines in (["local"], ["local", "local"], ["local", "dask"], []):
        with pytest.raises(CauceError, match="E0754"):
            cauce.verify(project=project, engines=engines)  # type: ignore[list-item]
    with pytest.raises(CauceError, match="E1507"):
        cauce.verify("models:/x@champion", project=project, engines=["local", "spark"])


@pytest.mark.parametrize(
    ("left", "right", "difference", "place"),
    [
        ({"a": [1, {"b": 2.0}]}, {"a": [1, {"b": 2.0}]}, 0.0, ""),
        ({"a": [1, {"b": 2.0}]}, {"a": [1, {"b": 2.5}]}, 0.25, "a[1].b"),
        ({"a": 1000.0}, {"a": 1001.0}, 0.001, "a"),
        ({"a": 1}, {"a": 1.0}, 0.0, ""),
        ({"a": math.nan}, {"a": math.nan}, 0.0, ""),
        ({"a": None}, {"a": 0}, math.inf, "a"),
        ({"a": True}, {"a": 1.5}, math.inf, "a"),
        ({"a": 1}, {"b": 1}, math.inf, "a"),
        ([1, 2], [1], math.inf, ""),
        ({"a": "x"}, {"a": "y"}, math.inf, "a"),
    ],
)
def test_how_far_apart_two_values_are(left: Any, right: Any, difference: float, place: str) -> None:
    """Worked by hand: |a - b| / max(1, |a|), and infinite for what is no number."""
    found = apart(left, right)
    assert (found.difference, found.place) == (pytest.approx(difference), place)
