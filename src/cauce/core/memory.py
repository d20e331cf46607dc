"""How much memory a fit takes, known before it begins."""

from __future__ import annotations

from dataclasses import dataclass

from cauce.language import format_number, format_significant
from cauce.spec.models import Boosting, Forest, ModelSettings

KEPT = 1 << 30
"""Bytes of rows kept in memory where engine.memory says nothing; the others wait in a file."""
BATCH_ROWS = 131_072
_BINNED, _BINNED_MISSING = 2, 5
"""Bytes of a value as trees see it: without and with missing values in its column."""
_GIGABYTE, _MEGABYTE = 10**9, 10**6
_GRADIENTS, _HISTOGRAM, _SUMS = 24, 16, 8


@dataclass(frozen=True, kw_only=True)
class FitSize:
    """What is fitted. rows: that train or stop training. outputs: 1, or as many as there are classes beyond
    two. kept: bytes of rows that stay in memory, the others wait in a file. batch_rows: worked on at a time.
    """

    rows: int
    features: int
    outputs: int = 1
    kept: int = KEPT
    batch_rows: int = BATCH_ROWS


@dataclass(frozen=True, kw_only=True)
class FitMemory:
    """Bytes, beside what the program itself takes. least: where no value is missing and trees stay small;
    most: where values are missing and every node that can be split is."""

    least: int
    most: int


def fit_memory(model: ModelSettings, size: FitSize) -> FitMemory:
    """What fitting `model` takes.

    Trees (XGBoost's hist): rows as float32 within the limit, their bins, gradients, and a histogram of every
    feature for each node of the widest level. Linear and logistic: products of the features, three times.
    """
    cells = size.rows * size.features
    kept = min(4 * cells, size.kept)
    batch = min(size.rows, size.batch_rows) * size.features * 16
    if not isinstance(model, Boosting | Forest):
        wide = (size.features + 1) * size.outputs
        taken = kept + 2 * batch + 3 * wide * wide * _SUMS
        return FitMemory(least=taken, most=taken)
    every = kept + batch + size.rows * size.outputs * _GRADIENTS
    # A node is split where it has two rows at the least, whatever the depth allows.
    nodes = min(1 << (model.max_depth - 1), max(size.rows // 2, 1))
    histograms = nodes * size.features * model.max_bin * _HISTOGRAM
    return FitMemory(least=every + cells * _BINNED, most=every + cells * _BINNED_MISSING + histograms)


def bytes_text(count: int) -> str:
    """Bytes for a person: 1.2 GB, 340 MB."""
    size, unit = (_GIGABYTE, "GB") if count >= _GIGABYTE else (_MEGABYTE, "MB")
    value = max(count / size, 0.1)
    return f"{format_number(round(value)) if value >= 100 else format_significant(value, 2)} {unit}"
