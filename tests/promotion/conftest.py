"""Bundles on disk: the small models, each worth another AUC on test rows."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cauce.core.bundle.manifest import MANIFEST
from cauce.core.bundle.writing import make_bundle
from cauce.core.metrics.names import MetricName
from cauce.core.metrics.value import metric

AUC = MetricName("roc_auc", positive="sí")
VALUES = (0.8, 0.7, 0.6)


@pytest.fixture(scope="session")
def promoted_bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Folders of three bundles of one task; their test AUC is 0.8, 0.7 and 0.6."""
    path = Path(__file__).parents[1] / "bundles" / "small_models.py"
    spec = importlib.util.spec_from_file_location("small_models_promoted", path)
    assert spec is not None
    assert spec.loader is not None
    models = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = models
    spec.loader.exec_module(models)
    draft, root = models.draft("binary"), tmp_path_factory.mktemp("promoted")
    folders = []
    for number, value in enumerate(VALUES):
        known = replace(draft.manifest, metrics={"test": (metric(AUC, value),)})
        made = make_bundle(replace(draft, manifest=known))
        folder = root / str(number)
        for name, data in {**made.contents, MANIFEST: made.manifest.to_bytes()}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        folders.append(folder)
    return tuple(folders)
