"""Too little memory: found before a command begins where that is possible, else said in one line.

Below a certain limit the C libraries end the process without a word, wherever it is.
"""

from __future__ import annotations

import os
from pathlib import Path

from fame_sql.errors import FameError, InputError

_LEAST = 1 << 30
_OF_A_CORE = 72 << 20
"""Addresses that a thread takes: its stack and its part of the allocator's memory."""

_NO_MEMORY = ("bad_alloc", "can't start new thread", "Cannot allocate memory")


def check_memory(more: int = 0) -> None:
    """Refuse to begin in a process whose limit of memory is too low.

    Parameters
    ----------
    more : int
        Bytes that a command needs beyond what every command needs.

    Raises
    ------
    InputError
        If it is.
    """
    left = _left()
    needed = more + _LEAST + _OF_A_CORE * (os.cpu_count() or 1)
    if left is not None and left < needed:
        raise InputError(
            f"this process may take {left >> 20} MB more of virtual memory and needs "
            f"{needed >> 20} MB: raise its limit, see 'ulimit -v'"
        )


def _left() -> int | None:
    """Return how many bytes of addresses a process may still take; None without a limit."""
    try:
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        if most == resource.RLIM_INFINITY:
            return None
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (ImportError, OSError):
        return None
    return max(most - pages * resource.getpagesize(), 0)


def is_scarce(error: BaseException) -> bool:
    """Return whether an error says that memory or threads have run out."""
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(part in str(error) for part in _NO_MEMORY)


def too_little(error: BaseException) -> FameError:
    """Return the error for memory or threads that have run out."""
    what = str(error) or "no memory is left"
    return FameError(
        f"there is too little memory ({what}): end other programs, raise the limit "
        "('ulimit -v', 'ulimit -u', or that of the container), and run the command again"
    )
