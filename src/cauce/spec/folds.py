"""How candidates are judged on rows they have not seen: folds, or training against validation rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cauce.language import gettext_noop as _
from cauce.spec.findings import Finding
from cauce.spec.positions import KeyPath
from cauce.spec.settings import AtLeastOne, Exact, Expects, OneOrMany, section, setting

if TYPE_CHECKING:
    from cauce.spec.project import Project

FoldCounts = Annotated[tuple[Annotated[int, Exact(ge=2, le=100)], ...], AtLeastOne(), OneOrMany()]
Repeats = Annotated[int, Exact(ge=1, le=100)]
By = Literal["random", "stratified", "group", "time"]


@section
class Folds:
    """Cross-validation: each fold of the rows outside the test scores a fit on the others."""

    k: FoldCounts = setting(
        _("How many folds. Of a list the first decides; the chosen candidate is judged with each."),
        default=(5,),
        example=5,
    )
    by: By | None = setting(
        _(
            "random by key, stratified by class, group by `data.group`, or time: each fold learns from what "
            "came before it; as `split.kind` where absent."
        ),
        default=None,
        example="stratified",
    )
    repeats: Repeats = setting(_("How often the folds are drawn again, with other rows in each."), default=1)


FoldsOrHoldout = Annotated[
    Literal["holdout"] | Folds, Expects(_('"holdout" or a table such as { k = 5, by = "stratified" }'))
]


def has_several(project: Project) -> bool:
    """Whether there is more than one candidate: several models, a search, or lists of penalties."""
    return len(project.models) > 1 or any(is_several(model) for model in project.models)


def is_several(model: Any) -> bool:
    """Whether one `[[models]]` table stands for more than one candidate."""
    if getattr(model, "subset", None) is not None:
        return True
    penalty = getattr(model, "penalty", None)
    single = (float, int)
    listed = penalty is not None and not (
        isinstance(penalty.strength, single) and isinstance(penalty.l1_ratio, single)
    )
    return listed or getattr(model, "search", None) is not None


def is_tuned(project: Project) -> bool:
    """Whether a run has a step that judges candidates."""
    return project.choose.folds is not None or has_several(project)


def fold_findings(project: Project) -> Iterator[Finding]:
    """What `choose.folds` and the rest of the project say against each other."""
    place: KeyPath = ("choose", "folds")
    folds = project.choose.folds
    if folds == "holdout" or (folds is None and has_several(project)):
        if project.split.validation == 0:
            told = {"got": '"holdout"', "needed": "split.validation > 0"}
            yield Finding("E2110", place, told, (("split", "validation"),))
        return
    if folds is None or isinstance(folds, str):
        return
    by = folds.by or project.split.kind
    needed = {"group": "group", "time": "time"}.get(by)
    if needed is not None and getattr(project.data, needed) is None:
        told = {"got": f'{{ by = "{by}" }}', "needed": f"data.{needed}"}
        yield Finding("E2110", (*place, "by"), told, (("data", needed),))
    if by == "time" and folds.repeats > 1:
        yield Finding("E2111", (*place, "repeats"), {"repeats": folds.repeats}, ((*place, "by"),))
    if by == "stratified" and project.target.task == "regression":
        target = project.target.column or project.target.formula
        yield Finding("E2109", (*place, "by"), {"target": target}, (("target", "task"),))
