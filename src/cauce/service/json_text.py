"""JSON read strictly: numbers as they are written, names that occur twice marked, one error for all else."""

from __future__ import annotations

import json
from typing import Any

from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.service.values import Constant, Fraction, Whole, doubled

_DECODER = json.JSONDecoder(
    object_pairs_hook=doubled, parse_int=Whole, parse_float=Fraction, parse_constant=Constant
)


def read_json(body: bytes) -> Any:
    """The document in `body`; numbers are `Whole` and `Fraction`, NaN and the like `Constant`. E2410."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = translate(_("byte {place} is not UTF-8")).format(place=error.start + 1)
        raise CauceError("E2410", reason=reason) from None
    if text.startswith("\ufeff"):
        raise CauceError("E2410", reason=translate(_("it begins with a byte-order mark")))
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        reason = translate(_("line {line}, column {column}"))
        raise CauceError("E2410", reason=reason.format(line=error.lineno, column=error.colno)) from None
    except RecursionError:
        raise CauceError("E2410", reason=translate(_("nested too deeply"))) from None
