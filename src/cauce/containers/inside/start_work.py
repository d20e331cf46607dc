"""Becomes a Spark master, a Spark worker or JupyterLab, with the secrets that its container was given."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

SECRETS = Path("/run/secrets")
KEYS = "[cauce-stack]\naws_access_key_id = store\naws_secret_access_key = {}\nregion = us-east-1\n"
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"


def secrets() -> dict[str, str]:
    """The environment that this container's secrets make."""
    found = {}
    for file, name in (("jupyter_token", "JUPYTER_TOKEN"), ("mlflow_admin", "MLFLOW_TRACKING_PASSWORD")):
        if (SECRETS / file).is_file():
            found[name] = (SECRETS / file).read_text(encoding="ascii")
    if "MLFLOW_TRACKING_PASSWORD" in found:
        found["MLFLOW_TRACKING_USERNAME"] = "cauce"
    if (SECRETS / "storage_store").is_file():
        keys = Path("/tmp/keys")  # noqa: S108 - of the container alone
        keys.touch(mode=0o600)
        secret = (SECRETS / "storage_store").read_text(encoding="ascii")
        keys.write_text(KEYS.format(secret), encoding="ascii")
        found["AWS_SHARED_CREDENTIALS_FILE"] = str(keys)
    return found


def command(role: str) -> list[str]:
    """What to become."""
    if role == "jupyter":
        return ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"]
    spark = find_spec("pyspark")
    if spark is None or spark.origin is None:
        raise SystemExit("pyspark is not installed")
    home = str(Path(spark.origin).parent)
    os.environ |= {"SPARK_HOME": home, "SPARK_MASTER_OPTS": "-Dspark.ui.killEnabled=false"}
    start = [f"{home}/bin/spark-class"]
    if role == "master":
        return [*start, MASTER, "--host", "spark-master", "--port", "7077", "--webui-port", "8080"]
    power = ["--cores", "2", "--memory", "2g", "--work-dir", "/tmp/spark"]  # noqa: S108
    return [*start, WORKER, "spark://spark-master:7077", "--webui-port", "8081", *power]


def main() -> None:
    """Become it."""
    words = command(sys.argv[1])
    os.execvpe(words[0], words, {**os.environ, **secrets()})  # noqa: S606 - it becomes the server


if __name__ == "__main__":
    main()
