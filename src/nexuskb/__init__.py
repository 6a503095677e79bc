"""nexuskb: policies, drivers, impacts and interlinkages of climate, land and water, each with evidence."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nexuskb.client import Connection

__version__ = version("nexuskb")
__all__ = ["__version__", "connect"]


def connect(address: str = "") -> Connection:
    """Connect to the base: see :func:`nexuskb.client.connect`, which is read when it is needed."""
    from nexuskb import client  # noqa: PLC0415 -- commands that do not need it start sooner

    return client.connect(address)
