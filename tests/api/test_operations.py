"""What those who run the service see of it: health, metrics, the log; and how it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.conftest import environment, serving
from tests.servers import free_port

from nexuskb.people.log import Line, write_log
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings

CROSS = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f }"
POINT = "SELECT ?p WHERE { ?s dcterms:identifier 'mng-ndc-2020' ; ?p ?o } LIMIT 1"


def numbers(client: httpx.Client) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    text = client.get("/metrics").text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def alone(settings: Settings, store, tmp_path_factory) -> Iterator[tuple[httpx.Client, Path]]:
    """A server of its own with a log of JSON lines, and that log."""
    log = tmp_path_factory.mktemp("log") / "stderr"
    given = {"NEXUSKB_LOG_FORMAT": "json", "NEXUSKB_LOG_LEVEL": "info", "NEXUSKB_CLIENT_SECONDS": "0"}
    with (
        log.open("w") as stderr,
        serving(settings, stderr=stderr, **given) as (address, _),
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client, log


def test_a_server_is_alive_and_ready_and_says_what_it_serves(web: httpx.Client) -> None:
    assert web.get("/health/live").json() == {"status": "live"}
    ready = web.get("/health/ready")
    assert ready.status_code == 200
    assert ready.headers["cache-control"] == "no-store"
    generation = web.get("/", headers={"Accept": "application/json"}).json()["generation"]
    assert ready.json()["status"] == "ready"
    assert ready.json()["generation"] == generation
    assert ready.json()["workers"]["free"] + ready.json()["workers"]["busy"] >= 1
    assert web.head("/health/ready").status_code == 200


def test_queries_are_counted_by_what_became_of_them(alone: tuple[httpx.Client, Path]) -> None:
    client, _ = alone
    before = numbers(client)
    asked = {"query": f"{POINT} # {time.time()}"}
    first = client.get("/sparql", params=asked)
    client.get("/sparql", params=asked)
    client.get("/sparql", params=asked, headers={"If-None-Match": first.headers["etag"]})
    client.get("/sparql", params={"query": "SELECT * {"})
    client.get("/sparql", params={"query": "SELECT * { SERVICE <http://a.example/> {} }"})
    client.get("/sparql", params={"query": CROSS, "timeout": "0.2"})
    client.post("/sparql", data={"query": "SELECT " + "!" * 300_000})
    client.post("/sparql", content=b"x", headers={"Content-Type": "text/plain"})
    client.get("/sparql")
    after = numbers(client)
    grown = {
        key[1]: after[key] - before.get(key, 0)
        for key in after
        if key[0] == "nexuskb_queries_total" and after[key] != before.get(key, 0)
    }
    assert grown == {
        "evaluated": 1,
        "cached": 1,
        "unchanged": 1,
        "query-syntax": 1,
        "query-refused": 1,
        "limit-time": 1,
        "limit-query-size": 1,
        "http-415": 1,
        "described": 1,
    }
    seconds = ("nexuskb_query_seconds_count",)
    assert after[seconds] - before.get(seconds, 0) == sum(grown.values())
    assert after[("nexuskb_worker_restarts_total",)] > before[("nexuskb_worker_restarts_total",)]
    assert after["nexuskb_cache_looks_total", "yes"] > before["nexuskb_cache_looks_total", "yes"]


def test_requests_are_counted_by_the_pattern_of_their_resource(alone: tuple[httpx.Client, Path]) -> None:
    client, _ = alone
    for path in ("/records/mng-ndc-2020", "/records/jpn-src-forest", "/records/nobody", "/a", "/b", "/c"):
        client.get(path)
    client.get("/static/style.css")
    client.request("FROB", "/records/x")
    found = numbers(client)
    family = "nexuskb_requests_total"
    assert found[family, "GET", "/records/{name}", "200"] == 2
    assert found[family, "GET", "/records/{name}", "404"] == 1
    assert found[family, "GET", "/static", "200"] == 1
    assert found[family, "GET", "none", "404"] == 3
    assert not any("FROB" in key for key in found)
    assert found["nexuskb_request_seconds_count", "/records/{name}"] >= 3


def test_metrics_name_the_content_and_the_process(alone: tuple[httpx.Client, Path]) -> None:
    client, _ = alone
    text = client.get("/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=")
    generation = client.get("/health/ready").json()["generation"]
    assert f'generation="{generation}"' in text.text
    assert "process_resident_memory_bytes " in text.text
    openmetrics = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")


def test_writes_are_counted_as_the_log_of_the_ledger_grows(settings: Settings, store, tmp_path: Path) -> None:
    own = Settings(settings.ontology, settings.data, tmp_path / "home")
    shutil.copytree(settings.home / "generations", own.home / "generations")
    with serving(own) as (address, _), httpx.Client(base_url=address) as client:
        assert not any(key[0] == "nexuskb_writes_total" for key in numbers(client))
        lines = [
            Line("B. Bat", "submit", ("a",)),
            Line("B. Bat", "submit", ("b",)),
            Line("B. Bat", "accept", ("a",), "refused", "NotPermitted: who wrote it may not accept it"),
        ]
        for expected in (1, 2):
            with Ledger.open(own.home) as ledger, ledger.writing() as connection:
                for line in lines:
                    write_log(connection, ledger.clock(), line)
            found = numbers(client)
            assert found["nexuskb_writes_total", "submit", "done"] == 2 * expected
            assert found["nexuskb_writes_total", "accept", "notpermitted"] == expected
        assert "Bat" not in client.get("/metrics").text


def test_metrics_can_be_taken_away(settings: Settings, store) -> None:
    with serving(settings, NEXUSKB_METRICS="no") as (address, _):
        answer = httpx.get(f"{address}/metrics")
        assert answer.status_code == 404
        assert "NEXUSKB_METRICS" in answer.json()["detail"]


def test_the_log_has_a_json_object_for_each_request_and_nothing_of_who_sent_it(
    alone: tuple[httpx.Client, Path],
) -> None:
    client, log = alone
    secret = "nobody-should-read-this"
    client.get("/sparql", params={"query": f"{POINT} # {secret}"})
    client.get("/search", params={"q": secret}, headers={"Authorization": f"Bearer {secret}"})
    client.get(f"/records/{secret}")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    requests = [line for line in lines if line["logger"] == "nexuskb_api.requests"]
    last = requests[-3:]
    assert [(each["method"], each["resource"], each["status"]) for each in last] == [
        ("GET", "/sparql", "evaluated"),
        ("GET", "/search", 200),
        ("GET", "/records/{name}", 404),
    ]
    assert all(each["milliseconds"] > 0 and each["time"] and each["level"] == "INFO" for each in last)
    written = log.read_text(encoding="utf-8")
    assert secret not in written
    assert "127.0.0.1:" not in re.sub(r"http://127\.0\.0\.1:\d+", "", written)


def test_queries_are_in_the_log_if_that_is_set(settings: Settings, store, tmp_path: Path) -> None:
    log = tmp_path / "stderr"
    given = {"NEXUSKB_LOG_FORMAT": "json", "NEXUSKB_LOG_LEVEL": "info", "NEXUSKB_LOG_QUERIES": "yes"}
    with log.open("w") as stderr, serving(settings, stderr=stderr, **given) as (address, _):
        for query in (POINT, POINT, "SELECT {"):
            httpx.get(f"{address}/sparql", params={"query": query})
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    asked = [(line["status"], line["query"]) for line in lines if "query" in line]
    assert asked == [("evaluated", POINT), ("cached", POINT), ("query-syntax", "SELECT {")]


class Ending:
    """A server that can be told to end while something is under way."""

    def __init__(self, settings: Settings, **given: str) -> None:
        self.port = free_port()
        command = [str(Path(sys.executable).parent / "nexuskb"), "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env={**environment(settings), **given}, stdout=subprocess.DEVNULL
        )
        self.address = f"http://127.0.0.1:{self.port}"
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.address}/health/ready")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("the server did not start")

    def busy(self) -> bool:
        """Whether a query is being evaluated."""
        return bool(httpx.get(f"{self.address}/health/ready").json()["workers"]["busy"])

    def tell(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@pytest.fixture
def ending(settings: Settings, store) -> Iterator[type]:
    started: list[Ending] = []

    def start(**given: str) -> Ending:
        started.append(Ending(settings, **given))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait(timeout=30)


def when_busy(server: Ending) -> None:
    while not server.busy():
        time.sleep(0.02)


def asked_apart(server: Ending, query: str) -> tuple[threading.Thread, list[httpx.Response | Exception]]:
    """Ask in a thread; what came of it is in the list when the thread has ended."""
    came: list[httpx.Response | Exception] = []

    def ask() -> None:
        try:
            came.append(httpx.get(f"{server.address}/sparql", params={"query": query}, timeout=60))
        except httpx.TransportError as error:
            came.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, came


def test_told_to_end_it_finishes_what_is_under_way_and_takes_nothing_new(ending) -> None:
    server = ending(NEXUSKB_SHUTDOWN_SECONDS="50", NEXUSKB_QUERY_SECONDS="2")
    thread, came = asked_apart(server, CROSS)  # its own limit ends it, with an answer that says so
    when_busy(server)
    server.tell()
    thread.join(60)
    [answer] = came
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 504
    assert server.process.wait(timeout=30) in (0, -signal.SIGTERM)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.address}/health/live")


def test_what_is_not_finished_in_time_is_told_so(ending) -> None:
    server = ending(NEXUSKB_SHUTDOWN_SECONDS="1", NEXUSKB_QUERY_SECONDS="60")
    thread, came = asked_apart(server, CROSS)
    when_busy(server)
    server.tell()
    thread.join(30)
    [answer] = came
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 503
    assert answer.json()["limit"] == "closing"
    assert server.process.wait(timeout=30) in (0, -signal.SIGTERM)


def test_an_answer_that_has_begun_and_cannot_be_finished_is_no_whole_one(ending) -> None:
    server = ending(NEXUSKB_SHUTDOWN_SECONDS="1", NEXUSKB_QUERY_SECONDS="60")
    query = "SELECT ?s ?p ?o ?t WHERE { ?s ?p ?o . ?t ?q ?u }"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        path = f"/sparql?{httpx.QueryParams({'query': query, 'format': 'tsv'})}"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        held = connection.recv(65_536)
        assert b" 200 " in held.partition(b"\r\n")[0]
        assert b"chunked" in held.lower()
        server.tell()
        connection.settimeout(30)
        end = b""
        try:
            while block := connection.recv(1 << 20):
                end = (end + block)[-64:]
        except ConnectionResetError:
            pass
    assert not end.endswith(b"\r\n0\r\n\r\n")
    assert server.process.wait(timeout=30) in (0, -signal.SIGTERM)


def test_the_workers_let_the_server_decide_when_all_of_a_service_are_told_to_end(ending) -> None:
    server = ending(NEXUSKB_SHUTDOWN_SECONDS="50", NEXUSKB_QUERY_SECONDS="2")
    thread, came = asked_apart(server, CROSS)
    when_busy(server)
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    assert children
    for child in children:  # as systemd does, unless it is told otherwise
        os.kill(int(child), signal.SIGTERM)
    server.tell()
    thread.join(60)
    [answer] = came
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == 504
    assert server.process.wait(timeout=30) in (0, -signal.SIGTERM)
