"""The folder that builds a container: what is in it, that it stays the same, that it serves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
import venv
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import served_models as serving

import small_models as small  # isort: skip - found through the one before

import cauce
from cauce.core.bundle.opening import open_bundle
from cauce.core.bundle.writing import make_bundle
from cauce.errors import CauceError
from cauce.running.image import context_of, dockerfile
from cauce.running.serving import Service

GOLDEN = Path(__file__).with_name("golden_dockerfile.txt")
LATER = re.compile(r"cauce [0-9][^ ]* ")


def test_the_dockerfile_is_the_one_that_was_looked_through() -> None:
    """A root user, a compiler or an address would come into it unseen."""
    bundle = small.bundle()
    text = dockerfile(bundle, version="small/3").replace(bundle.identity, "DIGEST")
    text = LATER.sub("cauce VERSION ", text, count=1)
    if os.environ.get("CAUCE_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_same_model_gives_the_same_folder_byte_for_byte(tmp_path: Path) -> None:
    """A container built twice would have two digests, and nobody could say what changed."""
    bundle = small.bundle()
    first, second = (context_of(bundle, version="small/3") for _again in range(2))
    assert list(first.items()) == list(second.items())
    assert not any("__pycache__" in path or path.endswith((".pyc", ".po")) for path in first)
    made = cauce.image(serving.folder_of(bundle), digest=bundle.identity, out=tmp_path / "image")
    lying = {
        path.relative_to(made.folder).as_posix(): path.read_bytes()
        for path in made.folder.rglob("*")
        if path.is_file()
    }
    expected = context_of(bundle, version=made.version)
    assert lying == expected
    assert (made.files, made.bytes) == (len(expected), sum(map(len, expected.values())))
    assert {path.stat().st_mode & 0o777 for path in made.folder.rglob("*") if path.is_file()} == {0o644}
    assert open_bundle(made.folder / "model", digest=bundle.identity).identity == bundle.identity


def test_every_library_is_pinned_by_digest_and_no_address_is_named() -> None:
    """A library that somebody replaced would be built into every container."""
    text = context_of(small.bundle(), version="1")["requirements.txt"].decode()
    pins = re.findall(r"^([a-z0-9._-]+)==", text, re.M)
    assert {"httptools", "msgspec", "prometheus-client", "onnxruntime", "polars"} <= set(pins)
    assert not {"uvicorn", "mlflow", "pyspark", "optuna", "pytest"} & set(pins)
    assert "://" not in text
    assert not re.search(r"^--", text, re.M)


def test_a_name_made_to_be_run_is_only_a_name() -> None:
    """Whoever names a model would run commands where containers are built."""
    draft = small.draft()
    name = 'x" \\\nRUN $(touch /tmp/x) ${PATH}'
    bundle = make_bundle(replace(draft, manifest=replace(draft.manifest, name=name)))
    lines = dockerfile(bundle, version="a\nRUN evil").splitlines()
    words = [line.split()[0] for line in lines if line and not line.startswith(("#", " "))]
    plain = dockerfile(small.bundle(), version="1").splitlines()
    assert words == [line.split()[0] for line in plain if line and not line.startswith(("#", " "))]
    label = next(line for line in lines if line.startswith("LABEL"))
    assert r"\$(touch" in label
    assert r"\${PATH}" in label


@pytest.mark.parametrize(
    "base", ["python", "python:latest", "python:3.11\nRUN evil", "", "python:", "-x:1", "python:3.11 AS a"]
)
def test_a_base_that_changes_or_is_none_is_refused(base: str) -> None:
    """The container would be another one next week."""
    with pytest.raises(CauceError, match="E2470"):
        context_of(small.bundle(), version="1", base=base)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """Somebody's Dockerfile would be gone."""
    (tmp_path / "Dockerfile").write_text("FROM mine:1", encoding="utf-8")
    with pytest.raises(CauceError, match="E2471"):
        cauce.image(serving.folder_of(small.bundle()), out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["Dockerfile"]


def test_the_folder_serves_with_nothing_else_of_cauce(tmp_path: Path) -> None:
    """A file that is not in it would be missed when the container starts, not before."""
    bundle = small.bundle()
    made = cauce.image(serving.folder_of(bundle), digest=bundle.identity, out=tmp_path / "image")
    secret = cauce.token("shop", file=tmp_path / "tokens.json")
    entry = _entry(made.folder)
    assert entry[:2] == ["python", "-m"]
    places = {"/model": str(made.folder / "model"), "/run/secrets/tokens.json": str(tmp_path / "tokens.json")}
    words = [places.get(word, word) for word in entry[1:]]
    words[words.index("0.0.0.0")], words[words.index("8080")] = "127.0.0.1", "0"
    python = _bare_python(tmp_path / "python", made.folder / "lib")
    with subprocess.Popen([python, *words], cwd=tmp_path, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        url = next((line.split()[-1] for line in process.stderr if b"is served at" in line), b"").decode()
        assert url, process.wait()
        service = Service(url, "", process)  # type: ignore[arg-type]
        with closing(serving.connect(service.url)) as connection:
            bearer = {"authorization": f"Bearer {secret}"}
            assert serving.call(connection, "/predict", serving.FINE, bearer).status == 200
            assert serving.call(connection, "/predict", serving.FINE).status == 401
        process.terminate()
        process.stderr.read()
        assert process.wait() == 0


def _bare_python(folder: Path, own: Path) -> str:
    """An interpreter with the libraries of this one, but with the Cauce in `own`."""
    venv.create(folder, with_pip=False, symlinks=True)
    inside = sysconfig.get_path("purelib", "venv", {"base": str(folder)})
    Path(inside, "cauce.pth").write_text(f"{own}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    python = str(folder / "bin" / "python")
    said = subprocess.run(
        [python, "-I", "-c", "import cauce; print(cauce.__file__)"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert said.stdout.startswith(str(own))
    return python


def _entry(folder: Path) -> list[Any]:
    line = next(
        one
        for one in (folder / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if one.startswith("ENTRYPOINT")
    )
    found: list[Any] = json.loads(line.removeprefix("ENTRYPOINT "))
    return found
