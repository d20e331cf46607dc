"""What the process that ships runs loads, and what it passes over."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys
from cauce.tracking.shipper import _load
_load()
from mlflow.models.utils import _save_example
print(*[name for name in ("mlflow.pyfunc", "pandas", "pyspark", "scipy") if name in sys.modules])
"""


def test_shipping_loads_neither_spark_nor_scipy() -> None:
    """Each tracked run would pay, beside its training, for libraries that telling of it never asks."""
    found = subprocess.run([sys.executable, "-c", _CODE], stdout=subprocess.PIPE, check=True, text=True)
    assert found.stdout.split() == ["mlflow.pyfunc", "pandas"]
