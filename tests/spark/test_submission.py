"""`cauce submit`: the command it makes, what it refuses, and what nobody gets to see."""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cauce.api.spark_machine import check_master, check_spark
from cauce.api.submit import Heard, carried_extras, submit
from cauce.engines.spark.workers import PACKED_FOR, Worker, judge, probe
from cauce.errors import CauceError
from cauce.running.project_run import run_project
from cauce.running.shipping.environment import FACTS
from cauce.running.shipping.reach import is_remote
from cauce.running.shipping.submission import ALIAS, Package, entry_text, is_secret, make_job, submit_command
from cauce.running.workspace import open_workspace
from cauce.spec import Project, project_from_mapping
from cauce.testing.spark import Cluster, bare_python
from cauce.version import __version__

TOML = """
schema = 1
name = "flights"
[data]
source = "flights.csv"
[target]
column = "late"
[tracking]
enabled = false
[store]
shared = true
"""
# Stands for Spark's program: keeps what it was told, says something to each stream, ends in its code.
PROGRAM = """#!/bin/sh
cd "$(dirname "$0")"
printf '%s\\n' "$@" > words
env > variables
for one in "$@"; do case "$one" in *.properties) cp -p "$one" . ;; esac; done
echo "WARN from Java" >&2
echo "reading the data"
echo '{"schema": "cauce.run/1", "rows": 3}'
if [ -n "$FAKE_WAITS" ]; then trap 'echo told > ended; exit 143' TERM; touch ready; sleep 60 & wait; fi
exit ${FAKE_CODE:-0}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "cauce.toml").write_text(TOML, encoding="utf-8")
    return tmp_path / "project"


@pytest.fixture
def spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Spark's installation; the folder of its program."""
    program = tmp_path / "spark" / "bin" / "spark-submit"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "spark"))
    return program.parent


def parsed(**more: Any) -> Project:
    plain = {"schema": 1, "name": "flights", "data": {"source": "flights.csv"}, "target": {"column": "late"}}
    return project_from_mapping({**plain, **more})


PACKAGE = Package(Path("/out/cauce_job.py"), Path("/home/ana/cauce.toml"), Path("/out/environment-1.tar.gz"))


def test_the_command_of_a_driver_that_runs_here() -> None:
    """Every word counts: a worker that looks for its libraries in the wrong place has none."""
    job = make_job(parsed(), {"master": "spark://h:7077", "conf": ["spark.executor.memory=4g"]})
    made = submit_command(job, PACKAGE, program="spark-submit", name="flights")
    version = "{}.{}".format(*sys.version_info)
    end = "/out/cauce_job.py run --engine spark --project /home/ana/cauce.toml"
    start = "spark-submit --master spark://h:7077 --deploy-mode client --name cauce-flights"
    assert " ".join(made.words).split(" --conf ") == [
        f"{start} --archives /out/environment-1.tar.gz#environment",
        "spark.log.level=ERROR",
        "spark.ui.showConsoleProgress=false",
        f"spark.pyspark.driver.python={sys.executable}",
        f"spark.pyspark.python=python{version}",
        "spark.executor.memory=4g",
        f"spark.executorEnv.PYTHONPATH=environment/site-packages {end}",
    ]


def test_what_a_user_sends_along_is_sent_beside_ours() -> None:
    """One's own archive or path would take the place of the libraries, or be lost."""
    conf = {"spark.archives": "hdfs:///a.zip#a", "spark.executorEnv.PYTHONPATH": "a", "spark.files": "/b.txt"}
    asked: Any = {"master": "yarn", "deploy_mode": "cluster", "conf": conf}
    words = submit_command(make_job(parsed(), asked), PACKAGE, program="spark-submit", name="x").words
    given = dict(zip(words[1::2], words[2::2], strict=False))
    assert given["--archives"] == "/out/environment-1.tar.gz#environment,hdfs:///a.zip#a"
    assert given["--files"] == "/home/ana/cauce.toml,/b.txt"
    assert "spark.executorEnv.PYTHONPATH=environment/site-packages:a" in words
    assert not [word for word in words if word.startswith(("spark.archives", "spark.files"))]


def test_the_command_of_a_driver_on_the_cluster_names_files_where_the_cluster_has_them() -> None:
    """Paths of this machine mean nothing there."""
    asked: Any = {"master": "yarn", "deploy_mode": "cluster", "files_at": "s3://bucket/job/"}
    package = Package(PACKAGE.entry, Path("/home/ana/flights.toml"), PACKAGE.archive)
    made = submit_command(make_job(parsed(), asked), package, program="spark-submit", name="flights")
    assert not [word for word in made.words if word.startswith(("/", "spark.pyspark.driver"))]
    assert "s3://bucket/job/environment-1.tar.gz#environment" in made.words
    assert made.words[made.words.index("--files") + 1] == "s3://bucket/job/flights.toml"
    assert made.words[-6:] == (
        *("s3://bucket/job/cauce_job.py", "run", "--engine", "spark"),
        *("--project", "flights.toml"),
    )


def test_paths_with_odd_marks_reach_spark_as_one_file() -> None:
    """Spark reads # and % in a path as parts of an address, and a comma as the end of a file's name."""
    job = make_job(parsed(), {"master": "spark://h:7077"})
    folder = Path("/home/ana maría/50%#1")
    package = Package(folder / "cauce_job.py", folder / "cauce.toml", folder / "environment-1.tar.gz")
    words = submit_command(job, package, program="spark-submit", name="x").words
    address = "file:///home/ana%20mar%C3%ADa/50%25%231/environment-1.tar.gz#environment"
    assert words[words.index("--archives") + 1] == address
    assert f"{folder}/cauce_job.py" in words


def test_settings_of_the_project_reach_spark_and_those_of_the_command_replace_them() -> None:
    """Memory must be settled before Spark starts; afterwards the setting would do nothing."""
    engine = {
        "kind": "spark",
        "master": "yarn",
        "spark": {"spark.executor.memory": "4g", "spark.executor.cores": "2"},
    }
    job = make_job(parsed(engine=engine), {"conf": {"spark.executor.memory": "8g"}})
    assert job.master == "yarn"
    assert dict(job.conf) == {"spark.executor.memory": "8g", "spark.executor.cores": "2"}


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("spark.hadoop.fs.s3a.secret.key", "x", True),
        ("spark.hadoop.fs.s3a.access.key", "x", True),
        ("spark.ssl.keyPassword", "x", True),
        ("spark.kubernetes.authenticate.submission.oauthToken", "x", True),
        ("spark.hadoop.fs.azure.account.key.a.dfs.core.windows.net", "x", True),
        ("spark.jdbc.url", "jdbc:mysql://ana:geheim@h/db", True),
        ("spark.executor.memory", "4g", False),
        ("spark.pyspark.python", "/usr/bin/python3.11", False),
        ("spark.eventLog.dir", "s3://bucket:80/a@b", False),
    ],
)
def test_what_is_a_secret(name: str, value: str, secret: bool) -> None:
    """A password shown once is in a log for good; a setting hidden for nothing cannot be copied."""
    assert is_secret(name, value) is secret


def test_secrets_are_in_no_word_no_file_and_no_answer(
    project: Path, spark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may list processes, read the store or the build's log would have the password."""
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "geheim-2")
    conf = {"spark.hadoop.fs.s3a.secret.key": "geheim-1 =x\\y", "spark.executor.memory": "4g"}
    made = submit(project, master="local[1]", conf=conf, out=tmp_path / "out")
    shown = json.dumps(made.to_json()) + made.line
    words = (spark / "words").read_text(encoding="utf-8")
    packed = b"".join(file.read_bytes() for file in (tmp_path / "out").iterdir())
    assert "geheim" not in shown + words
    assert b"geheim" not in packed
    assert "spark.hadoop.fs.s3a.secret.key=(hidden)" in made.command
    kept = spark / "hidden.properties"
    assert kept.read_text(encoding="utf-8") == "spark.hadoop.fs.s3a.secret.key=geheim-1\\ \\=x\\\\y\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    given = words.splitlines()
    assert "--load-spark-defaults" in given
    assert not Path(given[given.index("--properties-file") + 1]).exists()


def test_a_jobs_code_and_answer_come_through(
    project: Path, spark: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler would take a failed job for a good one."""
    monkeypatch.setenv("FAKE_CODE", "65")
    said: list[str] = []
    made = submit(project, master="local[1]", out=tmp_path / "out", heard=Heard(said=said.append))
    assert made.status == 65
    assert made.answer == {"schema": "cauce.run/1", "rows": 3}
    assert said == ["reading the data"]
    assert made.log is not None
    assert made.log.read_text(encoding="utf-8") == "WARN from Java\n"


@pytest.mark.parametrize(
    ("more", "carried"),
    [
        ("", ()),
        ('url = "s3://bucket/cauce"', ("s3",)),
        ('[warehouse]\nurl = "mysql://ana@h/w"', ()),
    ],
)
def test_executors_get_what_reaches_the_store(project: Path, more: str, carried: tuple[str, ...]) -> None:
    """A library that only the driver has ends the job on the first machine that writes."""
    (project / "cauce.toml").write_text(f"{TOML}{more}\n", encoding="utf-8")
    work = open_workspace(project)
    assert carried_extras(make_job(work.project, {"master": "spark://h:7077"}), work) == set(carried)


def test_a_driver_of_the_cluster_gets_what_reads_and_writes(project: Path) -> None:
    """It has nothing else: the project's databases and buckets would be out of its reach."""
    text = TOML.replace("flights.csv", "postgresql://ana@h/w#flights")
    (project / "cauce.toml").write_text(f'{text}url = "s3://bucket/cauce"\n', encoding="utf-8")
    work = open_workspace(project)
    job = make_job(work.project, {"master": "yarn", "deploy_mode": "cluster"})
    assert carried_extras(job, work) == {"s3", "sql"}


def test_a_dry_run_starts_nothing(project: Path, spark: Path, tmp_path: Path) -> None:
    """Who only wanted to see the command would pay for a cluster."""
    made = submit(project, master="local[1]", out=tmp_path / "out", dry_run=True)
    assert made.status is None
    assert not (spark / "words").exists()
    assert made.command[0] == str(spark / "spark-submit")
    assert [one.name for one in made.files] == ["cauce_job.py", "cauce.toml"]


@pytest.mark.parametrize(
    ("master", "remote"),
    [
        ("local[*]", False),
        ("spark://127.0.0.1:7077", False),
        ("spark://localhost:7077", False),
        ("spark://[::1]:7077", False),
        ("spark://10.0.0.7:7077", True),
        ("spark://127.0.0.1:7077,10.0.0.7:7077", True),
        ("yarn", True),
        ("k8s://https://127.0.0.1:6443", True),
        ("sprak://10.0.0.7:7077", False),  # a slip: that no such master is known is what has to be said
    ],
)
def test_masters_whose_executors_may_be_elsewhere(master: str, remote: bool) -> None:
    """Executors of another machine would write each into a folder of its own."""
    assert is_remote(master) is remote


@pytest.mark.parametrize(
    ("code", "text", "asked"),
    [
        ("E0760", TOML.replace("true", "false"), {"master": "yarn"}),
        ("E0765", TOML, {"master": "spark://h:7077", "deploy_mode": "cluster"}),
        ("E0766", TOML, {"master": "yarn", "deploy_mode": "cluster"}),
        ("E0767", TOML, {"master": "yarn", "conf": ["executor.memory=4g"]}),
        ("E0767", TOML, {"master": "yarn", "conf": ["spark.executor.memory"]}),
        ("E0767", TOML, {"master": "yarn", "out": "/tmp/a,b"}),
        ("E0768", TOML, {}),
        ("E1504", TOML, {"master": "yarn", "deploy_mode": "laptop"}),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_packed(
    project: Path, code: str, text: str, asked: Any
) -> None:
    """It would fail on the cluster, after minutes, in words of Java."""
    (project / "cauce.toml").write_text(text.replace("enabled = true", "enabled = false"), encoding="utf-8")
    with pytest.raises(CauceError, match=code):
        submit(project, **asked)
    assert [one.name for one in project.iterdir()] == ["cauce.toml"]


def test_a_run_on_a_cluster_refuses_a_store_of_this_machine(project: Path) -> None:
    """The same mistake without submit: `cauce run --master`."""
    (project / "cauce.toml").write_text(TOML.replace("shared = true", ""), encoding="utf-8")
    with pytest.raises(CauceError, match="E0760"):
        run_project(open_workspace(project, master="spark://cluster.example:7077"))
    assert [one.name for one in project.iterdir()] == ["cauce.toml"]


def test_who_ends_the_command_ends_the_job(project: Path, spark: Path, tmp_path: Path) -> None:
    """A cluster would go on for whoever is gone."""
    command = [
        sys.executable,
        "-m",
        "cauce",
        "submit",
        "--master",
        "local[1]",
        "--out",
        str(tmp_path / "out"),
    ]
    environment = {**os.environ, "FAKE_WAITS": "1"}
    with subprocess.Popen(
        [*command, "--project", str(project)], env=environment, stderr=subprocess.PIPE
    ) as run:
        until = time.monotonic() + 60
        while not (spark / "ready").exists() and time.monotonic() < until:
            time.sleep(0.05)
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=60)
    assert run.returncode == 143
    assert (spark / "ended").read_text(encoding="utf-8") == "told\n"


def test_the_package_is_a_program_that_spark_submit_can_start(tmp_path: Path) -> None:
    """spark-submit takes files, not modules; beside ours, `import statistics` must not find `stats`."""
    import cauce

    file = str(Path(str(cauce.__file__)).parent / "__main__.py")
    done = subprocess.run(
        [sys.executable, file, "explain", "E0760", "--lang", "en"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "store" in done.stdout
    look = f"import runpy, sys; sys.argv = ['x', '--version']; sys.path[0] = {str(Path(file).parent)!r}\n"
    look += f"runpy.run_path({file!r}); print(sys.path[0] == {str(Path(file).parent)!r})"
    asked = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"


def test_a_driver_on_the_cluster_finds_the_libraries_beside_it(tmp_path: Path) -> None:
    """There the driver's Python is as bare as the workers'; so are the processes it starts."""
    package = tmp_path / "environment" / "site-packages" / "cauce" / "cli"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    told = (
        "import os, sys\ndef main():\n    print(os.environ['PYTHONPATH'], *sys.argv[1:])\n    sys.exit(65)\n"
    )
    (package / "main.py").write_text(told, encoding="utf-8")
    (tmp_path / "cauce_job.py").write_text(entry_text(), encoding="utf-8")
    command = [sys._base_executable, "-S", str(tmp_path / "cauce_job.py"), "run", "--engine", "spark"]  # type: ignore[attr-defined]
    environment = {**os.environ, "PYTHONPATH": "/spark/python"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == f"{package.parents[1]}:/spark/python run --engine spark\n"
    assert done.returncode == 65


def test_what_a_workers_python_lacks_is_told_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old glibc or a missing OpenMP would come as pages of Java from the first task."""
    reason = "libgomp.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "broken_library.py").write_text(f"raise OSError({reason!r})\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = probe(("json", "broken_library", "missing_library"))(iter([]))
    worker = Worker(*found)
    assert worker.failed == (("broken_library", reason), ("missing_library", ""))
    with pytest.raises(CauceError, match=r"E0769 .*broken_library: libgomp\.so\.1"):
        judge(worker)
    with pytest.raises(CauceError, match=r"E0711 .*missing_library"):
        judge(Worker("h", "3.11.2", "", worker.failed[1:]))
    with pytest.raises(CauceError, match="E0712"):
        judge(Worker("h", "3.11.2", "0.0.1", ()))
    judge(Worker("h", "3.11.2", __version__, ()))


@pytest.mark.parametrize(
    ("machine", "glibc", "said"),
    [
        ("m68k", [2, 28], "are for m68k; .* has "),
        (None, [99, 1], r"are for glibc 99\.1; .* has "),
        (None, [2, 2], None),
        (None, None, None),
    ],
)
def test_libraries_for_another_machine_are_refused_before_the_work(
    machine: str | None, glibc: list[int] | None, said: str | None, tmp_path: Path, monkeypatch: Any
) -> None:
    """A library packed on a laptop with another processor is said to be missing, or ends its process."""
    assert f"{ALIAS}/{FACTS}" == PACKED_FOR
    (tmp_path / ALIAS).mkdir()
    facts = {"machine": machine or platform.machine(), "glibc": glibc}
    (tmp_path / ALIAS / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (found,) = probe(("json", "missing_library") if said else ("json",))(iter([]))
    worker = Worker(*found)
    if said is None:
        judge(worker)
        return
    with pytest.raises(CauceError, match=f"E0770 .*{said}"):
        judge(worker)


@pytest.mark.spark
def test_a_bare_python_on_the_workers_is_told_in_one_line(
    project: Path, tmp_path: Path, spark_cluster: Cluster
) -> None:
    """`cauce run --master` without what cauce submit carries: the fix must be named, not a traceback."""
    (project / "flights.csv").write_text("x,late\n" + "1,a\n2,b\n" * 50, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "cauce",
        "run",
        "--master",
        spark_cluster.master,
        "--project",
        str(project),
    ]
    environment = {**os.environ, "PYSPARK_PYTHON": str(bare_python(tmp_path)), "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 78, done.stderr
    assert "error[E0711]: The workers' Python has no module numpy." in done.stderr
    assert "cauce submit" in done.stderr


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        yield int(server.getsockname()[1])


def test_doctor_finds_a_master_or_gives_up_soon(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spark itself tries for a minute, then says so in Java."""
    assert check_master(f"spark://127.0.0.1:{port}").state == "ok"
    assert check_master(f"spark://127.0.0.1:1,127.0.0.1:{port}").state == "ok"
    assert check_master(f"k8s://https://127.0.0.1:{port}").state == "ok"
    assert check_master(f"k8s://127.0.0.1:{port}").state == "ok"
    start = time.monotonic()
    assert check_master("spark://127.0.0.1:1", patience=0.5).state == "warn"
    assert time.monotonic() - start < 5
    for wrong in ("mesos://h:1", "spark://", "spark://h:none", "cluster"):
        assert check_master(wrong, patience=0.1).state == "warn", wrong
    monkeypatch.delenv("HADOOP_CONF_DIR", raising=False)
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)
    assert check_master("yarn").state == "warn"


def test_doctor_sees_a_worker_python_of_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks would fail on every worker."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 3.9\n", encoding="utf-8")
    program.chmod(0o755)

    def state() -> str:
        return next(one.state for one in check_spark(None, needed=True) if one.name == "worker python")

    assert state() == "ok"
    monkeypatch.setenv("PYSPARK_PYTHON", str(program))
    assert state() == "warn"
    monkeypatch.setenv("PYSPARK_PYTHON", str(tmp_path / "nothing"))
    assert state() == "warn"
