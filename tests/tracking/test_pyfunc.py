"""A bundle called by MLflow means what it means elsewhere; rows from JSON are read without guessing."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from cauce.core.bundle.frames import predict_frame
from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.opening import open_bundle
from cauce.errors import CauceError
from cauce.expr import nodes as n
from cauce.expr.schema import Field
from cauce.tracking.model_folder import readable
from cauce.tracking.pyfunc import _from_json, _load_pyfunc

Bundles = tuple[Path, Path, Path]


def test_rows_of_every_type_score_as_in_cauce(bundles: Bundles, small_models: ModuleType) -> None:
    """The same model would give other numbers behind MLflow."""
    frame = small_models.rows(300)
    model = _load_pyfunc(str(bundles[0]))
    assert pl.from_pandas(model.predict(frame.to_pandas())).equals(predict_frame(model.bundle, frame))


def test_rows_from_json_score_as_typed_rows(bundles: Bundles, small_models: ModuleType) -> None:
    """Dates come as texts in JSON; read as nothing they would change the prediction without a word."""
    import pandas as pd

    frame = small_models.rows(300)
    finite = frame.with_columns(pl.col("distance").replace([float("inf"), float("-inf"), float("nan")], None))
    sent = json.loads(json.dumps(readable(finite).to_dicts()))
    model = _load_pyfunc(str(bundles[0]))
    assert pl.from_pandas(model.predict(pd.DataFrame(sent))).equals(predict_frame(model.bundle, finite))


def _read(cells: list[Any], column: InputColumn) -> list[Any]:
    import pandas as pd

    made = _from_json(pd.DataFrame({"x": cells}, dtype=object), (column,))["x"]
    return [None if pd.isna(one) else one for one in made]


@pytest.mark.parametrize(
    ("form", "given", "want"),
    [
        ("%Y-%m-%d", ["2026-02-01", None], [date(2026, 2, 1), None]),
        (None, ["2026-02-01", None], [date(2026, 2, 1), None]),
        ("%d/%m/%Y", ["2026-02-01", "03/04/2026"], [date(2026, 2, 1), date(2026, 4, 3)]),
        ("%Y-%d-%m", ["2026-02-01", "2026-31-01"], ["2026-02-01", "2026-31-01"]),
        (None, ["2026-02-30", "2026-02-01"], ["2026-02-30", "2026-02-01"]),
        ("%d/%m/%Y", ["tomorrow", "2026-02-01"], ["tomorrow", "2026-02-01"]),
    ],
)
def test_a_date_has_one_meaning_whatever_stands_beside_it(form: str | None, given: Any, want: Any) -> None:
    """Day and month swapped, a model scores another day."""
    text = None if form is None else n.ParseDate(n.Column("x"), form)
    got = _read(given, InputColumn(Field("x", "date"), text))
    assert got == want


def test_moments_keep_their_microseconds() -> None:
    """Cut to seconds, two events would fall together."""
    (got,) = _read(["2026-02-01T03:04:05.000006"], InputColumn(Field("x", "datetime")))
    assert got == datetime(2026, 2, 1, 3, 4, 5, 6)


def test_a_decimal_with_too_many_places_is_refused_not_rounded(
    bundles: Bundles, small_models: ModuleType
) -> None:
    """1.005 is no price in cents; rounded without a word it is another price."""
    frame = readable(small_models.rows(5).with_columns(price=pl.lit("1.00").cast(pl.Decimal(38, 2))))
    model = _load_pyfunc(str(bundles[0]))
    assert len(model.predict(frame.to_pandas())) == 5
    with pytest.raises(CauceError, match="E1209"):
        model.predict(frame.with_columns(price=pl.lit(1.005)).to_pandas())


def test_a_bundle_that_was_tampered_with_is_not_loaded(bundles: Bundles, tmp_path: Path) -> None:
    """MLflow checks no digest; the loader must."""
    import shutil

    folder = tmp_path / "bundle"
    shutil.copytree(bundles[0], folder)
    (folder / "model.onnx").write_bytes((bundles[1] / "model.onnx").read_bytes())
    with pytest.raises(CauceError, match="E1203"):
        _load_pyfunc(str(tmp_path))
    assert open_bundle(bundles[0])
