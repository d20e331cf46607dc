"""The roles a project declares."""

from __future__ import annotations

from cauce.core.features import FeaturePlan, Roles, plan_features
from cauce.core.profile import Profile
from cauce.core.roles import unknown_column
from cauce.core.splits import SplitSettings
from cauce.core.task import Target, TargetColumn, infer_target, target_column
from cauce.expr.formula import parse_formula
from cauce.expr.nodes import Column
from cauce.expr.schema import Schema
from cauce.spec import ModelSettings, Project
from cauce.spec.models import COMPLETE


def declared_target(project: Project, schema: Schema) -> TargetColumn:
    """The target's column or formula over `schema`; E1401, E1101 and what a formula raises."""
    target = project.target
    if target.formula is not None:
        return target_column(target.formula, parse_formula(target.formula, schema), schema=schema)
    name = str(target.column)
    if name not in schema:
        raise unknown_column("target.column", name, schema=schema)
    return target_column(name, Column(name), schema=schema)


def inferred_target(project: Project, schema: Schema, *, profile: Profile) -> tuple[Target, tuple[str, ...]]:
    """The target of rows with this profile, and what was inferred of it, in sentences. Raises E1102 to E1107
    and what `declared_target` raises."""
    declared = project.target
    return infer_target(
        declared_target(project, schema),
        profile.target_levels,
        infinities=profile.target_infinities,
        task=declared.task,
        positive=declared.positive,
    )


def split_settings(project: Project) -> SplitSettings:
    """`[split]` with the roles it uses."""
    data, split = project.data, project.split
    return SplitSettings(
        kind=split.kind,
        seed=project.split_seed,
        train=split.train,
        validation=split.validation,
        key=data.key,
        group=data.group,
        time=data.time,
    )


def planned_features(
    project: Project, schema: Schema, *, target: Target, model: ModelSettings | None = None
) -> FeaturePlan:
    """`[features]` over `schema`: neither the target's columns nor a role's become features by themselves.

    model: the one they are for; None for trees. Linear and logistic models get other features of a column
    nobody declared.
    """
    return plan_features(
        project.features,
        schema,
        task=target.task,
        roles=Roles.of(project.data, target.columns),
        classes=target.class_names,
        complete=model is not None and model.learner in COMPLETE,
    )
