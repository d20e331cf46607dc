"""Public data through a stand-in portal that refuses, breaks off, forgets its order and changes its mind."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cauce.errors import CauceError, CauceWarning
from cauce.sources import ReadOptions, open_source
from cauce.sources.brought import Brought, Wanted
from cauce.sources.remote import open_remote
from cauce.sources.socrata_source import RemoteDataset, page_files
from cauce.spec.addresses import parse_address
from cauce.stats.identity import Identity
from cauce.testing.socrata import Dataset, Faults, Portal, socrata_portal

TYPES = {
    "id_contrato": "text",
    "valor": "number",
    "share": "number",
    "firma": "calendar_date",
    "activo": "checkbox",
    "urlproceso": "url",
    "lugar": "location",
}


def dataset(rows: int) -> Dataset:
    return Dataset("jbjy-vk9h", TYPES, [row(number) for number in range(rows)])


def row(number: int) -> dict[str, Any]:
    return {
        "id_contrato": f"CO1.{number:05d}",
        "valor": str(number * 1000) if number % 5 else None,
        "share": f"{number / 8}",
        "firma": f"2026-02-{number % 28 + 1:02d}T00:00:00.000",
        "activo": number % 2 == 0,
        "urlproceso": f"https://example.org/{number}",
        "lugar": {"latitude": "4.6", "longitude": "-74.1"} if number % 3 else None,
    }


def bring(portal: Portal, folder: Path, *, options: str = "", drop: tuple[str, ...] = ()) -> pl.DataFrame:
    return pl.read_parquet(folder / brought(portal, folder, options=options, drop=drop).files[0])


def brought(
    portal: Portal, folder: Path, *, options: str = "", drop: tuple[str, ...] = (), tries: int = 12
) -> Brought:
    address = parse_address(f"{portal.address}&page=100{options}")
    found = open_remote(address, Wanted(home=folder, drop=drop))
    assert isinstance(found, RemoteDataset)
    quick = replace(found.request, policy=replace(found.request.policy, pause=0.001, tries=tries))
    return replace(found, request=quick).bring(folder, lambda done, total: None)


def code_of(action: Any) -> str:
    with pytest.raises(CauceError) as caught:
        action()
    return caught.value.code


def asked(portal: Portal, part: str) -> list[str]:
    return [one for one in portal.requests if part in one]


def test_every_row_comes_once_with_the_kinds_that_the_portal_says(tmp_path: Path) -> None:
    with socrata_portal(dataset(450)) as portal:
        frame = bring(portal, tmp_path)
    assert frame.columns == list(TYPES)
    assert [str(kind) for kind in frame.dtypes[:5]] == [
        "String",
        "Int64",
        "Float64",
        "Datetime(time_unit='us', time_zone=None)",
        "Boolean",
    ]
    expected = [row(number) for number in range(450)]
    assert frame["id_contrato"].to_list() == [one["id_contrato"] for one in expected]
    assert frame["valor"].to_list() == [one["valor"] and int(one["valor"]) for one in expected]
    assert frame["share"].to_list() == [number / 8 for number in range(450)]
    assert frame["activo"].to_list() == [one["activo"] for one in expected]
    assert frame["urlproceso"].to_list() == [one["urlproceso"] for one in expected]
    assert json.loads(frame["lugar"][1]) == {"latitude": "4.6", "longitude": "-74.1"}
    assert frame["lugar"][0] is None


def test_the_rows_are_those_of_the_csv_file(tmp_path: Path) -> None:
    """A data set read from the portal and from its file is one snapshot."""
    made = dataset(300)
    made.types = {name: kind for name, kind in TYPES.items() if name not in ("activo", "lugar")}
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(made.types), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(made.rows)
    with socrata_portal(made) as portal:
        found = brought(portal, tmp_path / "here")
    identities = {identity(tmp_path / "here" / found.files[0]), identity(tmp_path / "rows.csv")}
    assert len(identities) == 1


def identity(file: Path) -> str:
    source = open_source(ReadOptions(paths=(str(file),)))
    summary = Identity(source.schema)
    state = summary.start()
    for batch in source.batches():
        state = summary.update(state, batch)
    return str(summary.result(state).identity)


def test_nothing_is_fetched_again_until_the_portal_says_that_rows_changed(tmp_path: Path) -> None:
    with socrata_portal(dataset(150)) as portal:
        first = bring(portal, tmp_path)
        before = len(portal.requests)
        assert bring(portal, tmp_path).equals(first)
        assert len(portal.requests) == before + 1
        portal.dataset.rows.append(row(150))
        portal.dataset.changed()
        assert len(bring(portal, tmp_path)) == 151


def test_a_busy_portal_that_breaks_off_gives_every_row_in_the_end(tmp_path: Path) -> None:
    with socrata_portal(dataset(3000), faults=Faults(refused=0.15, cut=0.1, seed=3)) as portal:
        frame = bring(portal, tmp_path)
    assert frame["id_contrato"].to_list() == [f"CO1.{number:05d}" for number in range(3000)]


def test_after_a_break_the_pages_that_are_here_are_not_asked_for_again(tmp_path: Path) -> None:
    with socrata_portal(dataset(1000), faults=Faults(refused=1.0, after=6)) as portal:
        assert code_of(lambda: brought(portal, tmp_path, tries=2)) == "E2608"
        kept = len(page_files(tmp_path))
        assert kept == 4
        portal.faults, portal.requests[:] = Faults(), []
        assert len(bring(portal, tmp_path)) == 1000
        assert len(asked(portal, "$limit")) == 11 - kept


def test_a_data_set_that_changes_between_two_pages_is_fetched_anew(tmp_path: Path) -> None:
    with socrata_portal(dataset(300)) as portal:
        change_after(portal, 4)
        frame = bring(portal, tmp_path)
    assert frame["valor"][1] == -1
    assert len(frame) == 300


def change_after(portal: Portal, requests: int, *, every: bool = False) -> None:
    """Change a row and the time of change when so many requests were made; every: with each one after."""

    class Watching(list[str]):
        def append(self, one: str) -> None:
            super().append(one)
            if len(self) == requests or (every and len(self) > requests):
                portal.dataset.rows[1] = {**row(1), "valor": "-1"}
                portal.dataset.changed()

    portal.requests = Watching()


def test_a_data_set_that_never_stands_still_is_not_taken(tmp_path: Path) -> None:
    with socrata_portal(dataset(300)) as portal:
        change_after(portal, 3, every=True)
        assert code_of(lambda: brought(portal, tmp_path)) == "E2633"
    assert not list(tmp_path.rglob("rows.parquet"))


def test_a_column_that_goes_away_between_two_pages_is_seen(tmp_path: Path) -> None:
    with socrata_portal(dataset(300)) as portal:

        class Dropping(list[str]):
            def append(self, one: str) -> None:
                super().append(one)
                if len(self) == 4:
                    portal.dataset.types = {n: k for n, k in TYPES.items() if n != "share"}
                    portal.dataset.changed()

        portal.requests = Dropping()
        frame = bring(portal, tmp_path)
    assert "share" not in frame.columns
    assert len(frame) == 300


def test_a_number_that_is_none_makes_the_column_text_and_is_said(tmp_path: Path) -> None:
    made = dataset(250)
    made.rows[240]["valor"] = "No Definido"
    with socrata_portal(made) as portal:
        found = brought(portal, tmp_path)
    assert [(one.code, dict(one.values)["column"]) for one in found.notices] == [("W2639", "valor")]
    assert pl.read_parquet(tmp_path / found.files[0])["valor"][240] == "No Definido"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2"], "Int64"),
        (["1", "2.5"], "Float64"),
        (["1e3", "-.5"], "Float64"),
        (["9" * 30, "1"], "Float64"),
        (["1", "NaN"], "String"),
        (["1e999", "1"], "String"),
        (["1,000", "1"], "String"),
        ([" 1", "1"], "String"),
    ],
)
def test_numbers_are_what_their_texts_say(tmp_path: Path, cells: list[str], kind: str) -> None:
    made = Dataset("abcd-1234", {"n": "number"}, [{"n": cell} for cell in cells])
    with socrata_portal(made) as portal:
        assert str(bring(portal, tmp_path)["n"].dtype) == kind


@pytest.mark.parametrize(
    ("kind", "cells", "held"),
    [
        ("calendar_date", ["2026-02-05T01:02:03.5"], "Datetime(time_unit='us', time_zone=None)"),
        ("calendar_date", ["2026-02-30T00:00:00.000"], "String"),
        ("fixed_timestamp", ["2026-02-05T01:02:03Z"], "Datetime(time_unit='us', time_zone='UTC')"),
        ("checkbox", ["maybe"], "String"),
        ("phone", ["123"], "String"),
        ("text", ['"a",\nb\x00'], "String"),
    ],
)
def test_other_cells_are_what_they_can_be(tmp_path: Path, kind: str, cells: list[str], held: str) -> None:
    made = Dataset("abcd-1234", {"c": kind}, [{"c": cell} for cell in cells])
    with socrata_portal(made) as portal:
        frame = bring(portal, tmp_path)
    assert str(frame["c"].dtype) == held
    if kind == "fixed_timestamp":
        assert str(frame["c"][0]) == "2026-02-05 01:02:03+00:00"
    if held == "String":
        assert frame["c"].to_list() == cells


def test_select_where_and_drop_are_the_portals_work(tmp_path: Path) -> None:
    with socrata_portal(dataset(250)) as portal:
        options = "&$select=id_contrato,valor,share&$where=valor > 100000 OR id_contrato = 'CO1.00003'"
        frame = bring(portal, tmp_path, options=options, drop=("share",))
        assert all("share" not in one for one in asked(portal, "$limit"))
    assert frame.columns == ["id_contrato", "valor"]
    assert frame["valor"].to_list() == [3000, *(n * 1000 for n in range(101, 250) if n % 5)]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("&$select=nope", "E2636"),
        ("&$select=count(*)", "E2636"),
        ("&$where=nope = 1", "E2631"),
        ("&$where=valor >", "E2631"),
        ("&$order=valor", "E2611"),
        ("&$where=valor > 1e99", "E2631"),
        ("&$where=id_contrato = 'nobody'", "E2640"),
        ("&tries=0", "E2611"),
    ],
)
def test_a_question_that_makes_no_sense_is_told(tmp_path: Path, options: str, code: str) -> None:
    with socrata_portal(dataset(10)) as portal:
        assert code_of(lambda: brought(portal, tmp_path, options=options)) == code


def test_a_data_set_that_is_not_there_is_told(tmp_path: Path) -> None:
    with socrata_portal(dataset(10)) as portal:
        gone = replace(portal, dataset=replace(portal.dataset, name="aaaa-0000"))
        assert code_of(lambda: brought(gone, tmp_path)) == "E2630"
        wrong = replace(portal, dataset=replace(portal.dataset, name="nothing"))
        assert code_of(lambda: brought(wrong, tmp_path)) == "E2637"
        assert code_of(lambda: brought(portal, tmp_path, drop=("valr",))) == "E0418"


def test_a_token_is_sent_and_a_wrong_one_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socrata_portal(dataset(50), tokens=("right",)) as portal:
        monkeypatch.setenv("SODA_TOKEN", "right")
        assert len(bring(portal, tmp_path / "a", options="&token=env:SODA_TOKEN")) == 50
        monkeypatch.setenv("SODA_TOKEN", "wr0ng")
        with pytest.warns(CauceWarning, match="W2632"):
            assert len(bring(portal, tmp_path / "b", options="&token=env:SODA_TOKEN")) == 50
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*.json"))
    assert b"wr0ng" not in kept
    assert b"right" not in kept


def test_a_portal_out_of_reach_does_not_stop_work_on_what_was_fetched(tmp_path: Path) -> None:
    with socrata_portal(dataset(50)) as portal:
        first = bring(portal, tmp_path)
        portal.faults = Faults(refused=1.0)
        with pytest.warns(CauceWarning, match="W2614"):
            assert pl.read_parquet(tmp_path / brought(portal, tmp_path, tries=2).files[0]).equals(first)


def test_check_says_how_many_rows_there_are(tmp_path: Path) -> None:
    with socrata_portal(dataset(50)) as portal:
        found = open_remote(parse_address(portal.address), Wanted(home=tmp_path)).check()
    assert found == ("jbjy-vk9h is there, 50 rows",)


_CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from cauce.sources.brought import Wanted
from cauce.sources.remote import open_remote
from cauce.spec.addresses import parse_address
folder = Path(sys.argv[2])
found = open_remote(parse_address(sys.argv[1]), Wanted(home=folder))
policy = replace(found.request.policy, pause=0.001, tries=20)
found = replace(found, request=replace(found.request, policy=policy))
print(folder / found.bring(folder, lambda done, total: None).files[0])
"""


def killed_and_resumed(portal: Portal, folder: Path, *, page: int, kills: int, pages: int) -> Path:
    """The file after so many SIGKILLs, each when some more pages are there."""
    command = [sys.executable, "-c", _CHILD, f"{portal.address}&page={page}", str(folder)]
    for kill in range(kills):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while child.poll() is None and len(page_files(folder)) < (kill + 1) * pages // (kills + 1):
            time.sleep(0.002)
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL, "it was killed before it was done"
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())


def test_a_killed_download_goes_on_and_is_exact(tmp_path: Path) -> None:
    faults = Faults(refused=0.05, cut=0.02, seed=1)
    with socrata_portal(dataset(3000), faults=faults) as portal:
        file = killed_and_resumed(portal, tmp_path, page=50, kills=1, pages=60)
        answered = len(asked(portal, "$limit"))
    frame = pl.read_parquet(file)
    assert frame["id_contrato"].to_list() == [f"CO1.{number:05d}" for number in range(3000)]
    assert answered < 61 * 1.5


@pytest.mark.slow
def test_real_contracts_through_faults_and_kills_are_exact(tmp_path: Path, shared_data: Path) -> None:
    """100,000 contracts through 5 % of refusals and 3 kills: the rows of the file, none lost or doubled."""
    file = shared_data / "secop2" / "contratos_100k.csv"
    rows = pl.read_csv(file, infer_schema=False).fill_null("")
    types = dict.fromkeys(rows.columns, "text")
    made = Dataset("jbjy-vk9h", types, rows.to_dicts())
    with socrata_portal(made, faults=Faults(refused=0.05, seed=2)) as portal:
        found = killed_and_resumed(portal, tmp_path, page=1000, kills=3, pages=100)
    assert pl.read_parquet(found).equals(rows)
