"""Data and settings that cannot give a meaningful model are refused with a code and what to do."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from boosting_data import spec, table

from cauce.engines.local.boosting import boost
from cauce.errors import CauceError


def refusal(frame: pl.DataFrame, **changes: Any) -> CauceError:
    with pytest.raises(CauceError) as raised:
        boost(
            lambda: iter([frame.head(100), frame.slice(100)]), spec(changes.pop("task", "binary"), **changes)
        )
    assert "{" not in raised.value.message + raised.value.hint
    return raised.value


def at(row: int, column: str, value: float | None) -> pl.Expr:
    return pl.when(pl.int_range(pl.len()) == row).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)


def test_no_training_rows() -> None:
    """An empty split would give an empty model."""
    frame = table(200)
    assert refusal(frame.with_columns(fold=1)).code == "E0801"
    assert refusal(frame.head(0)).code == "E0801"
    assert refusal(frame.with_columns(fold=pl.lit(None, dtype=pl.Int8))).code == "E0801"
    with pytest.raises(CauceError, match="E0801"):
        boost(lambda: iter([]), spec())


def test_early_stopping_without_validation_rows() -> None:
    """Training would stop on its own training rows."""
    assert refusal(table(200).with_columns(fold=0), early_stopping=5).code == "E0802"


@pytest.mark.parametrize(("task", "label"), [("binary", 1.0), ("multiclass", 2.0)])
def test_one_class_only(task: str, label: float) -> None:
    """A constant would be sold as a model."""
    error = refusal(table(200).with_columns(label=pl.lit(label)), task=task)
    assert error.code == "E0803"
    assert "label" in error.message


@pytest.mark.parametrize("label", [2.0, -1.0, 0.5, None, float("nan"), float("inf")])
def test_a_label_that_is_no_class(label: float | None) -> None:
    """A null label would silently become class 0."""
    error = refusal(table(200).with_columns(at(150, "label", label)))
    assert error.code == "E0804"
    assert error.values["count"] == 1


@pytest.mark.parametrize("label", [None, float("nan"), float("-inf"), 1e39])
def test_a_number_that_cannot_be_learned(label: float | None) -> None:
    """One infinite target would make every leaf infinite."""
    assert (
        refusal(table(200, task="regression").with_columns(at(7, "label", label)), task="regression").code
        == "E0804"
    )


@pytest.mark.parametrize("weight", [-1.0, None, float("nan"), float("inf")])
def test_a_weight_that_is_no_weight(weight: float | None) -> None:
    """A negative weight would teach the opposite."""
    assert refusal(table(200).with_columns(at(3, "weight", weight)), weight="weight").code == "E0805"


def test_weights_that_leave_nothing() -> None:
    """Rows that all weigh nothing would give the starting score as a model."""
    frame = table(200)
    assert refusal(frame.with_columns(weight=0.0), weight="weight").code == "E0801"
    assert refusal(frame, parameters={"class_weight": (0.0, 0.0)}).code == "E0816"


@pytest.mark.parametrize("code", [12.0, -1.0, 0.5])
def test_a_code_beyond_its_levels(code: float) -> None:
    """An unknown category would be trained as another one."""
    error = refusal(table(200).with_columns(at(120, "e", code)))
    assert error.code == "E0807"
    assert (error.values["column"], error.values["last"]) == ("e", 11)


def test_a_target_too_large_for_single_precision() -> None:
    """Squares that overflow would end as a model of infinities."""
    frame = table(200, task="regression").with_columns(pl.col("label") * 1e34)
    assert refusal(frame, task="regression").code == "E0817"


def test_a_gpu_that_is_not_there() -> None:
    """XGBoost would train on the CPU and not say so."""
    assert refusal(table(200), device="cuda").code == "E0809"


def test_a_temporary_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk would end in a traceback."""
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    error = refusal(table(200), memory=0)
    assert error.code == "E0818"
    assert "/proc/nowhere" in error.message


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"parameters": {"eta": 0.0}}, "eta"),
        ({"parameters": {"eta": float("nan")}}, "eta"),
        ({"parameters": {"rounds": 0}}, "rounds"),
        ({"parameters": {"rounds": 2.5}}, "rounds"),
        ({"parameters": {"subsample": 1.5}}, "subsample"),
        ({"parameters": {"reg_lambda": -1.0}}, "reg_lambda"),
        ({"parameters": {"reg_lambda": float("inf")}}, "reg_lambda"),
        ({"parameters": {"max_bin": 1}}, "max_bin"),
        ({"parameters": {"class_weight": (1.0, -1.0)}}, "class_weight"),
        ({"parameters": {"class_weight": (1.0, 1.0, 1.0)}}, "class_weight"),
        ({"task": "regression", "parameters": {"class_weight": "balanced"}}, "class_weight"),
        ({"classes": 3}, "classes"),
        ({"early_stopping": 0}, "early_stopping"),
        ({"device": "tpu"}, "device"),
        ({"threads": 0}, "threads"),
        ({"levels": (("zz", 3),)}, "levels"),
    ],
)
def test_settings_out_of_range(changes: dict[str, Any], name: str) -> None:
    """XGBoost would ignore some of these and train something else."""
    error = refusal(table(200), **changes)
    assert error.code == "E0815"
    assert error.values["name"] == name


def test_no_features() -> None:
    """A model of nothing would be fitted."""
    assert refusal(table(200), features=(), levels=()).code == "E0806"
