"""A file of predictions is whole and true to its input, or it is not there."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_models as small

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.exporting import export_bundle
from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.writing import make_bundle
from cauce.errors import CauceError, CauceWarning
from cauce.running.drafts import Drafts, sweep_drafts
from cauce.running.prediction import Prediction, PredictOptions, predict_file
from cauce.sources.options import ReadOptions

COLUMNS = ["id", "prediction", "probability_no", "probability_sí", "model_version", "snapshot", "scored_at"]


@pytest.fixture
def rows(tmp_path: Path) -> pl.DataFrame:
    frame = small.rows(500, seed=8)
    frame.write_parquet(tmp_path / "rows.parquet")
    return frame


def predicted(folder: Path, out: str = "out.parquet", **changes: Any) -> Prediction:
    source = changes.pop("source", "rows.parquet")
    bundle = changes.pop("bundle", None) or small.bundle()
    report = changes.pop("report", None)
    options = PredictOptions(threads=1, **changes)
    return predict_file(bundle, folder / source, out=folder / out, options=options, report=report)


def test_a_file_scores_as_its_frame(tmp_path: Path, rows: pl.DataFrame) -> None:
    """The nightly file and the notebook must agree."""
    before = datetime.now(UTC)
    found = predicted(tmp_path)
    made = pl.read_parquet(tmp_path / "out.parquet")
    assert made.columns == COLUMNS == list(found.columns)
    expected = small.bundle().scorer(threads=1)(rows)
    assert made.select(expected.columns).equals(expected)
    assert made["id"].equals(rows["id"])
    assert set(made["model_version"]) == {small.bundle().identity}
    assert set(made["snapshot"]) == {"ab" * 32}
    (moment,) = set(made["scored_at"])
    assert before <= moment <= datetime.now(UTC)
    assert (found.rows, found.rejected, found.rejected_path) == (500, 0, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "rows.parquet"]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_text_file_is_read_as_the_training_file_was(tmp_path: Path, task: str) -> None:
    """1.234,5 read as 1.234 gives a wrong prediction without a word."""
    model, frame = small.without_price(task), small.rows(400, seed=9)
    frame = frame.with_columns(
        distance=pl.when(pl.col("distance").is_finite()).then(pl.col("distance").round(3))
    )
    small.as_texts(frame).write_csv(tmp_path / "rows.csv", separator=";")
    read = {"distance": lambda one: None if one is None else float(f"{one:.3f}")}
    frame = frame.with_columns(
        distance=pl.Series([read["distance"](one) for one in frame["distance"].to_list()])
    )
    found = predicted(tmp_path, "out.csv", source="rows.csv", bundle=model)
    made = pl.read_csv(tmp_path / "out.csv", schema_overrides={"id": pl.String})
    expected = model.scorer(threads=1)(frame.drop("price"))
    assert found.rejected == 0
    assert made.height == 400
    assert made["id"].to_list() == frame["id"].to_list()
    assert made.select(expected.columns).equals(expected)
    assert made["scored_at"][0].endswith("Z")


def test_rows_in_are_rows_out_and_rejected(tmp_path: Path) -> None:
    """A row that vanishes is a customer nobody calls."""
    lines = small.as_texts(small.rows(60, seed=1)).write_csv(separator=";").splitlines()
    assert lines[0].startswith("id;distance;stops")
    broken = lines[7].split(";")
    broken[1] = "secret words"
    lines[7] = ";".join(broken)
    lines[9] += ";one;more"
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    found = predicted(tmp_path, source="rows.csv", bundle=small.without_price())
    made = pl.read_parquet(tmp_path / "out.parquet")
    kept = [json.loads(line) for line in (tmp_path / "out.rejected.jsonl").read_text().splitlines()]
    assert found.rows + found.rejected == 60 == made.height + len(kept)
    assert found.rejected_path == tmp_path / "out.rejected.jsonl"
    by_line = {one["line"]: one for one in kept}
    assert {8, 10} <= set(by_line)
    assert by_line[8]["column"] == "distance"
    assert by_line[8]["key"] == {"id": "000006"}
    assert "secret words" in by_line[8]["text"]
    assert "secret" not in by_line[8]["reason"]
    assert by_line[10]["code"] == "E0430"
    assert "000006" not in made["id"].to_list()


def test_rows_without_a_key_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    """The third prediction must be told to the third row, rejected ones counted."""
    texts = small.as_texts(small.rows(30, seed=1)).drop("id")
    cells = texts["distance"].to_list()
    cells[3], cells[10] = "x", "y"
    texts = texts.with_columns(distance=pl.Series(cells))
    for separator, name in ((";", "rows.csv"), ("\t", "rows.tsv")):
        texts.write_csv(tmp_path / name, separator=separator)
        found = predicted(
            tmp_path,
            f"{name}.parquet",
            source=name,
            bundle=small.without_price(),
            reading=ReadOptions(paths=(str(tmp_path / name),)),
        )
        made = pl.read_parquet(tmp_path / f"{name}.parquet")
        assert made["row"].to_list() == [k for k in range(1, 31) if k not in (4, 11)]
        assert found.rejected == 2
    whole = small.rows(30).drop("id")
    stops = [1.5 if k == 4 else 2.0 for k in range(30)]
    whole.with_columns(stops=pl.Series(stops)).write_parquet(tmp_path / "rows.parquet")
    predicted(tmp_path)
    made = pl.read_parquet(tmp_path / "out.parquet")
    assert made["row"].to_list() == [k for k in range(1, 31) if k != 5]


def test_other_columns_are_ignored_whatever_they_are(tmp_path: Path, rows: pl.DataFrame) -> None:
    """The target, notes, nested columns: the file of tomorrow has more than the model needs."""
    more = rows.with_columns(y=pl.lit("no"), nested=pl.lit([1, 2]), __x=pl.struct("id"))
    more.write_parquet(tmp_path / "more.parquet")
    predicted(tmp_path)
    predicted(tmp_path, "more_out.parquet", source="more.parquet")
    first, second = (pl.read_parquet(tmp_path / name) for name in ("out.parquet", "more_out.parquet"))
    assert first.drop("scored_at").equals(second.drop("scored_at"))


def test_missing_and_mistyped_columns_are_one_error(tmp_path: Path, rows: pl.DataFrame) -> None:
    """One error a run is one run too many."""
    bad = rows.drop("stops", "day").with_columns(pl.lit("x").alias("price"), pl.lit("z").alias("at"))
    bad.write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(CauceError) as caught:
        predicted(tmp_path)
    assert caught.value.code == "E1209"
    said = caught.value.message
    assert "stops, day" in said
    assert "price (text ≠ decimal 2)" in said
    words = small.as_texts(small.rows(40)).with_columns(distance=pl.lit("far"), stops=pl.lit("few"))
    words.write_csv(tmp_path / "words.csv", separator=";")
    with pytest.raises(CauceError, match=r"E1209 .*distance \(text ≠ float\), stops \(text ≠ integer\)"):
        predicted(tmp_path, source="words.csv", bundle=small.without_price())
    assert not (tmp_path / "out.parquet").exists()


def test_the_key_may_be_chosen(tmp_path: Path, rows: pl.DataFrame) -> None:
    """A row is told by what its owner calls it."""
    predicted(tmp_path, key=("at", small.HOSTILE))
    made = pl.read_parquet(tmp_path / "out.parquet")
    assert made.columns[:2] == ["at", small.HOSTILE]
    assert made.get_column(small.HOSTILE).to_list() == rows.get_column(small.HOSTILE).to_list()
    predicted(tmp_path, "numbered.parquet", key=())
    assert pl.read_parquet(tmp_path / "numbered.parquet")["row"].to_list() == list(range(1, 501))
    with pytest.raises(CauceError, match=r"E1213 .*nothing"):
        predicted(tmp_path, "x.parquet", key=("nothing",))
    rows.with_columns(prediction=pl.lit(1)).write_parquet(tmp_path / "rows.parquet")
    with pytest.raises(CauceError, match=r"E1214 .*prediction"):
        predicted(tmp_path, "x.parquet", key=("prediction",))


def test_nothing_that_exists_is_overwritten_unasked(tmp_path: Path, rows: pl.DataFrame) -> None:
    """Yesterday's predictions, or the input itself, would be gone."""
    (tmp_path / "out.parquet").write_text("mine")
    with pytest.raises(CauceError, match="E1211"):
        predicted(tmp_path)
    assert (tmp_path / "out.parquet").read_text() == "mine"
    (tmp_path / "out.rejected.jsonl").write_text("stale")
    predicted(tmp_path, overwrite=True)
    assert pl.read_parquet(tmp_path / "out.parquet").height == 500
    assert not (tmp_path / "out.rejected.jsonl").exists()
    with pytest.raises(CauceError, match="E1222"):
        predicted(tmp_path, "rows.parquet", overwrite=True)
    with pytest.raises(CauceError, match="E1212"):
        predicted(tmp_path, "out.xlsx")
    with pytest.raises(CauceError, match="E0504"):
        predicted(tmp_path, "no/such/folder/out.csv")


def test_an_interrupted_prediction_leaves_nothing(tmp_path: Path, rows: pl.DataFrame) -> None:
    """Half a file of predictions looks like a whole one."""

    def stop(done: int, total: int | None) -> None:
        assert (done, total) == (500, 500)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predicted(tmp_path, report=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


SCRIPT = """
    import resource, signal, sys
    from cauce.core.bundle.opening import open_bundle
    from cauce.errors import CauceError
    from cauce.running.prediction import PredictOptions, predict_file

    model = open_bundle(sys.argv[1])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if int(sys.argv[4]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)
    try:
        predict_file(model, sys.argv[2], out=sys.argv[3], options=PredictOptions(threads=1))
    except CauceError as error:
        sys.exit(error.code)
"""


def in_a_process(folder: Path, out: str, *, limit: int = 0, failpoint: str = "") -> tuple[int, str]:
    export_bundle(small.bundle(), folder.parent / f"{folder.name}-model")
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(folder.parent / f"{folder.name}-model")]
    arguments = [str(folder / "rows.parquet"), str(folder / out), str(limit)]
    environment = {**os.environ, "CAUCE_FAILPOINT": failpoint}
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("out", ["out.parquet", "out.csv"])
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, rows: pl.DataFrame, out: str) -> None:
    """A file that ends in the middle would be read as the whole."""
    assert in_a_process(tmp_path, out, limit=4000) == (1, "E0503\n")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_killed_prediction_shows_nothing_or_all(tmp_path: Path, rows: pl.DataFrame) -> None:
    """kill -9 between writing and naming."""
    assert in_a_process(tmp_path, "out.parquet", failpoint="prediction.written:1")[0] == -9
    assert not (tmp_path / "out.parquet").exists()
    assert in_a_process(tmp_path, "out.parquet", failpoint="prediction.named:1")[0] == -9
    assert pl.read_parquet(tmp_path / "out.parquet").height == 500


def test_what_a_killed_prediction_left_goes_and_what_a_living_one_makes_stays(
    tmp_path: Path, rows: pl.DataFrame
) -> None:
    """Hidden files of the size of the table would pile up with each kill, or two predictions meet."""
    assert in_a_process(tmp_path, "out.parquet", failpoint="prediction.written:1")[0] == -9
    (left,) = tmp_path.glob(".out.parquet.*.part")
    (tmp_path / ".out.parquet.notes.part").touch()
    (tmp_path / ".other.parquet.0123456789abcdef.part").touch()
    living = Drafts(overwrite=False)
    made = living.new(tmp_path / "out.parquet")
    assert not left.exists()
    predicted(tmp_path)
    assert made.exists()
    living.discard()
    expected = [
        ".other.parquet.0123456789abcdef.part",
        ".out.parquet.notes.part",
        "out.parquet",
        "rows.parquet",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == expected
    assert sweep_drafts(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == expected[1:]


def test_formulas_in_a_csv_are_told_and_guarded_on_request(tmp_path: Path) -> None:
    """A spreadsheet that opens the file would run what a customer typed as a name."""
    frame = small.rows(5).with_columns(id=pl.Series(["=1+1", "@x", "fine", "-5", None]))
    frame.write_parquet(tmp_path / "rows.parquet")
    with pytest.warns(CauceWarning, match="W1221 3 "):
        predicted(tmp_path, "plain.csv")
    predicted(tmp_path, "guarded.csv", guard_formulas=True)
    read = {name: pl.read_csv(tmp_path / name)["id"].to_list() for name in ("plain.csv", "guarded.csv")}
    assert read["plain.csv"] == ["=1+1", "@x", "fine", "-5", None]
    assert read["guarded.csv"] == ["'=1+1", "'@x", "fine", "'-5", None]


def parquet_born(**kinds: Any) -> Bundle:
    """A model trained from Parquet: no reading of texts is known."""
    whole = small.draft()
    columns = tuple(InputColumn(one.field) for one in small.COLUMNS if one.name != "price")
    flat = small.without_price().manifest.features
    return make_bundle(
        replace(whole, manifest=replace(whole.manifest, input=columns, features=flat, key=(), **kinds))
    )


def test_a_model_trained_from_parquet_reads_plain_texts(tmp_path: Path) -> None:
    """Whoever trained from a warehouse still gets a CSV to score."""
    frame, model = small.rows(50, seed=3), parquet_born(reading={"missing": ["n/a"]})
    frame = frame.with_columns(pl.col("distance").round(3), at=pl.col("at").dt.truncate("1s"))
    texts = frame.drop("price").with_columns(pl.col("at").dt.to_string("%Y-%m-%d %H:%M:%S"))
    far = frame["distance"].to_list()
    cells = [str(one) if one is not None and math.isfinite(one) else "n/a" for one in far]
    texts = texts.with_columns(distance=pl.Series(cells))
    texts.write_csv(tmp_path / "rows.csv")
    found = predicted(tmp_path, source="rows.csv", bundle=model)
    assert found.rejected == 0
    values = [None if one == "n/a" else float(one) for one in cells]
    expected = model.scorer(threads=1)(frame.with_columns(distance=pl.Series(values, dtype=pl.Float64)))
    assert pl.read_parquet(tmp_path / "out.parquet").select(expected.columns).equals(expected)


def test_a_model_of_a_databases_decimals_scores_a_text_file_as_the_table(tmp_path: Path) -> None:
    """Who trained on a table with prices has tomorrow's as a CSV; 12.50 there is 12.50 here, or no number."""
    frame = small.rows(60, seed=4)
    whole = pl.col("distance").cast(pl.Int64, strict=False).cast(pl.Float64)
    frame = frame.with_columns(distance=whole, at=pl.col("at").dt.truncate("1s"))
    frame.write_parquet(tmp_path / "rows.parquet")
    predicted(tmp_path)
    prices = [None if one is None else f" {one}0" for one in frame["price"].to_list()]
    texts = small.as_texts(frame).with_columns(price=pl.Series(prices))
    texts.write_csv(tmp_path / "rows.csv", separator=";")
    assert predicted(tmp_path, "texts.parquet", source="rows.csv").rejected == 0
    first, second = (pl.read_parquet(tmp_path / name) for name in ("out.parquet", "texts.parquet"))
    assert first.drop("scored_at").equals(second.drop("scored_at"))
    bad = texts.head(12).with_columns(price=pl.Series(["1.505", "1,50", "1e3", "9" * 37] + ["1.50"] * 8))
    bad.write_csv(tmp_path / "bad.csv", separator=";")
    found = predicted(tmp_path, "rest.parquet", source="bad.csv")
    assert (found.rows, found.rejected) == (8, 4)


def test_several_files_and_none_at_all(tmp_path: Path, rows: pl.DataFrame) -> None:
    """A folder of monthly files is one input; an empty month is no failure."""
    (tmp_path / "parts").mkdir()
    for number, part in enumerate(rows.iter_slices(200)):
        part.write_parquet(tmp_path / "parts" / f"{number}.parquet")
    predicted(tmp_path, source="parts")
    assert pl.read_parquet(tmp_path / "out.parquet")["id"].equals(rows["id"])
    rows.clear().write_parquet(tmp_path / "rows.parquet")
    assert predicted(tmp_path, "empty.csv").rows == 0
    assert (tmp_path / "empty.csv").read_text().split(",")[0] == "id"
    header = small.as_texts(rows).clear()
    header.write_csv(tmp_path / "header.csv", separator=";")
    assert predicted(tmp_path, "none.parquet", source="header.csv", bundle=small.without_price()).rows == 0
    assert pl.read_parquet(tmp_path / "none.parquet").columns == COLUMNS
    with pytest.raises(CauceError, match="E0401"):
        predicted(tmp_path, "x.parquet", source="nothing*.csv")


def test_instants_keep_their_zone_and_odd_names_survive(tmp_path: Path, rows: pl.DataFrame) -> None:
    """A key of instants must not come back as wall time."""
    zoned = rows.with_columns(pl.col("at").dt.replace_time_zone("UTC").alias("when, local\n"))
    zoned.write_parquet(tmp_path / "rows.parquet")
    predicted(tmp_path, key=("when, local\n",))
    made = pl.read_parquet(tmp_path / "out.parquet")
    assert made.schema["when, local\n"] == pl.Datetime("us", "UTC")
    predicted(tmp_path, "out.csv", key=("when, local\n",))
    assert pl.read_csv(tmp_path / "out.csv").columns[0] == "when, local\n"


@pytest.mark.parametrize("name", ["rows.json", "rows.orc"])
def test_typed_files_are_scored_whatever_their_form(tmp_path: Path, rows: pl.DataFrame, name: str) -> None:
    """Rows that a web service left as JSON score as they do in Parquet."""
    finite = pl.when(pl.col("distance").is_finite()).then(pl.col("distance"))
    rows = rows.drop("price").with_columns(distance=finite)
    rows.write_parquet(tmp_path / "rows.parquet")
    if name == "rows.orc":
        from pyarrow import orc

        orc.write_table(rows.to_arrow(), tmp_path / name)
    else:
        texts = small.as_texts(rows)  # JSON has no dates: they are written as in the training file
        lines = rows.with_columns(texts["day"], texts["at"]).write_ndjson().splitlines(keepends=True)
        (tmp_path / name).write_text("".join([*lines[:200], "\n", *lines[200:], "not JSON\n"]), "utf-8")
    model = small.without_price("binary")
    predicted(tmp_path, "first.parquet", bundle=model)
    found = predicted(tmp_path, "second.parquet", source=name, bundle=model)
    first, second = (pl.read_parquet(tmp_path / f"{one}.parquet") for one in ("first", "second"))
    assert second.drop("scored_at").equals(first.drop("scored_at"))
    assert found.rejected == (name == "rows.json")
