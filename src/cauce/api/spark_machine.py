"""Checks of what Spark needs: its program, the Python of its workers, the master."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from cauce.api.machine import Check
from cauce.api.reaching import PATIENCE, answers
from cauce.errors import CauceError
from cauce.language import format_significant, translate
from cauce.language import gettext_noop as _
from cauce.running.shipping.reach import is_local
from cauce.running.shipping.starting import find_program

_SECONDS = 10
_ASK = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
_MASTER_PORT, _HTTPS_PORT = 7077, 443


def check_spark(master: str | None, *, needed: bool) -> list[Check]:
    """spark-submit, the Python of workers, and whether the master answers; nothing where none is wanted.

    master: its address, None for this machine. needed: whether the project is run on Spark.
    """
    if find_spec("pyspark") is None and not needed:
        return []
    checks = [_program(), _worker_python(os.environ)]
    return checks if master is None or is_local(master) else [*checks, check_master(master)]


def _program() -> Check:
    try:
        return Check("spark-submit", "ok", find_program())
    except CauceError as error:
        return Check("spark-submit", "warn", error.message, error.hint)


def _worker_python(environment: Mapping[str, str]) -> Check:
    """The Python that workers on this machine would be; on others only a session can tell."""
    name, own = environment.get("PYSPARK_PYTHON"), "{}.{}".format(*sys.version_info)
    if name is None:
        return Check("worker python", "ok", translate(_("this interpreter, {version}")).format(version=own))
    fix = translate(_("Unset PYSPARK_PYTHON, or set it to a Python {version}.")).format(version=own)
    program = shutil.which(name)
    found = None if program is None else _version(program)
    if found is None:
        said = translate(_("{program} does not run")).format(program=name)
        return Check("worker python", "warn", said, fix)
    return Check(
        "worker python", "ok" if found == own else "warn", f"{found}, {program}", fix * (found != own)
    )


def _version(program: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter that the user named
            [program, "-c", _ASK], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def check_master(master: str, *, patience: float = PATIENCE) -> Check:
    """Whether a cluster's master takes connections; for YARN, whether its configuration is there."""
    if master == "yarn":
        return _yarn(os.environ)
    places = _places(master)
    if not places:
        fix = translate(_("A master is spark://host:port, yarn, k8s://https://host:port or local[n]."))
        return Check("master", "warn", translate(_("{master} is no master")).format(master=master), fix)
    for host, port in places:
        if answers(host, port, patience=patience):
            return Check("master", "ok", translate(_("{server} answers")).format(server=f"{host}:{port}"))
    said = translate(_("{server} does not answer within {seconds} s"))
    where = ", ".join(f"{host}:{port}" for host, port in places)
    fix = translate(_("Start it, or correct [engine] master."))
    return Check("master", "warn", said.format(server=where, seconds=format_significant(patience)), fix)


def _places(master: str) -> list[tuple[str, int]]:
    """The hosts and ports that a master's address names."""
    kinds: dict[str, Callable[[str], list[str]]] = {
        "spark": lambda rest: [f"spark://{one}" for one in rest.split(",")],
        "k8s": lambda rest: [rest.removeprefix("//") if "://" in rest else f"https:{rest}"],
    }
    kind, colon, rest = master.partition(":")
    if not colon or kind not in kinds:
        return []
    found = []
    try:
        for one in kinds[kind](rest.removeprefix("//") if kind == "spark" else rest):
            parts = urlsplit(one)
            port = parts.port or (_MASTER_PORT if kind == "spark" else _HTTPS_PORT)
            if parts.hostname:
                found.append((parts.hostname, port))
    except ValueError:
        return []
    return found


def _yarn(environment: Mapping[str, str]) -> Check:
    folder = environment.get("YARN_CONF_DIR") or environment.get("HADOOP_CONF_DIR")
    if folder and Path(folder, "yarn-site.xml").is_file():
        return Check("master", "ok", f"yarn, {folder}")
    fix = translate(_("Set HADOOP_CONF_DIR to the folder that holds the cluster's yarn-site.xml."))
    return Check("master", "warn", translate(_("yarn, whose configuration is not found")), fix)
