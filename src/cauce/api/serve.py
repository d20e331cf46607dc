"""A model behind HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from cauce.running.serving import Service, Serving, prepare

if TYPE_CHECKING:
    from cauce.spec import Project


class Choices(TypedDict, total=False):
    """How a model is served.

    host: an address of this machine; others than its own loopback need tokens. port: 0 for a free one.
    workers: processes. tokens: a file of tokens (`cauce.token`). extra: what happens to fields that are no
    columns. explain: whether /explain says what each column adds to a prediction, by a process of its own.
    docs: a page about the doors, where there are tokens (without, it is there). rows, body_bytes:
    at most in a request. request_seconds: in which a request has to arrive. patience: seconds beyond which
    a waiting request is refused. capture: a folder that keeps every row and its prediction before it is
    given. capture_store: whether the project's store gets it too, once it is sealed. capture_share: of
    requests that are kept. capture_window: milliseconds after the answer in which it is kept. capture_full:
    what happens where it cannot be kept, or is not within capture_seconds. capture_without: columns not to
    keep. capture_bytes: the folder's most. capture_days: after which it is deleted. watch: seconds after
    which it is asked again which version an alias names, 0 for never; nothing is asked where a digest is
    given, or a project that is no file.
    """

    host: str | None
    port: int | None
    workers: int | None
    tokens: str | Path | None
    extra: Literal["ignore", "refuse"] | None
    explain: bool | None
    docs: bool | None
    rows: int | None
    body_bytes: int | None
    request_seconds: float | None
    patience: float | None
    capture: str | Path | None
    capture_store: bool | None
    capture_share: float | None
    capture_window: float | None
    capture_full: Literal["refuse", "drop"] | None
    capture_seconds: float | None
    capture_without: Sequence[str] | None
    capture_bytes: int | None
    capture_days: float | None
    watch: float | None


def serve(
    model: str | Path | None = None,
    *,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    **choices: Unpack[Choices],
) -> Service:
    """Serve `model` beside this process: comes back once it answers at `url`, and `stop()` ends it.

    model, digest, project: as in `predict`. choices: see `Choices`. Raises what `load` raises, and E2400 to
    E2406.
    """
    return prepared(model, digest=digest, project=project, **choices).start()


def prepared(
    model: str | Path | None = None,
    *,
    digest: str | None = None,
    project: str | Path | Project | None = None,
    **choices: Unpack[Choices],
) -> Serving:
    """The same, found and checked, and not started yet."""
    return prepare(model, digest=digest, project=project, choices=choices)
