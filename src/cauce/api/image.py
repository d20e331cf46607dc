"""A container that serves a model."""

from __future__ import annotations

from pathlib import Path

from cauce.running.image import BASE, Image, make_image
from cauce.running.model_reference import find_model
from cauce.spec import Project


def image(
    model: str | Path | None = None,
    *,
    out: str | Path = "image",
    base: str = BASE,
    digest: str | None = None,
    project: str | Path | Project | None = None,
) -> Image:
    """Write a folder that `docker build` makes a container of, which serves `model`.

    out: the folder; it must not exist, or be empty. base: the image to start from, with a tag or a digest,
    with Python 3.11 or later. model, digest, project: as in `predict`. Raises what `load` raises, E2470 to
    E2472, and E0503 to E0506 where the disk refuses.
    """
    return make_image(find_model(model, digest=digest, project=project), out, base=base)
