"""Files made for people from what a run stored: plots, and the bundle as a plain folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from cauce.core.bundle.exporting import export_bundle
from cauce.language import active_language
from cauce.running.plots import render
from cauce.running.project_run import Results
from cauce.running.workspace import Workspace


def render_plots(work: Workspace, results: Results) -> Mapping[str, Path]:
    """The evaluation's plots as PNG files in the active language; drawn once for each evaluation."""
    digest = str(results.records["evaluate"].outputs["evaluation"].value).rpartition("/")[2][:16]
    folder = work.store_folder / "plots" / f"{digest}-{active_language()}"
    if not folder.exists():
        draft = work.store.scratch()
        render(results.evaluation, draft)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.rename(folder)
        except OSError:
            # Another run drew the same plots first.
            shutil.rmtree(draft, ignore_errors=True)
            if not folder.exists():
                raise
    return {path.stem: path for path in sorted(folder.glob("*.png"))}


def export_model(work: Workspace, results: Results) -> Path:
    """The bundle as a folder of its own, made once: `models/<name>-<digest>` in the store."""
    folder = work.store_folder / "models" / f"{work.project.name}-{results.bundle[:12]}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        export_bundle(work.store, results.bundle, folder=folder)
    return folder
