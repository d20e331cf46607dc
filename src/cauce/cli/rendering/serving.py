"""What `serve` says before it serves, and what `token` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cauce.cli.answer import Answer
from cauce.errors import shown
from cauce.language import gettext_noop as _
from cauce.language import translate

if TYPE_CHECKING:
    from cauce.service.settings import ServiceSettings


def announced(settings: ServiceSettings) -> dict[str, Any]:
    """For programs: what is served, and where requests wait from now on."""
    return {
        "schema": "cauce.serve/1",
        "model_version": settings.version,
        "digest": settings.digest,
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
    }


def about_to_serve(settings: ServiceSettings) -> str:
    """The same for people."""
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
