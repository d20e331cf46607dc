"""A program that starts Spark where it cannot be started, and then where it can; prints what came of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from cauce.engines.spark.engine import SparkEngine
from cauce.engines.spark.session import open_session
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.stats import Identity
from cauce.testing.engines import FrameSource

CANARY = "kanarienvogel-4711"
SCHEMA = Schema((Field("x", "integer"),))


class Sleeping:
    """Work that takes long."""

    columns = ("x",)
    schema = SCHEMA

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        time.sleep(60)
        return batch


def shells(folder: Path) -> Path:
    """A folder with the programs that Spark's scripts call, but Java."""
    folder.mkdir()
    for name in ("bash", "sh", "env", "dirname", "basename", "cat", "ps", "uname", "readlink", "nohup"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def failure(master: str, **environment: str | None) -> list[str]:
    """The code and message that starting Spark fails with. environment: to set, or with None to take away."""
    before = dict(os.environ)
    for name, value in environment.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    try:
        open_session(master)
    except CauceError as error:
        return [error.code, error.message]
    finally:
        os.environ.clear()
        os.environ.update(before)
    return ["", ""]


def starting() -> list[Path]:
    """The processes of Java that this one has begun to start."""
    found = []
    for own in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(OSError):  # threads and processes end
            for pid in (own / "children").read_text().split():
                if b"pyspark-shell" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(Path(f"/proc/{pid}"))
    return found


def interrupted_start() -> list[str]:
    """What is left of Java when a start is interrupted."""
    begun: list[Path] = []

    def interrupt() -> None:
        while not begun:
            time.sleep(0.05)
            begun.extend(starting())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    try:
        open_session("local[1]")
    except KeyboardInterrupt:
        until = time.monotonic() + 20
        while starting() and time.monotonic() < until:
            time.sleep(0.1)
        return [one.name for one in starting()]
    return ["it was not interrupted"]


SECRETS = {
    "spark.hadoop.fs.s3a.secret.key": "{canary}",
    "spark.hadoop.fs.s3a.access.key": "{canary}",
    "spark.hadoop.fs.azure.account.key.rows.dfs.core.windows.net": "{canary}",
    "spark.hadoop.google.cloud.auth.service.account.private.key": "{canary}",
    "spark.hadoop.warehouse.url": "jdbc:mysql://reader:{canary}@db/rows",
    "spark.executorEnv.SERVICE_API_KEY": "{canary}",
    "spark.ssl.keyPassword": "{canary}",
}
"""Settings of a cluster, as its administrator writes them."""


def secretive(folder: Path) -> Path:
    folder.mkdir()
    lines = (f"{name} {value.format(canary=CANARY)}" for name, value in SECRETS.items())
    (folder / "spark-defaults.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def main(folder: str) -> None:
    root = Path(folder)
    os.environ["SPARK_CONF_DIR"] = str(secretive(root / "conf"))
    old = root / "old java" / "bin" / "java"
    old.parent.mkdir(parents=True)
    said = "java.lang.UnsupportedClassVersionError: org/apache/spark/launcher/Main"
    old.write_text(
        '#!/bin/sh\ncase "$1" in -version) echo \'openjdk version "1.8.0_412"\' >&2;; '
        f"*) echo '{said}' >&2; exit 1;; esac\n"
    )
    old.chmod(0o755)
    told: dict[str, Any] = {
        "left": interrupted_start(),
        "nobody": failure("spark://127.0.0.1:1"),
        "address": failure("spark://host"),
        "none": failure("local[1]", JAVA_HOME=str(root / "no java")),
        "no path": failure("local[1]", JAVA_HOME=None, PATH=str(shells(root / "shells"))),
        "old": failure("local[1]", JAVA_HOME=str(old.parents[1])),
        "word": failure("lokal"),
    }
    settings = {"spark.driver.memory": "512m", "spark.eventLog.enabled": "true"}
    settings["spark.ui.enabled"] = "true"
    settings["spark.eventLog.compress"] = "false"
    os.chdir(old.parent)
    with warnings.catch_warnings(record=True) as heard:
        session = open_session("local[1]", settings=settings, logs=root / "logs")
    told["pages"] = [str(one.message) for one in heard]
    told["again"] = open_session(None) is session
    told["another"] = failure("spark://127.0.0.1:1")
    told["logs"] = sorted(path.name.split("-")[0] for path in (root / "logs").iterdir())
    told["events"] = len(list((root / "logs" / "events").iterdir()))
    engine = SparkEngine(session)
    table = engine.map(engine.scan(FrameSource(pl.DataFrame({"x": [1, 2]}), SCHEMA)), Sleeping())
    tracker = session.sparkContext._jsc.sc().statusTracker()

    def interrupt() -> None:
        while not tracker.getActiveStageIds():
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    began = time.monotonic()
    try:
        engine.summarise(table, Identity(SCHEMA))
    except KeyboardInterrupt:
        told["interrupted"] = time.monotonic() - began
    until = time.monotonic() + 20
    while tracker.getActiveStageIds() and time.monotonic() < until:
        time.sleep(0.1)
    told["stages left"] = len(tracker.getActiveStageIds())
    told["working folder"] = sorted(path.name for path in Path.cwd().iterdir())
    held = session.sparkContext.getConf().get("spark.hadoop.fs.s3a.secret.key")
    session.stop()
    said = b"".join(path.read_bytes() for path in (root / "logs").rglob("*") if path.is_file())
    told["canary"] = [held == CANARY, b"SparkListenerJobStart" in said, CANARY.encode() in said]
    try:
        engine.summarise(table, Identity(SCHEMA))
    except CauceError as error:
        told["stopped"] = error.code
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
