"""A bundle is exactly what was made, or it is refused with a code: never a crash, never a guess."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import small_models as small

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.disposable import parse_in_child
from cauce.core.bundle.exporting import export_bundle
from cauce.core.bundle.manifest import BundleFile, Manifest
from cauce.core.bundle.opening import open_bundle, open_stored_bundle
from cauce.core.bundle.writing import bundle_key, write_bundle
from cauce.core.canonical import canonical_json
from cauce.errors import CauceError
from cauce.stores.local import LocalStore
from cauce.testing.stores import MemoryStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return export_bundle(small.bundle(), tmp_path / "model")


def refused(codes: str, act: Callable[[], Any]) -> CauceError:
    with pytest.raises(CauceError) as caught:
        act()
    assert caught.value.code in codes.split(), str(caught.value)
    assert "\n" not in caught.value.message
    return caught.value


def test_a_bundle_reads_back_as_it_was_written(tmp_path: Path) -> None:
    """A model that changes on its way is another model."""
    store = LocalStore(str(tmp_path / "store"))
    for task in ("binary", "multiclass", "regression"):
        made = write_bundle(small.draft(task), store)
        found = open_stored_bundle(store, made.identity)
        assert found.manifest == made.manifest
        assert found.contents == made.contents
        assert (
            open_bundle(export_bundle(found, tmp_path / task), digest=made.identity).manifest == made.manifest
        )
        assert Manifest.from_bytes(made.manifest.to_bytes()) == made.manifest
        assert made.manifest.identity == made.identity == small.bundle(task).identity


def test_the_manifest_is_stored_last() -> None:
    """A bundle that is seen must be whole."""
    order: list[str] = []

    class Watched(MemoryStore):
        def put_if_absent(self, key: str, data: bytes) -> bool:
            order.append(key)
            return super().put_if_absent(key, data)

    made = write_bundle(small.draft(), Watched())
    assert order[-1] == bundle_key(made.identity)
    assert len(order) == len(made.contents) + 1


def test_the_manifest_says_no_path_user_or_time() -> None:
    """Two people who train the same model would get two identities."""
    text = small.bundle().manifest.to_bytes().decode()
    assert str(Path.cwd()) not in text
    assert str(Path.home()) not in text
    assert all(word not in json.loads(text) for word in ("time", "created", "user", "host", "path"))


def test_every_flipped_byte_of_every_file_is_refused(folder: Path) -> None:
    """A damaged disk or a changed model must not score."""
    identity = small.bundle().identity
    draw = random.Random(3)
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        for place in {0, len(data) - 1, *(draw.randrange(len(data)) for _ in range(12))}:
            broken = bytearray(data)
            broken[place] ^= 1 << draw.randrange(8)
            path.write_bytes(broken)
            code = "E1202" if path.name == "manifest.json" else "E1203"
            refused(code, lambda: open_bundle(folder, digest=identity))
        for shorter in (b"", data[: len(data) // 2], data + b"x"):
            path.write_bytes(shorter)
            refused("E1202 E1203", lambda: open_bundle(folder, digest=identity))
        path.write_bytes(data)
    assert open_bundle(folder, digest=identity.upper()).identity == identity


def test_a_demanded_digest_is_compared_before_anything_is_parsed(folder: Path) -> None:
    """A registry that names one model and serves another is the attack digests are for."""
    (folder / "manifest.json").write_bytes(b"\0not json")
    refused("E1202", lambda: open_bundle(folder, digest=small.bundle().identity))
    refused("E1201", lambda: open_bundle(folder))


def plant(folder: Path, kind: str) -> None:
    """Something that has no place in a bundle."""
    golden, outside = folder / "golden.json", folder.parent / "outside"
    if kind in ("file link", "folder link"):
        moved = golden if kind == "file link" else folder / "baseline"
        moved.rename(outside)
        moved.symlink_to(outside)
    elif kind == "manifest link":
        (folder / "manifest.json").rename(outside)
        (folder / "manifest.json").symlink_to(outside)
    elif kind == "pipe":
        golden.unlink()
        os.mkfifo(golden)
    elif kind == "folder for a file":
        golden.unlink()
        golden.mkdir()
    elif kind == "missing":
        golden.unlink()
    else:
        path = folder / kind
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"import os\n")


PLANTED = ("file link", "folder link", "manifest link", "pipe", "folder for a file", "missing", "model.pkl")
MORE = ("code/evil.py", ".hidden", "baseline/more.state", "GOLDEN.json", "MLmodel")


@pytest.mark.parametrize("kind", [*PLANTED, *MORE])
def test_a_folder_holds_plain_listed_files_and_nothing_else(folder: Path, kind: str) -> None:
    """A link, a pipe or a stray script in a model folder is how a model becomes an attack."""
    plant(folder, kind)
    refused("E1203 E1204", lambda: open_bundle(folder))


def test_what_is_no_folder_is_no_bundle(tmp_path: Path) -> None:
    """A wrong path deserves a sentence, not a traceback."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "none", tmp_path / "file", tmp_path, "\0"):
        refused("E1215", lambda path=path: open_bundle(path))


EVIL = (
    "../x",
    "/etc/passwd",
    "a/../../x",
    "a//b",
    "C:\\x",
    ".x",
    "a/./b",
    "x\n",
    "a" * 300,
    "",
    "a/b/c/d",
    "x.",
)


@pytest.mark.parametrize("path", EVIL)
def test_a_manifest_cannot_name_files_outside(folder: Path, path: str) -> None:
    """Names that lead out of the folder would read, or overwrite, other files."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"][0]["path"] = path
    (folder / "manifest.json").write_bytes(canonical_json(manifest))
    refused("E1204", lambda: open_bundle(folder))


def edited(**changes: Any) -> bytes:
    return canonical_json({**json.loads(small.bundle().manifest.to_bytes()), **changes})


BROKEN = {
    "a newer format": ({"format": 2}, "E1206"),
    "no format": ({"format": None}, "E1201"),
    "an unknown field": ({"code": "x"}, "E1201"),
    "no files": ({"files": []}, "E1201"),
    "a file twice": ({"files": [{"path": "a", "bytes": 1, "sha256": "0" * 64}] * 2}, "E1201"),
    "a negative size": ({"files": [{"path": "a", "bytes": -1, "sha256": "0" * 64}]}, "E1201"),
    "a huge size": ({"files": [{"path": "a", "bytes": 1 << 62, "sha256": "0" * 64}]}, "E1205"),
    "no digest": ({"files": [{"path": "a", "bytes": 1, "sha256": "zz"}]}, "E1201"),
    "features of nothing": ({"features": [{"name": "a"}]}, "E1201"),
    "features that are no list": ({"features": 7}, "E1201"),
    "a threshold that is text": ({"threshold": "0.5"}, "E1201"),
    "input that is no list": ({"input": {"a": 1}}, "E1201"),
    "counts below zero": ({"counts": {"train": -1}}, "E1201"),
    "a snapshot that is none": ({"snapshot": "../x"}, "E1201"),
    "a split of an unknown kind": ({"split": {"kind": "os.system"}}, "E1201"),
    "a split of odd fields": ({"split": {"kind": "random", "x": 1}}, "E1201"),
    "libraries that are no texts": ({"libraries": {"a": 1}}, "E1201"),
    "a target that is none": ({"target": None}, "E1201"),
    "metrics that are none": ({"metrics": {"test": [{"name": "nonsense", "value": 1}]}}, "E1201"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_manifest_is_read_strictly(broken: str) -> None:
    """What is half understood would score, differently."""
    changes, code = BROKEN[broken]
    refused(code, lambda: Manifest.from_bytes(edited(**changes)))


def test_a_feature_over_a_column_that_is_no_input_is_refused() -> None:
    """It would fail at the first request instead of when the model is loaded."""
    refused("E1201", lambda: Manifest.from_bytes(edited(input=[])))


def _mutated(value: Any, draw: random.Random) -> Any:
    """The JSON value with one thing in it changed."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name = draw.choice(sorted(value))
        return {**value, name: _mutated(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.9:
        place = draw.randrange(len(value))
        return [*value[:place], _mutated(value[place], draw), *value[place + 1 :]]
    return draw.choice([None, True, -1, 1e300, "", "x", [], {}, [[]], {"a": 1}, 2**70, "inf", [None]])


def test_changed_manifests_are_refused_in_words_or_are_models() -> None:
    """Whatever stands in a manifest, the user gets a code and never a traceback."""
    value = json.loads(small.bundle().manifest.to_bytes())
    draw = random.Random(11)
    codes: set[str] = set()
    for _ in range(600):
        data = json.dumps(_mutated(value, draw)).encode()
        try:
            Manifest.from_bytes(data).to_bytes()
        except CauceError as error:
            codes.add(error.code)
    assert codes <= {"E1201", "E1204", "E1205", "E1206"}
    assert "E1201" in codes


def replaced(path: str, data: bytes) -> Bundle:
    """The bundle with another file and its digest in the manifest: a digest proves no goodwill."""
    whole = small.bundle()
    file = BundleFile(path, len(data), hashlib.sha256(data).hexdigest())
    files = tuple(file if one.path == path else one for one in whole.manifest.files)
    manifest = replace(whole.manifest, files=files)
    return Bundle(manifest, manifest.identity, {**whole.contents, path: data})


def test_payloads_that_are_none_are_refused_in_words() -> None:
    """A payload can be broken and its digest right."""
    rows = small.rows(2)
    bomb = gzip.compress(b"0" * (1 << 20), mtime=0) * 1
    for path, data, codes in (
        ("model.json.gz", b"", "E1201"),
        ("model.json.gz", b"\x1f\x8bxx", "E1201"),
        ("model.json.gz", gzip.compress(b"{}", mtime=0), "E0811"),
        ("model.json.gz", bomb, "E0811"),
        ("model.onnx", b"nothing", "E0814"),
        ("golden.json", b"{}", "E1201"),
        ("golden.json", b"[" * 100_000, "E1201"),
        ("baseline/index.json", b'{"format":1,"entries":[{}]}', "E1201"),
        ("baseline/0000.state", b"", "E0205"),
    ):
        model = replaced(path, data)

        def use(model: Bundle = model) -> Any:
            return (
                model.ensemble,
                model.scorer(payload="onnx").scores(rows),
                model.golden,
                model.baseline,
            )

        refused(codes, use)


def test_a_payload_that_unpacks_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file must not fill the memory."""
    monkeypatch.setattr("cauce.core.bundle.bundle.MOST_BYTES", 1000)
    refused("E1205", lambda: replaced("model.json.gz", gzip.compress(b" " * 5000, mtime=0)).xgboost)


def test_golden_rows_with_anything_changed_are_refused_or_read() -> None:
    """The proof of a bundle must not be its weak spot."""
    value = json.loads(small.bundle().contents["golden.json"])
    draw = random.Random(5)
    for _ in range(150):
        model = replaced("golden.json", json.dumps(_mutated(value, draw)).encode())
        try:
            assert model.golden.rows.height == len(model.golden.features)
        except CauceError as error:
            assert error.code == "E1201"  # noqa: PT017 - both outcomes are right


def test_a_model_from_elsewhere_is_first_loaded_in_another_process() -> None:
    """What crashes, hangs or eats memory does so over there."""
    parse_in_child(small.bundle())
    broken = refused("E1207", lambda: parse_in_child(replaced("model.onnx", b"nothing")))
    assert "E0814" in broken.message
    refused("E1207", lambda: parse_in_child(small.bundle(), memory=64 << 20))
    refused("E1207", lambda: parse_in_child(small.bundle(), seconds=0.05))


def test_an_export_takes_the_place_of_nothing(tmp_path: Path) -> None:
    """A folder with a user's files in it is not ours to fill."""
    model = small.bundle()
    (tmp_path / "empty").mkdir()
    export_bundle(model, tmp_path / "empty")
    export_bundle(model, tmp_path / "empty")
    refused("E1216", lambda: export_bundle(small.bundle("regression"), tmp_path / "empty"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    refused("E1216", lambda: export_bundle(model, tmp_path / "full"))
    (tmp_path / "file").write_text("x")
    refused("E1216", lambda: export_bundle(model, tmp_path / "file"))
    refused("E0504", lambda: export_bundle(model, tmp_path / "file" / "below"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full"]


def test_a_stored_bundle_that_lost_a_file_is_refused() -> None:
    """Half a model must not look like one."""
    store = MemoryStore()
    made = write_bundle(small.draft(), store)
    store.delete(bundle_key(made.identity, "golden.json"))
    refused("E1203", lambda: open_stored_bundle(store, made.identity))
    refused("E0502", lambda: open_stored_bundle(store, "0" * 64))
