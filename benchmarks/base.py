"""What is measured on the real base: from start to first answer."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.generator import ROOT
from benchmarks.peers import Data, nexuskb


def first_answers(directory: Path) -> dict[str, float]:
    """Seconds from the command to the first answer, from an empty home and from a filled one."""
    told = {}
    home = directory / "home"
    shutil.rmtree(home, ignore_errors=True)
    data = Data(ROOT / "data", Path(), home)
    for state in ("from an empty directory", "warm"):
        peer = nexuskb("memory")(data, directory)
        told[state] = round(peer.start_seconds, 2)
        peer.stop()
    return told
