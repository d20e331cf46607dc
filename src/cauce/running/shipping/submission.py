"""A job for a cluster, as a value: the command that starts it, and what goes along."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict, get_args

from cauce.core.secrets import SECRET_NAME, SECRET_VALUE
from cauce.errors import CauceError
from cauce.running.shipping.environment import LIBRARIES
from cauce.running.shipping.reach import check_store, is_local
from cauce.spec import Project

DeployMode = Literal["client", "cluster"]

ALIAS = "environment"
"""The name under which every worker finds the unpacked archive in its working folder."""

ENTRY = "cauce_job.py"
_ARCHIVES, _FILES, _PATH = "spark.archives", "spark.files", "spark.executorEnv.PYTHONPATH"

_PLAIN = re.compile(r"[\w./~@+-]*", re.ASCII)
_SECRET, _IN_VALUE = re.compile(SECRET_NAME, re.IGNORECASE), re.compile(SECRET_VALUE)
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

    master: spark://host:port, yarn, k8s://https://host:port or local[n]. on_cluster: whether the driver
    runs on the cluster too ("cluster"), not here ("client"). conf: settings for Spark, by name. exclude:
    distributions the cluster has, left out of the archive. out: the folder for what is packed; None for
    `submit` in the project's store. files_at: where the cluster finds the packed files, such as
    s3://bucket/job; None where this machine hands them over.
    """

    master: str
    on_cluster: bool = False
    conf: Mapping[str, str] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    out: Path | None = None
    files_at: str | None = None

    @property
    def deploy_mode(self) -> DeployMode:
        """What spark-submit calls it."""
        return "cluster" if self.on_cluster else "client"


class JobAsked(TypedDict, total=False):
    """What a caller says of a job, as in `Job`; the project's own master and settings where it says nothing.

    conf: settings by name, or texts such as spark.executor.memory=4g.
    """

    master: str | None
    deploy_mode: DeployMode | None
    conf: Mapping[str, str] | Sequence[str] | None
    exclude: Sequence[str] | None
    out: str | Path | None
    files_at: str | None


def make_job(project: Project, asked: JobAsked) -> Job:
    """The job that is asked for. E0767 for a setting that is none, E0768 without a master, E1504."""
    master = asked.get("master") or project.engine.master
    if not master:
        raise CauceError("E0768", project=project.name)
    mode: str = asked.get("deploy_mode") or "client"
    if mode not in get_args(DeployMode):
        raise CauceError("E1504", option="deploy_mode", choices=", ".join(get_args(DeployMode)), value=mode)
    out = asked.get("out")
    return Job(
        master,
        on_cluster=mode == "cluster",
        conf={**project.engine.spark, **_read_conf(asked.get("conf") or ())},
        exclude=tuple(asked.get("exclude") or ()),
        out=None if out is None else Path(out),
        files_at=asked.get("files_at"),
    )


def _read_conf(given: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    if isinstance(given, Mapping):
        texts = [f"{name}={value}" for name, value in given.items()]
    else:
        texts = list(given)
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.startswith("spark."):
            example = "--conf spark.executor.memory=4g"
            raise CauceError("E0767", option="--conf", value=name, example=example)
        found[name] = value
    return found


def is_secret(name: str, value: str = "") -> bool:
    """Whether a setting holds what others must not read: its name says so, or an address in it."""
    return bool(_SECRET.search(name) or _IN_VALUE.search(value))


def check_job(job: Job, project: Project, *, folder: Path, out: Path) -> None:
    """Refuse what cannot work: E0760, E0767; E0765 and E0766 in deploy mode cluster.

    folder: the project's. out: where what is handed over will be.
    """
    check_store(project, job.master, folder=folder)
    if "," in str(out) and job.files_at is None and not is_local(job.master):
        raise CauceError("E0767", option="--out", value=out, example="--out /tmp/job")
    if not job.on_cluster:
        return
    if is_local(job.master) or job.master.startswith("spark://"):
        raise CauceError("E0765", master=job.master)
    for path in (project.store.path, *project.data.source):
        # An address, or a table of the catalog, begins with a scheme: hdfs://…, table:…
        if ":" not in path.partition("/")[0] and not Path(path).is_absolute():
            raise CauceError("E0766", path=path)


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
    settings, hidden = _settings(job, packed=package.archive is not None), []
    if package.archive is not None:
        words += ["--archives", _joined(f"{_placed(package.archive, job)}#{ALIAS}", settings, _ARCHIVES)]
    if job.on_cluster:
        words += ["--files", _joined(_placed(package.project, job), settings, _FILES)]
    for key, value in settings.items():
        if is_secret(key, value):
            hidden.append((key, value))
        else:
            words += ["--conf", f"{key}={value}"]
    project = package.project.name if job.on_cluster else str(package.project)
    entry = str(package.entry) if job.files_at is None else _placed(package.entry, job)
    words += [entry, "run", "--engine", "spark", "--project", project]
    return Command(tuple(words), tuple(hidden))


def _joined(first: str, settings: dict[str, str], name: str) -> str:
    """A list of files beginning with ours: what an option says replaces the setting of the same meaning."""
    return ",".join(one for one in (first, settings.pop(name, "")) if one)


def _placed(file: Path, job: Job) -> str:
    """Where Spark finds a file. A path with marks that an address reads otherwise is written as one."""
    if job.files_at is not None:
        return f"{job.files_at.rstrip('/')}/{file.name}"
    return str(file) if _PLAIN.fullmatch(str(file)) else file.as_uri()


def _settings(job: Job, *, packed: bool) -> dict[str, str]:
    """What Spark must know so that workers find the archive, and the user's own settings, which win."""
    settings = {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
    if not job.on_cluster:
        settings["spark.pyspark.driver.python"] = sys.executable
    settings["spark.pyspark.python"] = "python{}.{}".format(*sys.version_info) if packed else sys.executable
    settings |= job.conf
    if packed:
        own = [f"{ALIAS}/{LIBRARIES}", settings.pop(_PATH, "")]
        settings[_PATH] = ":".join(one for one in own if one)
    return settings


def entry_text() -> str:
    """The program that spark-submit starts: it calls the command line of Cauce."""
    return _ENTRY_TEXT
