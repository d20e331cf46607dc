"""Starts Spark: its words go to a file, and what keeps it from starting is told in ours."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cauce.core.faults import translated
from cauce.core.secrets import SECRET_NAME, SECRET_VALUE
from cauce.engines.spark.faults import as_failure, first_reason
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_REDACTION = "spark.redaction.regex"
"""Which settings Spark's log of events and its pages hide; its own pattern knows no keys of accounts and no
passwords in addresses."""
_SECONDS = 5.0
_ENDING = 30.0
_OLD_JAVA = ("UnsupportedClassVersionError", "Unrecognized option: --add-modules", "Unrecognized VM option")
_NO_JAVA = ("JAVA_HOME is not set", "java: not found", "java: No such file", "command not found")


def started(settings: Mapping[str, str], logs: Path | None) -> SparkSession:
    """A new session with these settings. logs: as in `open_session`."""
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    master = settings.get("spark.master", "")
    _check_master(master)
    with _log_file(logs) as (log, name):
        told = {**settings, **_events(settings, logs)}
        conf = SparkConf(loadDefaults=False).setAll(list(told.items()))
        with _told_of_starting(master, log):
            if SparkContext._gateway is None:
                SparkContext._ensure_initialized(gateway=_gateway(conf, log), conf=conf)
            if not SparkConf().contains(_REDACTION):
                told[_REDACTION] = f"(?i){SECRET_NAME}|{SECRET_VALUE}"
            session = SparkSession.builder.config(map=dict(told)).getOrCreate()
    session.sparkContext.setLogLevel("WARN" if name else "ERROR")
    return session


def _gateway(conf: Any, log: IO[bytes]) -> Any:
    """Java, started by another thread: PySpark forgets one that it is interrupted for, and it would stay."""
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415

    # The Java process, and on a local master its Python workers, keep the file when this one closes it.
    launch: Any = launch_gateway
    started: Future[Any] = Future()

    def start() -> None:
        try:
            started.set_result(launch(conf, popen_kwargs={"stdout": log, "stderr": log}))
        except BaseException as error:  # raised below
            started.set_exception(error)

    threading.Thread(target=start, name="cauce-java", daemon=True).start()
    try:
        return started.result()
    except KeyboardInterrupt:
        with suppress(Exception):
            started.result(_ENDING).proc.kill()
        raise


@contextmanager
def _log_file(logs: Path | None) -> Iterator[tuple[IO[bytes], Path | None]]:
    if logs is None:
        with tempfile.TemporaryFile() as file:
            yield file, None
        return
    with translated(logs):
        logs.mkdir(parents=True, exist_ok=True)
        path = logs / f"spark-{os.getpid()}-{secrets.token_hex(4)}.log"
        with path.open("w+b", buffering=0) as file:
            yield file, path


def _events(settings: Mapping[str, str], logs: Path | None) -> dict[str, str]:
    """Where the event log goes, if it is asked for without saying where: Spark wants a folder that exists."""
    if settings.get("spark.eventLog.enabled") != "true" or "spark.eventLog.dir" in settings or logs is None:
        return {}
    folder = logs / "events"
    folder.mkdir(parents=True, exist_ok=True)
    return {"spark.eventLog.dir": folder.resolve().as_uri()}


@contextmanager
def _told_of_starting(master: str, log: IO[bytes]) -> Iterator[None]:
    from py4j.protocol import Py4JError  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:
        log.seek(0)
        said = log.read().decode("utf-8", "replace")
        raise _not_started(master, str(error), said) from error


def _not_started(master: str, text: str, said: str) -> CauceError:
    if "Could not parse Master URL" in text or "Unknown master" in text:
        return CauceError("E0707", master=master, reason=translate(_("Spark does not know this form")))
    if "JAVA_GATEWAY_EXITED" not in text:
        return as_failure(text)
    if any(mark in said for mark in _OLD_JAVA):
        return CauceError("E0709", java=_java_version())
    if any(mark in said for mark in _NO_JAVA) or _java() is None:
        return CauceError("E0708")
    told = re.findall(r"^(?:Error|Exception in thread \S+|Caused by)[: ]+(.+)$", said, re.MULTILINE)
    reason = first_reason(told[0] if told else said)
    if "HADOOP_CONF_DIR" in said or "master" in said.lower():
        return CauceError("E0707", master=master, reason=reason)
    return CauceError("E0701", reason=reason)


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return shutil.which(str(Path(home, "bin/java"))) if home else shutil.which("java")


def _java_version() -> str:
    java = _java() or "java"
    try:
        command = [java, "-version"]
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return java
    lines = done.stderr.decode("utf-8", "replace").splitlines()
    return f"{java} ({lines[0]})" if lines else java


def _check_master(master: str) -> None:
    """Whether something listens at a standalone master's address: Spark itself tries for a minute."""
    if not master.startswith("spark://"):
        return
    reason = ""
    for one in master.removeprefix("spark://").split(","):
        try:
            parts = urlsplit(f"//{one}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host or not port:
            raise CauceError("E0707", master=master, reason=translate(_("it is not spark://host:port")))
        try:
            socket.create_connection((host, port), timeout=_SECONDS).close()
        except OSError as error:
            reason = f"{one}: {error.strerror or translate(_('no answer'))}"
        else:
            return
    raise CauceError("E0706", reason=reason)
