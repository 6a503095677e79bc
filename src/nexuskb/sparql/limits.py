"""The bounds on evaluating queries, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Bounds on evaluation: seconds a query, bytes of memory a worker, workers, queries waiting.

    A query waits no longer than one may run. ``client_seconds`` are the seconds of the workers' time that a
    client may use a minute, twice that at once; 0 sets no bound.
    """

    seconds: float = 30.0
    memory: int = 1024**3
    workers: int = 2
    waiting: int = 64
    client_seconds: float = 60.0
