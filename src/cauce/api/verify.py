"""Does a model score as when it was born?"""

from __future__ import annotations

from pathlib import Path

from cauce.running.model_reference import find_model
from cauce.running.verification import Verification, verify_bundle
from cauce.spec import Project


def verify(
    model: str | Path | None = None,
    *,
    digest: str | None = None,
    project: str | Path | Project | None = None,
) -> Verification:
    """Check every file's digest and score the bundle's golden rows by every way it can score.

    model, digest, project: as in `predict`. Raises what `load` raises; a check that fails is in the result.
    """
    return verify_bundle(find_model(model, digest=digest, project=project).bundle)
