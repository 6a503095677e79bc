"""What a process has for itself, by a lock that goes with the process, however it ends.

Directories that it needs, and work that only one does at a time.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

#: The file that is locked.
IN_USE: Final = "in-use"


def hold(directory: Path) -> IO[bytes]:
    """Keep a directory from being cleared away for as long as the file that this gives is open."""
    handle = (directory / IN_USE).open("ab")
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def is_held(directory: Path) -> bool:
    """Whether some process holds a directory."""
    try:
        with (directory / IN_USE).open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def only_one(lock: Path, *, wait: bool = True) -> Iterator[None]:
    """Do something that no other process does now that asks with the same file.

    Raises ``BlockingIOError`` if it shall not ``wait`` for another.
    """
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


@contextmanager
def own_directory(home: Path, prefix: str) -> Iterator[Path]:
    """A directory under ``home`` for the life of this process at most; it is gone afterwards.

    What killed processes have left of this prefix is cleared away. Raises ``OSError``.
    """
    for left in home.glob(f"{prefix}*"):
        if not is_held(left):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=home) as name, hold(Path(name)):
        yield Path(name)
