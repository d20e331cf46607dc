"""The border to XGBoost: whether it has a GPU, and its failures as coded errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from cauce.core.boosting import BoostSpec
from cauce.errors import CauceError
from cauce.language import gettext_noop as _
from cauce.language import translate


def require_gpu() -> None:
    """Raise E0809 unless XGBoost will really use a GPU; it falls back to the CPU by itself."""
    import xgboost  # noqa: PLC0415

    if not xgboost.build_info().get("USE_CUDA"):
        reason = translate(_("the installed XGBoost is built for CPUs only"))
        raise CauceError("E0809", device="cuda", reason=reason)
    probe = xgboost.DMatrix(np.zeros((2, 1), dtype=np.float32), label=np.array([0.0, 1.0]))
    booster = xgboost.train({"device": "cuda", "verbosity": 0}, probe, 1)
    if '"device":"cuda' not in booster.save_config().replace(" ", ""):
        raise CauceError("E0809", device="cuda", reason=translate(_("no GPU is visible to this process")))


@contextmanager
def translated(spec: BoostSpec) -> Iterator[None]:
    """The border where XGBoost's failures become coded errors."""
    import xgboost  # noqa: PLC0415

    try:
        yield
    except MemoryError:
        raise CauceError("E0808", features=len(spec.features)) from None
    except xgboost.core.XGBoostError as error:
        text = str(error)
        if "bad_alloc" in text or "out of memory" in text.lower():
            raise CauceError("E0808", features=len(spec.features)) from None
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        raise CauceError("E0810", reason=lines[0] if lines else type(error).__name__) from None
