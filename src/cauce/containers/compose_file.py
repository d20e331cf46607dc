"""The compose file of a stack, as a document: a function of its parts, without any secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cauce.containers.parts import MARIADB, STORAGE, Parts
from cauce.containers.passwords import FOLDER, names_of
from cauce.version import __version__

FILE = "compose.yaml"
WORK = "/home/cauce/work"
_MYSQL, _WEED, _OWN = "999:999", "1000:1000", "65532:65532"
"""Users of the images: not root, and none of this machine's."""
_SCRATCH = "/tmp"  # noqa: S108 - of a container, in memory
_HEAD = """\
# Made by `cauce stack render`; no secret is in it. Edited, it is only overwritten with --force.
"""


def compose_text(parts: Parts) -> str:
    """The file: YAML in which every text is quoted, so that none is taken for something else."""
    return _HEAD + "".join(_yaml(compose_document(parts), 0))


def compose_document(parts: Parts) -> dict[str, Any]:
    """The document, of the compose specification (compose-spec.io); docker-compose 1.29 reads it too."""
    services = {"database": _database(parts), "storage": _storage(parts), "buckets": _buckets(parts)}
    services["mlflow"] = _mlflow(parts)
    volumes = ["accounts", "database", "storage"]
    if "spark" in parts.extras:
        services |= {"spark-master": _spark_master(parts), "spark-worker": _spark_worker(parts)}
    if "jupyter" in parts.extras:
        services["jupyter"] = _jupyter(parts)
    if parts.extras:
        volumes.append("work")
    secrets = sorted({*names_of(parts), "storage.json"})
    return {
        "services": services,
        "volumes": {name: {} for name in volumes},
        "secrets": {name: {"file": f"./{FOLDER}/{name}"} for name in secrets},
    }


def _service(*, memory: str, user: str, secrets: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """What all have in common: no rights, no way to more of them, and nothing to write but what is named."""
    return {
        **more,
        "user": user,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": memory,
        "pids_limit": 512,
        "init": True,
        "restart": more.get("restart", "unless-stopped"),
        "logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}},
        **({"secrets": list(secrets)} if secrets else {}),
    }


def _door(parts: Parts, name: str, inside: int) -> list[str]:
    return [f"127.0.0.1:{parts.ports[name]}:{inside}"]


def _healthy(*test: str, start: str = "300s") -> dict[str, Any]:
    return {"test": ["CMD", *test], "interval": "5s", "timeout": "10s", "retries": 12, "start_period": start}


def _answers(url: str) -> tuple[str, ...]:
    """A check with Python, which images of ours have and curl is not in."""
    return ("python", "-c", f"import urllib.request as u; u.urlopen({json.dumps(url)}, timeout=8)")


def _built(parts: Parts, what: str) -> dict[str, Any]:
    return {"image": f"{parts.name}-{what}:{__version__}", "build": {"context": f"./{what}"}}


def _after(**conditions: str) -> dict[str, Any]:
    return {name.replace("_", "-"): {"condition": f"service_{how}"} for name, how in conditions.items()}


def _database(parts: Parts) -> dict[str, Any]:
    names = ("database_root", "database_mlflow", "database_warehouse")
    return _service(
        image=MARIADB,
        command=["--innodb-buffer-pool-size=256M", "--max-connections=100"],
        environment={
            "MARIADB_ROOT_PASSWORD_FILE": "/run/secrets/database_root",
            "MARIADB_ROOT_HOST": "localhost",
        },
        volumes=["database:/var/lib/mysql", "./database:/docker-entrypoint-initdb.d:ro"],
        tmpfs=[_SCRATCH, "/run/mysqld:mode=1777"],
        ports=_door(parts, "database", 3306),
        healthcheck=_healthy("healthcheck.sh", "--connect", "--innodb_initialized", start="600s"),
        memory="1g",
        user=_MYSQL,
        secrets=names,
    )


def _storage(parts: Parts) -> dict[str, Any]:
    # Only the S3 door is open to other containers: what is behind it asks for no keys.
    return _service(
        image=STORAGE,
        command=[
            "server",
            "-s3",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-s3.ip.bind=0.0.0.0",
            "-s3.port=8333",
            "-s3.config=/run/secrets/storage.json",
            "-s3.iam=false",
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-volume.max=0",
        ],
        volumes=["storage:/data"],
        tmpfs=[_SCRATCH],
        ports=_door(parts, "storage", 8333),
        healthcheck=_healthy("curl", "--fail", "--silent", "http://127.0.0.1:8333/healthz"),
        memory="1g",
        user=_WEED,
        secrets=("storage.json",),
    )


def _buckets(parts: Parts) -> dict[str, Any]:
    return _service(
        **_built(parts, "mlflow"),
        command=["python", "/app/make_buckets.py"],
        environment={"STORAGE_URL": "http://storage:8333"},
        tmpfs=[_SCRATCH],
        depends_on=_after(storage="healthy"),
        restart="on-failure:5",
        memory="256m",
        user=_OWN,
        secrets=("storage_admin",),
    )


def _mlflow(parts: Parts) -> dict[str, Any]:
    port = parts.ports["mlflow"]
    return _service(
        **_built(parts, "mlflow"),
        command=["python", "/app/start_mlflow.py"],
        environment={
            "ALLOWED_HOSTS": f"mlflow:5000,localhost:{port},127.0.0.1:{port}",
            "DATABASE_HOST": "database",
            "STORAGE_URL": "http://storage:8333",
        },
        volumes=["accounts:/accounts"],
        tmpfs=[_SCRATCH],
        ports=_door(parts, "mlflow", 5000),
        depends_on=_after(database="healthy", storage="healthy", buckets="completed_successfully"),
        healthcheck=_healthy(*_answers("http://127.0.0.1:5000/health"), start="600s"),
        memory="2g",
        user=_OWN,
        secrets=("database_mlflow", "storage_mlflow", "mlflow_admin", "mlflow_signing"),
    )


def _work(parts: Parts, **more: Any) -> dict[str, Any]:
    """A container with Cauce, Spark and JupyterLab in it; all share one folder of work."""
    environment = {"DATABASE_HOST": "database", "MLFLOW_TRACKING_URI": "http://mlflow:5000"}
    return _service(
        **_built(parts, "work"),
        environment={**environment, "STORAGE_URL": "http://storage:8333"},
        volumes=[f"work:{WORK}"],
        tmpfs=[f"{_SCRATCH}:exec"],
        user=_OWN,
        **more,
    )


def _spark_master(parts: Parts) -> dict[str, Any]:
    return _work(
        parts,
        command=["python", "/app/start_work.py", "master"],
        ports=_door(parts, "spark", 8080),
        healthcheck=_healthy(*_answers("http://127.0.0.1:8080/json/")),
        memory="1g",
    )


def _spark_worker(parts: Parts) -> dict[str, Any]:
    return _work(
        parts,
        command=["python", "/app/start_work.py", "worker"],
        depends_on=_after(spark_master="healthy"),
        healthcheck=_healthy(*_answers("http://127.0.0.1:8081/json/")),
        memory="4g",
        secrets=("storage_store",),
    )


def _jupyter(parts: Parts) -> dict[str, Any]:
    return _work(
        parts,
        command=["python", "/app/start_work.py", "jupyter"],
        ports=_door(parts, "jupyter", 8888),
        depends_on=_after(mlflow="healthy"),
        healthcheck=_healthy(*_answers("http://127.0.0.1:8888/api")),
        memory="4g",
        secrets=("jupyter_token", "storage_store", "mlflow_admin", "database_warehouse"),
    )


def _yaml(value: Any, depth: int) -> list[str]:
    """Lines of block YAML. Texts are JSON's, which YAML reads alike."""
    space = "  " * depth
    if isinstance(value, Mapping):
        lines = []
        for name, one in value.items():
            if isinstance(one, Mapping | list) and one:
                lines += [f"{space}{name}:\n", *_yaml(one, depth + 1)]
            else:
                lines.append(f"{space}{name}: {json.dumps(one)}\n")
        return lines
    return [f"{space}- {json.dumps(one)}\n" for one in value]
