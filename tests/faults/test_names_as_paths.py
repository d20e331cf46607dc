"""No name leads a command to write elsewhere, to show a raw control sign, or to end without a code."""

from __future__ import annotations

import random
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
import whole_run
from hostile_names import NAMES

import cauce
from cauce.cli.main import run_line
from cauce.core.bundle.writing import bundle_key
from cauce.errors import CauceError
from cauce.spec import project_from_mapping
from cauce.stores.local import LocalStore
from cauce.testing.stores import MemoryStore

Line = Callable[[str], list[str]]
MAPPING = {"schema": 1, "name": "m", "data": {"source": "rows.csv"}, "target": {"column": "late"}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that ran, three folders deep in a folder of its own."""
    folder = tmp_path_factory.mktemp("names") / "a" / "b"
    folder.mkdir(parents=True)
    whole_run.make_project(folder / "project")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cauce.run(folder / "project")
    return folder / "project"


def refusal(act: Callable[[], object]) -> CauceError | None:
    """The coded error that `act` ends in, if it does."""
    try:
        act()
    except CauceError as error:
        return error
    return None


def everything(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


@pytest.fixture
def outside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing appears around the project, beside the root, or at home, while the test runs."""
    top = project.parents[1]
    home = top / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "caches"))

    def around() -> set[str]:
        inside = str(project) + "/"
        roots = {str(one) for place in (Path("/"), top.parent) for one in place.iterdir()}
        return {one for one in everything(top) if not one.startswith(inside)} | roots

    before = around()
    yield
    assert around() == before


LINES: dict[str, Line] = {
    "a run of report": lambda name: ["report", "--", name],
    "a run of compare": lambda name: ["compare", "--", name, name],
    "a model of verify": lambda name: ["verify", "--", name],
    "a registered model": lambda name: ["verify", f"models:/{name}@champion"],
    "a version": lambda name: ["verify", f"models:/m/{name}"],
    "a model of predict": lambda name: ["predict", "rows.csv", "--out", "o.csv", f"--model={name}"],
    "a digest": lambda name: ["predict", "rows.csv", "--out", "o.csv", f"--digest={name}"],
    "a key of predict": lambda name: ["predict", "rows.csv", "--out", "o.csv", f"--key={name}"],
    "a source of predict": lambda name: ["predict", "--out", "o.csv", "--", name],
    "a source of profile": lambda name: ["profile", "--", name],
    "a target of profile": lambda name: ["profile", "rows.csv", f"--target={name}"],
    "a source of validate": lambda name: ["validate", "--", name],
    "a project": lambda name: ["plan", f"--project={name}"],
    "a code": lambda name: ["explain", "--", name],
    "a moment": lambda name: ["champion", f"--at={name}"],
    "a command": lambda name: [name],
    "the name of a new project": lambda name: [
        *("init", "rows.csv", "--yes", "--project", "new.toml", "--target", "late", f"--name={name}")
    ],
}


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("place", LINES)
def test_a_name_on_the_command_line_is_a_name(
    project: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run called `../../x` must not be read, and not written, two folders above."""
    assert len(NAMES) >= 40
    for name in NAMES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                status = run_line(LINES[place](name))
            except SystemExit as ended:
                status = int(str(ended.code or 0))
        out, err = capsys.readouterr()
        assert status != 70, (name, err)
        assert status == 0 or err, name
        assert "Traceback" not in err, (name, err)
        raw = {sign for sign in out + err if unicodedata.category(sign) in ("Cc", "Cf", "Cs")}
        assert raw <= {"\n"}, (name, raw)
        for made in ("o.csv", "new.toml"):
            (project / made).unlink(missing_ok=True)


SETTINGS: dict[str, tuple[str, ...]] = {
    "the project's name": ("name",),
    "the store": ("store", "path"),
    "the experiment": ("tracking", "experiment"),
    "the registered model": ("tracking", "registry"),
    "the target": ("target", "column"),
    "a source": ("data", "source"),
    "a key": ("data", "key"),
}


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("place", SETTINGS)
def test_a_name_in_the_project_file_leads_only_where_it_says(project: Path, place: str) -> None:
    """A store outside its folder, or a name with a line break, would be found by nobody or by everybody."""
    before = everything(project)
    for name in NAMES:
        mapping: dict[str, object] = {
            **MAPPING,
            "data": {"source": "rows.csv"},
            "tracking": {"enabled": False},
        }
        table: dict[str, object] = mapping
        for step in SETTINGS[place][:-1]:
            table[step] = dict(table.get(step, {}))  # type: ignore[call-overload]
            table = table[step]  # type: ignore[assignment]
        table[SETTINGS[place][-1]] = name
        found = refusal(lambda mapping=mapping: cauce.plan(project_from_mapping(mapping)))
        assert found is None or found.message.isprintable(), (name, found)
    assert everything(project) == before, "planning writes nothing, wherever the store is said to be"


def test_no_name_is_a_key_that_leaves_the_store(tmp_path: Path) -> None:
    """Identities, digests and file names of what is stored come from files somebody else may have written."""
    for store in (LocalStore(str(tmp_path / "a" / "b" / "store")), MemoryStore()):
        for name in NAMES:
            for key in (
                name,
                f"snapshots/{name}.json",
                f"objects/{name}",
                bundle_key(name),
                bundle_key("0", name),
            ):
                found = refusal(lambda store=store, key=key: store.put_if_absent(key, b"x"))
                code = "" if found is None else found.code
                assert code in ("", "E0501", "E0503", "E0504"), (key, code)
                assert found is None or found.message.isprintable(), key
    around = {
        path for path in everything(tmp_path) if not path.startswith(str(tmp_path / "a" / "b" / "store"))
    }
    assert around == {str(tmp_path / "a"), str(tmp_path / "a" / "b")}
    for path in (tmp_path / "a" / "b" / "store").rglob("*"):
        assert path.resolve().is_relative_to((tmp_path / "a" / "b" / "store").resolve())


@pytest.mark.usefixtures("outside")
def test_columns_and_classes_of_any_name_make_no_files_of_their_own(tmp_path: Path) -> None:
    """Plots and reports are of columns and classes that somebody else named."""
    folder = tmp_path / "a" / "b" / "project"
    folder.mkdir(parents=True)
    rows = 240
    draw = random.Random(8)
    columns = {name: [draw.random() for _ in range(rows)] for name in NAMES}
    labels = [("../../x", "$(x)\n\u202e")[(k * k + k // 7) % 3 == 0] for k in range(rows)]
    pl.DataFrame({"id": range(rows), **columns, "y": labels}).write_parquet(folder / "t.parquet")
    (folder / "cauce.toml").write_text(
        'schema = 1\nname = "m"\ndata = { source = "t.parquet", key = "id" }\ntarget.column = "y"\n'
        "models = [{ rounds = 3 }]\ntracking.enabled = false\n",
        encoding="utf-8",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = cauce.run(folder)
        scored = cauce.predict(folder / "t.parquet", model=made.folder, out=folder / "out.parquet")
    assert scored.rows == rows
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == {"project"}
    assert {path.name for path in folder.iterdir()} == {"t.parquet", "cauce.toml", ".cauce", "out.parquet"}
    for path in (folder / ".cauce").rglob("*"):
        assert path.name.isascii(), path
        assert path.name.isprintable(), path
