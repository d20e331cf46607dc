"""A request, a batch file and Python give the same predictions, on dirty rows, for every task."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import served_models as serving
import small_models as small

from cauce.core.bundle.frames import predict_frame
from cauce.expr.batch import take
from cauce.running.prediction import PredictOptions, predict_file
from cauce.service.messages import Settle
from cauce.service.served import MANY, open_served

ROWS = 700
ABOUT = ("row", "id", "model_version", "snapshot", "scored_at")


def apart(ours: list[dict[str, Any]], theirs: pl.DataFrame) -> float:
    """The largest difference between numbers, relative beyond 1; infinite where a class differs."""
    expected = theirs.select([name for name in theirs.columns if name not in ABOUT]).to_dicts()
    assert len(ours) == len(expected)
    largest = 0.0
    for mine, other in zip(ours, expected, strict=True):
        assert mine.keys() == other.keys()
        for name, value in other.items():
            if isinstance(value, float):
                largest = max(largest, abs(mine[name] - value) / max(1.0, abs(value)))
            elif mine[name] != value:
                return float("inf")
    return largest


def rows_that_json_carries() -> pl.DataFrame:
    """Dirty rows but for NaN and infinity, which JSON does not have."""
    frame = small.rows(ROWS, seed=11)
    finite = pl.when(pl.col("distance").is_finite()).then(pl.col("distance"))
    return frame.with_columns(finite.alias("distance"))


@pytest.fixture(scope="module", params=serving.TASKS)
def task(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def batch(task: str, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """What `cauce predict` writes for the rows."""
    folder = tmp_path_factory.mktemp("batch")
    rows_that_json_carries().write_parquet(folder / "rows.parquet")
    done = predict_file(small.bundle(task), folder / "rows.parquet", out=folder / "out.parquet")
    assert (done.rows, done.rejected) == (ROWS, 0)
    return pl.read_parquet(folder / "out.parquet")


@pytest.fixture(scope="module")
def sent() -> list[dict[str, Any]]:
    rows = rows_that_json_carries().drop("id").to_dicts()
    return [serving.as_json(row) for row in rows]


def test_every_json_door_gives_what_the_batch_file_holds(
    task: str, batch: pl.DataFrame, sent: list[dict[str, Any]]
) -> None:
    """The nightly file and the service would disagree, and nobody could say which is right."""
    with serving.start(task) as service, closing(serving.connect(service.url)) as connection:
        single = [serving.call(connection, "/predict", row).json for row in sent[:200]]
        about = {(one.pop("model_version"), one.pop("snapshot")) for one in single}
        many = serving.call(connection, "/predict", sent).json
        few = serving.call(connection, "/predict", sent[:50]).json
        split = {"columns": list(sent[0]), "data": [list(row.values()) for row in sent]}
        lines = b"\n".join(json.dumps(row).encode() for row in sent)
        bodies: list[tuple[bytes, str]] = [
            (json.dumps({"dataframe_split": split}).encode(), "application/json"),
            (json.dumps({"dataframe_records": sent}).encode(), "application/json; charset=utf-8"),
            (json.dumps({"instances": sent}).encode(), "application/json"),
            (json.dumps({"inputs": {k: [row[k] for row in sent] for k in sent[0]}}).encode(), ""),
            (lines, "application/jsonlines"),
        ]
        doors = [
            serving.call(connection, "/invocations", body, {"content-type": kind} if kind else {}).json
            for body, kind in bodies
        ]
    assert about == {(small.bundle(task).identity, "ab" * 32)}
    assert apart(single, batch.head(200)) <= 1e-6
    assert apart(few["predictions"], batch.head(50)) <= 1e-6
    for found in (many, *doors):
        assert apart(found["predictions"], batch) <= 1e-6


def test_python_gives_what_the_batch_file_holds(task: str, batch: pl.DataFrame) -> None:
    """The third way to the same model."""
    made = predict_frame(small.bundle(task), rows_that_json_carries())
    assert apart(made.to_dicts(), batch) <= 1e-6


@pytest.mark.parametrize("header", [True, False])
def test_csv_gives_what_the_batch_file_of_the_same_texts_holds(
    task: str, header: bool, tmp_path: Path
) -> None:
    """Comma decimals, sí and no, day before month: read here otherwise than there, every row is another."""
    bundle = small.without_price(task)
    texts = small.as_texts(small.rows(ROWS, seed=12))
    texts.write_csv(tmp_path / "rows.csv", separator=";")
    predict_file(bundle, tmp_path / "rows.csv", out=tmp_path / "out.parquet", options=PredictOptions())
    sent = texts if header else take(texts, bundle.manifest.schema.names)
    body = sent.write_csv(include_header=header).encode()
    model = open_served(serving.folder_of(bundle), digest=bundle.identity)
    reply = serving.ask(
        serving.application(model), "/invocations", body, headers={"content-type": "text/csv"}
    )
    assert reply.status == 200, reply.body
    assert apart(reply.json["predictions"], pl.read_parquet(tmp_path / "out.parquet")) <= 1e-6


def test_many_rows_are_scored_as_one_by_one(task: str) -> None:
    """Beyond some rows columns are computed at a time; that must not show."""
    model = serving.served(task)
    rows = small.rows(MANY + 50, seed=13).drop("id").to_dicts()
    together = model.answers(rows)
    single = [model.answers((row,))[0] for row in rows]
    assert apart(together, pl.DataFrame(single)) <= 1e-6


def test_an_empty_text_and_a_missing_one_are_told_apart_in_csv() -> None:
    """A level of no letters is a level; the batch file reads a pair of quotes as one."""
    bundle = small.without_price()
    model = open_served(serving.folder_of(bundle), digest=bundle.identity)
    rows = model.csv.rows(b'distance,stops,^a*$,*,day,at\n,1,"",,,\n,1,,,,\n,1,"a ""b"", c",,,\n')
    assert [row[small.HOSTILE] for row in rows] == ["", None, 'a "b", c']


@pytest.fixture
def asked() -> list[Any]:
    return []


def test_what_is_captured_is_what_was_answered(asked: list[Any]) -> None:
    """A capture that holds something else proves nothing afterwards."""

    def keep(scored: Any, settle: Settle) -> None:
        asked.extend(scored)
        settle(range(len(scored)), None)

    app = serving.application(capture=keep)
    reply = serving.ask(app, "/predict", [serving.FINE, serving.FINE], headers={"x-request-id": "a-1"})
    (scored,) = asked
    assert (scored.request, scored.door, scored.identity) == ("a-1", "/predict", app.served.identity)
    assert list(scored.answers) == reply.json["predictions"]
    assert len(scored.rows) == 2


def test_a_capture_that_fails_lets_no_answer_leave() -> None:
    """An acknowledged prediction that is nowhere on disk."""

    def refuse(_scored: Any, _settle: Settle) -> None:
        raise OSError(28, "full")

    reply = serving.ask(serving.application(capture=refuse), "/predict", serving.FINE)
    assert reply.status == 500
    assert b"prediction" not in reply.body


def test_a_swapped_model_answers_the_next_request() -> None:
    """Requests take the model once; the next ones take the new one, with its own version."""
    app = serving.application()
    before = serving.ask(app, "/predict", serving.FINE).json
    app.served = serving.served("multiclass")
    after = serving.ask(app, "/predict", serving.FINE).json
    assert "probability_sí" in before
    assert "probability_NO" in after


def test_decimals_in_csv_are_those_of_json() -> None:
    """A price that CSV cannot carry keeps a model of a database's rows out of whatever sends CSV."""
    app = serving.application()
    names = "distance,stops,^a*$,*,day,price,at"
    body = f'{names}\n"16,5",3,AA,sí,31/12/2020,{{}},2020-12-31 10:00:00\n'
    headers = {"content-type": "text/csv"}
    for price, sent in ((" 12.5", "12.50"), ("12.500", "12.50"), ("", None), ("0", "0.00")):
        found = serving.ask(app, "/invocations", body.format(price).encode(), headers=headers)
        assert found.status == 200, found.body
        (row,) = found.json["predictions"]
        plain = serving.ask(app, "/predict", serving.fine(price=sent)).json
        assert row == {name: plain[name] for name in row}
    for price in ("12.505", '"1,50"', "1e1", "x"):
        refused = serving.ask(app, "/invocations", body.format(price).encode(), headers=headers)
        assert (refused.status, refused.json["errors"][0]["code"]) == (422, "E2436")
        assert refused.json["errors"][0]["field"] == "price"
