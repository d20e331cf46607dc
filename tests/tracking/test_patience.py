"""What a shipper prepares gives way to the run beside it, and what it then sends does not."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from cauce.tracking.patience import patiently


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux only")
def test_only_the_patient_thread_gives_way() -> None:
    """Loading MLflow would take a core from the training it is meant to tell of."""

    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = priority()
    assert patiently(priority) == max(before, 10)
    assert priority() == before


def test_what_patient_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        patiently(lambda: 1 // 0)
