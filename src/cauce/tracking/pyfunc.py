"""What MLflow calls to load a bundle and to score with it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.conversion import Conversion
from cauce.core.bundle.frames import predict_frame
from cauce.core.bundle.inputs import InputColumn
from cauce.core.bundle.manifest import MANIFEST, Manifest
from cauce.core.bundle.opening import open_bundle
from cauce.errors import CauceError
from cauce.expr.schema import Field

_GZIP = b"\x1f\x8b"
_ISO = ("2026-01-02", "2026-01-02 03:04:05")


class BundleModel:
    """A bundle as MLflow's python_function calls it."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow's
        """Predictions of a pandas frame's rows, as a pandas frame. What `predict_frame` raises.

        JSON has no dates, moments and decimals: dates and moments may be ISO texts ("2026-11-21",
        "2026-11-21T10:30:00"), unless the training file's own form would read these otherwise; decimals
        may be numbers, and texts where there is no such form. params: not used.
        """
        return predict_frame(self.bundle, _from_json(model_input, self.bundle.manifest.input))


def _load_pyfunc(path: str) -> BundleModel:
    """The bundle in the folder `path`, or in `bundle/` under it."""
    folder = Path(path)
    inner = folder / "bundle"
    found = inner if inner.is_dir() else folder
    _pack_again(found)
    return BundleModel(open_bundle(found))


def _pack_again(folder: Path) -> None:
    """Put back what a server with its files in a bucket unpacked on the way: it tells MLflow's client that
    *.gz is only a form of sending. What does not become the file of the manifest again is left as it is."""
    with suppress(CauceError, OSError):
        for file in Manifest.from_bytes((folder / MANIFEST).read_bytes()).files:
            path = folder / file.path
            data = path.read_bytes() if file.path.endswith(".gz") else _GZIP
            if not data.startswith(_GZIP):
                from cauce.core.bundle.writing import packed

                again = packed(data)
                if hashlib.sha256(again).hexdigest() == file.sha256:
                    path.write_bytes(again)


def _from_json(frame: Any, columns: tuple[InputColumn, ...]) -> Any:
    """`frame` with the values JSON cannot carry in their own types; what cannot be read is left as it is,
    so that the bundle refuses it by name."""
    found: dict[str, Any] = {}
    for column in columns:
        name, kind = column.name, column.field.kind
        if kind not in ("date", "datetime", "decimal") or list(frame.columns).count(name) != 1:
            continue
        cells = _plain(frame[name])
        read = _decimals if kind == "decimal" else _times
        made = None if cells is None else read(cells, column)
        if cells is not None and made is not None and made.null_count() == cells.null_count():
            found[name] = made.to_pandas(use_pyarrow_extension_array=True).set_axis(frame.index)
    return frame.assign(**found) if found else frame


def _plain(values: Any) -> pl.Series | None:
    """Cells that are texts or numbers, or nothing; None for a column with anything else in it."""
    known = values.notna().tolist()
    cells = [cell if there else None for cell, there in zip(values.tolist(), known, strict=True)]
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {str}:
        return pl.Series("cells", cells, dtype=pl.String)
    if kinds and kinds <= {int, float}:
        return pl.Series("cells", [None if cell is None else float(cell) for cell in cells], dtype=pl.Float64)
    return None


def _times(cells: pl.Series, column: InputColumn) -> pl.Series | None:
    if cells.dtype != pl.String:
        return None
    read = _own(column)
    if read is None:
        return _iso(cells, column.field)
    samples = pl.Series("cells", _ISO)
    # A form that looks like ISO's and has the month elsewhere reads all its texts itself.
    if (read(samples) != _iso(samples, column.field)).any():
        return None
    own, iso = read(cells), _iso(cells, column.field)
    return iso.zip_with(iso.is_not_null(), own)


def _own(column: InputColumn) -> Callable[[pl.Series], pl.Series] | None:
    """The training file's own reading of texts, if it has one."""
    if column.text is None:
        return None
    conversion = Conversion((column,), {column.name: Field(column.name, "text")})
    return lambda texts: conversion(pl.DataFrame([texts.alias(column.name)])).to_series().alias("cells")


def _iso(texts: pl.Series, field: Field) -> pl.Series:
    plain = texts.str.replace("T", " ", literal=True)
    if field.kind == "date":
        return plain.str.to_date("%Y-%m-%d", strict=False, exact=True)
    moments = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    days = plain.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    return moments.zip_with(moments.is_not_null(), days).dt.replace_time_zone(field.zone)


def _decimals(cells: pl.Series, column: InputColumn) -> pl.Series | None:
    dtype = column.field.dtype
    if cells.dtype == pl.String:
        return None if column.text is not None else cells.cast(dtype, strict=False)
    made = cells.cast(dtype, strict=False)
    # A number with more places than the column has is none of its values.
    return made if made.cast(pl.Float64).equals(cells) else None
