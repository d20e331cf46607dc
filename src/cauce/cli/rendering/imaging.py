"""What `image` answers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.errors import shown
from cauce.language import gettext_noop as _
from cauce.language import translate

if TYPE_CHECKING:
    from cauce.running.image import Image


def imaged(image: Image) -> Answer:
    """Where the context lies, and how a container is made of it."""
    content = {**vars(image), "folder": str(image.folder)}
    text = translate(_("{folder} builds a container that serves {version} (digest {digest})."))
    said = text.format(
        folder=shown(image.folder), version=shown(image.version), digest=shown(image.digest[:12])
    )
    build = translate(_("Build it: {command}"))
    note = build.format(command=f"docker build --tag model {shlex.quote(shown(image.folder))}")
    return Answer("cauce.image/1", content, said, (note,))
