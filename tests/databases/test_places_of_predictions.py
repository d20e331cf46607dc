"""Where predictions go is asked before anything is brought or scored."""

from __future__ import annotations

from pathlib import Path

import pytest

import cauce
from cauce.errors import CauceError


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a model."""
    folder = tmp_path_factory.mktemp("places")
    lines = [f"{n},{n % 7},{'yes' if n % 3 else 'no'}" for n in range(60)]
    (folder / "rows.csv").write_text("\n".join(["id,a,y", *lines]))
    (folder / "cauce.toml").write_text(
        'name = "p"\n[data]\nsource = "rows.csv"\nkey = "id"\n[target]\ncolumn = "y"\n'
        '[tracking]\nenabled = false\n[[models]]\nlearner = "logistic"\n'
    )
    cauce.run(folder / "cauce.toml")
    return folder


@pytest.mark.parametrize(
    ("out", "code"),
    [
        ("there.csv", "E1211"),
        ("out.txt", "E1212"),
        ("no/such/folder/out.csv", "E0504"),
        ("s3://bucket/out.csv", "E1223"),
        ("postgress://ana:CANARY@h/shop#p", "E2528"),
        ("https://example.org/out.csv", "E1223"),
        ("mysql://ana@127.0.0.1:1/shop", "E2507"),
        ("mysql://ana@127.0.0.1:1/shop#t", "E2510"),
        ("postgresql://ana@127.0.0.1:1/shop#t", "E2510"),
        ("postgresql://ana@127.0.0.1:1/shop?tls=yes#t", "E2509"),
        ("sqlite:///no/such/folder/a.db#t", "E2527"),
        ("sqlite:///a.db?tls=off#t", "E2508"),
        ("out.csv", "E2512"),
    ],
)
def test_nothing_is_brought_for_predictions_that_have_no_place(
    out: str, code: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password would be told after the hours that it takes to read and score."""
    monkeypatch.chdir(project)
    (project / "there.csv").touch()
    before = {one.name for one in project.iterdir()}
    with pytest.raises(CauceError) as refused:
        cauce.predict("sqlite:///lost.db#rows", out=out, project=project / "cauce.toml")
    assert refused.value.code == code
    assert {one.name for one in project.iterdir()} == before
