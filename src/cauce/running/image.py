"""What builds a container that serves one model: a folder with everything but the base and the libraries."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cauce.core.bundle.bundle import Bundle
from cauce.core.bundle.manifest import MANIFEST
from cauce.core.durable import sync, sync_tree
from cauce.core.faults import translated
from cauce.errors import CauceError, shown
from cauce.running.model_reference import FoundModel
from cauce.running.shipping.environment import LIBRARIES, own_files
from cauce.version import __version__

BASE = "python:3.11-slim-bookworm"
"""Where the user names no other."""
PORT = 8080
USER = 65532
"""Neither root nor anybody else's."""
_REFERENCE = re.compile(r"[a-z0-9][A-Za-z0-9._:/-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})")
_MODEL, _REQUIREMENTS = "model", "requirements.txt"
_PROBE = "import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/health/ready', timeout=2)"
_ON_PATH = "import site; open(site.getsitepackages()[0] + '/cauce.pth', 'w').write('/app/lib')"
"""Not PYTHONPATH, which the process that tries a model first does not heed."""
_DOCKERFILE = """\
# Made by cauce {cauce} for {version}.
FROM {base}

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1

COPY requirements.txt /app/requirements.txt
RUN python -m pip install --require-hashes --only-binary :all: --requirement /app/requirements.txt \\
    && python -m pip uninstall --yes pip

COPY lib /app/lib
COPY model /model
RUN python -c {path} && python -m compileall -q /app/lib

LABEL org.opencontainers.image.title={name} org.opencontainers.image.version={version_quoted} \\
    cauce.digest="{digest}"

WORKDIR /tmp
USER {user}:{user}
EXPOSE {port}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD {probe}

ENTRYPOINT {entry}
"""


@dataclass(frozen=True)
class Image:
    """A build context. folder: where it lies; base: the image it starts from; files and bytes: of all."""

    folder: Path
    version: str
    digest: str
    base: str
    files: int
    bytes: int


def make_image(found: FoundModel, folder: str | Path, *, base: str = BASE) -> Image:
    """Write what builds a container serving the model into `folder`, which appears when it is complete.

    Equal for the same model, base and Cauce, byte for byte. E2470 for a base without tag or digest, E2471
    where the folder is there, E2472, and E0503 to E0506 where the disk refuses.
    """
    target = Path(folder).absolute()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise CauceError("E2471", path=target)
    contents = context_of(found.bundle, version=found.version, base=base)
    _write(contents, target)
    size = sum(map(len, contents.values()))
    return Image(target, found.version, found.bundle.identity, base, len(contents), size)


def context_of(bundle: Bundle, *, version: str, base: str = BASE) -> dict[str, bytes]:
    """The files of the context by path, sorted. E2470, E2472."""
    if not _REFERENCE.fullmatch(base) or base.endswith(":latest"):
        raise CauceError("E2470", base=base)
    made = {
        "Dockerfile": dockerfile(bundle, version=version, base=base).encode(),
        _REQUIREMENTS: locked_libraries("serve"),
        f"{_MODEL}/{MANIFEST}": bundle.manifest.to_bytes(),
        **{f"{_MODEL}/{path}": data for path, data in bundle.contents.items()},
        **own_package(),
    }
    return dict(sorted(made.items()))


def dockerfile(bundle: Bundle, *, version: str, base: str = BASE) -> str:
    """The Dockerfile."""
    entry = ["python", "-m", "cauce", "serve", "/model", "--digest", bundle.identity]
    entry += ["--host", "0.0.0.0", "--port", str(PORT), "--tokens", "/run/secrets/tokens.json"]  # noqa: S104
    return _DOCKERFILE.format(
        cauce=__version__,
        base=base,
        version=shown(version),
        version_quoted=_quoted(version),
        name=_quoted(bundle.name),
        digest=bundle.identity,
        user=USER,
        port=PORT,
        path=json.dumps(_ON_PATH),
        probe=json.dumps(["python", "-c", _PROBE.format(port=PORT)]),
        entry=json.dumps(entry),
    )


def _quoted(text: str) -> str:
    """A value of a Dockerfile, in which nothing is replaced."""
    return '"' + re.sub(r'([\\"$])', r"\\\1", shown(text)) + '"'


def locked_libraries(name: str) -> bytes:
    """A list of locked libraries, beside the package or, from its source folder, in the project. E2472."""
    package = Path(__file__).resolve().parents[1]
    lock = f"constraints/{name}.txt"
    for place in (package / lock, package.parents[1] / lock):
        if place.is_file():
            with translated(place):
                return place.read_bytes()
    raise CauceError("E2472", file=lock)


def own_package() -> Mapping[str, bytes]:
    """Cauce itself, as it runs here, under lib/."""
    inside = PurePosixPath(LIBRARIES)
    found = {}
    for one in own_files():
        with translated(one.source):
            data = one.source.read_bytes() if one.held is None else one.held
        found[f"lib/{PurePosixPath(one.path).relative_to(inside)}"] = data
    return found


def _write(contents: Mapping[str, bytes], target: Path) -> None:
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.part")
    with translated(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.mkdir()
            for path, data in contents.items():
                place = draft / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
            _readable(draft)
            sync_tree(draft)
            draft.rename(target)
            sync(target.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _readable(folder: Path) -> None:
    """Rights that the container's user can read with, whatever those of this machine's user are."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
