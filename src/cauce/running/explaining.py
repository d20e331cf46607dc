"""A process beside a service: says what each column adds to predictions, with the trees' library.

`python -m cauce.running.explaining FOLDER DIGEST LANGUAGE LISTENING ALIVE`: the bundle that is opened first,
and two file descriptors; it ends once ALIVE can be read. It may crash: the service goes on without it.
"""

from __future__ import annotations

import logging
import select
import signal
import socket
import sys
from contextlib import suppress
from functools import lru_cache

import msgspec

from cauce.core.bundle.opening import open_bundle
from cauce.core.contributions.explainer import Explainer
from cauce.errors import CauceError
from cauce.language import use_language
from cauce.service.explaining import SECONDS, Explanation, Question, receive, send
from cauce.service.logs import start_logs

_MODELS = 2
_ARRIVES = 2.0
_LOG = logging.getLogger("cauce.service")


@lru_cache(_MODELS)
def _explainer(folder: str, digest: str) -> Explainer:
    bundle = open_bundle(folder, digest=digest)
    return Explainer(bundle.scorer(threads=1), bundle.xgboost)


def explain(question: Question) -> Explanation:
    """The contributions; what failed in place of them. Numbers that are none fail too."""
    try:
        explainer = _explainer(question.folder, question.digest)
        found = explainer.of_matrix(question.features)
    except CauceError as error:
        _LOG.error("nothing is explained: %s", error)
        return Explanation(failed=str(error))
    except Exception as error:  # a payload may hold what a library did not expect; its words may hold a row
        _LOG.error("nothing is explained: %s", type(error).__name__)
        return Explanation(failed=type(error).__name__)
    return Explanation(
        sources=found.sources,
        outputs=explainer.outputs,
        base=tuple(map(float, found.base)),
        amounts=found.amounts.tobytes(),
    )


def answer(connection: socket.socket, *, seconds: float = SECONDS) -> None:
    """Answer one question, or die: beyond `seconds` of it the system ends this process, whatever it is in."""
    connection.settimeout(_ARRIVES)
    question: Question = receive(connection, Question)
    if _gone(connection):
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    found = explain(question)
    signal.setitimer(signal.ITIMER_REAL, 0)
    send(connection, found)


def _gone(connection: socket.socket) -> bool:
    """Whether who asked has stopped waiting."""
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(_ARRIVES)


def main(folder: str, digest: str, *, listening: int, alive: int) -> None:
    """Answer until the service has ended."""
    with suppress(CauceError):
        bundle = open_bundle(folder, digest=digest)
        _explainer(folder, digest).of_matrix(bundle.golden.features[:1])
    with socket.socket(fileno=listening) as sock:
        while True:
            heard = select.select([sock.fileno(), alive], [], [])[0]
            if alive in heard:
                return
            connection, _address = sock.accept()
            with connection, suppress(OSError, msgspec.MsgspecError):
                answer(connection)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start_logs()
    use_language(sys.argv[3])
    main(sys.argv[1], sys.argv[2], listening=int(sys.argv[4]), alive=int(sys.argv[5]))
