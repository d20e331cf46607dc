"""The documents that MLflow and SageMaker clients send, as rows by column name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.service.json_text import read_json
from cauce.service.rows import Row, RowReader
from cauce.service.values import Fault, Repeated, RowsRefused, described

SHAPES = ("dataframe_split", "dataframe_records", "instances", "inputs")


def rows_of_document(body: bytes, reader: RowReader) -> list[Row]:
    """The rows of a document of MLflow's or SageMaker's: one of SHAPES, or a plain row or list of rows.

    RowsRefused, E2410, E2413, E2422.
    """
    found = read_json(body)
    if type(found) is list:
        return reader.strictly(found)
    if not isinstance(found, dict):
        raise _unknown(translate(_("{found} in place of an object")).format(found=described(found)))
    named = [name for name in SHAPES if name in found]
    if not named:
        return reader.strictly([found])
    return reader.strictly(_RECORDS[_only(found, named)](found[named[0]], reader))


def rows_of_lines(body: bytes, reader: RowReader) -> list[Row]:
    """The rows of JSON lines, one object on each; lines of blanks are none. RowsRefused, E2410, E2413."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > reader.most:
        raise CauceError("E2413", rows=len(lines), limit=reader.most)
    return reader.strictly([read_json(line.strip()) for line in lines])


def _only(found: Mapping[str, Any], named: list[str]) -> str:
    """The shape's name where the document is of one shape and nothing is beside it; E2422 otherwise."""
    if type(found) is Repeated:
        raise _unknown(translate(_("a name occurs twice")))
    if len(named) > 1:
        raise _unknown(translate(_("it has several of {shapes}")).format(shapes=", ".join(SHAPES)))
    if found.get("params"):
        raise _unknown(translate(_("there are no parameters here, and params is not empty")))
    beside = set(found) - {named[0], "params", "signature_name"}
    if beside:
        raise _unknown(translate(_("members stand beside {shape}")).format(shape=named[0]))
    return named[0]


def _records(found: Any, _reader: RowReader) -> list[Any]:
    if type(found) is not list:
        raise _unknown(translate(_("{found} in place of a list of rows")).format(found=described(found)))
    return found


def _split(found: Any, reader: RowReader) -> list[Any]:
    known = isinstance(found, dict) and set(found) <= {"columns", "data", "index"}
    if not known or not {"columns", "data"} <= set(found) or type(found) is Repeated:
        raise _unknown(translate(_("dataframe_split has columns and data, and may have index")))
    columns, data = found["columns"], found["data"]
    if type(columns) is not list or not all(type(name) is str for name in columns):
        raise _unknown(translate(_("columns is no list of names")))
    if type(data) is not list:
        raise _unknown(translate(_("data is no list of rows")))
    if len(data) > reader.most:
        raise CauceError("E2413", rows=len(data), limit=reader.most)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    faults = [Fault("E2433", None, name, {}) for name in twice] + _ragged(data, len(columns))
    if faults:
        raise RowsRefused(faults)
    return [dict(zip(columns, row, strict=True)) for row in data]


def _ragged(data: list[Any], width: int) -> list[Fault]:
    expected = translate(_("a list of {count}")).format(count=width)
    return [
        Fault("E2435", place, None, {"found": _sized(row), "expected": expected})
        for place, row in enumerate(data)
        if type(row) is not list or len(row) != width
    ]


def _sized(row: Any) -> str:
    if type(row) is list:
        return translate(_("a list of {count}")).format(count=len(row))
    return described(row)


def _inputs(found: Any, reader: RowReader) -> list[Any]:
    """Rows, or columns by name."""
    if type(found) is list:
        return found
    if not isinstance(found, dict) or type(found) is Repeated:
        raise _unknown(translate(_("inputs is no list of rows, and no lists by column name")))
    lists = [value for value in found.values() if type(value) is list]
    if not lists:
        return [found]
    if len(lists) < len(found) or len({len(one) for one in lists}) > 1:
        raise _unknown(translate(_("the columns of inputs are not lists of one length")))
    if len(lists[0]) > reader.most:
        raise CauceError("E2413", rows=len(lists[0]), limit=reader.most)
    return [dict(zip(found, row, strict=True)) for row in zip(*lists, strict=True)]


_RECORDS: dict[str, Callable[[Any, RowReader], list[Any]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _records,
    "inputs": _inputs,
}


def _unknown(reason: str) -> CauceError:
    return CauceError("E2422", reason=reason)
