"""Rows that trees are grown from, as they travel between executors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cauce.core.boosting_rows import Part

PACKED = "worker int, fold tinyint, label float, weight float, a long, b long, features binary"
"""A row of `packed` for Spark."""
SEEN = -2
"""The fold of a row that only says in `a` how many rows were read."""

_SCHEMA = pa.schema(
    [
        ("worker", pa.int32()),
        ("fold", pa.int8()),
        ("label", pa.float32()),
        ("weight", pa.float32()),
        ("a", pa.int64()),
        ("b", pa.int64()),
        ("features", pa.binary()),
    ]
)
_HALF = np.uint64(32)


def packed(part: Part, fold: npt.NDArray[Any], *, workers: int = 1) -> pa.RecordBatch:
    """Rows, each with the number of the worker whose share of all hashes it falls into."""
    rows, width = part.features.shape
    first, second = part.lanes
    worker = ((first >> _HALF) * np.uint64(workers)) >> _HALF
    weight = np.ones(rows, dtype=np.float32) if part.weight is None else part.weight
    ends = pa.py_buffer(np.arange(rows + 1, dtype=np.int64).astype(np.int32) * np.int32(4 * width))
    content = pa.py_buffer(np.ascontiguousarray(part.features).reshape(-1))
    columns = [
        pa.array(worker.astype(np.int32)),
        pa.array(fold.astype(np.int8)),
        pa.array(part.label),
        pa.array(weight),
        pa.array(first.view(np.int64)),
        pa.array(second.view(np.int64)),
        pa.Array.from_buffers(pa.binary(), rows, [None, ends, content]),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)


def seen(rows: int, *, width: int) -> pa.RecordBatch:
    """A row that says how many rows of `width` features were read."""
    empty = np.zeros((1, width), dtype=np.float32)
    nothing, count = np.zeros(1, dtype=np.float32), np.array([rows], dtype=np.uint64)
    none = np.zeros(1, dtype=np.uint64)
    batch = packed(Part(empty, nothing, None, (none, none)), np.array([SEEN]))
    return batch.set_column(4, "a", pa.array(count.view(np.int64)))


def unpacked(batch: pa.RecordBatch, *, width: int, weighted: bool) -> tuple[Part, npt.NDArray[np.int8]]:
    """The rows of `packed`, and their folds. weighted: whether they keep their weights."""
    _, fold, label, weight, first, second, features = batch.columns
    _, ends, content = features.buffers()
    start = np.frombuffer(ends, dtype=np.int32)[features.offset] if ends else 0
    values = np.frombuffer(content or b"", dtype=np.uint8)[start : start + 4 * width * len(features)]
    # Whoever made the buffer may have begun it anywhere.
    matrix = np.require(values, requirements="A").view(np.float32).reshape(len(features), width)
    lanes = (first.to_numpy().view(np.uint64), second.to_numpy().view(np.uint64))
    own = weight.to_numpy() if weighted else None
    return Part(matrix, label.to_numpy(), own, lanes), fold.to_numpy()


def to_bytes(batch: pa.RecordBatch) -> bytes:
    """A batch of `packed` as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def from_bytes(data: bytes) -> pa.RecordBatch:
    """What `to_bytes` was given."""
    with pa.ipc.open_stream(data) as reader:
        return reader.read_next_batch()
