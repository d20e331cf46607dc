"""E247x: what builds a container that serves a model."""

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

ENTRIES = (
    Entry(
        code="E2470",
        exit=Exit.USAGE,
        says=_("{base} is no image with a tag or a digest."),
        hint=_("Name one such as python:3.11-slim-bookworm, or NAME@sha256:DIGEST; not latest."),
        explanation=_(
            "What an image without a tag is changes from day to day, and with it the container. It must have "
            "Python 3.11 or later; what it does not need are compilers."
        ),
    ),
    Entry(
        code="E2471",
        exit=Exit.CANNOT_CREATE,
        says=_("{path} is there already."),
        hint=_("Name a folder that does not exist yet with --out, or delete this one."),
        explanation=_(
            "What builds a container is written into a folder of its own, which appears when it is complete. "
            "Nothing that is there already is overwritten."
        ),
    ),
    Entry(
        code="E2472",
        exit=Exit.SOFTWARE,
        says=_("Cauce's own list of locked libraries, {file}, is not there."),
        hint=_("Install Cauce anew."),
        explanation=_(
            "A container gets exactly the libraries that Cauce was tested with, by their digests. The list "
            "of them is a part of Cauce, and is missing from this installation."
        ),
    ),
)
