"""A job for a cluster, as a value: the command that starts it, and what goes along."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cauce.errors import CauceError
from cauce.running.shipping.environment import LIBRARIES
from cauce.spec import FILE_NAME, Project

ALIAS = "environment"
"""The name under which every worker finds the unpacked archive in its working folder."""

ENTRY = "cauce_job.py"

_SECRET = re.compile(
    r"password|passphrase|passwd|secret|token|credential|private|(access|account|api|session)[._-]?key", re.I
)
_IN_VALUE = re.compile(r"://[^/?#:@\s]*:[^@/\s]+@")
_ENTRY_TEXT = f"""\
\"\"\"Starts the command `cauce` under spark-submit. Written by `cauce submit`.\"\"\"

import os
import sys

# Where the driver runs on the cluster, the libraries lie unpacked beside it.
libraries = os.path.join(os.getcwd(), "{ALIAS}", "{LIBRARIES}")
if os.path.isdir(libraries):
    sys.path.insert(0, libraries)
    known = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = libraries + (os.pathsep + known if known else "")

from cauce.cli.main import main

if __name__ == "__main__":
    main()
"""


@dataclass(frozen=True)
class Job:
    """Where and how a project is run on a cluster.

    master: spark://host:port, yarn, k8s://https://host:port or local[n]. deploy_mode: where the driver
    runs, here ("client") or on the cluster ("cluster"). conf: settings for Spark, by name. exclude:
    distributions the cluster has, left out of the archive. out: the folder for what is packed; None for
    `submit` in the project's store. files_at: where the cluster finds the packed files, such as
    s3://bucket/job; None where this machine hands them over.
    """

    master: str
    deploy_mode: Literal["client", "cluster"] = "client"
    conf: tuple[tuple[str, str], ...] = ()
    exclude: tuple[str, ...] = ()
    out: Path | None = None
    files_at: str | None = None

    @property
    def on_cluster(self) -> bool:
        """Whether the driver runs on another machine."""
        return self.deploy_mode == "cluster"


def is_local(master: str) -> bool:
    """Whether the work is done in processes that the driver itself starts."""
    return master.startswith("local")


def is_remote(master: str) -> bool:
    """Whether executors may run on other machines: not where the master listens on loopback only."""
    if is_local(master):
        return False
    if not master.startswith("spark://"):
        return True
    return not all(_is_loopback(f"spark://{one}") for one in master.removeprefix("spark://").split(","))


def _is_loopback(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_conf(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Settings from texts such as spark.executor.memory=4g. E0767 where one is none."""
    found = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.startswith("spark."):
            raise CauceError("E0767", setting=name)
        found.append((name, value))
    return tuple(found)


def is_secret(name: str, value: str = "") -> bool:
    """Whether a setting holds what others must not read: its name says so, or an address in it."""
    return bool(_SECRET.search(name) or _IN_VALUE.search(value))


def check_job(job: Job, project: Project, *, folder: Path) -> None:
    """Refuse what cannot work: E0760 for a store out of reach; E0765 and E0766 in deploy mode cluster."""
    check_store(project, job.master, folder=folder)
    if not job.on_cluster:
        return
    if is_local(job.master) or job.master.startswith("spark://"):
        raise CauceError("E0765", master=job.master)
    beside = [project.store.path, *project.data.source]
    for path in beside:
        if "://" not in path and not Path(path).is_absolute():
            raise CauceError("E0766", path=path)


def check_store(project: Project, master: str | None, *, folder: Path) -> None:
    """E0760 where executors of `master` write to the store, and it is a folder of this machine alone."""
    if master is not None and is_remote(master) and not project.store.shared:
        raise CauceError("E0760", folder=folder / project.store.path, master=master)


@dataclass(frozen=True)
class Package:
    """What goes along with a job. archive: None where the workers are this interpreter's own processes."""

    entry: Path
    project: Path
    archive: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that is handed over."""
        return (self.entry, self.project, *(() if self.archive is None else (self.archive,)))


@dataclass(frozen=True)
class Command:
    """Words of a command. hidden: settings whose values are not to be seen by others, by name."""

    words: tuple[str, ...]
    hidden: tuple[tuple[str, str], ...] = ()


def submit_command(job: Job, package: Package, *, program: str, name: str) -> Command:
    """The spark-submit that runs `package` as `job`. program: spark-submit itself. name: the project's."""
    words = [program, "--master", job.master, "--deploy-mode", job.deploy_mode, "--name", f"cauce-{name}"]
    hidden = []
    if package.archive is not None:
        words += ["--archives", f"{_placed(package.archive, job)}#{ALIAS}"]
    if job.on_cluster:
        words += ["--files", _placed(package.project, job)]
    for key, value in {**_settings(job, packed=package.archive is not None), **dict(job.conf)}.items():
        if is_secret(key, value):
            hidden.append((key, value))
        else:
            words += ["--conf", f"{key}={value}"]
    project = FILE_NAME if job.on_cluster else str(package.project)
    words += [_placed(package.entry, job), "run", "--engine", "spark", "--project", project]
    return Command(tuple(words), tuple(hidden))


def _placed(file: Path, job: Job) -> str:
    return str(file) if job.files_at is None else f"{job.files_at.rstrip('/')}/{file.name}"


def _settings(job: Job, *, packed: bool) -> dict[str, str]:
    """What Spark must know so that the workers find the archive. A user's own --conf replaces each."""
    settings = {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
    if not job.on_cluster:
        settings["spark.pyspark.driver.python"] = sys.executable
    if not packed:
        return {**settings, "spark.pyspark.python": sys.executable}
    libraries = f"{ALIAS}/{LIBRARIES}"
    settings["spark.pyspark.python"] = "python{}.{}".format(*sys.version_info)
    settings["spark.executorEnv.PYTHONPATH"] = libraries
    return settings


def entry_text() -> str:
    """The program that spark-submit starts: it calls the command line of Cauce."""
    return _ENTRY_TEXT
