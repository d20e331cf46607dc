"""The tasks of a stage that grow the same trees together: how they meet, and how XGBoost joins them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cauce.errors import CauceError

_CHUNK = 1 << 26
_PATIENCE = 1800
"""Seconds in which all members have to come to a meeting, or to say what they have."""
_BROKEN: list[Any] = []


@dataclass(frozen=True)
class Member:
    """One task of a group. rank: its partition. barrier: Spark's, None where the task is alone.

    What is asked of all members is asked inside `joined`, of all of them at the same point.
    """

    rank: int
    size: int
    barrier: Any = None

    def gathered(self, data: bytes) -> list[bytes]:
        """What every member gives, by rank."""
        if self.barrier is None:
            return [data]
        lengths = np.zeros(self.size)
        lengths[self.rank] = len(data)
        ends = np.cumsum(self.added(lengths).astype(np.int64))
        every = np.zeros(ends[-1], dtype=np.uint8)
        every[ends[self.rank] - len(data) : ends[self.rank]] = np.frombuffer(data, dtype=np.uint8)
        for start in range(0, len(every), _CHUNK):
            every[start : start + _CHUNK] = _summed(every[start : start + _CHUNK])
        return [part.tobytes() for part in np.split(every, ends[:-1])]

    def added(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The sums of numbers over all members."""
        return numbers if self.barrier is None else _summed(numbers.astype(np.float64))


def _summed(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    from xgboost import collective  # noqa: PLC0415 - on the executor

    sums: npt.NDArray[Any] = collective.allreduce(numbers, collective.Op.SUM)
    return sums


def this_member(workers: int) -> Member:
    """The task that this is, among so many."""
    from pyspark import BarrierTaskContext, TaskContext  # noqa: PLC0415 - on the executor

    own = TaskContext.get()
    if workers == 1 or own is None:
        return Member(0, 1)
    return Member(own.partitionId(), workers, BarrierTaskContext.get())


@dataclass(frozen=True)
class Meeting:
    """Where members find each other, once. tracker: XGBoost's, which only the member of rank 0 has."""

    place: dict[str, Any]
    tracker: Any = None


def first_meeting(member: Member) -> Meeting:
    """A meeting that Spark tells all members of; it waits for them."""
    # Spark looks once a second whether all have come: a second for each call.
    return _meeting(member, lambda text: str(member.barrier.allGather(text)[0]))


def next_meeting(member: Member) -> Meeting:
    """A meeting that members who are `joined` agree on, for when they have parted."""
    return _meeting(member, lambda text: member.gathered(text.encode())[0].decode())


def _meeting(member: Member, tell: Callable[[str], str]) -> Meeting:
    if member.barrier is None:
        return Meeting({})
    tracker = _tracker(member) if member.rank == 0 else None
    place = "{}" if tracker is None else json.dumps(tracker.worker_args())
    return Meeting(json.loads(tell(place)), tracker)


@contextmanager
def joined(member: Member, meeting: Meeting) -> Iterator[None]:
    """XGBoost sums up over all members inside.

    Where that fails the process is left as it is, for Spark to end: taking leave would wait for the others.
    """
    if member.barrier is None:
        yield
        return
    from xgboost import collective  # noqa: PLC0415 - on the executor

    try:
        collective.init(**meeting.place, dmlc_task_id=f"{member.rank:06d}", dmlc_timeout=_PATIENCE)
        yield
    except BaseException:
        _BROKEN.append(meeting)
        raise
    collective.finalize()
    if meeting.tracker is not None:
        meeting.tracker.wait_for(timeout=_PATIENCE)


def _tracker(member: Member) -> Any:
    from xgboost.tracker import RabitTracker  # noqa: PLC0415 - on the executor

    hosts = [task.address.rpartition(":")[0] for task in member.barrier.getTaskInfos()]
    tracker = RabitTracker(
        n_workers=member.size, host_ip=_own_address(hosts), sortby="task", timeout=_PATIENCE
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
