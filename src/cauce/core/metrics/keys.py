"""Tracker keys: a metric of a dataset under a name every MLflow store accepts and keeps apart."""

from __future__ import annotations

import hashlib
import string
from typing import Literal, get_args

from cauce.core.metrics.kinds import KINDS
from cauce.core.metrics.names import MetricName

Dataset = Literal["train", "validation", "test"]
DATASETS: tuple[Dataset, ...] = get_args(Dataset)
End = Literal["low", "high"]
KEY_CHARACTERS = 250

_PLAIN = frozenset(string.ascii_letters + string.digits)
_NAMED = {
    "<": "lt",
    ">": "gt",
    "=": "eq",
    "-": "dash",
    ".": "dot",
    "%": "pct",
    "/": "per",
    "+": "plus",
    "$": "usd",
    "_": "low",
}


def tracker_key(name: MetricName, dataset: Dataset, *, end: End | None = None) -> str:
    """`name` on `dataset` as letters, digits and "/._-" only, at most 250 characters.

    end: of its interval, told by `_low` or `_high` after the key. Where a class name ends in a blank and
    that word, its last blank becomes "-x20-", so that no name's key ends so.
    Different names have different keys, also in stores that fold case (MySQL): a blank becomes "_",
    other characters "-word-" or "-xHEX-", and "-cHEX-" at the end marks which letters are capitals.
    A key that would be too long is cut and ends in 128 bits of the SHA-256 of the canonical text.
    MLflow refuses brackets, "<", "%" and paths that are not normal (mlflow.utils.validation).
    """
    tail = "" if end is None else f"_{end}"
    return _limited(f"{dataset}/{'.'.join(_segments(name))}", str(name), KEY_CHARACTERS - len(tail)) + tail


def baseline_key(name: MetricName, dataset: Dataset) -> str:
    """The key of what guessing reaches in this metric."""
    return _limited(f"{dataset}/baseline.{'.'.join(_segments(name))}", str(name))


def _segments(name: MetricName) -> list[str]:
    found = [name.kind]
    kind = KINDS[name.kind]
    if name.positive is not None:
        found += ["positive", _slug(name.positive)]
    if name.average is not None:
        found += ["ovr", name.average] if kind.one_vs_rest else [name.average]
    if kind.option and name.option != kind.option[1]:
        found += [kind.option[0], str(name.option).removesuffix("%")]
    if name.scale is not None:
        found.append(name.scale)
    return found


def _slug(value: str) -> str:
    if not value:
        return "-empty-"
    text = "".join(_written(character) for character in value)
    head, blank, word = text.rpartition("_")
    if blank and word in get_args(End):
        text = f"{head}-x20-{word}"
    capitals = sum(1 << at for at, character in enumerate(value) if character in string.ascii_uppercase)
    return f"{text}-c{capitals:x}-" if capitals else text


def _written(character: str) -> str:
    if character in _PLAIN:
        return character
    if character == " ":
        return "_"
    return f"-{_NAMED.get(character) or f'x{ord(character):x}'}-"


def _limited(key: str, text: str, most: int = KEY_CHARACTERS) -> str:
    if len(key) <= most:
        return key
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    tail = f"-h{digest}-"
    return key[: most - len(tail)] + tail
