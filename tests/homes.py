"""Homes for tests that write: the real base, its store linked from one that is filled already."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from nexuskb.settings import Settings
from nexuskb.store.filling import fill


def own_home(settings: Settings, home: Path) -> Settings:
    """The settings with another home, and so with a ledger of its own."""
    filled = fill(settings).directory
    target = home / "generations" / filled.name
    target.mkdir(parents=True)
    for path in filled.iterdir():
        os.link(path, target / path.name)
    return replace(settings, home=home)
