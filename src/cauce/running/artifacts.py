"""Files made for people from what a run stored: plots, and the bundle as a plain folder."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from cauce.core.bundle.exporting import export_bundle
from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.evaluation import Evaluation, encode_evaluation
from cauce.language import active_language
from cauce.running.plots import render
from cauce.running.workspace import Workspace


def render_plots(work: Workspace, evaluation: Evaluation) -> Mapping[str, Path]:
    """The evaluation's plots as PNG files in the active language; drawn once for each evaluation."""
    digest = hashlib.sha256(encode_evaluation(evaluation)).hexdigest()[:16]
    folder = work.store_folder / "plots" / f"{digest}-{active_language()}"
    if not folder.exists():
        draft = work.store.scratch()
        render(evaluation, draft)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.rename(folder)
        except OSError:
            # Another run drew the same plots first.
            shutil.rmtree(draft, ignore_errors=True)
            if not folder.exists():
                raise
    return {path.stem: path for path in sorted(folder.glob("*.png"))}


def export_model(work: Workspace, identity: str) -> Path:
    """The bundle as a folder of its own, made once: `models/<name>-<digest>` in the store."""
    folder = work.store_folder / "models" / f"{work.project.name}-{identity[:12]}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        export_bundle(open_stored_bundle(work.store, identity), folder)
    return folder
