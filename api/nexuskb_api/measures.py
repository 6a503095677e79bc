"""What is counted and timed while requests are answered, for ``/metrics``.

Everything else that is shown there is asked of its owner when it is shown, so that it costs nothing before.
"""

from __future__ import annotations

import logging
import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Summary, disable_created_metrics
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexuskb.errors import NexusError, QueryLimitError
from nexuskb_api.problems import status_and_kind

_LOG: Final = logging.getLogger("nexuskb_api.requests")

#: What becomes of a query that is answered: evaluated, from the cache, or known to the client already.
EVALUATED: Final = "evaluated"
CACHED: Final = "cached"
UNCHANGED: Final = "unchanged"
#: The description of the service or the form, where nothing was asked.
DESCRIBED: Final = "described"
#: A client that did not wait, and an answer that broke off.
LEFT: Final = "client-left"
BROKEN_OFF: Final = "broken-off"
#: A fault of ours.
FAULT: Final = "fault"

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LONGEST_QUERY: Final = 4_096
#: For what no route is there, and for methods that are none: a stranger could make up any number of them.
_NO_RESOURCE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


disable_created_metrics()  # type: ignore[no-untyped-call] # a number more for each, that nobody needs


class Measures(Collector):
    """The counters of one application, in a registry of their own.

    Queries are counted here, not by the library: that takes a tenth of the time, and point lookups are many.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._outcomes: dict[str, int] = {}
        self._lasted = [0] * (len(_SECONDS) + 1)
        self._seconds = 0.0
        self._requests = Counter(
            "nexuskb_requests",
            "Requests to all other resources.",
            ("resource", "method", "status"),
            registry=self.registry,
        )
        self._request_seconds = Summary(
            "nexuskb_request_seconds",
            "Seconds from a request to all other resources to the end of its answer.",
            ("resource",),
            registry=self.registry,
        )

    def query(self, outcome: str, seconds: float) -> None:
        """A request to the endpoint has come to its end."""
        self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1
        self._lasted[bisect_left(_SECONDS, seconds)] += 1
        self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """The families of metrics of the endpoint."""
        queries = CounterMetricFamily(
            "nexuskb_queries",
            "Requests to the SPARQL endpoint by what became of them.",
            labels=("outcome",),
        )
        for outcome, count in self._outcomes.items():
            queries.add_metric((outcome,), count)
        yield queries
        bounds = (*map(str, _SECONDS), "+Inf")
        yield HistogramMetricFamily(
            "nexuskb_query_seconds",
            "Seconds from a request to the SPARQL endpoint to the end of its answer.",
            buckets=list(zip(bounds, accumulate(self._lasted), strict=True)),
            sum_value=self._seconds,
        )

    def request(self, resource: str, method: str, status: int, seconds: float) -> None:
        """A request to another resource has come to its end."""
        self._requests.labels(resource, method, status).inc()
        self._request_seconds.labels(resource).observe(seconds)


def outcome_of(error: NexusError | HTTPException) -> str:
    """What became of a query that met an error: the kind of problem, or the limit that it met."""
    if isinstance(error, QueryLimitError):
        return f"limit-{error.limit.replace(' ', '-')}"
    return f"http-{error.status_code}" if isinstance(error, HTTPException) else status_and_kind(error)[1]


def log_request(method: str, resource: str, status: int | str, seconds: float, query: str = "") -> None:
    """Write a line about a request. Nothing in it says who sent it, or with which words."""
    milliseconds = round(1000 * seconds, 1)
    told = {"method": method, "resource": resource, "status": status, "milliseconds": milliseconds}
    if query:
        told["query"] = query[:_LONGEST_QUERY]
    _LOG.info(
        "%s %s %s %s ms%s", method, resource, status, milliseconds, f" {query!r}" if query else "", extra=told
    )


def requests_are_logged() -> bool:
    """Whether there is a line for each request."""
    return _LOG.isEnabledFor(logging.INFO)


def _resource(scope: Scope) -> str:
    """The pattern of the route that a request took."""
    found = getattr(scope.get("route"), "path", "")
    static = scope["path"].removeprefix(scope.get("app_root_path", "")).startswith("/static/")
    return found or ("/static" if static else _NO_RESOURCE)


class Measuring:
    """Middleware that counts and times requests by their resource: the pattern of their route."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self.app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request and measure that."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - begun
            resource = _resource(scope)
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._measures.request(resource, method, status, seconds)
            if requests_are_logged():
                log_request(method, resource, status, seconds)
