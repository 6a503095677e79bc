"""Directories that a running process needs: held by a lock that goes with the process, however it ends."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO, Final

_IN_USE: Final = "in-use"


def hold(directory: Path) -> IO[bytes]:
    """Keep a directory from being cleared away for as long as the file that this gives is open."""
    handle = (directory / _IN_USE).open("ab")
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def is_held(directory: Path) -> bool:
    """Whether some process holds a directory."""
    try:
        with (directory / _IN_USE).open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
