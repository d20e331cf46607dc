"""A whole project of 300 rows whose store is a bucket, which tests kill: bucket_run.py URL FOLDER COUNT.

PREFIX in the URL is each run's own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import whole_run

from cauce.running.verification import verify_bundle
from cauce.stores.objects import ObjectStore
from cauce.testing.failpoints import done, killed, passages, points


def project(folder: Path, url: str) -> Path:
    """The project in `folder`, with its store in the bucket."""
    text = f'{whole_run.PROJECT}[store]\nurl = "{url.replace("PREFIX", folder.name)}"\n'
    return whole_run.make_project(folder, text)


def visible(store: ObjectStore) -> dict[str, str]:
    """SHA-256 of every object but notes with clocks; an error for what is half there."""
    found = {}
    for key in store.list(""):
        content = store.get(key)
        if key.startswith(("runs/", "provenance/")):
            json.loads(content)
            continue
        whole_run.check_object(store, key, content)
        found[key] = hashlib.sha256(content).hexdigest()
    return found


def kills(url: str, folder: Path, count: int) -> dict[str, Any]:
    """Kill the run at `count` of its passages (0: all), and each time run it again."""

    def store(here: Path) -> ObjectStore:
        return ObjectStore(url.replace("PREFIX", here.name), str(here / "look"))

    whole, answer = project(folder / "whole", url), folder / "answer"
    done(lambda: answer.write_text(json.dumps([whole_run.run(whole), visible(store(whole))])))
    expected, objects = json.loads(answer.read_text())
    listed = project(folder / "listed", url)
    every = points(passages(lambda: whole_run.run(listed), folder / "log"))
    chosen = every if count == 0 else [every[k * len(every) // count] for k in range(count)]
    for number, point in enumerate(chosen):
        here = project(folder / str(number), url)
        assert killed(lambda here=here: whole_run.run(here), point), point
        try:
            done(lambda here=here: _survived(here, store(here), expected, objects))
        except AssertionError as error:
            raise AssertionError(f"after a kill at {point}: {error}") from error
        shutil.rmtree(here)
    return {"kills": len(chosen), "passages": len(every)}


def _survived(here: Path, store: ObjectStore, expected: dict[str, Any], objects: dict[str, str]) -> None:
    """What a killed run left is whole and nothing a finished run would not have; the next ends like that."""
    before = visible(store)
    assert before.items() <= objects.items(), sorted(set(before) - set(objects))
    assert whole_run.run(here) == expected
    assert visible(store) == objects
    assert verify_bundle(whole_run.open_stored_bundle(store, expected["bundle"])).holds


if __name__ == "__main__":
    whole_run.preload()
    print(json.dumps(kills(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
