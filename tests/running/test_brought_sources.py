"""Projects whose rows are behind addresses, and whose store is a bucket: the same numbers as from a file."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from brought_files import file_server

import cauce
from cauce.errors import CauceError, CauceErrors, CauceWarning
from cauce.running.execution import RunResult
from cauce.running.project_run import run_project, states_of
from cauce.running.workspace import open_workspace
from cauce.testing.socrata import Dataset, Faults, socrata_portal

sys.path.insert(0, str(Path(__file__).parents[1] / "stores"))
from faulty_s3 import proxied, s3_server

PROJECT = """
name = "penguins"
[data]
source = {source!r}
missing = ["NA"]
[target]
column = "species"
[tracking]
enabled = false
[[models]]
learner = "logistic"
"""


def project(folder: Path, *sources: str, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "cauce.toml").write_text(PROJECT.format(source=list(sources)) + more)
    return folder


def ingested(folder: Path) -> RunResult:
    return run_project(open_workspace(folder), until="ingest")


def snapshot(result: RunResult) -> str:
    return str(result.records["ingest"].outputs["snapshot"].value)


def test_a_file_behind_an_address_is_the_file(penguins: Path, tmp_path: Path) -> None:
    """Plan and run ask whether it changed and read it once; a change is a new snapshot."""
    local, seen = ingested(project(tmp_path / "local", str(penguins))), []
    with file_server(penguins.parent, seen) as url:
        folder = project(tmp_path / "remote", f"{url}/penguins.csv#private=allow")
        first = ingested(folder)
        assert snapshot(first) == snapshot(local)
        assert first.records["ingest"].digest == local.records["ingest"].digest
        assert ingested(folder).ran == ()
        assert states_of(open_workspace(folder))[0].record is not None
        assert seen == ["200", "304", "304"]
        penguins.write_bytes(penguins.read_bytes() + b"Adelie,Dream,39.2,21.1,196,4150,male,2007\n")
        import os

        os.utime(penguins, (2e9, 2e9))
        assert ingested(folder).ran == ("ingest",)
        assert [check.state for check in cauce.doctor(folder).checks if check.name == "data"] == ["ok"]


def test_addresses_and_files_are_read_together(penguins: Path, tmp_path: Path) -> None:
    with file_server(penguins.parent, []) as url:
        folder = project(tmp_path / "both", f"{url}/penguins.csv#private=allow", str(penguins))
        result = ingested(folder)
    assert result.records["ingest"].facts["rows"] == 2 * 344


def test_a_data_set_of_a_portal_is_learned_from_and_its_doubtful_columns_are_told(
    shared_data: Path, tmp_path: Path
) -> None:
    rows = pl.read_csv(shared_data / "penguins" / "penguins.csv", infer_schema=False)
    types = {name: "number" if "_" in name or name == "year" else "text" for name in rows.columns}
    made = Dataset("abcd-1234", types, rows.to_dicts())
    made.rows[7]["body_mass_g"] = "unknown"
    with socrata_portal(made, faults=Faults(refused=0.05, after=2)) as portal:
        folder = project(tmp_path / "portal", portal.address)
        result = ingested(folder)
        before = len(portal.requests)
        assert ingested(folder).ran == ()
        assert len(portal.requests) <= before + 3
    told = {
        values["column"] for code, values, _ in result.records["ingest"].facts["notices"] if code == "W2639"
    }
    assert told == {"body_mass_g"}
    assert result.records["ingest"].facts["rows"] == 344


def test_an_address_that_may_not_be_reached_stops_with_its_code(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", "http://169.254.169.254/latest/meta-data")
    with pytest.raises(CauceError) as caught:
        ingested(folder)
    assert caught.value.code == "E2601"
    failed = [check for check in cauce.doctor(folder).checks if check.name == "data"]
    assert [check.state for check in failed] == ["fail"]
    assert failed[0].says.startswith("E2601")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("https://u:pw@host/f.csv", "E2501"),
        ("https://host/f.csv?token=abcdef", "E2501"),
        ("socrata://host/abcd-1234?token=abcdef", "E2501"),
        ("s3://bucket/x?secret=abcdef", "E2501"),
        ("gopher://host/x", "E0330"),
    ],
)
def test_a_secret_in_an_address_is_refused_with_the_project(tmp_path: Path, source: str, code: str) -> None:
    with pytest.raises(CauceErrors) as caught:
        open_workspace(project(tmp_path / "p", source))
    assert [error.code for error in caught.value.errors] == [code]
    assert "abcdef" not in str(caught.value)


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")


def s3(endpoint: str, path: str) -> str:
    return f"s3://cauce-test/{path}?region=us-east-1&endpoint={endpoint}"


@pytest.mark.usefixtures("_keys")
def test_a_whole_run_in_a_bucket_makes_the_same_model_through_one_error_in_ten(
    bucket: str, penguins: Path, tmp_path: Path
) -> None:
    """Rows and store in a bucket, a server that fails: the bundle of the run in a folder, digest and all."""
    from cauce.stores.bucket import bucket_of

    bucket_of(s3(bucket, "")).put("in/part.csv", penguins.read_bytes())
    local = cauce.run(project(tmp_path / "local", str(penguins)))
    with proxied(bucket, 0.1, ways=("error", "drop", "lost")) as proxy:
        store = f'[store]\nurl = "{s3(proxy.url, "store")}"\n'
        folder = project(tmp_path / "remote", s3(proxy.url, "in/*.csv"), more=store)
        remote = cauce.run(folder)
    assert remote.bundle == local.bundle
    assert remote.snapshot == local.snapshot
    assert sum(proxy.counted.values()) > proxy.counted["through"] > 20
    again = project(tmp_path / "again", s3(bucket, "in/"), more=f'[store]\nurl = "{s3(bucket, "store")}"\n')
    assert cauce.run(again).ran == (), "another machine finds every step finished"
    kept = {key.partition("/")[0] for key in open_workspace(again).store.list("")}
    assert kept >= {"snapshots", "bundles", "ledger", "parts", "runs"}
    assert not (again / ".cauce" / "ledger").exists()


@pytest.mark.usefixtures("_keys")
def test_an_object_that_lies_in_no_folder_is_found_by_its_name(bucket: str, tmp_path: Path) -> None:
    """Who keeps one file in a bucket of its own was told that it is not there."""
    from cauce.running.bucket_files import open_bucket_files
    from cauce.sources.brought import Wanted
    from cauce.spec.addresses import parse_address
    from cauce.stores.bucket import bucket_of

    bucket_of(s3(bucket, "")).put("alone.csv", b"a\n1\n")
    remote = open_bucket_files(parse_address(s3(bucket, "alone.csv")), Wanted(home=tmp_path))
    (name,) = remote.bring(tmp_path, lambda done, total: None).files
    assert (tmp_path / name).read_bytes() == b"a\n1\n"
    with pytest.raises(CauceError) as caught:
        open_bucket_files(parse_address(s3(bucket, "none.csv")), Wanted(home=tmp_path)).check()
    assert caught.value.code == "E2658"


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("tree/a.csv", ["a.csv"]),
        ("tree/", ["a.csv", "b/c.csv", "b/d/e.csv"]),
        ("tree/*.csv", ["a.csv"]),
        ("tree/**/*.csv", ["a.csv", "b/c.csv", "b/d/e.csv"]),
        ("tree/b/?.csv", ["c.csv"]),
        ("tree/*/*.csv", ["b/c.csv"]),
    ],
)
def test_patterns_mean_what_they_mean_for_folders(
    bucket: str, tmp_path: Path, pattern: str, names: list[str]
) -> None:
    from cauce.running.bringing import bring_here
    from cauce.sources.brought import Wanted
    from cauce.sources.files import find_files
    from cauce.stores.bucket import bucket_of

    for key in ("a.csv", "b/c.csv", "b/d/e.csv", "_done", ".hidden.csv"):
        bucket_of(s3(bucket, "")).put(f"tree/{key}", f"{key}\n".encode())
    source = (s3(bucket, pattern).replace("?.csv", "%3F.csv"),)
    here = bring_here(source, Wanted(home=tmp_path), folder=tmp_path, report=lambda done, total: None)
    assert [file.name for file in find_files(here.paths)] == names


@pytest.mark.usefixtures("_keys")
def test_a_pattern_without_a_match_is_told(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(CauceError) as caught:
        ingested(project(tmp_path / "p", s3(bucket, "nothing/*.csv")))
    assert caught.value.code == "E2658"


def test_people_hear_how_much_of_a_download_is_here(penguins: Path, tmp_path: Path) -> None:
    """A run that fetches for minutes before its first step would look dead."""
    from cauce.running.observer import Silent

    heard: list[tuple[float, float | None]] = []

    class Hearing(Silent):
        def bringing(self, done: float, total: float | None) -> None:
            heard.append((done, total))

    with file_server(penguins.parent, []) as url:
        work = open_workspace(project(tmp_path / "p", f"{url}/penguins.csv#private=allow"))
        run_project(work, until="ingest", observer=Hearing())
    size = penguins.stat().st_size
    assert heard[-1] == (size, size)


@pytest.mark.usefixtures("_keys")
def test_doctor_tries_the_bucket_of_a_store(bucket: str, penguins: Path, tmp_path: Path) -> None:
    for name, state in (("cauce-test", "ok"), ("no-such-bucket", "fail")):
        url = s3(bucket, "checked").replace("cauce-test", name)
        folder = project(tmp_path / name, str(penguins), more=f'[store]\nurl = "{url}"\n')
        assert [one.state for one in cauce.doctor(folder).checks if one.name == "bucket"] == [state]


@pytest.mark.mlflow
@pytest.mark.usefixtures("_keys")
def test_a_shared_store_beside_a_registry_of_this_machine_is_told(
    bucket: str, penguins: Path, tmp_path: Path
) -> None:
    """Another machine finds the model registered, by the ledger, and in its own registry there is none."""
    store = f'[store]\nurl = "{s3(bucket, "shared")}"\n'
    folder = project(tmp_path / "p", str(penguins), more=store)
    text = (folder / "cauce.toml").read_text()
    (folder / "cauce.toml").write_text(text.replace("enabled = false", "enabled = true"))
    with pytest.warns(CauceWarning, match="W2665"):
        open_workspace(folder).tracker()
    (folder / "cauce.toml").write_text(text.replace("enabled = false", 'uri = "http://127.0.0.1:9"'))
    open_workspace(folder).tracker()
