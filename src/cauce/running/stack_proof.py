"""Tries each server of a stack as its user: what is up need not let anybody in."""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cauce.containers.parts import CLEAN, RAW, Parts
from cauce.containers.passwords import FOLDER, MLFLOW_USER
from cauce.containers.rendering import Rendered, database_url, store_url
from cauce.errors import CauceError

SERVICES = ("database", "storage", "mlflow")
_SECONDS = 30.0
_KEYS = "AWS_SHARED_CREDENTIALS_FILE"
_OVER_THEM = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def prove(stack: Rendered, heard: Callable[[str, str], None], *, services: Sequence[str] = SERVICES) -> None:
    """Log in to the database and write into both its parts, write, list and remove an object, ask MLflow its
    version, with and without its password. heard: what was tried, and what it said; services: which to try.
    E2719 where one fails, E2720 where one lets anybody in."""
    for name in services:
        try:
            said = _PROOFS[name](stack)
        except (CauceError, OSError, ValueError) as error:
            if isinstance(error, CauceError) and error.code == "E2720":
                raise
            reason = error.message if isinstance(error, CauceError) else str(error) or type(error).__name__
            raise CauceError("E2719", service=name, reason=reason, folder=stack.folder) from error
        heard(name, said)


def _database(stack: Rendered) -> str:
    from cauce.sources.sql.mysql import connected
    from cauce.spec.addresses import parse_address

    address = parse_address(database_url(stack.folder, stack.parts))
    with connected(address) as connection, connection.cursor() as cursor:
        for schema in (RAW, CLEAN):
            cursor.execute(f"CREATE OR REPLACE TABLE {schema}.cauce_stack_trial (n INT)")
            cursor.execute(f"DROP TABLE {schema}.cauce_stack_trial")
        cursor.execute("SELECT VERSION()")
        return f"MariaDB {cursor.fetchone()[0]}"


def _storage(stack: Rendered) -> str:
    from cauce.stores.bucket import bucket_of
    from cauce.stores.objects import ObjectStore

    # What was found out before the server was started anew may hold no more.
    bucket_of.cache_clear()
    with _keys_of(stack), tempfile.TemporaryDirectory() as folder:
        url, key, data = store_url(stack.parts), f"trial-{secrets.token_hex(8)}", b"cauce"
        store = ObjectStore(url, folder)
        store.check()
        store.put_if_absent(key, data)
        if store.get(key) != data:
            raise ValueError(key)
        store.delete(key)
        return url.partition("?")[0]


@contextmanager
def _keys_of(stack: Rendered) -> Iterator[None]:
    """The environment that reads the keys of the stack."""
    before = {name: os.environ.get(name) for name in (_KEYS, *_OVER_THEM)}
    for name in _OVER_THEM:
        os.environ.pop(name, None)
    os.environ[_KEYS] = str(stack.folder / FOLDER / "keys")
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _mlflow(stack: Rendered) -> str:
    password = Path(stack.folder, FOLDER, "mlflow_admin").read_text(encoding="ascii")
    plain = base64.b64encode(f"{MLFLOW_USER}:{password}".encode()).decode()
    version = _asked(stack.parts, "/version", {"Authorization": f"Basic {plain}"})
    search = "/api/2.0/mlflow/experiments/search?max_results=1"
    _asked(stack.parts, search, {"Authorization": f"Basic {plain}"})
    try:
        _asked(stack.parts, search, {})
    except urllib.request.HTTPError as error:
        if error.code == 401:
            return f"MLflow {version}"
        raise
    raise CauceError("E2720", service="mlflow")


def _asked(parts: Parts, path: str, headers: dict[str, str]) -> str:
    url = f"http://127.0.0.1:{parts.ports['mlflow']}{path}"
    request = urllib.request.Request(url, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=_SECONDS) as answer:
        text: str = answer.read(1 << 16).decode("utf-8", "replace")
        return text.strip()


_PROOFS: Mapping[str, Callable[[Rendered], str]] = {
    "database": _database,
    "storage": _storage,
    "mlflow": _mlflow,
}
