"""A whole project of 300 rows that tests harm: whole_run.py run | whole | kills | disk FOLDER …"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cauce.threads import limit_threads

# One thread, so that a fork takes everything along.
limit_threads(1)

from cauce.core.bundle.opening import open_bundle, open_stored_bundle  # noqa: E402 - after the threads
from cauce.core.snapshot_reading import read_manifest, verify_snapshot  # noqa: E402
from cauce.errors import CauceError  # noqa: E402
from cauce.planning.record import Record  # noqa: E402
from cauce.ports.store import Store  # noqa: E402
from cauce.running.verification import verify_bundle  # noqa: E402
from cauce.stores.garbage import unreferenced  # noqa: E402
from cauce.stores.ledger import StoreLedger  # noqa: E402
from cauce.stores.local import LocalStore  # noqa: E402
from cauce.testing.failpoints import done, killed, passages, points  # noqa: E402

ROWS = 300
PROJECT = """schema = 1
name = "small"
[data]
source = "rows.csv"
key = "id"
[target]
column = "late"
[tracking]
enabled = false
[[models]]
rounds = 5
early_stopping = 0
"""
_CLOCKS = ("runs/", "provenance/")
_REPORTS = "reports/"


def make_project(folder: Path, text: str = PROJECT) -> Path:
    """A project of numbers with gaps, texts, one row that cannot be read, and a file to score."""
    folder.mkdir(exist_ok=True)
    rows = [
        f"{n},{'yes' if (n * 7 + n // 9) % 10 < 4 else 'no'},{n % 24},"
        f"{'' if n % 11 == 0 else f'{n * 37 % 101}.5'},{('north', 'south', 'east')[n * n % 3]}"
        for n in range(ROWS)
    ]
    rows[150] += ",too,many"
    (folder / "rows.csv").write_text("id,late,hour,wind,from\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "cauce.toml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path) -> dict[str, Any]:
    """Run the project; what it answers, without the run's name and paths."""
    import cauce  # noqa: PLC0415

    report = cauce.run(folder).to_json()
    return {name: report[name] for name in ("rows", "rejected", "snapshot", "bundle", "values", "metrics")}


def visible(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of the store but notes with clocks; an error for what is half there."""
    root = folder / ".cauce"
    store = LocalStore(str(root))
    found = {}
    for file in sorted(root.rglob("*")) if root.is_dir() else ():
        key = file.relative_to(root).as_posix()
        if not file.is_file() or key.startswith("."):
            continue
        content = file.read_bytes()
        if key.startswith(_REPORTS):
            _check_report(file, content)
            continue
        if key.startswith(_CLOCKS):
            json.loads(content)
            continue
        check_object(store, key, content)
        found[key] = hashlib.sha256(content).hexdigest()
    for model in (root / "models").glob("*"):
        open_bundle(model)
    return found


def _check_report(file: Path, content: bytes) -> None:
    """A page is whole under its name; it says when its run began, so that no two are the same."""
    if file.name.startswith("."):
        return
    if file.suffix == ".json":
        json.loads(content)
    else:
        assert content.rstrip().endswith(b"</html>"), file


def check_object(store: Store, key: str, content: bytes) -> None:
    """An error where the object, or something that it refers to, is not whole."""
    kind, _, name = key.partition("/")
    if kind == "snapshots":
        verify_snapshot(read_manifest(store, name.removesuffix(".json")), store, rows=True)
    elif kind == "ledger":
        assert not StoreLedger(store).gone(Record.from_bytes(content, key)), key
    elif kind in ("objects", "parts", "rejected"):
        assert hashlib.sha256(content).hexdigest() == name.partition(".")[0], key
    elif kind == "bundles" and name.endswith("manifest.json"):
        open_stored_bundle(store, name.partition("/")[0])
    elif kind == "plots":
        assert content.endswith(b"IEND\xaeB`\x82"), key


def check_before(folder: Path, objects: dict[str, str]) -> None:
    """What a harmed run left is whole, and nothing that a finished run would not have."""
    before = visible(folder)
    assert before.items() <= objects.items(), sorted(set(before.items()) - set(objects.items()))
    plots = [key for key in objects if key.startswith("plots/")]
    shown = [key for key in plots if key in before]
    assert shown in ([], plots), shown


def check_after(folder: Path, expected: dict[str, Any], objects: dict[str, str]) -> None:
    """The next run answers as the one that nobody harmed, its store is the same, and its model holds."""
    assert run(folder) == expected
    assert visible(folder) == objects
    store = LocalStore(str(folder / ".cauce"))
    store.sweep()
    assert not list((folder / ".cauce" / ".scratch").iterdir())
    assert not list((folder / ".cauce").rglob("*.part"))
    assert list((folder / ".cauce" / "reports").glob("*/report.html"))
    assert unreferenced(store) == ()
    assert verify_bundle(open_stored_bundle(store, expected["bundle"])).holds


def forked_whole(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """What a run that nobody harms answers and leaves."""
    make_project(folder)
    answer = folder / "answer"
    done(lambda: answer.write_text(json.dumps([run(folder), visible(folder)])))
    expected, objects = json.loads(answer.read_text())
    return expected, objects


def kills(folder: Path, count: int) -> dict[str, Any]:
    """Kill the run at `count` of its passages (0: all), and each time run it again."""
    expected, objects = forked_whole(folder / "whole")
    names = passages(lambda: run(make_project(folder / "listed")), folder / "log")
    every = points(names)
    chosen = every if count == 0 else [every[k * len(every) // count] for k in range(count)]
    for number, point in enumerate(chosen):
        here = make_project(folder / str(number))
        assert killed(lambda here=here: run(here), point), point
        try:
            done(lambda here=here: check_before(here, objects))
            done(lambda here=here: check_after(here, expected, objects))
        except AssertionError as error:
            raise AssertionError(f"after a kill at {point}: {error}") from error
        subprocess.run(["rm", "-rf", str(here)], check=True)
    return {"kills": len(chosen), "passages": len(every), "names": sorted(set(names))}


def disk(folder: Path, sizes: list[int]) -> dict[str, Any]:
    """Run in a file system of each size in KiB, one after the other, then in one that is large enough."""
    expected, objects = forked_whole(folder / "whole")
    small = folder / "small"
    said = folder / "said"
    failures = []
    for size in sizes:
        subprocess.run(["mount", "-o", f"remount,size={size}k", str(small)], check=True)
        make_project(small)
        done(lambda: said.write_text(json.dumps(_failure(small))))
        failures.append(json.loads(said.read_text()))
        done(lambda: check_before(small, objects))
    subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
    done(lambda: check_after(small, expected, objects))
    return {"failures": failures}


def _failure(folder: Path) -> dict[str, Any] | None:
    try:
        run(folder)
    except CauceError as error:
        return {"code": error.code, "exit": int(error.exit_code), "message": error.message}
    return None


def preload() -> None:
    """Import once, before the forks, what every run imports and starts no threads of work."""
    import matplotlib.backends.backend_agg  # noqa: F401, PLC0415
    import onnx  # noqa: F401, PLC0415
    import pyarrow.parquet  # noqa: F401, PLC0415

    import cauce.api.run  # noqa: F401, PLC0415
    from cauce.sparing import spare_imports  # noqa: PLC0415

    spare_imports()
    import xgboost  # noqa: F401, PLC0415


def main() -> None:
    folder = Path(sys.argv[2])
    if sys.argv[1] == "run":
        print(json.dumps(run(folder)))
        return
    if sys.argv[1] == "whole":
        answer = run(make_project(folder))
        print(json.dumps([answer, visible(folder)]))
        return
    preload()
    if sys.argv[1] == "kills":
        print(json.dumps(kills(folder, int(sys.argv[3]))))
    else:
        print(json.dumps(disk(folder, [int(size) for size in sys.argv[3:]])))


if __name__ == "__main__":
    main()
