"""Metrics for Prometheus (its text format 0.0.4 or OpenMetrics 1.0, as asked for)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter as Tally
from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry
from starlette.exceptions import HTTPException

from nexuskb import __version__
from nexuskb.errors import LedgerError
from nexuskb.records.ledger import Ledger
from nexuskb_api.facade import Facade, facade_of

router = APIRouter(tags=["Operations"])

_NEW_LINES = (
    "SELECT seq, operation, outcome, CASE outcome WHEN 'done' THEN '' ELSE words END FROM log WHERE seq > ?"
    " ORDER BY seq LIMIT 10000"
)


@router.get("/metrics", summary="Metrics for Prometheus")
async def metrics(request: Request) -> Response:
    """Queries, requests, workers, cache, generation and writes in numbers: no queries, names or addresses."""
    state = request.app.state
    if not state.serving.metrics:
        raise HTTPException(404, "There are no metrics here: NEXUSKB_METRICS is set to no.")
    facade = facade_of(request)
    await asyncio.to_thread(state.writes.read, facade.reception.known())
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    shown = CollectorRegistry()
    for collector in (state.measures.registry, _Present(facade), state.writes):
        shown.register(collector)
    ProcessCollector(registry=shown)
    PlatformCollector(registry=shown)
    GCCollector(registry=shown)
    return Response(encode(shown), headers={"Content-Type": media_type, "Cache-Control": "no-store"})


class _Present(Collector):
    """What the facade holds at this moment."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade

    def collect(self) -> Iterator[Metric]:
        """The families of metrics."""
        facade, cache, load = self._facade, self._facade.cache, self._facade.pool.load
        labels = {"version": __version__, "generation": facade.generation}
        yield InfoMetricFamily("nexuskb_base", "The program and the content that it serves.", value=labels)
        workers = GaugeMetricFamily("nexuskb_workers", "Workers that evaluate queries.", labels=("state",))
        workers.add_metric(("free",), load.free)
        workers.add_metric(("busy",), load.busy)
        yield workers
        yield GaugeMetricFamily("nexuskb_queries_waiting", "Queries that wait for a worker.", load.waiting)
        yield CounterMetricFamily(
            "nexuskb_worker_restarts", "Workers that were ended or died, and were replaced.", load.restarts
        )
        looks = CounterMetricFamily("nexuskb_cache_looks", "Looks into the cache.", labels=("found",))
        looks.add_metric(("yes",), cache.hits)
        looks.add_metric(("no",), cache.misses)
        yield looks
        yield GaugeMetricFamily("nexuskb_cache_bytes", "Bytes that the cache holds.", cache.size)
        yield GaugeMetricFamily("nexuskb_cache_answers", "Answers that the cache holds.", len(cache))


class Writes(Collector):
    """The write acts and refusals in the log of the ledger, counted as they are added to it."""

    def __init__(self) -> None:
        self._read = 0
        self._tally: Tally[tuple[str, str]] = Tally()

    def read(self, ledger: Ledger | None) -> None:
        """Count what is new. A log that cannot be read at the moment is counted the next time."""
        try:
            while ledger and (rows := ledger.rows(_NEW_LINES, self._read)):
                for seq, operation, outcome, words in rows:
                    reason = words.partition(":")[0] if outcome == "refused" else ""
                    self._tally[operation, reason.lower() or outcome] += 1
                    self._read = seq
        except (LedgerError, sqlite3.Error):
            return

    def collect(self) -> Iterator[Metric]:
        """The family of write acts."""
        family = CounterMetricFamily(
            "nexuskb_writes",
            "What people did to records, and what they were refused, since the ledger was begun.",
            labels=("operation", "outcome"),
        )
        for labels, count in sorted(self._tally.items()):
            family.add_metric(labels, count)
        yield family
