"""A project shipped to a Spark cluster as a job."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from cauce.api.doctor import needed_extras
from cauce.core.faults import translated
from cauce.running.shipping.archive import Archive, pack
from cauce.running.shipping.environment import find_environment
from cauce.running.shipping.reach import is_local
from cauce.running.shipping.starting import find_program, start
from cauce.running.shipping.submission import (
    ENTRY,
    Command,
    Job,
    JobAsked,
    Package,
    check_job,
    entry_text,
    make_job,
    submit_command,
)
from cauce.running.workspace import Workspace, open_workspace
from cauce.spec import FILE_NAME

Report = Callable[[float, float | None], None]
Told = Callable[["Submission"], None]


@dataclass(frozen=True)
class Submission:
    """A job as it was, or would be, started.

    command: its words, those that hold secrets hidden. files: what is handed over, or has to lie where
    `files_at` says. archive: of the libraries, None for a local master. status: the job's exit code; None
    where it was not started. answer: what the job said as JSON, where that was asked for. log: what Spark
    itself said, where the driver ran here.
    """

    job: Job
    command: tuple[str, ...]
    files: tuple[Path, ...]
    archive: Archive | None
    status: int | None = None
    answer: Any = None
    log: Path | None = None

    @property
    def line(self) -> str:
        """The command as a line for a shell."""
        return shlex.join(self.command)

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "master": self.job.master,
            "deploy_mode": self.job.deploy_mode,
            "command": list(self.command),
            "files": [str(one) for one in self.files],
            "archive": None if self.archive is None else _described(self.archive),
            "status": self.status,
            "answer": self.answer,
            "log": None if self.log is None else str(self.log),
        }


def _described(archive: Archive) -> dict[str, Any]:
    environment = archive.environment
    return {
        "file": str(archive.file),
        "digest": environment.digest,
        "bytes": archive.bytes,
        "unpacked": environment.bytes,
        "python": environment.python,
        "machine": environment.machine,
        "glibc": None if environment.glibc is None else list(environment.glibc),
        "distributions": environment.distributions,
    }


@dataclass(frozen=True)
class Heard:
    """Who hears of a submission.

    packing: megabytes done and all. starting: what is about to be started. said: each line of the job but
    its answer, which is then JSON and kept; without it they go where this process writes.
    """

    packing: Report | None = None
    starting: Told | None = None
    said: Callable[[str], None] | None = None


def submit(
    project: str | Path = FILE_NAME,
    *,
    dry_run: bool = False,
    heard: Heard | None = None,
    **asked: Unpack[JobAsked],
) -> Submission:
    """Pack `project` and the libraries it runs on, and run it on a cluster with spark-submit.

    project: a project file, or its folder. dry_run: pack, and only say the command. heard: who hears of it.
    asked: where to and how, such as master="spark://host:7077", conf={"spark.executor.memory": "4g"}.
    Data are never packed, nor any environment variable. E0702 without Spark, E0760 to E0768, and what
    reading the project raises. A job that fails is no failure here: its exit code is in `status`.
    """
    heard, work = heard or Heard(), open_workspace(project)
    job = make_job(work.project, asked)
    out = work.store_folder / "submit" if job.out is None else job.out.absolute()
    check_job(job, work.project, folder=work.folder, out=out)
    program = find_program()
    archive = None if is_local(job.master) else _archived(job, work, out=out, report=heard.packing)
    file = _project_file(project)
    package = Package(_entry(out), file, None if archive is None else archive.file)
    command = submit_command(job, package, program=program, name=work.project.name)
    if heard.said is not None:
        command = replace(command, words=(*command.words, "--json"))
    made = Submission(job, _shown(command), package.files, archive)
    if dry_run:
        return made
    if heard.starting is not None:
        heard.starting(made)
    answers, log = _Answers(heard.said), None if job.on_cluster else _log(out)
    hear = None if heard.said is None else answers.hear
    status = start(command, folder=work.folder, log=log, said=hear)
    return replace(made, status=status, answer=answers.last, log=log)


def _archived(job: Job, work: Workspace, *, out: Path, report: Report | None) -> Archive:
    extras = carried_extras(job, work)
    return pack(find_environment(extras=extras, exclude=job.exclude), out, report=report)


def carried_extras(job: Job, work: Workspace) -> frozenset[str]:
    """Extras of Cauce that machines of the cluster make use of; where the driver is here, those that
    executors reach the store with."""
    if not job.on_cluster:
        return frozenset() if work.project.store.url is None else frozenset(("s3",))
    return needed_extras(work) - (frozenset() if work.tracked else frozenset(("mlflow",)))


def _project_file(project: str | Path) -> Path:
    path = Path(project).absolute()
    return path / FILE_NAME if path.is_dir() else path


def _entry(out: Path) -> Path:
    file = out / ENTRY
    with translated(file):
        out.mkdir(parents=True, exist_ok=True)
        file.write_text(entry_text(), encoding="utf-8")
    return file


def _shown(command: Command) -> tuple[str, ...]:
    """The words, with a place for every hidden setting, before the program that Spark starts."""
    places = [word for name, _value in command.hidden for word in ("--conf", f"{name}=(hidden)")]
    at = command.words.index("--name")
    return (*command.words[:at], *places, *command.words[at:])


def _log(out: Path) -> Path:
    """A new file for what Spark says in a job whose driver runs here."""
    return out / f"spark-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.log"


@dataclass
class _Answers:
    """Parts what a job answers from what it says to people."""

    said: Callable[[str], None] | None
    last: Any = None

    def hear(self, line: str) -> None:
        """A line: a JSON document of ours is kept, all else is said."""
        with suppress(ValueError):
            found = json.loads(line) if line.startswith("{") else None
            if isinstance(found, dict) and str(found.get("schema", "")).startswith("cauce."):
                self.last = found
                return
        if self.said is not None:
            self.said(line)
