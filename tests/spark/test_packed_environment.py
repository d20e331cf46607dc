"""The archive for workers: all that Cauce needs and nothing else, the same bytes every time."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cauce.errors import CauceError, CauceWarning
from cauce.running.shipping.archive import pack
from cauce.running.shipping.environment import Environment, PackedFile, find_environment


def install(
    folder: Path, name: str, *, needs: tuple[str, ...] = (), tag: str = "py3-none-any", **more: str
) -> Path:
    """Put a distribution with one module into a folder, as pip would."""
    module = name.replace("-", "_")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    contents = {
        f"{module}.py": f"NAME = {name!r}\n",
        f"{info.name}/METADATA": "\n".join(
            [
                "Metadata-Version: 2.1",
                f"Name: {name}",
                "Version: 1.0",
                *(f"Requires-Dist: {one}" for one in needs),
            ]
        )
        + "\n",
        f"{info.name}/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n",
        f"{info.name}/INSTALLER": "pip\n",
        **{path.replace("__", "/"): text for path, text in more.items()},
    }
    lines = []
    for path, text in contents.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text)}")
    lines += [f"../../../bin/{name},,", f"__pycache__/{module}.cpython-311.pyc,,", f"{info.name}/RECORD,,"]
    (info / "RECORD").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return info


def found(folder: Path, **more: tuple[str, ...]) -> Environment:
    return find_environment(path=[str(folder)], **more)


def test_what_is_required_comes_along_and_nothing_else(tmp_path: Path) -> None:
    """A library too few ends the job on the cluster; one too many is carried to every machine."""
    install(
        tmp_path,
        "cauce",
        needs=(
            "Numbers[fast]>=1",
            "elsewhere; sys_platform == 'nowhere'",
            "frames; extra == 'spark'",
            "pyspark; extra == 'spark'",
            "tracker; extra == 'mlflow'",
        ),
    )
    install(tmp_path, "numbers", needs=("quick; extra == 'fast'", "slow-one; extra == 'slow'"))
    for name in ("quick", "slow-one", "elsewhere", "frames", "pyspark", "tracker", "stranger"):
        install(tmp_path, name)
    assert set(found(tmp_path).distributions) == {"cauce", "numbers", "quick", "frames"}
    assert "tracker" in found(tmp_path, extras=("mlflow",)).distributions


def test_what_the_cluster_has_stays_here_with_what_only_it_needs(tmp_path: Path) -> None:
    """Gigabytes that every machine already has would be sent to each."""
    install(tmp_path, "cauce", needs=("big", "small"))
    install(tmp_path, "big", needs=("only-for-big", "small"))
    for name in ("only-for-big", "small"):
        install(tmp_path, name)
    assert set(found(tmp_path, exclude=("Big",)).distributions) == {"cauce", "small"}


def test_programs_caches_and_traces_of_this_machine_stay_here(tmp_path: Path) -> None:
    """Paths and names of one's own machine would travel to others, and change the archive's name."""
    install(tmp_path, "cauce", **{"cauce-1.0.dist-info__direct_url.json": '{"url": "file:///home/ana/x"}'})
    paths = [one.path for one in found(tmp_path).files]
    assert paths == [
        "site-packages/cauce-1.0.dist-info/METADATA",
        "site-packages/cauce-1.0.dist-info/WHEEL",
        "site-packages/cauce.py",
    ]


def test_the_archive_says_which_glibc_it_needs(tmp_path: Path) -> None:
    """On an older system every import would fail with a word nobody knows."""
    install(tmp_path, "cauce", needs=("old", "new"), tag="cp311-cp311-manylinux_2_27_x86_64")
    install(tmp_path, "old", tag="cp311-cp311-manylinux2014_x86_64")
    install(tmp_path, "new", tag="cp311-cp311-manylinux_2_28_x86_64")
    assert found(tmp_path).glibc == (2, 28)


def test_a_changed_library_is_packed_and_told(tmp_path: Path) -> None:
    """Numbers of the workers would differ from those of the official release, and nobody would know why."""
    install(tmp_path, "cauce")
    (tmp_path / "cauce.py").write_text("NAME = 'patched'\n", encoding="utf-8")
    with pytest.warns(CauceWarning, match="W0760"):
        packed = found(tmp_path)
    assert hashlib.sha256(b"NAME = 'patched'\n").hexdigest() in {one.sha256 for one in packed.files}


def test_what_cannot_be_packed_is_refused_by_name(tmp_path: Path) -> None:
    """The job would start, and end on the first executor."""
    install(tmp_path, "cauce", needs=("gone",))
    with pytest.raises(CauceError, match=r"E0761.*gone"):
        found(tmp_path)
    linked = install(tmp_path, "gone")
    (linked / "direct_url.json").write_text('{"dir_info": {"editable": true}}', encoding="utf-8")
    with pytest.raises(CauceError, match=r"E0762.*gone"):
        found(tmp_path)
    (linked / "direct_url.json").unlink()
    (linked / "RECORD").unlink()
    with pytest.raises(CauceError, match=r"E0763.*gone"):
        found(tmp_path)


def test_equal_libraries_make_equal_archives(tmp_path: Path) -> None:
    """A digest that changes with the clock proves nothing, and nothing could be kept for the next job."""
    for name in ("one", "two"):
        install(tmp_path / name, "cauce", needs=("numbers",))
        install(tmp_path / name, "numbers")
    os.utime(tmp_path / "two" / "cauce.py", (1, 1))
    (tmp_path / "two" / "cauce.py").chmod(0o755)
    first, second = (pack(found(tmp_path / one), tmp_path / f"out-{one}") for one in ("one", "two"))
    assert first.file.name == second.file.name
    assert first.file.read_bytes() == second.file.read_bytes()
    with tarfile.open(first.file) as tar:
        names = tar.getnames()
        owners = {(one.uid, one.uname, one.mode, one.mtime) for one in tar}
        told = json.loads(tar.extractfile("environment.json").read())  # type: ignore[union-attr]
    assert names[0] == "environment.json"
    assert names[1:] == sorted(names[1:])
    assert owners == {(0, "", 0o644, 315532800)}
    assert told["distributions"] == {"cauce": "1.0", "numbers": "1.0"}


def test_an_archive_is_made_once_and_whole(tmp_path: Path) -> None:
    """Packing takes half a minute: not for every job; and half an archive would be taken for a whole one."""
    install(tmp_path / "lib", "cauce")
    environment, out = found(tmp_path / "lib"), tmp_path / "out"
    left = out / ".environment-left.tmp"
    out.mkdir()
    left.touch()
    os.utime(left, (time.time() - 2 * 86400,) * 2)
    file = environment.files[-1]
    changed = PackedFile(file.path, file.source, "0" * 64, file.size)
    broken = Environment(environment.distributions, (changed,), "3.11", "x86_64", None)
    with pytest.raises(CauceError, match="E0764"):
        pack(broken, out)
    assert list(out.iterdir()) == []
    made, again = pack(environment, out), pack(environment, out)
    assert (made.made, again.made) == (True, False)
    assert list(out.iterdir()) == [made.file]


def test_a_full_disk_leaves_no_half_archive(tmp_path: Path, mounted: Callable[[str, str], Path]) -> None:
    """The next job would hand over what cannot be unpacked."""
    noise = os.urandom(100_000).hex()
    install(tmp_path / "lib", "cauce", **{"cauce_data.txt": noise})
    disk = mounted("disk", "64k")
    with pytest.raises(CauceError, match="E0503"):
        pack(found(tmp_path / "lib"), disk)
    assert list(disk.iterdir()) == []


@pytest.fixture(scope="module")
def real() -> Environment:
    """What is installed here."""
    return find_environment()


def test_the_package_of_a_checkout_is_what_its_wheel_would_be(real: Environment) -> None:
    """An editable install holds a path of this machine, which no worker has."""
    own = {one.path for one in real.files if one.path.startswith("site-packages/cauce/")}
    assert {"site-packages/cauce/__init__.py", "site-packages/cauce/py.typed"} <= own
    assert any(path.endswith(".mo") for path in own)
    assert not any(path.endswith((".po", ".pyc")) for path in own)
    assert not any(path.endswith(".pth") for path in (one.path for one in real.files))
    assert not {"pyspark", "py4j", "pytest"} & set(real.distributions)


BARE = """
import importlib, sys
assert not [one for one in sys.path if one.endswith("site-packages") and "environment" not in one], sys.path
for name in ("numpy", "pyarrow", "polars", "pandas", "xgboost", "scipy.special", "onnxruntime"):
    importlib.import_module(name)
import cauce.cli.main, cauce.engines.spark.engine, cauce.engines.local.engine, cauce.running.project_run
import xgboost as x, numpy as n
x.train({"nthread": 1}, x.DMatrix(n.ones((4, 1)), n.ones(4)), 1)
print(cauce.__version__, cauce.__file__)
"""


def test_a_python_with_nothing_but_the_packed_files_can_do_the_work(
    real: Environment, tmp_path: Path
) -> None:
    """A worker has no virtual environment to fall back on."""
    folder = tmp_path / "environment"
    for one in real.files:
        path = folder / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(one.source)
    environment = {
        "PYTHONPATH": str(folder / "site-packages"),
        "PATH": os.environ["PATH"],
        "OMP_NUM_THREADS": "1",
    }
    bare = [sys._base_executable, "-S", "-s", "-c", BARE]  # type: ignore[attr-defined]
    done = subprocess.run(bare, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(folder) in done.stdout
