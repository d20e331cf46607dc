"""What `serve` says before it serves, and what `token` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cauce.cli.answer import Answer
from cauce.errors import shown
from cauce.language import gettext_noop as _
from cauce.language import translate

if TYPE_CHECKING:
    from cauce.running.serving import Serving


def announced(serving: Serving) -> dict[str, Any]:
    """For programs: what is going to be served, and where."""
    settings = serving.settings
    return {
        "schema": "cauce.serve/1",
        "model_version": settings.version,
        "digest": settings.digest,
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
    }


def about_to_serve(serving: Serving) -> str:
    """The same for people."""
    settings = serving.settings
    text = translate(_("Serving {version} (digest {digest}) on {host}, port {port}; Ctrl-C ends it."))
    return text.format(
        version=shown(settings.version),
        digest=settings.digest[:12],
        host=shown(settings.host),
        port=settings.port,
    )


def made(secret: str, *, name: str, file: str, scopes: tuple[str, ...]) -> Answer:
    """The token itself, which is nowhere else."""
    content = {"token": secret, "name": name, "file": file, "scopes": list(scopes)}
    note = translate(_("It is shown this once; {file} keeps its digest.")).format(file=shown(file))
    return Answer("cauce.token/1", content, secret, (note,))
