"""Kills a shipper at each durable action, lets another go on, and prints what is there in the end.

Called as a script: `shipping_deaths.py FOLDER BUNDLE DIGEST EVERY`. Prints JSON: the uninterrupted content,
and for each point where it was killed the content afterwards.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tracking_records import record, tracked_bundle

from cauce.testing.failpoints import done, killed, passages, points
from cauce.tracking.border import quiet_mlflow
from cauce.tracking.delivery import Deliverer
from cauce.tracking.destination import Destination, destination_for
from cauce.tracking.outbox import Outbox
from cauce.tracking.shipping import Shipment, ship_all

_QUESTIONS = {
    "runs": "select name, status, start_time, end_time from runs",
    "metrics": "select key, value, step, timestamp from metrics",
    "params": "select key, value from params",
    "tags": "select key, value from tags where key not like 'mlflow.%'",
    "inputs": "select i.source_type, d.digest from inputs i join datasets d on d.dataset_uuid = i.source_id",
    "versions": "select name, version from model_versions",
    "version_tags": "select key, value from model_version_tags",
    "aliases": "select name, alias, version from registered_model_aliases",
}


def content(home: Path) -> dict[str, Any]:
    """What the database and the artifacts' folder hold, asked without MLflow."""
    found: dict[str, Any] = {}
    database = sqlite3.connect(home / "mlflow.db")
    for name, question in _QUESTIONS.items():
        found[name] = sorted(map(list, database.execute(question)), key=repr)
    database.close()
    kept = home / "mlartifacts"
    files = (path.relative_to(kept).parts[2:] for path in kept.rglob("*") if path.is_file())
    found["files"] = sorted("/".join(parts) for parts in files)
    found["outbox"] = sorted(path.name for path in (home / "outbox").iterdir() if path.name != ".shipper")
    return found


def main() -> None:
    """Make a home with a full outbox and an empty database; kill, go on, look."""
    folder, bundle, digest, every = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    home, template = folder / "home", folder / "template"
    picture = folder / "roc.png"
    picture.write_bytes(b"picture")
    destination = destination_for(None, folder, home=home, environment={})
    template.mkdir()
    with Outbox(template / "outbox").run("r1") as mail:
        registered = tracked_bundle(bundle, digest, "model")
        mail.put_record(record("r1", artifacts={"plots/roc.png": str(picture)}, bundle=registered))
    with quiet_mlflow():
        work = _prepared(home, template, destination)
        fresh(home, template)
        names = passages(work, folder / "log")
        found: dict[str, Any] = {"": content(home)}
        for point in points(names)[::every]:
            fresh(home, template)
            assert killed(work, point), point
            done(work)
            found[point] = content(home)
    print(json.dumps(found))


def fresh(home: Path, template: Path) -> None:
    """The home as it was before anything was shipped."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(template, home)


def _prepared(home: Path, template: Path, destination: Destination) -> Any:
    """The work of a shipper, with MLflow loaded and the database's tables made, but no connection open."""
    import pandas  # noqa: F401 - loaded once, before the forks

    home.mkdir()
    deliverer = Deliverer(destination)
    deliverer.warm()
    client = deliverer.client
    client.search_registered_models(max_results=1)
    for store in (client._tracking_client.store, client._get_registry_client().store):
        store.engine.dispose()
    shutil.copy(home / "mlflow.db", template / "mlflow.db")

    def work() -> None:
        problem = ship_all(Shipment(Outbox(home / "outbox"), deliverer))
        assert not problem, problem

    return work


if __name__ == "__main__":
    main()
