"""Files made for people from what a run stored: plots, and the bundle as a plain folder."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from cauce.core.bundle.exporting import export_bundle
from cauce.core.bundle.opening import open_stored_bundle
from cauce.core.durable import sync_tree
from cauce.core.evaluation import Evaluation, encode_evaluation
from cauce.core.faults import translated
from cauce.failpoints import passage
from cauce.language import active_language
from cauce.planning.step import Reference
from cauce.running.plots import render
from cauce.running.workspace import Workspace
from cauce.stores.publishing import sync_folders

_MANY_ROWS = 200_000


def expect_plots(work: Workspace, rows: int) -> None:
    """Where an evaluation of so many rows takes longer than loading matplotlib, load it beside."""
    if rows >= _MANY_ROWS:
        work.beside.start()


def begin_plots(work: Workspace, kept: Reference) -> None:
    """Have the plots of the evaluation just kept drawn beside, where they were expected."""
    file = work.store.local_path(str(kept.value))
    if file is None or not work.beside.started:
        return
    folder = _plots_folder(work, Path(file).read_bytes())
    if not folder.exists():
        work.beside.draw(folder.name, Path(file), folder=work.store.scratch())


def render_plots(work: Workspace, evaluation: Evaluation) -> Mapping[str, Path]:
    """The evaluation's plots as PNG files in the active language; drawn once for each evaluation."""
    folder = _plots_folder(work, encode_evaluation(evaluation))
    if not folder.exists():
        draft = work.beside.drawn(folder.name) or work.store.scratch()
        try:
            with translated(folder):
                if not any(draft.iterdir()):
                    render(evaluation, draft)
            passage("artifact.drawn")
            _name(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return {path.stem: path for path in sorted(folder.glob("*.png"))}


def _plots_folder(work: Workspace, evaluation: bytes) -> Path:
    digest = hashlib.sha256(evaluation).hexdigest()[:16]
    return work.store_folder / "plots" / f"{digest}-{active_language()}"


def export_model(work: Workspace, identity: str) -> Path:
    """The bundle as a folder of its own, made once: `models/<name>-<digest>` in the store."""
    folder = model_folder(work, identity)
    if not folder.exists():
        draft = work.store.scratch()
        try:
            export_bundle(open_stored_bundle(work.store, identity), draft / "model")
            _name(draft / "model", folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def model_folder(work: Workspace, identity: str) -> Path:
    """Where the bundle lies as a folder of its own, once it was made."""
    return work.store_folder / "models" / f"{work.project.name}-{identity[:12]}"


def _name(draft: Path, folder: Path) -> None:
    """Give a finished draft its name; where another run was first, its folder counts."""
    with translated(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        sync_tree(draft)
        try:
            draft.rename(folder)
        except OSError:
            if not folder.exists():
                raise
        passage("artifact.named")
        sync_folders(folder.parent, folder.parent.parent)
