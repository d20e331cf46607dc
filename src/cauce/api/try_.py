"""A table to a model and a report, without a project file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from cauce.api.asking import Answers
from cauce.api.init import guessed, write_text
from cauce.api.looking import Guess
from cauce.api.run import RunReport, run_workspace
from cauce.core.leaks.findings import Finding
from cauce.errors import CauceError, CauceErrors
from cauce.running.observer import Observer
from cauce.running.project_run import states_of
from cauce.running.steps.leaks import leak_gate
from cauce.running.steps.profile import snapshot_source
from cauce.running.workspace import Workspace
from cauce.spec import FILE_NAME, Project, Store, Tracking, project_from_mapping, write_project

STORE = ".cauce/try"
_MOST_ROUNDS = 10
_GATE = "E18"


@dataclass(frozen=True)
class Remedy:
    """What the leak gate found, and the settings taken against it; none where it was let pass."""

    finding: Finding
    lines: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Trial:
    """A table tried out. project: what was run, as it would be saved. guesses: by question.

    remedies: what was done about leaks. run: what came out; saved: the project file, where it was written.
    """

    source: str
    project: Project
    guesses: dict[str, Guess]
    remedies: tuple[Remedy, ...]
    run: RunReport
    saved: Path | None = None

    @property
    def test(self) -> dict[str, float | None]:
        """The metrics on the locked test rows, by canonical name."""
        return {str(one.name): one.value for one in self.run.evaluation.datasets["test"].metrics}

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        return {
            "source": self.source,
            "target": self.project.target.column or self.project.target.formula,
            "test": self.test,
            "guesses": {name: {"value": one.value, "why": one.why} for name, one in self.guesses.items()},
            "leaks": [
                {"columns": list(one.finding.columns), "found": one.finding.message, "done": list(one.lines)}
                for one in self.remedies
            ],
            "project": self.project.to_mapping(),
            "saved": None if self.saved is None else str(self.saved),
            "run": self.run.to_json(),
        }


def try_(
    source: str,
    *,
    project: str | Path = FILE_NAME,
    save: bool = False,
    observer: Observer | None = None,
    **answers: Unpack[Answers],
) -> Trial:
    """Take the data in `source` (a file, folder or pattern) to a model and a report; also `cauce.try`.

    answers: to the questions of `init`; what is not answered is guessed. Columns the leak gate stops at are
    left out. save: write the project file `project`. Nothing is registered; the store is .cauce/try beside
    the project file. E1509 where the file to write exists, and what `init` and `run` raise.
    """
    file = Path(project)
    file = file / FILE_NAME if file.is_dir() else file
    if save and file.exists():
        raise CauceError("E1509", file=file)
    wanted, guesses = guessed(source, file, answers=answers)
    wanted, remedies, report = _without_leaks(wanted, file.parent.resolve(), observer)
    if save:
        write_text(file, write_project(wanted), force=False)
    return Trial(source, wanted, guesses, remedies, report, file if save else None)


def _without_leaks(
    project: Project, folder: Path, observer: Observer | None
) -> tuple[Project, tuple[Remedy, ...], RunReport]:
    """The run that goes through, with the project that does, and what was changed on the way to it."""
    remedies: list[Remedy] = []
    for _round in range(_MOST_ROUNDS):
        work = Workspace(_hidden(project), folder)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                report = run_workspace(work, observer=observer)
            except CauceErrors as failure:
                if not failure.code.startswith(_GATE):
                    raise
                report = None
        if report is not None:
            for one in told:
                warnings.warn(one.message, stacklevel=3)
            return project, tuple(remedies), report
        project, done = _remedied(project, _findings(work))
        remedies += done
    raise CauceErrors([one.told() for one in _findings(work)])


def _hidden(project: Project) -> Project:
    """The project with a store of its own, which tells and registers nothing."""
    return replace(project, store=Store(path=STORE), tracking=Tracking(enabled=False))


def _findings(work: Workspace) -> tuple[Finding, ...]:
    """What the leak gate stops at: the steps before it are finished, so that its inputs are there."""
    (step,) = (state.step for state in states_of(work) if state.step.name == "leaks")
    gate = leak_gate(work, step)
    table = work.engine.scan(snapshot_source(work, step))
    return gate.report(work.engine.summarise(table, *gate.summaries)).stops


def _remedied(project: Project, findings: tuple[Finding, ...]) -> tuple[Project, list[Remedy]]:
    """The project with what each finding asks for; what asks for nothing is let pass by name."""
    mapping = project.to_mapping()
    done = []
    for one in findings:
        settings = one.settings or tuple(("features.acknowledged", name) for name in one.columns[:1])
        for key, value in settings:
            _set(mapping, key, value)
        done.append(Remedy(one, one.lines))
    return project_from_mapping(mapping), done


def _set(mapping: dict[str, Any], key: str, value: str) -> None:
    section, name = key.split(".")
    table = mapping.setdefault(section, {})
    if isinstance(table.get(name), list):
        table[name] = list(dict.fromkeys((*table[name], value)))
    else:
        table[name] = value
