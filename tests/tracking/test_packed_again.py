"""What a transfer unpacked is put back; what is something else stays what it is."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from cauce.core.bundle.opening import open_bundle
from cauce.errors import CauceError
from cauce.tracking.pyfunc import _load_pyfunc


def test_a_payload_that_a_transfer_unpacked_is_packed_again(
    bundles: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    """MLflow's client would load no model from a server that keeps files in a bucket."""
    folder = tmp_path / "bundle"
    shutil.copytree(bundles[0], folder)
    payload = folder / "model.json.gz"
    payload.write_bytes(gzip.decompress(payload.read_bytes()))
    assert _load_pyfunc(str(tmp_path)).bundle.identity == open_bundle(bundles[0]).identity
    assert payload.read_bytes() == (bundles[0] / "model.json.gz").read_bytes()


def test_another_payload_stays_refused(bundles: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Who can write to the bucket would put a model of theirs into production."""
    folder = tmp_path / "bundle"
    shutil.copytree(bundles[0], folder)
    (folder / "model.json.gz").write_bytes(b'{"another": "model"}')
    with pytest.raises(CauceError, match="E1203"):
        _load_pyfunc(str(tmp_path))
    assert (folder / "model.json.gz").read_bytes() == b'{"another": "model"}'
