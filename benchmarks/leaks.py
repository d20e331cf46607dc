"""How many injected leaks the leak gate stops, and how many clean tables; the last line is JSON.

A leak counts as caught when the run would stop and one of the columns it was put into is named. A false
alarm is a clean table on which the run would stop. What is only warned of is counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from cauce.testing import leak_tables as tables
from cauce.testing.leak_tables import Case, declared, excluding, injected
from cauce.testing.leaks import gated

ROOT = Path(__file__).resolve().parents[1]
_BUDGET = (
    "presupuesto_general_de_la_nacion_pgn",
    "sistema_general_de_participaciones",
    "sistema_general_de_regal_as",
    "recursos_propios_alcald_as_gobernaciones_y_resguardos_ind_genas_",
    "recursos_de_credito",
    "recursos_propios",
)
_LATE = ("dep_time", "dep_delay", "arr_time", "air_time")
_STAYS = 30_000


def leaking(data: Path, seed: int) -> Iterator[Case]:
    """Five tables with leaks of every kind put into them, and those that are there by themselves."""
    penguins, wine, stays = tables.penguins(data), tables.wine(data), tables.diabetes(data, _STAYS)
    by_patient = {
        "split": "group",
        "data": declared(group="patient_nbr"),
        "features": excluding("encounter_id"),
    }
    everything = tables.CLASS_INJECTIONS
    few = {name: one for name, one in everything.items() if name not in _NOT_AMONG_344}
    yield from injected("penguins", penguins, target="species", asked={}, injections=few, seed=seed)
    yield from injected(
        "wine", wine.drop("quality"), target="good", asked={}, injections=everything, seed=seed
    )
    own_split = {
        name: one for name, one in everything.items() if name not in ("copied rows", "returning customers")
    }
    yield from injected("diabetes", stays, target="again", asked=by_patient, injections=own_split, seed=seed)
    numbers = tables.NUMBER_INJECTIONS
    yield from injected(
        "wine alcohol",
        wine.drop("quality", "good"),
        target="alcohol",
        asked={},
        injections=numbers,
        seed=seed,
    )
    works = tables.works(data).drop(*_BUDGET)
    yield from injected(
        "contracts", works, target="valor_del_contrato", asked={}, injections=numbers, seed=seed
    )
    whole = tables.works(data)
    yield Case("contracts: budgets", whole, "log1p(valor_del_contrato)", _BUDGET[:1])
    yield Case("diabetes: patients", stays.drop("encounter_id"), "again", ("patient_nbr",))
    departed = tables.flights(60_000)
    for name in (*_LATE,):
        others = [one for one in _LATE if one != name]
        yield Case(f"flights: {name}", departed.drop(others), "arr_delay > 15", (name,))


_NOT_AMONG_344 = ("copy with 1 % noise", "status of half a class", "amount recovered", "mean of pairs")
"""What too few rows cannot prove: it is told of at most."""


def clean(data: Path, seed: int) -> Iterator[Case]:
    """Real and made tables in which nothing is known too early."""
    penguins, wine = tables.penguins(data), tables.wine(data)
    for target in ("species", "sex", "body_mass_g", "species == 'Gentoo'", "species == 'Adelie'"):
        yield Case(f"penguins: {target}", penguins, target)
    for target, task in (
        ("quality", "multiclass"),
        ("quality", "regression"),
        ("alcohol", None),
        ("density", None),
    ):
        yield Case(f"wine: {target} {task or ''}", wine.drop("good"), target, (), {"task": task})
    yield Case("wine: good", wine.drop("quality"), "good")
    by_patient = {"split": "group", "data": declared(group="patient_nbr", key=("encounter_id",))}
    yield Case("diabetes", tables.diabetes(data, 100_000), "again", (), by_patient)
    hundred = tables.contracts(data, 100_000)
    yield Case("contracts: value", hundred, "log1p(valor_del_contrato)")
    yield Case("contracts: kind", hundred, "tipo_de_contrato")
    departed = tables.flights(100_000).drop(*_LATE)
    yield Case("flights: late", departed, "arr_delay > 15")
    yield Case("flights: delay", departed, "arr_delay")
    yield from _of_scikit()
    yield from tables.synthetic(20_000, 1 + 2 * seed)
    yield from (
        Case(f"{one.name}, few rows", one.frame, one.target) for one in tables.synthetic(400, 2 + 2 * seed)
    )


def _of_scikit() -> Iterator[Case]:
    from sklearn import datasets

    for name in ("iris", "wine", "breast_cancer", "diabetes", "digits"):
        found = getattr(datasets, f"load_{name}")()
        names = [f"c{place}" for place in range(found.data.shape[1])]
        frame = pl.DataFrame(found.data.astype(float), schema=names)
        yield Case(f"scikit-learn: {name}", frame.with_columns(pl.Series("y", found.target)), "y")
        if name == "iris":
            for number, species in enumerate(found.target_names):
                one = frame.with_columns(pl.Series("y", (found.target == number).astype(int)))
                yield Case(f"scikit-learn: {name} {species}", one, "y")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("CAUCE_SHARED_DATA", ROOT.parent / "shared/data"))
    )
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--all", action="store_true", help="say what was found in every table")
    options = parser.parse_args()
    began = time.process_time()
    counts = {"leaks": 0, "caught": 0, "told": 0, "clean": 0, "alarms": 0, "clean_told": 0}
    for case in (*leaking(options.data, options.seed), *clean(options.data, options.seed)):
        report = gated(case.frame, case.target, **case.asked)
        stops = {name for one in report.stops for name in one.columns}
        told = {name for one in report.told if one.severity == "warn" for name in one.columns}
        if case.guilty:
            caught = bool(stops & set(case.guilty))
            counts["leaks"] += 1
            counts["caught"] += caught
            counts["told"] += not caught and bool(told & set(case.guilty))
        else:
            caught = not stops
            counts["clean"] += 1
            counts["alarms"] += bool(stops)
            counts["clean_told"] += bool(told)
        if options.all or not caught:
            print(f"{'' if caught else '!! '}{case.name}: stops {sorted(stops)}, tells {sorted(told)}")
            for one in report.findings if options.all else ():
                print(f"     {one.severity} {one.message}")
    figures = {
        "caught_share": counts["caught"] / counts["leaks"],
        "alarm_share": counts["alarms"] / counts["clean"],
    }
    print(json.dumps({**counts, **figures, "processor_seconds": round(time.process_time() - began, 1)}))


if __name__ == "__main__":
    main()
