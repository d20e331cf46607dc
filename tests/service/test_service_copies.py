"""Copies of models that services read: kept while one does, deleted by `cauce gc` when none does any more."""

from __future__ import annotations

import os
from pathlib import Path

import served_models  # noqa: F401 - finds the next one
import small_models as small

import cauce
from cauce.running.served_folders import keep_served, sweep_served, unserved
from cauce.running.serving import prepare
from cauce.service.holding import Held

PROJECT = 'name = "small"\n[data]\nsource = "rows.csv"\n[target]\ncolumn = "late"\n'


def aged(folder: Path) -> Path:
    os.utime(folder, (0, 0))
    return folder


def test_a_copy_is_kept_while_a_service_reads_it(tmp_path: Path) -> None:
    """A worker that dies could not start again; copies nobody reads would stay for ever."""
    bundle = small.bundle()
    folder = keep_served(tmp_path, bundle)
    assert unserved(tmp_path) == []
    with prepare(aged(folder), digest=bundle.identity, choices={"port": 0}).start():
        assert sweep_served(tmp_path) == (0, 0)
    assert unserved(tmp_path) == [folder]
    assert keep_served(tmp_path, bundle) == folder
    assert unserved(tmp_path) == [], "whoever is about to serve it makes it young again"
    half = tmp_path / "served" / ".half.0123456789abcdef.part"
    half.mkdir()
    for one in (folder, half):
        aged(one)
    count, size = sweep_served(tmp_path)
    assert count == 2
    assert size > 1000
    assert list((tmp_path / "served").iterdir()) == []


def test_after_a_swap_the_new_model_is_held_and_the_old_one_is_not(tmp_path: Path) -> None:
    """The model that serves would be deleted, and the one that does not would stay."""
    first, second = tmp_path / "served" / "first", tmp_path / "served" / "second"
    for one in (first, second):
        one.mkdir(parents=True)
        aged(one)
    held = Held()
    held.hold(str(first))
    assert unserved(tmp_path) == [second]
    held.hold(str(second))
    assert unserved(tmp_path) == [first]
    held.release()
    assert unserved(tmp_path) == [first, second]
    held.hold(str(tmp_path / "nothing"))


def test_gc_says_and_deletes_copies(tmp_path: Path) -> None:
    """Who looks for the space would not find it."""
    (tmp_path / "rows.csv").write_text("a,late\n1,yes\n", encoding="utf-8")
    (tmp_path / "cauce.toml").write_text(PROJECT, encoding="utf-8")
    folder = aged(keep_served(tmp_path / ".cauce", small.bundle()))
    said = cauce.gc(tmp_path / "cauce.toml", dry_run=True)
    assert (said.served, folder.exists()) == (1, True)
    done = cauce.gc(tmp_path / "cauce.toml")
    assert (done.served, done.bytes, folder.exists()) == (1, said.bytes, False)
