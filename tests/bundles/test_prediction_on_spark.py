"""Files scored by Spark's executors are the file that one machine makes, or nothing at all."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_models as small

import cauce
from cauce.core.bundle.exporting import export_bundle
from cauce.core.bundle.shipping import Shipped
from cauce.core.contributions.reasons import Explain
from cauce.errors import CauceError
from cauce.running import prediction_on_spark
from cauce.running.prediction import Prediction, PredictOptions, predict_file
from cauce.running.prediction_on_spark import predict_on_spark
from cauce.sources import stretches

pytestmark = pytest.mark.spark
ROWS = 6000


@pytest.fixture(autouse=True)
def _small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction_on_spark, "_LEAST", 500)


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """Rows with nulls, NaN, infinities, unseen levels and hostile column names, in three files."""
    folder = tmp_path / "rows"
    folder.mkdir()
    frame = small.rows(ROWS, seed=8).with_columns(ignored=pl.lit("x"))
    for part in range(3):
        frame.slice(2000 * part, 2000).write_parquet(folder / f"{part}.parquet", row_group_size=700)
    return folder


def both(session: Any, source: Path, out: str, **changes: Any) -> tuple[Prediction, Prediction]:
    """The same rows scored on Spark into a folder, and here into a file."""
    bundle = changes.pop("bundle", None) or small.bundle()
    options = PredictOptions(threads=1, **changes)
    folder = source.parent
    there = predict_on_spark(bundle, source, session=session, out=folder / out, options=options)
    suffix = ".csv" if out.endswith(".csv") else ".parquet"
    here = predict_file(bundle, source, out=folder / f"here{suffix}", options=options)
    return there, here


def parts(folder: Path) -> pl.DataFrame:
    """The rows of a folder of predictions, in the order of the parts' names, without the moment."""
    frame = pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("part-*"))])
    assert frame["scored_at"].n_unique() <= 1
    return frame.drop("scored_at")


def single(file: Path) -> pl.DataFrame:
    """The rows of a file of predictions, without the moment."""
    return pl.read_parquet(file).drop("scored_at")


def test_the_folder_holds_the_file_s_bits(spark_session: Any, dirty: Path) -> None:
    """A score that depends on where it was computed cannot be explained to anybody."""
    there, here = both(spark_session, dirty, "scored")
    made = parts(there.path)
    assert made.equals(single(here.path))
    assert (there.rows, there.rejected, there.rejected_path, there.columns) == (ROWS, 0, None, here.columns)
    expected = small.bundle().scorer(threads=1)(small.rows(ROWS, seed=8))
    assert made.select(expected.columns).equals(expected)
    told = json.loads((there.path / "_manifest.json").read_text())
    assert [one["rows"] for one in told["parts"]] == [
        pl.read_parquet(path).height for path in sorted(there.path.glob("part-*"))
    ]
    assert (there.path / "_SUCCESS").exists()
    assert len(told["parts"]) > 3
    left = {path.name for path in there.path.iterdir()} - {one["file"] for one in told["parts"]}
    assert left == {"_manifest.json", "_SUCCESS"}


def test_rows_without_a_key_have_the_numbers_of_the_files(spark_session: Any, dirty: Path) -> None:
    """The third prediction must be told to the third row, whoever scored it."""
    there, here = both(spark_session, dirty, "scored.parquet", key=())
    assert parts(there.path)["row"].to_list() == list(range(1, ROWS + 1))
    assert parts(there.path).equals(single(here.path))


def test_texts_are_read_and_rejected_as_here(spark_session: Any, tmp_path: Path) -> None:
    """A row that vanishes on the cluster is a customer nobody calls."""
    folder = tmp_path / "texts"
    folder.mkdir()
    frame = small.as_texts(small.rows(900, seed=1)).drop("id")
    for part in range(3):
        lines = frame.slice(300 * part, 300).write_csv(separator=";").splitlines()
        lines[7] = "secret words" + lines[7][lines[7].index(";") :]
        lines[9] += ";one;more"
        (folder / f"{part}.csv").write_text("\n".join(lines) + "\n")
    there, here = both(spark_session, folder, "scored.csv", bundle=small.without_price(), key=())
    made = [pl.read_csv(path, infer_schema=False) for path in sorted(there.path.glob("part-*.csv"))]
    whole = pl.read_csv(here.path, infer_schema=False)
    assert pl.concat(made).drop("scored_at").equals(whole.drop("scored_at"))
    assert there.rows + there.rejected == 900
    assert there.rejected >= 6
    assert there.rejected_path == tmp_path / "scored.rejected.jsonl"
    assert there.rejected_path.read_bytes() == (tmp_path / "here.rejected.jsonl").read_bytes()


@pytest.mark.parametrize("key", [(), None])
def test_one_long_text_is_scored_by_many_as_by_one(
    spark_session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: tuple[str, ...] | None
) -> None:
    """A night's file of 60 GB would keep one core busy and leave a hundred idle."""
    monkeypatch.setattr(stretches, "LONG", 12_000)
    frame = small.as_texts(small.rows(900, seed=3)).with_columns(note=pl.lit('two\nlines, "quoted"'))
    bad = pl.int_range(pl.len()).is_between(300, 500)  # whole stretches cannot be read
    frame = frame.with_columns(distance=pl.when(bad).then(pl.lit("secret words")).otherwise("distance"))
    lines = frame.write_csv(separator=";", quote_style="always").replace("two\nlines", "two\r\nlines")
    records = lines.split('"\n')
    records[700] += '";"one";"more'
    (tmp_path / "rows.csv").write_text('"\n'.join(records), encoding="utf-8", newline="")
    there, here = both(spark_session, tmp_path / "rows.csv", "scored", bundle=small.without_price(), key=key)
    assert parts(there.path).equals(single(here.path))
    assert len(list(there.path.glob("part-*"))) > 5
    assert (there.rows, there.rejected) == (here.rows, here.rejected)
    assert there.rejected == 202
    assert there.notices == here.notices
    assert there.rejected_path is not None
    assert there.rejected_path.read_bytes() == (tmp_path / "here.rejected.jsonl").read_bytes()


def test_rows_are_refused_by_the_first_of_all_and_not_by_the_first_of_a_task(
    spark_session: Any, tmp_path: Path
) -> None:
    """A bad hour in the middle of a day's rows is rejected rows on one machine, and ended the job on many."""
    frame = small.rows(3000, seed=2).with_columns(pl.col("stops").cast(pl.String))
    bad = pl.int_range(pl.len()).is_between(1000, 1400)
    frame = frame.with_columns(stops=pl.when(bad).then(pl.lit("many")).otherwise("stops"))
    frame.write_parquet(tmp_path / "rows.parquet", row_group_size=500)
    there, here = both(spark_session, tmp_path / "rows.parquet", "scored")
    assert parts(there.path).equals(single(here.path))
    assert there.rejected == here.rejected == 401


def test_reasons_come_along(spark_session: Any, dirty: Path) -> None:
    """What explains a prediction on one machine explains it on many."""
    there, here = both(spark_session, dirty, "scored", explain=Explain.of(2))
    assert {"because_1", "because_2"} <= set(there.columns)
    assert parts(there.path).equals(single(here.path))


def test_all_that_is_missing_is_told_before_any_task(spark_session: Any, tmp_path: Path) -> None:
    """An hour of a cluster for the first of two missing columns is an hour lost."""
    small.rows(50).drop("day", "*").write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(CauceError, match=r"E1209.*\*, day"):
        both(spark_session, tmp_path / "rows.parquet", "scored")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.parquet"]


def test_what_a_task_meets_has_its_code_and_leaves_nothing(spark_session: Any, tmp_path: Path) -> None:
    """A Java stack trace does not say which file to mend."""
    small.rows(3000).write_parquet(tmp_path / "rows.parquet", row_group_size=500)
    data = bytearray((tmp_path / "rows.parquet").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = bytes(4000)
    (tmp_path / "rows.parquet").write_bytes(bytes(data))
    with pytest.raises(CauceError, match=r"E0420 rows\.parquet"):
        both(spark_session, tmp_path / "rows.parquet", "scored")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.parquet"]


def test_rows_of_a_database_are_scored_as_on_one_machine(spark_session: Any, tmp_path: Path) -> None:
    """Who trains on a table would have to export it to score what is in it tomorrow."""
    frame = small.as_texts(small.rows(900, seed=5))
    names = ", ".join(f'"{name}" text' for name in frame.columns)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as base, base:
        base.execute(f"create table flights ({names})")
        marks = ", ".join("?" * frame.width)
        base.executemany(f"insert into flights values ({marks})", frame.rows())
    model = export_bundle(small.without_price(), tmp_path / "model")
    source = f"sqlite:///{tmp_path}/shop.db#flights"
    here = cauce.predict(source, out=tmp_path / "here.parquet", model=model)
    there = cauce.predict(source, out=tmp_path / "scored", model=model, spark=spark_session)
    assert (there.rows, there.rejected) == (here.rows, here.rejected) == (900, 0)
    assert parts(tmp_path / "scored").equals(single(tmp_path / "here.parquet"))
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"shop.db", "model", "here.parquet", "scored"}


def test_rows_that_cannot_be_brought_leave_nothing(spark_session: Any, tmp_path: Path) -> None:
    """A hidden folder beside the predictions would be there for good."""
    model = export_bundle(small.bundle(), tmp_path / "model")
    with pytest.raises(CauceError) as refused:
        cauce.predict(
            f"sqlite:///{tmp_path}/none.db#a", out=tmp_path / "scored", model=model, spark=spark_session
        )
    assert refused.value.code.startswith("E25")
    assert {path.name for path in tmp_path.iterdir()} == {"model"}
    slips = {"sqlitte:///x.db#a": "E2528", "hdfs://ana:CANARY@nn/rows": "E0753", "table:flights": "E0753"}
    for slip, code in slips.items():
        with pytest.raises(CauceError, match=code) as refused:
            cauce.predict(slip, out=tmp_path / "scored", model=model, spark=spark_session)
        assert "CANARY" not in str(refused.value)


def test_no_rows_are_a_readable_folder(spark_session: Any, tmp_path: Path) -> None:
    """The reader of an empty night must find columns, not an error."""
    small.rows(10).clear().write_parquet(tmp_path / "rows.parquet")
    there, here = both(spark_session, tmp_path / "rows.parquet", "scored")
    assert there.rows == 0
    assert parts(there.path).equals(single(here.path))


def test_only_predictions_are_replaced(spark_session: Any, dirty: Path, tmp_path: Path) -> None:
    """--overwrite on the wrong folder must not cost anybody their data."""
    one = partial(both, spark_session, dirty)
    one("scored")
    before = {path.name for path in (tmp_path / "scored").iterdir()}
    with pytest.raises(CauceError, match="E1211"):
        one("scored")
    one("scored", overwrite=True)
    after = {path.name for path in (tmp_path / "scored").iterdir()}
    assert not {name for name in before & after if name.startswith("part")}
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(b"x")
    with pytest.raises(CauceError, match="E0752"):
        one("photos", overwrite=True)
    assert (tmp_path / "photos" / "a.png").exists()
    for wrong, code in (("scored.xlsx", "E0751"), ("s3://bucket/scored", "E0753")):
        with pytest.raises(CauceError, match=code):
            predict_on_spark(small.bundle(), dirty, session=spark_session, out=wrong)
    (dirty / "_manifest.json").write_text('{"format": "cauce.predictions/1"}')
    with pytest.raises(CauceError, match="E1222"):
        both(spark_session, dirty, "rows", overwrite=True)


def test_what_a_killed_run_left_is_removed(spark_session: Any, dirty: Path, tmp_path: Path) -> None:
    """Half a folder under a hidden name must neither stay for ever nor be taken for a result."""
    left = tmp_path / f".scored.{'0' * 16}.part"
    left.mkdir()
    (left / ".lock").touch()
    (left / "part-00000-0.parquet").write_bytes(b"half")
    aside = tmp_path / f".scored.{'1' * 16}.old"
    aside.mkdir()
    (aside / "_manifest.json").write_text('{"format": "cauce.predictions/1"}')
    with pytest.raises(CauceError, match="E1211"):
        both(spark_session, dirty, "scored")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows", "scored"]
    there, _ = both(spark_session, dirty, "scored", overwrite=True)
    assert parts(there.path).height == ROWS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here.parquet", "rows", "scored"]


def test_another_model_s_bytes_are_refused_where_they_arrive() -> None:
    """An executor must not score with bytes that changed on their way."""
    shipped = Shipped.of(small.bundle("multiclass"))
    changed = {path: data[:-1] + b"?" for path, data in shipped.contents.items()}
    with pytest.raises(CauceError, match="E1203"):
        Shipped(shipped.identity, shipped.manifest, changed).opened()
    with pytest.raises(CauceError, match="E1202"):
        Shipped("0" * 64, shipped.manifest, shipped.contents).opened()
    assert shipped.opened() is shipped.opened()


def test_the_function_takes_a_session(spark_session: Any, dirty: Path, tmp_path: Path) -> None:
    """A notebook has its session already."""
    export_bundle(small.bundle(), tmp_path / "model")
    done = cauce.predict(dirty, out=tmp_path / "out", model=tmp_path / "model", spark=spark_session)
    assert done.rows == ROWS
    expected = small.bundle().scorer(threads=1)(small.rows(ROWS, seed=8))
    assert parts(tmp_path / "out").select(expected.columns).equals(expected)
