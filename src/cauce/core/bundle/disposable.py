"""The first load of a model that comes from elsewhere, in a process that may die of it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.manifest import ENDS, ONNX, Manifest
from cauce.core.bundle.onnx_audit import check_onnx
from cauce.core.bundle.writing import TOLERANCE, largest_difference
from cauce.core.matrix import Matrix
from cauce.errors import CauceError, shown
from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.sparing import spare_collections, spare_imports

SECONDS = 60.0
MEMORY = 4 << 30
_LENGTH = 8


def parse_in_child(
    bundle: Bundle, *, seconds: float = SECONDS, memory: int = MEMORY, whole: bool = False
) -> None:
    """Load both payloads and the golden rows once in a process of its own, and score the golden rows there.

    Both must give the same scores, and the ONNX graph hold nothing but what Cauce writes.

    seconds: of wall time and of processor time; memory: bytes of address space (where the system limits
    them). whole: also compare with what it gave when it was made, and read its baseline.
    E1207 where that process fails, crashes, or takes more.
    """
    command = [sys.executable, "-I", "-m", "cauce.core.bundle.disposable", str(int(seconds)), str(memory)]
    command += ["whole"] * whole
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    content = _framed(bundle.manifest.to_bytes(), *(bundle.contents[one] for one in bundle.manifest.paths))
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, and nothing of the bundle, on the line
            command, input=content, capture_output=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        reason = translate(_("it took more than {seconds} seconds")).format(seconds=seconds)
        raise CauceError("E1207", reason=reason) from None
    if done.returncode < 0:
        raise CauceError("E1207", reason=translate(_("it crashed (signal {n})")).format(n=-done.returncode))
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise CauceError("E1207", reason=shown(last) or str(done.returncode))


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(_LENGTH, "big") + part for part in parts)


def _limit(seconds: int, memory: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - does not exist on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _child(seconds: int, memory: int, *, whole: bool) -> None:
    """Read a bundle from standard input and score its golden rows with both payloads."""
    _limit(seconds, memory)
    read = sys.stdin.buffer.read

    def part() -> bytes:
        return read(int.from_bytes(read(_LENGTH), "big"))

    data = part()
    manifest = Manifest.from_bytes(data)
    bundle = Bundle(manifest, "", {one.path: part() for one in manifest.files})
    check_bundle(bundle)
    if whole:
        _check_whole(bundle)


def check_bundle(bundle: Bundle) -> None:
    """What `parse_in_child` does over there. The payload's errors, E1201 for the golden rows, E1208 where the
    two forms of the model give other scores."""
    for path in (ONNX, *(end[1] for end in ENDS if end[1] in bundle.contents)):
        check_onnx(bundle.contents[path])
    rows, scorer = bundle.golden.rows, bundle.scorer(threads=1)
    _agree(scorer.scores(rows), scorer.row_scores(rows.to_dicts()))
    scorer.score_rows(rows.head(1).to_dicts())
    if bundle.manifest.answering.quantiles:
        _check_ends(bundle)


def _check_whole(bundle: Bundle) -> None:
    golden, scorer = bundle.golden, bundle.scorer(threads=1)
    features = scorer.matrix(golden.rows)
    born = {"features": (features, golden.features), "scores": (scorer.scores_of(features), golden.scores)}
    for what, (found, then) in born.items():
        if not largest_difference(found, then) <= TOLERANCE:
            raise CauceError("E1210", checks=what)
    bundle.baseline  # noqa: B018 - reads it


def _check_ends(bundle: Bundle) -> None:
    scorer, features = bundle.scorer(threads=1, interval=True), bundle.golden.features
    by_onnx = bundle.scorer(threads=1, interval=True, payload="onnx")
    _agree(scorer.raw_of(features), by_onnx.raw_of(features))


def _agree(xgboost: Matrix, onnx: Matrix) -> None:
    difference = largest_difference(xgboost, onnx)
    if not difference <= TOLERANCE:
        raise CauceError("E1208", what="XGBoost / ONNX", difference=difference)


if __name__ == "__main__":
    spare_imports()
    spare_collections()
    try:
        _child(int(sys.argv[1]), int(sys.argv[2]), whole=sys.argv[3:] == ["whole"])
    except CauceError as error:
        raise SystemExit(str(error)) from None
    except MemoryError:
        raise SystemExit("MemoryError") from None
