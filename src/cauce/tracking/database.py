"""MLflow's database file, made whole or not at all."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from cauce.tracking.destination import Destination
from cauce.tracking.empty_database import copy_empty, forget_empty, keep_empty

_FORGOTTEN = 600.0
"""Seconds after which the draft of a database is nobody's."""


def make_database(destination: Destination) -> None:
    """Give a database file that is not there yet its tables, inside `quiet_mlflow`; nothing elsewhere.

    MLflow makes them one after the other, and a file whose maker was killed half-way is refused for ever.
    So they are made in a draft beside it, which gets the name once it is whole.
    """
    path = destination.file
    if path is None or path.exists() or not path.parent.is_dir():
        return
    _sweep(path)
    draft = _draft(destination, path.with_name(f".{path.name}-{os.getpid()}"))
    try:
        os.link(draft, path)
    except FileExistsError:
        draft.unlink()
    except OSError:
        # A file system without links; there, of two at once the last one counts, and both are empty.
        draft.rename(path)
    else:
        draft.unlink()


def _draft(destination: Destination, draft: Path) -> Path:
    """A file with all tables: a copy of an empty database that was kept, else one that MLflow makes."""
    if copy_empty(draft):
        try:
            _make_tables(destination.at(draft))
        except Exception:
            # MLflow keeps its connection to a file by its name.
            forget_empty()
            draft.unlink(missing_ok=True)
            draft = draft.with_name(f"{draft.name}-again")
        else:
            return draft
    _make_tables(destination.at(draft))
    keep_empty(draft)
    return draft


def _make_tables(destination: Destination) -> None:
    from mlflow import MlflowClient

    MlflowClient(tracking_uri=destination.uri, registry_uri=destination.uri).search_experiments(max_results=1)


def _sweep(path: Path) -> None:
    for draft in path.parent.glob(f".{path.name}-*"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > _FORGOTTEN:
                draft.unlink()
