"""Errors of ours that come back from executors as text."""

from __future__ import annotations

import json
from typing import Any

from cauce.errors import CATALOGUE, CauceError, CauceErrors, Place

_MARK = "cauce-error:"


class Crossed(RuntimeError):  # noqa: N818 - it is on its way
    """An error of ours on its way to the driver: Spark keeps the text of an exception, nothing else."""

    def __init__(self, error: CauceError) -> None:
        super().__init__(_MARK + json.dumps(error_to_json(error)))


def crossed_in(text: str) -> CauceError | None:
    """The error of ours that Spark tells of in `text`, or None."""
    _, mark, rest = text.partition(_MARK)
    if not mark:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(rest)
        return error_from_json(value)
    except (ValueError, KeyError, TypeError):
        return None


def error_to_json(error: CauceError) -> dict[str, Any]:
    """An error of ours as a JSON value."""
    if isinstance(error, CauceErrors):
        return {"errors": [error_to_json(one) for one in error.errors], "lines": list(error.lines)}
    place = error.place
    return {
        "code": error.code,
        "place": None if place is None else [place.file, place.line, place.column],
        "values": {name: _plain(one) for name, one in error.values.items()},
    }


def error_from_json(value: dict[str, Any]) -> CauceError:
    """What `error_to_json` was given; KeyError where its code is unknown here."""
    if "errors" in value:
        return CauceErrors([error_from_json(one) for one in value["errors"]], lines=value["lines"])
    place = None if value["place"] is None else Place(*value["place"])
    return CauceError(CATALOGUE[value["code"]].code, place=place, **value["values"])


def _plain(value: object) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else str(value)
