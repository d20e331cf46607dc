"""A table to a model and a report, without a project file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from cauce.api.asking import Answers
from cauce.api.init import guessed, here_for, write_text
from cauce.api.looking import Guess
from cauce.api.run import RunReport, run_workspace
from cauce.core.leaks.findings import Finding
from cauce.core.profile import Profile
from cauce.errors import CauceError, CauceErrors
from cauce.running.observer import HearsBringing, Observer
from cauce.running.project_run import states_of
from cauce.running.steps.leaks import leak_gate
from cauce.running.steps.objects import read_json
from cauce.running.steps.profile import snapshot_source
from cauce.running.workspace import Workspace
from cauce.spec import FILE_NAME, Boosting, Project, Store, Tracking, project_from_mapping, write_project

STORE = ".cauce/try"
_MOST_ROUNDS = 6
_GATE = "E18"
_LOGARITHMS = {"natural": "log", "one_plus": "log1p"}


@dataclass(frozen=True)
class Remedy:
    """What the leak gate found, and the settings taken against it; none where it was let pass."""

    finding: Finding
    lines: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Trial:
    """A table tried out. project: what was run, as it would be saved. guesses: by question.

    remedies: what was done about leaks. run: what came out. formula: of the target, that may be learned
    better than the target itself. saved: the project file, where it was written.
    """

    source: str
    project: Project
    guesses: dict[str, Guess]
    remedies: tuple[Remedy, ...]
    run: RunReport
    formula: str | None = None
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
            "formula": self.formula,
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
    """Take the data in `source` (a file, folder, pattern, address) to a model and a report; also `cauce.try`.

    answers: to the questions of `init`; what is not answered is guessed. Columns the leak gate stops at are
    left out, and rows it wants together are kept together; fewer trees are grown than a project's default.
    save: write the project file `project`. Nothing is registered; the store is .cauce/try beside the
    project file. E1710 where the file to write exists, and what `init` and `run` raise.
    """
    file = Path(project)
    file = file / FILE_NAME if file.is_dir() else file
    if save and file.exists():
        raise CauceError("E1710", file=file)
    hears = observer.bringing if isinstance(observer, HearsBringing) else None
    here = here_for(source, file, store=STORE, report=hears)
    wanted, guesses = guessed(source, file, here=here, answers=answers)
    begun = Workspace(_quick(wanted), file.parent.resolve(), brought=here)
    bound = bool(answers.get("group"))
    work, remedies, report = _without_leaks(begun, bound=bound, observer=observer)
    wanted = replace(work.project, store=wanted.store, tracking=wanted.tracking)
    if save:
        # Only a person acknowledges: what was let pass here stops the next run.
        saved = replace(wanted, features=replace(wanted.features, acknowledged=()))
        write_text(file, write_project(saved), force=False)
    return Trial(source, wanted, guesses, remedies, report, _advised(work), file if save else None)


def _quick(project: Project) -> Project:
    """The project with a model that is grown in seconds; with several classes each has trees of its own."""
    rounds, eta = (40, 0.3) if project.target.task == "multiclass" else (100, 0.2)
    quick = Boosting(rounds=rounds, eta=eta, early_stopping=rounds // 10)
    return replace(project, models=(quick,))


def _without_leaks(
    begun: Workspace, *, bound: bool, observer: Observer | None
) -> tuple[Workspace, tuple[Remedy, ...], RunReport]:
    """The run that goes through, with where it was, and what was changed on the way to it.

    bound: whether somebody said which rows belong together.
    """
    remedies: list[Remedy] = []
    project = begun.project
    for _round in range(_MOST_ROUNDS):
        work = replace(begun, project=_hidden(project))
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
            return work, tuple(remedies), report
        bound = bound or any(_groups(one.finding) for one in remedies)
        project, done = _remedied(project, _findings(work), bound=bound)
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


def _remedied(
    project: Project, findings: tuple[Finding, ...], *, bound: bool
) -> tuple[Project, list[Remedy]]:
    """The project with what each finding asks for; what cannot be done is let pass by name.

    bound: whether it is settled which rows belong together.
    """
    mapping = project.to_mapping()
    done = []
    for one in sorted(findings, key=lambda finding: -_overlap(finding)):
        passing = not one.settings or (_groups(one) and bound)
        bound = bound or _groups(one)
        for key, value in (("features.acknowledged", one.column),) if passing else one.settings:
            _set(mapping, key, value)
        done.append(Remedy(one, () if passing else one.lines))
    return project_from_mapping(mapping), done


def _groups(finding: Finding) -> bool:
    """Whether it asks for rows to be kept together."""
    return any(key == "data.group" for key, _value in finding.settings)


def _overlap(finding: Finding) -> float:
    """How many test rows a group is known of: of several, the one that keeps most rows together is taken."""
    share = finding.values.get("share")
    return float(share) if isinstance(share, (int, float)) else 0.0


def _set(mapping: dict[str, Any], key: str, value: str) -> None:
    section, name = key.split(".")
    table = mapping.setdefault(section, {})
    if isinstance(table.get(name), list):
        table[name] = list(dict.fromkeys((*table[name], value)))
    else:
        table[name] = value


def _advised(work: Workspace) -> str | None:
    """The logarithm of a target whose values span many sizes."""
    name = work.project.target.column
    records = {state.step.name: state.record for state in states_of(work)}
    record = records["validate"]
    if name is None or record is None or "`" in name:
        return None
    found = Profile.from_json(read_json(work.store, str(record.outputs["profile"].value)))
    split = read_json(work.store, str(records["split"].outputs["split"].value)) if records["split"] else {}
    numbers = found[name].numbers
    if numbers is None or numbers.logarithm is None or split["target"]["task"] != "regression":
        return None
    return f"{_LOGARITHMS[numbers.logarithm]}(`{name}`)"
