"""The tasks of a stage that grow the same trees together: how they meet, and how XGBoost joins them."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.errors import CauceError

_CHUNK = 4 << 20
_MEETING = 300
_SILENCE = 1800
_BROKEN: list[Any] = []


@dataclass(frozen=True)
class Member:
    """One task of a group. rank: its partition. barrier: Spark's, None where the task is alone."""

    rank: int
    size: int
    barrier: Any = None

    def gathered(self, data: bytes) -> list[bytes]:
        """What every member gives, by rank; all of them must call it. It goes through the driver."""
        if self.barrier is None:
            return [data]
        longest = max(int(length) for length in self.barrier.allGather(str(len(data))))
        found = [bytearray() for _ in range(self.size)]
        for start in range(0, longest, _CHUNK):
            text = base64.b64encode(data[start : start + _CHUNK]).decode("ascii")
            for rank, part in enumerate(self.barrier.allGather(text)):
                found[rank] += base64.b64decode(part)
        return [bytes(own) for own in found]

    def added(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The sums of numbers over all members that are `joined`."""
        if self.barrier is None:
            return numbers
        from xgboost import collective  # noqa: PLC0415 - on the executor

        sums: npt.NDArray[np.float64] = collective.allreduce(numbers.astype(np.float64), collective.Op.SUM)
        return sums


def this_member(workers: int) -> Member:
    """The task that this is, among so many."""
    from pyspark import BarrierTaskContext, TaskContext  # noqa: PLC0415 - on the executor

    if workers == 1:
        return Member(0, 1)
    # Before the first use of its class, a barrier context is an ordinary one.
    context = BarrierTaskContext.get()
    own = TaskContext.get()
    assert own is not None
    return Member(own.partitionId(), workers, context)


@contextmanager
def joined(member: Member) -> Iterator[None]:
    """XGBoost sums up over all members inside. The one of rank 0 is where they find each other.

    Where that fails the process is left as it is, for Spark to end: taking leave would wait for the others.
    """
    if member.barrier is None:
        yield
        return
    from xgboost import collective  # noqa: PLC0415 - on the executor

    tracker = _tracker(member) if member.rank == 0 else None
    told = "{}" if tracker is None else json.dumps(tracker.worker_args())
    places = json.loads(member.gathered(told.encode())[0])
    try:
        collective.init(**places, dmlc_task_id=f"{member.rank:06d}", dmlc_timeout=_SILENCE)
        yield
    except BaseException:
        _BROKEN.append(tracker)
        raise
    collective.finalize()
    if tracker is not None:
        tracker.wait_for(timeout=_MEETING)


def _tracker(member: Member) -> Any:
    from xgboost.tracker import RabitTracker  # noqa: PLC0415 - on the executor

    hosts = [task.address.rpartition(":")[0] for task in member.barrier.getTaskInfos()]
    tracker = RabitTracker(
        n_workers=member.size, host_ip=_own_address(hosts), sortby="task", timeout=_MEETING
    )
    tracker.start()
    return tracker


def _own_address(hosts: list[str]) -> str:
    """The address of this machine that the others reach. hosts: of all members, this one's first."""
    others = [host for host in hosts if host != hosts[0]]
    if not others:
        return "127.0.0.1"
    try:
        # Nothing is sent: the system says by which of its addresses it would.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((others[0], 9))
            return str(probe.getsockname()[0])
    except OSError as error:
        raise CauceError("E0732", host=others[0], reason=error.strerror or type(error).__name__) from None
