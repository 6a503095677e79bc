"""Programs that some tests need beside Python's packages. CI installs them all."""

from __future__ import annotations

import os
import shutil

import pytest


def program(*names: str) -> str:
    """The first of these programs that the machine has.

    Without one, the test is skipped, and told so; in CI it fails, so that nothing goes untested there.
    """
    for name in names:
        if found := shutil.which(name):
            return found
    words = f"NOT TESTED: {names[0]} is not installed"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)
