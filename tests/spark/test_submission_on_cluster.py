"""A project shipped to a real cluster whose machines have a bare Python."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cauce.api.run import run
from cauce.running.shipping.starting import find_program, start
from cauce.running.shipping.submission import Command
from cauce.stores.objects import ObjectStore
from cauce.testing.spark import Cluster, bare_python

sys.path.insert(0, str(Path(__file__).parents[1] / "stores"))
from faulty_s3 import s3_server

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]

TOML = """
schema = 1
name = "visits"
[data]
source = "visits.csv"
key = "id"
[target]
column = "stays"
[tracking]
enabled = false
[[models]]
learner = "logistic"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("visits")
    draw = random.Random(11)
    rows = ["id,age,weight,ward,stays"]
    for number in range(400):
        age, weight = draw.gauss(0, 1), draw.gauss(0, 1)
        stays = "yes" if age + weight + draw.gauss(0, 1) > 0 else "no"
        rows.append(f"{number},{age:.4f},{weight:.4f},{draw.choice('xyz')},{stays}")
    (folder / "visits.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "cauce.toml").write_text(TOML, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory, spark_cluster: Cluster) -> Iterator[Path]:
    """Where the archive is made, once; with all copies of it removed at the end: a gigabyte an executor."""
    folder = tmp_path_factory.mktemp("packed")
    yield folder
    shutil.rmtree(folder)
    for application in spark_cluster.folder.glob("worker-*/app-*"):
        shutil.rmtree(application, ignore_errors=True)


LARGE = ("polars", "pyarrow", "scipy", "numpy", "pandas", "matplotlib", "onnx", "onnxruntime", "xgboost-cpu")


def submitted(
    project: Path,
    cluster: Cluster,
    *,
    packed: Path,
    python: str,
    exclude: tuple[str, ...] = (),
    conf: Sequence[str] = (),
) -> tuple[int, Any, str]:
    """`cauce submit --json` of the project: exit code, document, and what people read."""
    words = ["submit", "--master", cluster.master, "--out", str(packed), "--json", "--project", str(project)]
    settings = (f"spark.pyspark.python={python}", "spark.driver.memory=1g", *conf)
    words += [word for one in settings for word in ("--conf", one)]
    words += [word for name in exclude for word in ("--exclude", name)]
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-m", "cauce", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def test_a_bare_python_with_the_archive_makes_the_model_that_this_machine_makes(
    project: Path, packed: Path, spark_cluster: Cluster, tmp_path: Path
) -> None:
    """Whoever ships a job would get another model, or none."""
    here = tmp_path / "here"
    shutil.copytree(project, here)
    local = run(here)
    code, told, said = submitted(project, spark_cluster, packed=packed, python=str(bare_python(tmp_path)))
    assert code == 0, said
    assert told["status"] == 0
    assert told["answer"]["snapshot"] == local.snapshot
    assert told["answer"]["bundle"] == local.bundle
    assert Path(told["archive"]["file"]).stat().st_size == told["archive"]["bytes"]


def test_a_store_in_a_bucket_takes_what_executors_of_a_bare_python_write(
    project: Path, packed: Path, spark_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library that reaches the bucket would be here alone, or the keys would."""
    secret = "CANARY/of+the=keys"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    here, there = tmp_path / "here", tmp_path / "there"
    shutil.copytree(project, here, ignore=shutil.ignore_patterns(".cauce"))
    shutil.copytree(here, there)
    local = run(here)
    names = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": secret}
    conf = [f"spark.executorEnv.{name}={value}" for name, value in names.items()]
    with s3_server() as endpoint:
        url = f"s3://cauce-test/shipped?region=us-east-1&endpoint={endpoint}"
        with (there / "cauce.toml").open("a", encoding="utf-8") as file:
            file.write(f'[store]\nurl = "{url}"\n')
        python = str(bare_python(tmp_path))
        code, told, said = submitted(there, spark_cluster, packed=packed, python=python, conf=conf)
        assert code == 0, said
        kept = list(ObjectStore(url, str(tmp_path / "look")).list(""))
    assert (told["answer"]["snapshot"], told["answer"]["bundle"]) == (local.snapshot, local.bundle)
    assert any(key.endswith(".parquet") for key in kept)
    assert secret not in json.dumps(told) + said


def test_a_worker_of_another_minor_version_is_told_by_both_versions(
    project: Path, packed: Path, spark_cluster: Cluster, tmp_path: Path
) -> None:
    """Compiled libraries fit one minor version: the job must not end in a segmentation fault."""
    python = other_python()
    if python is None:
        pytest.skip("no Python of another minor version is installed here")
    copy = tmp_path / "again"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".cauce"))
    code, told, said = submitted(copy, spark_cluster, packed=packed, python=python, exclude=LARGE)
    assert code == 78, said
    (error,) = told["answer"]["errors"]
    assert error["code"] == "E0710"
    own = "{}.{}".format(*sys.version_info)
    assert own in error["message"]


ASKED = """
import sys
from pyspark import SparkConf, SparkContext
SparkContext._ensure_initialized()
sys.exit(9 if SparkConf().get("spark.test.password") == sys.argv[1] else 1)
"""


def test_a_hidden_setting_reaches_spark_as_it_was_written(tmp_path: Path) -> None:
    """A password with a mark that files of Java properties read otherwise would be refused by the server."""
    password = "a:b =c\\d#ü!"
    (tmp_path / "asked.py").write_text(ASKED, encoding="utf-8")
    words = (find_program(), "--master", "local[1]", "asked.py", password)
    command = Command(words, (("spark.test.password", password), ("spark.driver.memory", "512m")))
    assert start(command, folder=tmp_path, log=tmp_path / "log") == 9, (tmp_path / "log").read_text()


def test_spark_submit_starts_the_packages_own_file_and_passes_its_code_on(tmp_path: Path) -> None:
    """What the docs say for machines that have Cauce installed, as a scheduler would type it."""
    import cauce

    file = str(Path(str(cauce.__file__)).parent / "__main__.py")
    conf = ["--conf", f"spark.pyspark.driver.python={sys.executable}", "--driver-memory", "512m"]
    begin = [find_program(), "--master", "local[1]", *conf]
    options: Any = {"cwd": tmp_path, "capture_output": True, "text": True}
    done = subprocess.run([*begin, file, "status", "--lang", "en"], check=False, **options)
    assert done.returncode == 78
    assert "error[E0301]" in done.stdout + done.stderr
    module = subprocess.run([*begin, "-m", "cauce", "status"], check=False, **options)
    assert "Unrecognized option: -m" in module.stdout + module.stderr


def other_python() -> str | None:
    """The path of an interpreter of another minor version, if there is one that runs."""
    own = sys.version_info[1]
    beside = Path(sys.base_prefix).parent
    names = [f"python3.{minor}" for minor in range(11, 16) if minor != own]
    found = [shutil.which(name) for name in names]
    found += [str(one) for name in names for one in beside.glob(f"*/bin/{name}")]
    for one in found:
        if one and subprocess.run([one, "-c", ""], capture_output=True, check=False).returncode == 0:
            return one
    return None
