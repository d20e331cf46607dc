"""What a run tells, piece by piece: each message is one request that may be repeated without harm."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal, TypeAlias, TypeVar, get_args

from cauce.core.canonical import canonical_json, item, read_document
from cauce.core.run_record import RunRecord
from cauce.errors import CauceError
from cauce.tracking.destination import redacted

FORMAT = 1
Kind: TypeAlias = Literal["begin", "params", "metrics", "tags", "datasets", "artifact", "bundle", "end"]
METRICS, PARAMS, TAGS = 1000, 100, 100
KEY_CHARACTERS, PARAM_CHARACTERS, TAG_CHARACTERS = 250, 6000, 5000
_ODD = re.compile(r"[^A-Za-z0-9_./ :-]")
_UNUSUAL = re.compile(r"^[/.]|//|/\.|\./|[/.]$")
T = TypeVar("T")


@dataclass(frozen=True)
class Message:
    """One piece. key: the same for the same piece of the same run, whenever it is sent."""

    kind: Kind
    body: Mapping[str, Any]

    def to_bytes(self, run: str, number: int) -> bytes:
        """Canonical JSON."""
        key = hashlib.sha256(f"{run}/{number}/".encode() + canonical_json(self.body)).hexdigest()
        return canonical_json({"format": FORMAT, "key": key, "kind": self.kind, "body": dict(self.body)})

    @staticmethod
    def from_bytes(data: bytes, where: str) -> Message:
        """What `to_bytes` gave; E0507 for anything else, E0508 where a newer Cauce wrote it."""
        value = read_document(data, where, version=FORMAT, fields=("key", "kind", "body"))
        if value["kind"] not in get_args(Kind):
            raise CauceError("E0507", key=where, reason=f"kind {value['kind']}")
        return Message(value["kind"], item(value, "body", kind=dict, key=where))


def beginning(record: RunRecord) -> Message:
    """That a run began."""
    return Message(
        "begin",
        {
            "experiment": record.experiment,
            "name": record.run,
            "project": record.project,
            "started": milliseconds(record.started),
            **({"parent": record.parent} if record.parent else {}),
        },
    )


def ending(record: RunRecord) -> Message:
    """That a run ended."""
    ended = record.ended or record.started
    return Message("end", {"status": record.status, "ended": milliseconds(ended)})


def told(record: RunRecord) -> Iterator[Message]:
    """What a record says, but its beginning, its files and its end."""
    for params in _pieces(_keyed(record.params).items(), PARAMS):
        yield Message("params", {key: _cut(value, PARAM_CHARACTERS) for key, value in params})
    yield from numbers(record.tracked, at=record.started)
    for tags in _pieces(_keyed(record.tags).items(), TAGS):
        yield Message("tags", {key: _cut(value, TAG_CHARACTERS) for key, value in tags})
    if record.datasets:
        listed = [{**one.to_json(), "source": redacted(one.source)} for one in record.datasets]
        yield Message("datasets", {"datasets": listed})


def numbers(values: Mapping[str, float], *, at: datetime, step: int = 0) -> Iterator[Message]:
    """Metrics by key at a moment and a step. What is no number is told as "nan", "inf" or "-inf"."""
    for piece in _pieces(_keyed(values).items(), METRICS):
        rows = [[key, _number(value), step] for key, value in piece]
        yield Message("metrics", {"at": milliseconds(at), "metrics": rows})


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 in UTC."""
    return int(moment.timestamp() * 1000)


def safe_key(key: str) -> str:
    """`key` as a tracker takes it: where it has to be changed, 64 bits of its SHA-256 keep it apart."""
    plain = _UNUSUAL.sub("_", _ODD.sub("_", key))
    return key if plain == key and 0 < len(key) <= KEY_CHARACTERS else _tailed(key, plain)


def _keyed(values: Mapping[str, T]) -> dict[str, T]:
    """`values` by keys that a tracker takes and none takes for another.

    To MariaDB and MySQL, "a" and "A" and "a " are one key: of such keys each gets its tail.
    """
    safe = {key: safe_key(key) for key in values}
    alike = Counter(key.lower().rstrip() for key in safe.values())
    return {
        key if alike[key.lower().rstrip()] == 1 else _tailed(given, key): values[given]
        for given, key in safe.items()
    }


def _tailed(key: str, plain: str) -> str:
    tail = f"-h{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}-"
    return plain[: KEY_CHARACTERS - len(tail)] + tail


def _cut(value: str, limit: int) -> str:
    text = redacted(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))


def _pieces(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while piece := list(islice(rest, size)):
        yield piece
