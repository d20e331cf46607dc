"""What the training rows looked like: the states of summaries, for a later monitor to merge and compare."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from cauce import stats
from cauce.core.bundle.manifest import BASELINE, refused
from cauce.core.canonical import canonical_json, check_fields, item, read_document
from cauce.errors import CauceError
from cauce.stats.scalars import plain, scalar
from cauce.stats.summary import Summary

FORMAT = 1
_DECLARATIONS = {name: getattr(stats, name) for name in stats.__all__ if name[0].isupper()}
_DEPTH = 8


@dataclasses.dataclass(frozen=True)
class Gathered:
    """A summary and its state over the training rows, under a name such as "features" or "target"."""

    name: str
    summary: Summary
    state: Any


def baseline_files(gathered: Sequence[Gathered]) -> dict[str, bytes]:
    """An index of the summaries, and a file for each state."""
    files = {f"baseline/{place:04d}.state": one.summary.dump(one.state) for place, one in enumerate(gathered)}
    entries = [
        {"name": one.name, "summary": encode_summary(one.summary), "file": file}
        for one, file in zip(gathered, files, strict=True)
    ]
    return {BASELINE: canonical_json({"format": FORMAT, "entries": entries}), **files}


def read_baseline(contents: Mapping[str, bytes]) -> tuple[Gathered, ...]:
    """What `baseline_files` was given; E1201 where a file is none of ours, E0203 to E0205 for a state."""
    if BASELINE not in contents:
        return ()
    try:
        value = read_document(contents[BASELINE], BASELINE, version=FORMAT, fields=("entries",))
        return tuple(_gathered(one, contents) for one in item(value, "entries", kind=list, key=BASELINE))
    except CauceError as error:
        if error.code.startswith("E02"):
            raise
        raise refused(error.message, BASELINE) from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise refused(f"{type(error).__name__}: {error}", BASELINE) from error


def _gathered(value: Any, contents: Mapping[str, bytes]) -> Gathered:
    check_fields(value, ("name", "summary", "file"), key=BASELINE)
    summary = decode_summary(value["summary"])
    return Gathered(
        item(value, "name", kind=str, key=BASELINE), summary, summary.load(contents[value["file"]])
    )


def encode_summary(summary: Summary) -> dict[str, Any]:
    """A summary's declaration as a JSON value."""
    made: dict[str, Any] = _encoded(summary)
    return made


def _encoded(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value).__name__
        if _DECLARATIONS.get(kind) is not type(value):
            raise CauceError("E1219", summary=kind)
        shown = {one.name: _encoded(getattr(value, one.name)) for one in dataclasses.fields(value)}
        return {"summary": kind, "fields": shown}
    if isinstance(value, tuple):
        return [_encoded(one) for one in value]
    return plain(value)


def decode_summary(value: Any) -> Summary:
    """What `encode_summary` gave; TypeError, ValueError or KeyError for anything else."""
    made: Summary = _decoded(value, _DEPTH)
    if not hasattr(made, "load"):
        raise TypeError("not a summary")
    return made


def _decoded(value: Any, depth: int) -> Any:
    if not depth:
        raise ValueError("nested too deep")
    if isinstance(value, list):
        return tuple(_decoded(one, depth - 1) for one in value)
    if isinstance(value, dict) and "summary" in value:
        kind = _DECLARATIONS[value["summary"]]
        fields = {name: _decoded(one, depth - 1) for name, one in value["fields"].items()}
        return kind(**fields)
    return scalar(value) if isinstance(value, dict) else value
