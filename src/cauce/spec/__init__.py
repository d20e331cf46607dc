"""What the user wrote: the project file as frozen values."""

from cauce.spec.gate import Card, Gate, Webhook
from cauce.spec.models import Boosting, Linear, Logistic, ModelSettings, Penalty, StrengthPath
from cauce.spec.project import (
    SCHEMA,
    Choose,
    Data,
    Engine,
    FeatureDefaults,
    Features,
    Project,
    Split,
    Store,
    Target,
    Tracking,
)
from cauce.spec.reading import FILE_NAME, project_from_mapping, project_from_text, read_project
from cauce.spec.schema import json_schema
from cauce.spec.settings import FrozenMap
from cauce.spec.writing import write_project

__all__ = [
    "FILE_NAME",
    "SCHEMA",
    "Boosting",
    "Card",
    "Choose",
    "Data",
    "Engine",
    "FeatureDefaults",
    "Features",
    "FrozenMap",
    "Gate",
    "Linear",
    "Logistic",
    "ModelSettings",
    "Penalty",
    "Project",
    "Split",
    "Store",
    "StrengthPath",
    "Target",
    "Tracking",
    "Webhook",
    "json_schema",
    "project_from_mapping",
    "project_from_text",
    "read_project",
    "write_project",
]
