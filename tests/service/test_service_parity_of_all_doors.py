"""The same dirty rows through every way in: files, every door of the service, Python, Spark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import served_models as serving
import small_models as small
from test_service_parity import apart

from cauce.api.load import Model
from cauce.expr.batch import take
from cauce.running.prediction import predict_file
from cauce.service.served import open_served
from cauce.service.settings import Limits

AT_ONCE = 2500
ODD = ("", "unseen", "AA ")
Ask = Callable[[str, bytes, str], Any]


def every_door_carries(count: int) -> pl.DataFrame:
    """Rows whose values JSON, CSV and Parquet all have: no NaN, no infinity, three decimals. More than a
    fifth have nulls, levels never seen, empty texts, numbers beyond 2^53 or days of the year 1."""
    frame = small.rows(count, seed=31).drop("price")
    shown = [f"{value:.3f}" if value is not None else None for value in frame["distance"].to_list()]
    known = [None if text is None or text in ("nan", "inf", "-inf") else float(text) for text in shown]
    made = frame.with_columns(pl.Series("distance", known, dtype=pl.Float64))
    assert sum(map(_dirty, made.to_dicts())) >= 0.2 * count
    return made


def _dirty(row: dict[str, Any]) -> bool:
    odd = row[small.HOSTILE] in ODD or (row["stops"] or 0) > 2**53
    return odd or None in row.values() or row["day"].year == 1


def typed(sent: list[dict[str, Any]], ask: Ask) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What the doors for JSON answer, by name."""
    shapes = {
        "/invocations records": {"dataframe_records": sent},
        "/invocations split": {
            "dataframe_split": {"columns": list(sent[0]), "data": [list(row.values()) for row in sent]}
        },
        "/invocations instances": {"instances": sent},
        "/invocations inputs": {"inputs": {name: [row[name] for row in sent] for name in sent[0]}},
    }
    yield "/predict", ask("/predict", json.dumps(sent).encode(), "application/json")["predictions"]
    for name, document in shapes.items():
        body = json.dumps(document).encode()
        yield name, ask("/invocations", body, "application/json")["predictions"]
    lines = b"\n".join(json.dumps(row).encode() for row in sent)
    yield "/invocations lines", ask("/invocations", lines, "application/jsonlines")["predictions"]


def differences(task: str, count: int, folder: Path) -> dict[str, float]:
    """The largest difference of each way in from the batch file of texts, by name."""
    bundle, frame = small.without_price(task), every_door_carries(count)
    texts = small.as_texts(frame)
    texts.write_csv(folder / "rows.csv", separator=";")
    frame.write_parquet(folder / "rows.parquet")
    files = {name: folder / f"out_{name}.parquet" for name in ("csv", "parquet")}
    for name, out in files.items():
        assert predict_file(bundle, folder / f"rows.{name}", out=out).rejected == 0
    expected = pl.read_parquet(files["csv"])
    model = open_served(serving.folder_of(bundle), digest=bundle.identity)
    app = serving.application(model, limits=Limits(patience=3600.0))

    def ask(path: str, body: bytes, kind: str) -> Any:
        reply = serving.ask(app, path, body, headers={"content-type": kind})
        assert reply.status == 200, reply.body[:500]
        return reply.json

    sent = [serving.as_json(row) for row in frame.drop("id").to_dicts()]
    found: dict[str, list[dict[str, Any]]] = {"a Parquet file": pl.read_parquet(files["parquet"]).to_dicts()}
    for low in range(0, count, AT_ONCE):
        for name, answers in typed(sent[low : low + AT_ONCE], ask):
            found.setdefault(name, []).extend(answers)
        part = texts.slice(low, AT_ONCE)
        for header in (True, False):
            cells = part if header else take(part, bundle.manifest.schema.names)
            body = cells.write_csv(include_header=header).encode()
            answers = ask("/invocations", body, "text/csv")["predictions"]
            found.setdefault(f"/invocations CSV, {'named' if header else 'unnamed'}", []).extend(answers)
    single = min(count, 2000)
    ones = [ask("/predict", json.dumps(row).encode(), "application/json") for row in sent[:single]]
    about = ("model_version", "snapshot")
    found["Python"] = Model(bundle, "1").predict(frame).to_dicts()
    wide = {name: apart([_scores(row) for row in answers], expected) for name, answers in found.items()}
    rows = [{name: value for name, value in one.items() if name not in about} for one in ones]
    return {**wide, "/predict, one by one": apart(rows, expected.head(single))}


def _scores(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.startswith(("prediction", "probability_"))}


@pytest.mark.parametrize("task", serving.TASKS)
def test_all_ways_into_a_model_give_the_same_scores(task: str, tmp_path: Path) -> None:
    """Which of them is right could not be said, and each would be believed by somebody."""
    found = differences(task, 1000, tmp_path)
    assert len(found) == 11
    assert max(found.values()) <= 1e-6, found


@pytest.mark.slow
@pytest.mark.spark
@pytest.mark.parametrize("task", serving.TASKS)
def test_ten_thousand_dirty_rows_have_the_same_scores_by_every_way_in(
    task: str, tmp_path: Path, spark_session: Any, record_property: Callable[[str, object], None]
) -> None:
    """The rare row that differs would be a customer's."""
    found = differences(task, 10_000, tmp_path)
    table = spark_session.read.parquet(str(tmp_path / "rows.parquet")).repartition(3)
    made: Any = pl.from_arrow(Model(small.without_price(task), "1").transform(table).toArrow())
    scored = [_scores(row) for row in made.sort("id").to_dicts()]
    found["Spark"] = apart(scored, pl.read_parquet(tmp_path / "out_csv.parquet"))
    record_property("rows", 10_000)
    record_property("largest difference of any way in", max(found.values()))
    assert max(found.values()) <= 1e-6, found
