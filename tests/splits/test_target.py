"""What is predicted is inferred by stated rules, said aloud, or refused with the reason."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from split_rows import labels, schema_of, target_of

from cauce.core.profile import Profiling, make_profile
from cauce.core.task import Target, infer_target, target_column
from cauce.errors import CauceError
from cauce.expr.formula import parse_formula
from cauce.expr.nodes import Column
from cauce.expr.schema import Field, Schema
from cauce.language import use_language
from cauce.stats.levels import ColumnLevels

NAN, INFINITE = float("nan"), float("inf")

# kind, values, what is declared -> task, class names in order
INFERRED: list[tuple[str, list[Any], dict[str, Any], str, tuple[str, ...]]] = [
    ("boolean", [True, False, True], {}, "binary", ("false", "true")),
    ("integer", [0, 1, 1], {}, "binary", ("0", "1")),
    ("integer", [-1, 1, 1], {}, "binary", ("-1", "1")),
    ("integer", [1, 2, 2], {}, "binary", ("1", "2")),
    ("float", [0.0, 1.0, NAN, None], {}, "binary", ("0", "1")),
    ("float", [-0.0, 0.0, 7.0], {}, "binary", ("0", "7")),
    ("float", [0.5, 1.5, 0.5], {}, "regression", ()),
    ("float", [1.0, 2.0, 3.0], {}, "regression", ()),
    ("float", [1e300, -1e300], {}, "regression", ()),
    ("integer", [3, 4, 5, 6, 7, 8, 9, 3], {}, "multiclass", ("3", "4", "5", "6", "7", "8", "9")),
    ("integer", list(range(11)), {}, "regression", ()),
    ("integer", [0, 10, 9, 2], {}, "multiclass", ("0", "2", "9", "10")),
    ("text", ["b", "a", "b"], {}, "binary", ("b", "a")),
    ("text", ["a", "b"], {}, "binary", ("a", "b")),
    ("text", ["Yes", "No", "Yes"], {}, "binary", ("No", "Yes")),
    ("text", ["no", "sí", "sí"], {}, "binary", ("no", "sí")),
    ("text", ["s", "n", "s"], {}, "binary", ("n", "s")),
    ("text", ["s", "m", "s"], {}, "binary", ("s", "m")),
    ("text", ["1", "0", "1"], {}, "binary", ("0", "1")),
    ("text", ["NO", ">30", "<30"], {}, "multiclass", ("<30", ">30", "NO")),
    ("text", ["NO", ">30", "<30"], {"positive": "<30"}, "binary", ("other", "<30")),
    ("text", ["a", "b", "other"], {"positive": "other"}, "binary", ("rest", "other")),
    ("text", ["Yes", "No"], {"positive": "No"}, "binary", ("Yes", "No")),
    ("text", ["True", "False"], {"positive": True}, "binary", ("False", "True")),
    ("text", ["1", "0"], {"positive": 1}, "binary", ("0", "1")),
    ("integer", [1, 2, 3], {"positive": 2.0}, "binary", ("other", "2")),
    ("float", [1.0, 2.0, 3.0], {"positive": 2}, "binary", ("other", "2")),
    ("boolean", [True, False], {"positive": False}, "binary", ("true", "false")),
    ("boolean", [True, False], {"positive": "false"}, "binary", ("true", "false")),
    ("boolean", [True, False], {"task": "regression"}, "regression", ()),
    ("boolean", [True, False], {"task": "multiclass"}, "multiclass", ("false", "true")),
    ("integer", [0, 1], {"task": "regression"}, "regression", ()),
    ("float", [1.0, 2.0, 3.0], {"task": "multiclass"}, "multiclass", ("1", "2", "3")),
]
TYPES = {"boolean": pl.Boolean, "integer": pl.Int64, "float": pl.Float64, "text": pl.String}


def frame_of(kind: str, values: list[Any]) -> pl.DataFrame:
    return pl.DataFrame({"y": pl.Series(values, dtype=TYPES[kind])})


@pytest.mark.parametrize(("kind", "values", "declared", "task", "classes"), INFERRED)
def test_the_task_and_the_order_of_classes(
    kind: str, values: list[Any], declared: dict[str, Any], task: str, classes: tuple[str, ...]
) -> None:
    """Another task or positive class than the documented one turns every metric into another."""
    target = target_of(frame_of(kind, values), **declared)
    assert (target.task, target.class_names) == (task, classes)
    assert target.positive == (classes[1] if task == "binary" else None)
    assert Target.from_json(json.loads(json.dumps(target.to_json()))) == target


LABELS: list[tuple[str, list[Any], dict[str, Any], list[float | None]]] = [
    ("boolean", [True, None, False], {}, [1.0, None, 0.0]),
    ("boolean", [True, None, False], {"task": "regression"}, [1.0, None, 0.0]),
    ("integer", [5, 3, None, 4], {}, [2.0, 0.0, None, 1.0]),
    ("integer", [5, 3, None, 4], {"task": "regression"}, [5.0, 3.0, None, 4.0]),
    ("float", [1.0, 0.0, NAN, None], {}, [1.0, 0.0, None, None]),
    ("float", [2.0, 0.0, NAN, None, 1.0], {"positive": 2}, [1.0, 0.0, None, None, 0.0]),
    ("float", [0.5, 1.5, NAN, None], {}, [0.5, 1.5, None, None]),
    ("text", ["b", None, "a", "c"], {}, [1.0, None, 0.0, 2.0]),
    ("text", ["b", None, "a", "c"], {"positive": "c"}, [0.0, None, 0.0, 1.0]),
    ("text", ["", None, "a"], {"positive": ""}, [1.0, None, 0.0]),
]


@pytest.mark.parametrize(("kind", "values", "declared", "expected"), LABELS)
def test_labels_are_the_places_of_classes_and_null_stays_null(
    kind: str, values: list[Any], declared: dict[str, Any], expected: list[float | None]
) -> None:
    """A null target that becomes class 0 is a row that was never observed, learned from and tested on."""
    frame = frame_of(kind, values)
    assert labels(frame, target_of(frame, **declared)) == expected


REFUSED: list[tuple[str, list[Any], dict[str, Any], str]] = [
    ("integer", [None, None], {}, "E1102"),
    ("float", [NAN, None], {}, "E1102"),
    ("text", ["a", "b"], {"task": "regression"}, "E1103"),
    ("text", ["a", "a", None], {}, "E1104"),
    ("boolean", [True, True], {}, "E1104"),
    ("float", [2.5, 2.5, NAN], {}, "E1104"),
    ("integer", [4], {"task": "regression"}, "E1104"),
    ("text", [str(n) for n in range(1001)], {}, "E1105"),
    ("integer", list(range(1001)), {"task": "multiclass"}, "E1105"),
    ("text", ["a", "b"], {"positive": "c"}, "E1106"),
    ("integer", [0, 1], {"positive": 0.5}, "E1106"),
    ("integer", [0, 1], {"positive": True}, "E1106"),
    ("float", [0.0, INFINITE, 2.0], {"infinities": 1}, "E1107"),
    ("float", [0.0, INFINITE], {"infinities": 1, "task": "binary"}, "E1107"),
    ("integer", [1, 2, 3], {"task": "binary"}, "E1108"),
    ("float", [0.5, 1.0], {"task": "binary"}, "E1116"),
    ("float", [1e300, 1.0], {"task": "multiclass"}, "E1116"),
]


@pytest.mark.parametrize(("kind", "values", "declared", "code"), REFUSED)
def test_targets_that_mean_nothing_are_refused(
    kind: str, values: list[Any], declared: dict[str, Any], code: str
) -> None:
    """Trained anyway, such a model has metrics that look like any other's."""
    with pytest.raises(CauceError) as caught:
        target_of(frame_of(kind, values), **declared)
    assert caught.value.code == code
    assert "y" in str(caught.value)


@pytest.mark.parametrize("kind", ["date", "datetime"])
def test_a_moment_is_no_target(kind: Any) -> None:
    """A date cast to a number would be predicted in days nobody asked for."""
    with pytest.raises(CauceError) as caught:
        target_column("y", Column("y"), schema=Schema((Field("y", kind),)))
    assert caught.value.code == "E1101"


@pytest.mark.parametrize("count", [1000, 1001])
def test_a_thousand_classes_are_the_limit(count: int) -> None:
    """The documented limit must be the one that holds."""
    frame = frame_of("text", [f"{n:04}" for n in range(count)])
    if count <= 1000:
        assert len(target_of(frame).classes) == count
    else:
        with pytest.raises(CauceError, match="E1105"):
            target_of(frame)


@given(st.lists(st.sampled_from(["a", "b", "c", "yes", "no"]), min_size=2), st.randoms())
def test_the_order_of_rows_changes_no_class(values: list[str], random: Any) -> None:
    """Otherwise the same data, sorted, would be another task with other class numbers."""
    if len(set(values)) < 2:
        return
    shuffled = random.sample(values, len(values))
    assert target_of(frame_of("text", values)) == target_of(frame_of("text", shuffled))


def sentences(frame: pl.DataFrame, **declared: Any) -> tuple[str, ...]:
    column = target_column("y", Column("y"), schema=schema_of(frame))
    counted = frame["y"].value_counts().sort("count", "y", descending=[True, False])
    levels = ColumnLevels(tuple(counted["y"]), tuple(counted["count"]), 0, overflow=False)
    return infer_target(column, levels, **declared)[1]


def test_what_is_inferred_is_said_with_the_setting_that_changes_it() -> None:
    """A silent guess is found out in production; a declared target needs no sentence."""
    frame = frame_of("text", ["b", "a", "b"])
    task, positive = sentences(frame)
    assert task == "The target y is taken as binary; to choose another task, set target.task."
    assert positive == "The positive class is a; to choose another, set target.positive."
    assert sentences(frame, task="binary", positive="b") == ()
    quality = frame_of("integer", [3, 4, 5, 5])
    assert "3 different values" in sentences(quality)[0]
    use_language("es")
    assert len(sentences(frame)) == 2


def test_a_formula_is_a_target_and_its_columns_are_known() -> None:
    """A target's own columns as features are the plainest leak there is."""
    schema = Schema((Field("delay", "float"), Field("gate", "text")))
    column = target_column("delay > 15", parse_formula("delay > 15", schema), schema=schema)
    assert (column.kind, column.columns) == ("boolean", ("delay",))


def test_a_decimal_target_is_read_as_a_number() -> None:
    """Money is decimal in many exports; its classes and values are those of the number."""
    schema = Schema((Field("y", "decimal", scale=2),))
    column = target_column("y", Column("y"), schema=schema)
    for values, task in (([1, 2, 1], "binary"), (["1.25", "2.50", "3.75"], "regression")):
        series = pl.Series([Decimal(value) for value in values], dtype=pl.Decimal(38, 2))
        asked = Profiling(schema, column)
        batch = asked.work(pl.DataFrame({"y": series}))
        results = tuple(one.result(one.update(one.start(), batch)) for one in asked.summaries)
        target, _ = infer_target(column, make_profile(asked, results).target_levels)
        assert target.task == task


DEGENERATE = [
    ("single_class_target", "E1104"),
    ("one_row", "E1104"),
]


@pytest.mark.parametrize(("name", "code"), DEGENERATE)
def test_degenerate_files_are_refused(shared_data: Path, name: str, code: str) -> None:
    """Such files are real; each must end with a reason, not with a model."""
    frame = pl.read_csv(shared_data / "dirty_csv" / "handmade" / f"{name}.csv")
    with pytest.raises(CauceError) as caught:
        target_of(frame, "target")
    assert caught.value.code == code


def test_missing_targets_are_counted_and_left_out(shared_data: Path) -> None:
    """40 of the file's 200 targets are missing, says its author; as class 0 they would be a fifth of it."""
    frame = pl.read_csv(shared_data / "dirty_csv" / "handmade" / "target_missing_values.csv")
    target = target_of(frame, "target")
    found = labels(frame, target)
    assert (found.count(None), len(found)) == (40, 200)
    assert target.class_names == ("0", "1")


def test_real_targets_get_their_tasks(shared_data: Path) -> None:
    """The sets' documented tasks: quality has seven classes, readmission has three, or two."""
    wine = pl.read_csv(shared_data / "wine_quality_white" / "winequality-white.csv")
    diabetes = pl.read_parquet(shared_data / "diabetes130" / "diabetic_data.zstd.parquet")
    readmitted = target_of(diabetes, "readmitted", positive="<30")
    assert target_of(wine, "quality").class_names == tuple("3456789")
    assert target_of(diabetes, "readmitted").class_names == ("<30", ">30", "NO")
    assert (readmitted.class_names, readmitted.rest) == (("other", "<30"), True)
    assert sum(labels(diabetes.select("encounter_id", "readmitted"), readmitted)) == 11_357  # type: ignore[arg-type]
