"""Work under a rule of the kernel that forbids io_uring, as containers' rules often do."""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_SETUP = 425
"""io_uring_setup, on every architecture."""
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
Made = TypeVar("Made")


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("yes", ctypes.c_uint8),
        ("no", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def without_io_uring(work: Callable[[], Made]) -> Made:
    """What the work gives, done in a thread to which, and to whose children, the kernel denies io_uring.

    OSError where such a rule cannot be made (seccomp(2)).
    """

    def done() -> Made:
        _deny()
        return work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(done).result()


def _deny() -> None:
    rules = (_Instruction * 4)(
        _Instruction(_LOAD, 0, 0, 0),
        _Instruction(_JUMP_IF_EQUAL, 0, 1, _SETUP),
        _Instruction(_RETURN, 0, 0, _FAIL | errno.ENOSYS),
        _Instruction(_RETURN, 0, 0, _ALLOW),
    )
    library = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(rules), rules)
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or library.prctl(
        _SECCOMP, _FILTER, ctypes.byref(program)
    ):
        raise OSError(ctypes.get_errno(), "no rule can be made here")
