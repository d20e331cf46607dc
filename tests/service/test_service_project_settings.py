"""`cauce serve` in a project's folder, as the project file says; options win."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import served_models as serving
import small_models as small

from cauce.errors import CauceError
from cauce.running.serving import prepare
from cauce.service.tokens import make_token

PROJECT = """
name = "small"

[data]
source = "rows.csv"

[target]
column = "late"

[serve]
model = "bundle"
port = 0
workers = 2
tokens = "keys/tokens.json"
explain = true
patience = 0.5
capture = "kept"
capture_share = 0.25
capture_without = ["id"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder with such a file, a model and tokens."""
    (tmp_path / "cauce.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "bundle").symlink_to(serving.folder_of(small.bundle()))
    (tmp_path / "keys").mkdir()
    make_token(tmp_path / "keys" / "tokens.json", "shop")
    return tmp_path


def settings(project: Path | None, model: str | None = None, **choices: Any) -> Any:
    return prepare(model, project=project, choices=choices).settings


def test_what_the_project_says_is_done_and_options_win(project: Path) -> None:
    """The command that runs in production would be a line of twenty options, in one person's history."""
    found = settings(project / "cauce.toml")
    assert found.digest == small.bundle().identity
    assert (found.port, found.workers, found.limits.patience) == (0, 2, 0.5)
    assert found.tokens == str(project / "keys" / "tokens.json")
    assert found.explainer
    assert found.capture.folder == str(project / "kept")
    assert (found.capture.share, found.capture.left_out) == (0.25, ("id",))
    other = settings(project / "cauce.toml", workers=1, explain=False, capture_share=1.0)
    assert (other.workers, other.explainer, other.capture.share) == (1, (), 1.0)
    assert other.port == 0


def test_the_file_is_found_from_below_and_means_its_own_folders(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started from another folder, the service would keep what it answers somewhere else."""
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    assert settings(None).capture.folder == str(project / "kept")


def test_a_bundle_that_is_named_is_served_as_the_options_say_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's model would be served with this project's tokens, for the folder one stands in."""
    monkeypatch.chdir(project)
    found = settings(None, str(serving.folder_of(small.bundle())))
    assert (found.workers, found.tokens, found.capture) == (1, None, None)
    named = settings(project / "cauce.toml", str(serving.folder_of(small.bundle())))
    assert named.workers == 2


def test_what_the_file_says_is_checked_like_options(project: Path) -> None:
    """An address open to all, because the file is read elsewhere."""
    text = PROJECT.replace('tokens = "keys/tokens.json"', 'host = "0.0.0.0"')
    (project / "cauce.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CauceError, match="E2401"):
        settings(project / "cauce.toml")
