"""What the process that ships runs loads, and what it passes over."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys
from cauce.tracking.shipper import _load
_load()
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore
print(*[name for name in ("mlflow.models", "pandas", "pyspark", "scipy", "fastapi") if name in sys.modules])
"""


def test_shipping_loads_neither_spark_nor_scipy_nor_pandas_nor_a_web_server() -> None:
    """Each tracked run would pay, beside its training, for libraries that telling of it never asks."""
    found = subprocess.run([sys.executable, "-c", _CODE], stdout=subprocess.PIPE, check=True, text=True)
    assert found.stdout.split() == ["mlflow.models"]
