"""What a stack is made of: its services, their images, and the doors they open on this machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cauce.errors import CauceError

EXTRAS = ("spark", "jupyter")
"""What a stack has only when it is asked for."""
PYTHON = "python:3.11.16-slim-bookworm"
MARIADB = "mariadb:11.8.9"
STORAGE = "chrislusf/seaweedfs:4.44"
"""Maintained, under Apache 2.0; writes where nothing is (If-None-Match) are atomic since 4.18; keys come from
a file. MinIO's images have ended; others lack that condition, or do not hold it among many writers."""
PORTS: Mapping[str, int] = {
    "database": 3306,
    "storage": 8333,
    "mlflow": 5000,
    "spark": 8080,
    "jupyter": 8888,
}
"""Doors on 127.0.0.1, by name, and where each is when its number is free."""
BUCKETS = {"store": "cauce", "artifacts": "mlflow"}
RAW, CLEAN = "raw_data", "clean_data"
PROFILE = "cauce-stack"
"""The name of the profile of S3 keys."""
_LEAST_PORT, _MOST_PORT = 1024, 65_535
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Parts:
    """What one stack is. name: of its containers and volumes; extras: of `EXTRAS`; ports: by door."""

    name: str
    extras: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=lambda: dict(PORTS))

    @property
    def doors(self) -> tuple[str, ...]:
        """The names of the doors that it opens."""
        return tuple(name for name in PORTS if name not in EXTRAS or name in self.extras)

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services that stay up, as the compose file has them."""
        more = ("spark-master", "spark-worker") if "spark" in self.extras else ()
        return ("database", "storage", "mlflow", *more, *(one for one in self.extras if one == "jupyter"))


def chosen_extras(asked: str | None) -> tuple[str, ...]:
    """The extras named in a text such as "spark,jupyter", in their order. E2700 for another."""
    named = {one.strip() for one in (asked or "").split(",")} - {""}
    for one in sorted(named):
        if one not in EXTRAS:
            raise CauceError("E2700", part=one, known=", ".join(EXTRAS))
    return tuple(one for one in EXTRAS if one in named)


def declared_ports(texts: tuple[str, ...], doors: tuple[str, ...]) -> dict[str, int]:
    """The ports of texts such as "mlflow=5001". E2701 for another text, door or number."""
    found: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        right = name in doors and number.isascii() and number.isdigit()
        if not right or not _LEAST_PORT <= int(number) <= _MOST_PORT:
            raise CauceError("E2701", text=text, doors=", ".join(doors))
        found[name] = int(number)
    if len(set(found.values())) < len(found):
        raise CauceError("E2701", text=" ".join(texts), doors=", ".join(doors))
    return found


def name_of(folder: Path) -> str:
    """What a stack in this folder is called: the folder's name, and what tells it from others so named."""
    plain = _NOT_PLAIN.sub("-", folder.name.lower()).strip("-")[:30].strip("-") or "stack"
    return f"{plain}-{hashlib.sha256(str(folder).encode()).hexdigest()[:6]}"
