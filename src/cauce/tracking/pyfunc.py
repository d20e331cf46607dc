"""What MLflow calls to load a bundle and to score with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.frames import predict_frame
from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.opening import open_bundle

_MOMENT = "%Y-%m-%d %H:%M:%S%.f"


class BundleModel:
    """A bundle as MLflow's python_function calls it."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow's
        """Predictions of a pandas frame's rows, as a pandas frame. What `predict_frame` raises.

        Dates, moments and decimals may be ISO texts, as JSON carries them. params: not used.
        """
        return predict_frame(self.bundle, _read_texts(model_input, self.bundle.manifest.input))


def _load_pyfunc(path: str) -> BundleModel:
    """The bundle in the folder `path`, or in `bundle/` under it."""
    folder = Path(path)
    inner = folder / "bundle"
    return BundleModel(open_bundle(inner if inner.is_dir() else folder))


def _read_texts(frame: Any, columns: tuple[InputColumn, ...]) -> Any:
    """`frame` with texts read where the model has dates, moments or decimals and no reading of its own."""
    read = {one.name: one for one in columns if one.text is None and one.field.kind in _READ}
    found = {}
    for name, column in read.items():
        if name in frame.columns and frame[name].dtype == object:
            cells = [cell for cell in frame[name] if cell is not None]
            if cells and all(isinstance(cell, str) for cell in cells):
                texts = pl.Series("cells", list(frame[name]), dtype=pl.String)
                made = _READ[column.field.kind](texts, column)
                # Left as it is where a text cannot be read: then the bundle refuses the column by name.
                if made.null_count() == texts.null_count():
                    found[name] = made.to_pandas(use_pyarrow_extension_array=True)
    return frame.assign(**found) if found else frame


def _moments(texts: pl.Series, column: InputColumn) -> pl.Series:
    plain = texts.str.replace("T", " ", literal=True)
    whole = plain + pl.Series("", [" 00:00:00"])
    made = plain.str.to_datetime(_MOMENT, time_unit="us", strict=False)
    made = made.set(made.is_null(), whole.str.to_datetime(_MOMENT, time_unit="us", strict=False))
    return made.dt.replace_time_zone(column.field.zone)


def _dates(texts: pl.Series, column: InputColumn) -> pl.Series:  # noqa: ARG001 - as the others
    return texts.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)


def _decimals(texts: pl.Series, column: InputColumn) -> pl.Series:
    return texts.cast(column.field.dtype, strict=False)


_READ = {"date": _dates, "datetime": _moments, "decimal": _decimals}
