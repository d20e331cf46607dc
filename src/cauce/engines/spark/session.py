"""Spark sessions: one of our own, quiet and on this machine's interpreter, or a view of the caller's."""

from __future__ import annotations

import atexit
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauce.errors import CauceError, warn_now
from cauce.language import gettext_noop as _
from cauce.language import translate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Set by spark-submit, for the program it starts.
_GATEWAY = "PYSPARK_GATEWAY_PORT"
_QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    # Without it a user's profile.py, in the folder where the command runs, would be taken for Python's.
    "spark.executorEnv.PYTHONSAFEPATH": "1",
    # Java hands rows to Python here and ends soon: compiling its own start thoroughly takes a third of a run.
    "spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1",
}
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
_NEEDED = {
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.execution.arrow.useLargeVarTypes": "false",
}
_WAREHOUSE = "spark.sql.warehouse.dir"
_PAGES = "spark.ui.enabled"
_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
_BATCH_ROWS = 65536


def open_session(
    master: str | None = None, *, settings: Mapping[str, str] | None = None, logs: Path | None = None
) -> SparkSession:
    """The running session where there is one, else a new one on `master` (None: local[*]).

    settings: of a new session; W0703 tells where its pages are, where they are asked for. logs: a folder for
    what Spark says, made where it is not; None: it is dropped. Under spark-submit, which has settled the
    master before this process began, it is on that one. A new session ends with the process. E0702 without
    pyspark, E0706 and E0707 for the master, E0708 and E0709 for Java, E0717 where the running session is on
    another master.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise CauceError("E0702", package="pyspark") from error
    running = SparkSession.getActiveSession()
    if running is not None and not _is_connect(running) and running.sparkContext._jsc is not None:
        return _same_master(running, master)
    _settle_python(settings or {})
    from cauce.engines.spark.starting import started  # noqa: PLC0415 - only a new session needs it

    asked = _asked(master, settings or {})
    session = started(asked, logs)
    atexit.register(_stop, session, asked.get(_WAREHOUSE))
    pages = session.sparkContext.uiWebUrl
    if asked.get(_PAGES) == "true" and pages is not None:
        warn_now("W0703", address=pages)
    return session


def view_of(session: SparkSession) -> SparkSession:
    """A session with the same context, catalog and settings, but those that the meaning of rows hangs on.

    The given session keeps its own. E0717 for one of Spark Connect.
    """
    if _is_connect(session):
        raise CauceError("E0717", reason=translate(_("it is a Spark Connect session")))
    from cauce.engines.spark.faults import translated_jobs  # noqa: PLC0415

    with translated_jobs():
        view = type(session)(session.sparkContext, session._jsparkSession.cloneSession())
        for key, value in _NEEDED.items():
            view.conf.set(key, value)
        if not 0 < int(view.conf.get(_BATCH) or 0) <= 2 * _BATCH_ROWS:
            view.conf.set(_BATCH, str(_BATCH_ROWS))
    return view


def _settle_python(settings: Mapping[str, str]) -> None:
    """Which Python the workers run: the setting's, else the environment's, else this one.

    Spark follows the setting in spark-submit alone, which does not start a session of ours.
    """
    python = settings.get("spark.pyspark.python")
    if python is not None:
        os.environ["PYSPARK_PYTHON"] = python
    for name in ("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"):
        os.environ.setdefault(name, sys.executable)


def _asked(master: str | None, settings: Mapping[str, str]) -> dict[str, str]:
    """What a new session is made with. spark-submit was told the master, and more, before."""
    if _GATEWAY in os.environ:
        return dict(settings)
    chosen = master or "local[*]"
    near = _LOOPBACK if chosen.startswith("local") else {}
    own = {**_QUIET, **near, _WAREHOUSE: _no_folder()}
    return {**own, **settings, "spark.master": chosen, "spark.app.name": "cauce"}


def _no_folder() -> str:
    """Where no folder is yet: Spark makes one for tables, in the user's working folder if nothing is said."""
    return str(Path(tempfile.gettempdir(), f"cauce-spark-{secrets.token_hex(8)}"))


def _same_master(running: SparkSession, master: str | None) -> SparkSession:
    own = str(running.sparkContext.master)
    if master is not None and master != own and not (own.startswith("local") and master.startswith("local")):
        reason = translate(_("it is on {own}, not on {master}")).format(own=own, master=master)
        raise CauceError("E0717", reason=reason)
    return running


def _is_connect(session: Any) -> bool:
    return type(session).__module__.startswith("pyspark.sql.connect")


def _stop(session: SparkSession, warehouse: str | None) -> None:
    with suppress(Exception):
        session.stop()
    if warehouse is not None:
        with suppress(OSError):
            Path(warehouse).rmdir()  # only where nobody has saved a table
