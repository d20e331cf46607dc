"""The secrets of a stack: made once, kept in files, handed to containers as files."""

from __future__ import annotations

import json
import os
import secrets
import string
from collections.abc import Mapping
from pathlib import Path

from cauce.containers.parts import BUCKETS, PROFILE, Parts
from cauce.core.faults import translated
from cauce.errors import CauceError

FOLDER = "secrets"
ALWAYS = (
    "database_root",
    "database_mlflow",
    "database_warehouse",
    "storage_admin",
    "storage_mlflow",
    "storage_store",
    "mlflow_admin",
    "mlflow_signing",
)
MLFLOW_USER = "cauce"
_OF_EXTRAS = {"jupyter": ("jupyter_token",)}
_SIGNS = string.ascii_letters + string.digits
_LENGTH = 40
_MOST_BYTES = 4096


def names_of(parts: Parts) -> tuple[str, ...]:
    """The secrets that such a stack has."""
    return (*ALWAYS, *(name for extra in parts.extras for name in _OF_EXTRAS.get(extra, ())))


def kept(folder: Path, wanted: tuple[str, ...], *, known: tuple[str, ...]) -> dict[str, str]:
    """The secrets that are there, and new ones for the others. known: those that must be there: the servers'
    volumes were made with them, and would take no new one. E2705 where one of these is not there."""
    found = {}
    for name in wanted:
        path = folder / FOLDER / name
        with translated(path):
            text = path.read_bytes()[:_MOST_BYTES].decode("ascii", "replace") if path.is_file() else ""
        if name in known and not _is_secret(text):
            raise CauceError("E2705", path=path)
        found[name] = text if _is_secret(text) else made()
    return found


def made() -> str:
    """A new secret of letters and digits, 238 bits, which needs no quotes anywhere."""
    return "".join(secrets.choice(_SIGNS) for _sign in range(_LENGTH))


def _is_secret(text: str) -> bool:
    return len(text) == _LENGTH and set(text) <= set(_SIGNS)


def files_of(found: Mapping[str, str], folder: Path) -> dict[str, bytes]:
    """The files of the secrets, by path: one for each, and what is made of them."""
    texts = dict(found)
    texts["storage.json"] = _identities(found)
    texts["keys"] = _keys(found)
    texts["environment"] = _environment(found, folder)
    return {f"{FOLDER}/{name}": text.encode() for name, text in sorted(texts.items())} | {
        f"{FOLDER}/.gitignore": b"*\n"
    }


def mode_of(path: str) -> int:
    """The rights of a file of the folder. Containers read their secrets as users of their own, through a
    mount, so these are open to all; the folder they lie in is not. What only this machine's user needs is
    the user's alone."""
    inside, _, name = path.partition("/")
    return 0o600 if inside == FOLDER and name in ("keys", "environment") else 0o644


def lock(folder: Path) -> None:
    """The folder of the secrets, there and closed to everybody else."""
    place = folder / FOLDER
    with translated(place):
        place.mkdir(mode=0o700, exist_ok=True)
        place.chmod(0o700)


def _identities(found: Mapping[str, str]) -> str:
    def identity(name: str, actions: list[str]) -> dict[str, object]:
        keys = [{"accessKey": name, "secretKey": found[f"storage_{name}"]}]
        return {"name": name, "credentials": keys, "actions": actions}

    def of(bucket: str) -> list[str]:
        return [f"{action}:{bucket}" for action in ("Read", "Write", "List", "Tagging")]

    everybody = [
        identity("admin", ["Admin", "Read", "Write", "List", "Tagging"]),
        identity("mlflow", of(BUCKETS["artifacts"])),
        identity("store", of(BUCKETS["store"])),
    ]
    return json.dumps({"identities": everybody}, indent=2) + "\n"


def _keys(found: Mapping[str, str]) -> str:
    return (
        f"[{PROFILE}]\naws_access_key_id = store\naws_secret_access_key = {found['storage_store']}\n"
        "region = us-east-1\n"
    )


def _environment(found: Mapping[str, str], folder: Path) -> str:
    lines = {
        "AWS_SHARED_CREDENTIALS_FILE": os.fspath(folder / FOLDER / "keys"),
        "MLFLOW_TRACKING_USERNAME": MLFLOW_USER,
        "MLFLOW_TRACKING_PASSWORD": found["mlflow_admin"],
    }
    return "".join(f"export {name}={_quoted(value)}\n" for name, value in lines.items())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
