"""What builds the images that a stack makes itself: a Dockerfile each, locked libraries, small programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cauce.containers.parts import PYTHON, Parts
from cauce.core.faults import translated
from cauce.version import __version__

LOCKS = {"mlflow": "stack-mlflow", "work": "stack-work"}
"""The list of locked libraries of each image."""
_HEAD = """\
# Made by cauce {cauce}.
FROM {base}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1

COPY requirements.txt /app/requirements.txt
"""
_MLFLOW = """\
RUN python -m pip install --require-hashes --only-binary :all: --requirement /app/requirements.txt \\
    && python -m pip uninstall --yes pip

RUN mkdir /accounts && chown 65532:65532 /accounts
COPY start_mlflow.py make_buckets.py /app/
ENV HOME=/tmp GIT_PYTHON_REFRESH=quiet
WORKDIR /tmp
USER 65532:65532
STOPSIGNAL SIGTERM
CMD ["python", "/app/start_mlflow.py"]
"""
_WORK = """\
RUN apt-get update \\
    && apt-get install --yes --no-install-recommends openjdk-17-jre-headless procps \\
    && rm -rf /var/lib/apt/lists/*
RUN python -m pip install --require-hashes --only-binary :all: --no-binary pyspark --no-build-isolation \\
        --requirement /app/requirements.txt \\
    && python -m pip uninstall --yes pip

COPY lib /app/lib
RUN python -c {path} && python -m compileall -q /app/lib \\
    && printf '#!/bin/sh\\nexec python -m cauce "$@"\\n' > /usr/local/bin/cauce \\
    && chmod 755 /usr/local/bin/cauce \\
    && mkdir --parents /home/cauce/work && chown --recursive 65532:65532 /home/cauce

COPY start_work.py /app/
ENV HOME=/home/cauce/work JUPYTER_RUNTIME_DIR=/tmp/jupyter MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /home/cauce/work
USER 65532:65532
STOPSIGNAL SIGTERM
CMD ["python", "/app/start_work.py", "jupyter"]
"""
_ON_PATH = "\"import site; open(site.getsitepackages()[0] + '/cauce.pth', 'w').write('/app/lib')\""
_INSIDE = Path(__file__).with_name("inside")


def contexts(parts: Parts, *, locks: Mapping[str, bytes], package: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that build the images, by path. locks: as in `LOCKS`; package: Cauce itself, under lib/."""
    head = _HEAD.format(cauce=__version__, base=PYTHON)
    files = {
        "database/databases.sh": _program("databases.sh"),
        "mlflow/Dockerfile": f"{head}{_MLFLOW}".encode(),
        "mlflow/requirements.txt": locks["mlflow"],
        "mlflow/start_mlflow.py": _program("start_mlflow.py"),
        "mlflow/make_buckets.py": _program("make_buckets.py"),
    }
    if parts.extras:
        files |= {
            "work/Dockerfile": f"{head}{_WORK.format(path=_ON_PATH)}".encode(),
            "work/requirements.txt": locks["work"],
            "work/start_work.py": _program("start_work.py"),
            **{f"work/{path}": data for path, data in package.items()},
        }
    return files


def _program(name: str) -> bytes:
    path = _INSIDE / name
    with translated(path):
        return path.read_bytes()
