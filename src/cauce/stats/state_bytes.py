"""States as bytes: one checked line, then an Arrow stream of one row (arrays, frames) with JSON beside it."""

from __future__ import annotations

import binascii
import io
import json
from typing import Any, Final

import numpy as np
import polars as pl

from cauce.errors import CauceError
from cauce.stats.scalars import plain, scalar
from cauce.stats.state_trees import declaration

_MAGIC: Final = b"cauce-state/1 "
_KEY: Final = b"cauce"
_DTYPES: Final = {"uint8", "int64", "uint64", "float64"}


def pack(summary: Any, version: int, *, tree: Any) -> bytes:
    """`tree` (dicts, lists, scalars, arrays, frames, bytes), the state of `summary`, as bytes."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, and only states need it

    found: list[Any] = []
    meta = {"summary": type(summary).__name__, "version": version, "declaration": declaration(summary)}
    meta["state"] = _plain(tree, found)
    columns = [_cell(pa, item) for item in found]
    names = [str(index) for index in range(len(found))]
    schema = pa.schema([(name, column.type) for name, column in zip(names, columns, strict=True)])
    schema = schema.with_metadata({_KEY: json.dumps(meta, allow_nan=False, separators=(",", ":")).encode()})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        if columns:
            writer.write_batch(pa.record_batch(columns, schema=schema))
    body = sink.getvalue()
    return _MAGIC + b"%08x\n" % binascii.crc32(body) + body


def unpack(summary: Any, version: int, *, data: bytes) -> Any:
    """The tree in `data`. Raises E0203 (another declaration), E0204 (version), E0205 (damage)."""
    name = type(summary).__name__
    body = _checked_body(name, data)
    try:
        meta, found = _read(body)
        own = (meta["summary"], meta["declaration"])
        written = meta["version"]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise CauceError("E0205", summary=name, detail=type(error).__name__) from error
    if own[0] != name:
        raise CauceError("E0203", summary=name)
    if written != version:
        raise CauceError("E0204", summary=name, found=written, known=version)
    if own[1] != declaration(summary):
        raise CauceError("E0203", summary=name)
    try:
        return _tree(meta["state"], found)
    except (ValueError, KeyError, TypeError, IndexError, pl.exceptions.PolarsError) as error:
        raise CauceError("E0205", summary=name, detail=type(error).__name__) from error


def _checked_body(name: str, data: bytes) -> bytes:
    start = len(_MAGIC)
    line_end = start + 9
    body = data[line_end:]
    if not data.startswith(_MAGIC) or data[line_end - 1 : line_end] != b"\n":
        raise CauceError("E0205", summary=name, detail="header")
    if data[start : line_end - 1] != b"%08x" % binascii.crc32(body):
        raise CauceError("E0205", summary=name, detail="checksum")
    return body


def _read(body: bytes) -> tuple[dict[str, Any], list[Any]]:
    import pyarrow as pa  # noqa: PLC0415

    with pa.ipc.open_stream(body) as reader:
        meta = json.loads(reader.schema.metadata[_KEY])
        batches = list(reader)
    return meta, [column[0] for column in batches[0].columns] if batches else []


def _cell(pa: Any, item: Any) -> Any:
    """One Arrow array of length 1 that holds `item` (an array or bytes)."""
    # From buffers, because pa.array and pa.scalar import pandas where it is installed, which takes a second.
    ends = pa.py_buffer(np.array([0, len(item)], dtype=np.int64))
    if isinstance(item, bytes):
        return pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(item)])
    dtype = pa.from_numpy_dtype(item.dtype)
    values = pa.Array.from_buffers(dtype, len(item), [None, pa.py_buffer(item)])
    return pa.Array.from_buffers(pa.large_list(dtype), 1, [None, ends], children=[values])


def _plain(tree: Any, found: list[Any]) -> Any:
    if isinstance(tree, dict):
        return {key: _plain(value, found) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_plain(value, found) for value in tree]
    if isinstance(tree, np.ndarray):
        if tree.dtype.name not in _DTYPES:
            raise TypeError(tree.dtype.name)
        found.append(np.ascontiguousarray(tree).reshape(-1))
        return {"$array": len(found) - 1, "dtype": tree.dtype.name, "shape": list(tree.shape)}
    if isinstance(tree, pl.DataFrame):
        sink = io.BytesIO()
        # The oldest layout has one form for equal texts; string views keep traces of how they were gathered.
        tree.rechunk().write_ipc(sink, compat_level=pl.CompatLevel.oldest())
        found.append(sink.getvalue())
        return {"$frame": len(found) - 1}
    if isinstance(tree, bytes):
        found.append(tree)
        return {"$bytes": len(found) - 1}
    return plain(tree)


def _tree(value: Any, found: list[Any]) -> Any:
    if isinstance(value, list):
        return [_tree(item, found) for item in value]
    if not isinstance(value, dict):
        return value
    if "$" in value:
        return scalar(value)
    marks = value.keys() & {"$array", "$frame", "$bytes"}
    return _stored(value, found) if marks else {key: _tree(item, found) for key, item in value.items()}


def _array(values: Any, dtype: str) -> np.ndarray[Any, Any]:
    """What `_cell` wrote, without pandas, as there."""
    import pyarrow as pa  # noqa: PLC0415

    known = dtype in _DTYPES and values.type == pa.from_numpy_dtype(np.dtype(dtype))
    if not known or values.null_count:
        raise TypeError(dtype)
    buffer, start = values.buffers()[1], values.offset * np.dtype(dtype).itemsize
    if not len(values):
        return np.zeros(0, dtype)
    return np.frombuffer(buffer, dtype, count=len(values), offset=start)


def _stored(value: dict[str, Any], found: list[Any]) -> Any:
    if "$array" in value:
        return _array(found[value["$array"]].values, value["dtype"]).reshape(value["shape"])
    if "$frame" in value:
        return pl.read_ipc(io.BytesIO(found[value["$frame"]].as_py()))
    return found[value["$bytes"]].as_py()
