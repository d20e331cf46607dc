"""The border to MLflow: its settings, its noise, and its failures in words of ours."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NoReturn

from cauce.errors import CauceError, raise_alone, shown
from cauce.tracking.database import make_database
from cauce.tracking.destination import Destination
from cauce.tracking.trouble import Trouble, kind_of

REQUEST_SECONDS = 30
_SETTINGS = {
    # The client's own defaults keep a caller for four minutes when a server is down.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": str(REQUEST_SECONDS),
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # What a bucket says is packed is unpacked on the way here, and is another file then.
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
_NOISY = ("mlflow", "alembic", "urllib3")
_BROKEN = re.compile(
    r"InterfaceError|InternalError|PendingRollbackError|ResourceClosedError|DisconnectionError"
)
_CODES = {"other": "E1302", "login": "E1316", "files": "E1317"}


def mlflow_installed() -> bool:
    """Whether the extra is there."""
    return find_spec("mlflow") is not None


def require_mlflow() -> None:
    """E1301 where the extra is not there."""
    if not mlflow_installed():
        raise CauceError("E1301")


@contextmanager
def quiet_mlflow(destination: Destination | None = None) -> Iterator[None]:
    """MLflow, loaded, with short patience and no noise inside; as it was outside.

    destination: whose login its client is to use.
    """
    login = None if destination is None else destination.login
    wanted = {**_SETTINGS, **({} if login is None else login.variables)}
    before = {name: os.environ.get(name) for name in wanted}
    _set_variables(wanted)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow  # noqa: F401 - it sets up its own logging, which must not come later

            with _silent(*(logging.getLogger(name) for name in _NOISY)):
                yield
    finally:
        _set_variables(before)


def _set_variables(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _silent(*loggers: logging.Logger) -> Iterator[None]:
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def connect(destination: Destination) -> Any:
    """A client of MLflow's for tracking and registry, inside `quiet_mlflow`."""
    from mlflow import MlflowClient

    make_database(destination)
    return MlflowClient(tracking_uri=destination.uri, registry_uri=destination.uri)


@contextmanager
def answering(destination: Destination) -> Iterator[None]:
    """Calls to MLflow inside; E1301 without it, E1302, E1316 and E1317 for whatever it raises."""
    require_mlflow()
    with quiet_mlflow(destination):
        try:
            yield
        except CauceError:
            raise
        except Exception as error:
            trouble = trouble_of(error, destination)
        else:
            return
    _raise(trouble, destination)


def _raise(trouble: Trouble, destination: Destination) -> NoReturn:
    """Raise what stands for the trouble, alone: an answer of a server may quote the password it was sent."""
    code = _CODES[trouble.kind]
    raise_alone(CauceError(code, where=destination.where, files=trouble.files, reason=trouble.reason))


def trouble_of(error: BaseException, destination: Destination) -> Trouble:
    """What `error` means for whoever has to mend it."""
    reason = reason_of(error, destination)
    return Trouble(reason) if destination.local else Trouble(reason, *kind_of(error))


def reason_of(error: BaseException, destination: Destination) -> str:
    """One safe line about `error`, without secrets: the words of where it began."""
    first = error
    while (earlier := first.__cause__ or first.__context__) is not None:
        first = earlier
    said = first.strerror if isinstance(first, OSError) else None
    text = said or (str(first) or str(error)).strip().partition("\n")[0]
    name = code_of(first) or type(first).__name__
    return shown(destination.redact(text if said or first is not error else f"{name}: {text}"))


def code_of(error: BaseException) -> str:
    """MLflow's own code for a failure; "" for a failure of another kind."""
    return str(getattr(error, "error_code", "") or "")


def is_permanent(error: BaseException) -> bool:
    """Whether the same request would fail in the same way for ever."""
    if isinstance(error, CauceError):
        return True
    code = code_of(error)
    # A server calls whatever its database says a bad request, also that the connection broke.
    return code == "INVALID_PARAMETER_VALUE" or (code == "BAD_REQUEST" and not _BROKEN.search(str(error)))


def unless_exists(action: Callable[[], object]) -> bool:
    """Do what fails harmlessly where somebody did it before; whether nobody had."""
    try:
        action()
    except Exception as error:
        if code_of(error) != "RESOURCE_ALREADY_EXISTS":
            raise
        return False
    return True
