"""A three-step run on 300 rows that tests kill: python toy_run.py run FOLDER | kills FOLDER STRIDE.

Its store is in the folder, or in the bucket CAUCE_TOY_BUCKET under the folder's name.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from cauce.core.canonical import canonical_json
from cauce.core.faults import translated
from cauce.core.snapshot_reading import SnapshotSource, read_manifest, verify_snapshot
from cauce.core.snapshot_writing import write_snapshot
from cauce.errors import CauceError
from cauce.expr.schema import Field, Schema
from cauce.planning.record import Record
from cauce.planning.step import Output, Plan, Reference, Step
from cauce.ports.store import Store
from cauce.running.execution import Made, run_plan
from cauce.stores.garbage import collect_garbage, unreferenced
from cauce.stores.ledger import StoreLedger
from cauce.stores.local import LocalStore
from cauce.testing.failpoints import done, killed, passages, points

SCHEMA = Schema((Field("number", "integer"), Field("name", "text"), Field("value", "float")))
PLAN = Plan(
    (
        Step(name="ingest", inputs={"fingerprint": "made by this file"}, scans=1),
        Step(name="total", inputs={"rows": Output("ingest", "snapshot")}, parameters={"power": 2}),
        Step(name="report", inputs={"total": Output("total", "total"), "rows": Output("ingest", "snapshot")}),
    )
)


def batches(size: int = 70) -> Iterator[pl.DataFrame]:
    """300 rows in batches of `size`, with nulls."""
    numbers = range(300)
    frame = pl.DataFrame(
        {
            "number": numbers,
            "name": [None if n % 7 == 0 else f"n{n % 13}" for n in numbers],
            "value": [None if n % 11 == 0 else n / 3 for n in numbers],
        },
        schema=SCHEMA.dtypes,
    )
    return frame.iter_slices(size)


def actions(store: Store, journal: Path) -> dict[str, Callable[..., Made]]:
    """What the three steps do; each beginning is written to `journal`, which is not in the store."""

    def begun(step: Step) -> None:
        with translated(journal), journal.open("a") as file:
            file.write(f"{step.name}\n")

    def ingest(step: Step, report: Callable[[float, float | None], None]) -> Made:
        begun(step)
        manifest = write_snapshot(batches(), SCHEMA, store=store, rows_per_part=100)
        report(300, 300)
        return Made({"snapshot": Reference("snapshot", manifest.identity)}, {"rows": manifest.rows})

    def total(step: Step, report: Callable[[float, float | None], None]) -> Made:
        begun(step)
        manifest = read_manifest(store, step.stored("rows"))
        power = step.parameters["power"]
        sums = [(batch["number"] ** power).sum() for batch in SnapshotSource(manifest, store).batches()]
        return Made({"total": Reference("value", int(sum(sums)))})

    def write(step: Step, report: Callable[[float, float | None], None]) -> Made:
        begun(step)
        key = f"objects/report-{step.inputs['total']}.json"
        store.put_if_absent(key, canonical_json({"total": step.inputs["total"]}))
        return Made({"report": Reference("object", key)})

    return {"ingest": ingest, "total": total, "report": write}


def store_of(folder: Path) -> Store:
    """Where the run in `folder` keeps everything."""
    bucket, home = os.environ.get("CAUCE_TOY_BUCKET"), str(folder / "store")
    if bucket is None:
        return LocalStore(home)
    from cauce.stores.objects import ObjectStore

    return ObjectStore(bucket.replace("PREFIX", folder.name), home)


def run(folder: Path) -> dict[str, str]:
    """Do the plan in `folder`; the SHA-256 of each record by step."""
    store = store_of(folder)
    result = run_plan(PLAN, actions(store, folder / "journal"), ledger=StoreLedger(store))
    return {name: record.to_bytes().decode() for name, record in result.records.items()}


def visible(folder: Path) -> dict[str, str]:
    """Every object but the notes with clocks, proven whole; AssertionError where something is half there."""
    store = store_of(folder)
    found = {}
    for key in store.list(""):
        content = store.get(key)
        if key.startswith(("runs/", "provenance/")):
            json.loads(content)
            continue
        if key.startswith("snapshots/"):
            verify_snapshot(read_manifest(store, key[10:-5]), store, rows=True)
        elif key.startswith("ledger/"):
            assert not StoreLedger(store).gone(Record.from_bytes(content, key)), key
        found[key] = content.hex()
    return found


def check_before(folder: Path, objects: dict[str, str]) -> None:
    """After a kill: what is visible is whole, and nothing a finished run would not have."""
    before = visible(folder)
    assert before.items() <= objects.items(), sorted(set(before) - set(objects))


def check_after(folder: Path, objects: dict[str, str]) -> None:
    """After the next run: all is as if nothing had happened, and at most one step was done twice."""
    assert visible(folder) == objects
    started = (folder / "journal").read_text().split()
    assert len(started) <= len(PLAN.steps) + 1, started
    store = store_of(folder)
    collect_garbage(store)
    assert unreferenced(store) == ()
    assert not list((folder / "store" / ".scratch").iterdir())
    assert visible(folder) == objects


def same(folder: Path, expected: dict[str, str]) -> None:
    """Run, and find the records of the run that nobody killed."""
    assert run(folder) == expected


def survived(folder: Path, expected: dict[str, str], objects: dict[str, str]) -> None:
    """What is left after a kill is whole, and the next run ends as the one nobody killed."""
    check_before(folder, objects)
    same(folder, expected)
    check_after(folder, objects)


def kills(folder: Path, stride: int) -> None:
    """Kill the run at each `stride`th passage, run it again, and print how many kills were survived."""
    first = folder / "first"
    first.mkdir()
    names = passages(lambda: run(first), folder / "log")
    expected_file = folder / "expected"
    done(lambda: expected_file.write_text(json.dumps([run(first), visible(first)])))
    expected, objects = json.loads(expected_file.read_text())
    chosen = points(names)[::stride]
    for number, point in enumerate(chosen):
        here = folder / str(number)
        here.mkdir()
        assert killed(lambda here=here: run(here), point), point
        try:
            done(lambda here=here: survived(here, expected, objects))
        except AssertionError as error:
            raise AssertionError(f"after a kill at {point}") from error
    print(json.dumps({"kills": len(chosen), "passages": len(names), "names": sorted(set(names))}))


def main() -> int:
    """One of: run FOLDER (prints the records, or the error's code), kills FOLDER STRIDE."""
    folder = Path(sys.argv[2])
    if sys.argv[1] == "kills":
        kills(folder, int(sys.argv[3]))
        return 0
    try:
        records = json.dumps(run(folder))
        with translated("standard output"):
            os.write(1, records.encode())
    except CauceError as error:
        os.write(1, json.dumps({"code": error.code, "message": error.message}).encode())
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
