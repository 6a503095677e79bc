"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from nexuskb.errors import SettingsError


def write_whole(file: Path, data: bytes) -> None:
    """Write a file beside its place and move it there, so that nobody ever finds half of it.

    Raises :class:`~nexuskb.errors.SettingsError` if it cannot be written; then it is as it was.
    """
    scratch = ""
    try:
        handle, scratch = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.chmod(scratch, 0o644)
        os.replace(scratch, file)
    except OSError as error:
        if scratch:
            with suppress(OSError):
                os.unlink(scratch)
        raise SettingsError(f"The file {file} cannot be written: {error.strerror}.") from error
