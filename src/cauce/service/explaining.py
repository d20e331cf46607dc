"""What each column adds to a prediction: asked of a process beside, where the trees' library is."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from cauce.core.matrix import Matrix
from cauce.errors import CauceError
from cauce.service.messages import Answer, Request, Scored
from cauce.service.rows import Row
from cauce.service.scoring import JSON_NAMES, demand

if TYPE_CHECKING:
    from cauce.service.served import Served

MOST_ROWS = 1000
"""Of a request: a row takes some hundred times as long as its prediction."""
SECONDS = 10.0
"""Within which an answer has to come."""
_LENGTH = 8
_MOST = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Question:
    """Rows of the bundle `digest`, which lies in `folder`: their features, float32 [n, width] as bytes."""

    folder: str
    digest: str
    width: int
    matrix: bytes

    @property
    def features(self) -> Matrix:
        """The matrix [n, width]."""
        return np.frombuffer(self.matrix, dtype=np.float32).reshape(-1, self.width)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """As `core.contributions.Contributions`; amounts: float64 [n, outputs, sources] as bytes. outputs: the
    classes where there are several outputs, else one empty text. failed: why there is nothing else."""

    sources: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    base: tuple[float, ...] = ()
    amounts: bytes = b""
    failed: str = ""

    def members(self) -> list[dict[str, Any]]:
        """`base` and `contributions` of each row, by class where there are several outputs."""
        shape = (-1, len(self.outputs), len(self.sources))
        found = np.frombuffer(self.amounts, dtype=np.float64).reshape(shape).tolist()
        return [self._member(row) for row in found]

    def _member(self, row: Sequence[Sequence[float]]) -> dict[str, Any]:
        amounts = [dict(zip(self.sources, one, strict=True)) for one in row]
        if self.outputs == ("",):
            return {"base": self.base[0], "contributions": amounts[0]}
        return {
            "base": dict(zip(self.outputs, self.base, strict=True)),
            "contributions": dict(zip(self.outputs, amounts, strict=True)),
        }


Explain = Callable[["Served", Matrix], Explanation]
"""Contributions to the predictions of rows whose features are known. E2428 where nobody says them in time."""


@dataclass(frozen=True)
class ExplainClient:
    """`Explain` by the process that listens at the Unix socket `path`; one connection for each question."""

    path: str
    seconds: float = SECONDS

    def __call__(self, served: Served, matrix: Matrix) -> Explanation:
        """Ask and wait."""
        about = {"folder": str(served.folder), "digest": served.identity, "width": matrix.shape[1]}
        question = Question(**about, matrix=matrix.tobytes())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
                sock.settimeout(self.seconds)
                sock.connect(self.path)
                send(sock, question)
                found: Explanation = receive(sock, Explanation)
        except (OSError, msgspec.MsgspecError):
            raise CauceError("E2428") from None
        if found.failed:
            raise CauceError("E2428")
        return found


def send(sock: socket.socket, value: Question | Explanation) -> None:
    """Write it; OSError."""
    data = msgspec.msgpack.encode(value)
    sock.sendall(len(data).to_bytes(_LENGTH, "big") + data)


def receive(sock: socket.socket, kind: type[Any]) -> Any:
    """What the other end sent; OSError, also where it is gone, or sends too much; msgspec.MsgspecError."""
    size = int.from_bytes(_exactly(sock, _LENGTH), "big")
    if size > _MOST:
        raise OSError(0, "too long")
    return msgspec.msgpack.decode(_exactly(sock, size), type=kind)


def _exactly(sock: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        data = sock.recv(min(size - len(found), 1 << 20))
        if not data:
            raise ConnectionError
        found += data
    return bytes(found)


def explained(served: Served, request: Request, *, explain: Explain) -> Answer:
    """One row or many, by column name, with what each column adds to the raw score of each prediction."""
    demand(request, JSON_NAMES, known="application/json")
    if request.query:
        raise CauceError("E2424", name=request.query.partition(b"=")[0].decode("latin-1"))
    many = request.body.lstrip().startswith(b"[")
    rows: Sequence[Row] = served.reader.many(request.body) if many else (served.reader.one(request.body),)
    if len(rows) > MOST_ROWS:
        raise CauceError("E2413", rows=len(rows), limit=MOST_ROWS)
    answers = served.answers(rows)
    members = explain(served, served.scorer.matrix_of_rows(rows)).members() if rows else []
    whole = [{**answer, **member} for answer, member in zip(answers, members, strict=True)]
    content = {"predictions": whole, **served.about} if many else {**whole[0], **served.about}
    about = (request.id, request.path, served.identity, served.version)
    scored = Scored(*about, rows=rows, answers=answers, manifest=served.manifest)
    return Answer(200, msgspec.json.encode(content), scored=scored)
