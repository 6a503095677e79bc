"""A served instance with small limits against everything that a stranger could send it.

Every bomb by its name, each with the answer it gets; then thousands of hostile requests, mixed; and after all
of it the server answers, and has neither processes nor descriptors more than before. All of it goes to
127.0.0.1; NEXUSKB_HOSTILE_REQUESTS says how many hostile requests are sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import socket
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.conftest import serving

from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import record_iri

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and binds to many loopback addresses"),
    pytest.mark.timeout(900),
]

REQUESTS = int(os.environ.get("NEXUSKB_HOSTILE_REQUESTS", "10000"))
SECONDS, WORKERS = 2, 2
#: Seconds of processor time in two by which a server is told to be at rest.
IDLE = 0.2
LIMITS = {
    "NEXUSKB_QUERY_SECONDS": str(SECONDS),
    "NEXUSKB_QUERY_MEMORY_MB": "256",
    "NEXUSKB_WORKERS": str(WORKERS),
    "NEXUSKB_QUEUE": "16",
    "NEXUSKB_CLIENT_SECONDS": "0",
}
#: Nothing may take longer than this, on however busy a machine.
PATIENCE = 60.0
MIB = 1024**2
LARGEST = 256 * 1024
QUERY = {"Content-Type": "application/sparql-query"}

ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
FLOOD = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
POINT = 'SELECT ?p { ?p dcterms:identifier "mng-ndc-2020" }'
FOUND = str(record_iri("mng-ndc-2020"))
ANY = "(<x:x>|!<x:x>)"


def doubled(step: str, times: int) -> str:
    """A text of 16 characters, made longer again and again."""
    steps = " ".join(
        f"BIND({step.replace('?x', f'?x{number}')} AS ?x{number + 1})" for number in range(times)
    )
    return f'SELECT (STRLEN(?x{times}) AS ?n) {{ BIND("aaaaaaaaaaaaaaaa" AS ?x0) {steps} }}'


def many(before: str, unit: str, after: str, size: int = LARGEST) -> str:
    """A query of a size, of one piece over and over."""
    times = (size - len((before + after).encode())) // len(unit.encode())
    return before + unit * times + after


def values(variable: str, count: int) -> str:
    return f"VALUES {variable} {{ {' '.join(f'<x:{number}>' for number in range(count))} }}"


#: Name, query, and the answers it may get: status and limit.
BOMBS: dict[str, tuple[str, set[tuple[int, str]]]] = {
    # texts that exhaust a parser
    "nested braces": ("SELECT * " + "{" * 5_000 + "}" * 5_000, {(400, "nesting depth")}),
    "nested parentheses": (
        "ASK { FILTER(" + "(" * 5_000 + "1" + ")" * 5_000 + ") }", {(400, "nesting depth")}
    ),
    "nested lists": ("ASK { " + "(" * 5_000 + ")" * 5_000 + " ?p ?o }", {(400, "nesting depth")}),
    "nested nodes": ("ASK { " + "[ ?p " * 5_000 + "[]" + "]" * 5_000 + " }", {(400, "nesting depth")}),
    "nested subqueries": ("SELECT * {" + "{ SELECT * {" * 200 + "}}" * 200 + "}", {(400, "nesting depth")}),
    "nested OPTIONAL": (
        "SELECT * {" + "?a ?b ?c OPTIONAL {" * 300 + "}" * 300 + "}", {(400, "nesting depth")}
    ),
    "negations": ("ASK { FILTER(" + "!" * 20_000 + "true) }", {(400, "number of operators")}),
    "signs": ("ASK { FILTER(" + "- " * 20_000 + "1 < 0) }", {(400, "number of operators")}),
    "disjunctions": ("ASK { FILTER(true" + " || true" * 20_000 + ") }", {(400, "number of operators")}),
    "unions": ("ASK { {}" + " UNION {}" * 20_000 + " }", {(400, "number of operators")}),
    "a path of many steps": ("ASK { ?a a" + "/a" * 20_000 + " ?b }", {(400, "number of operators")}),
    "a path of many choices": ("ASK { ?a (a" + "|a" * 20_000 + ")* ?b }", {(400, "number of operators")}),
    "negations that look like an IRI": (
        "SELECT * { FILTER(?a<" + "!" * 50_000 + "?b&&?c>?d) }", {(400, "number of operators")}
    ),
    # texts that exhaust a reader
    "words without a colon": (many("ASK {", "a·", "}"), {(400, "number of terminals")}),
    "names without a colon": (many("ASK {", "a.b-", "}"), {(400, "number of operators")}),
    "quotation marks that do not close": (many('ASK {"', '\\"', "}"), {(400, "")}),
    "long texts that do not close": (many("ASK {", '"""x"\\', "}"), {(400, "")}),
    "semicolons": (many("ASK {", ";", "}"), {(400, "number of terminals")}),
    "prefixes": (many("", "PREFIX a: <b> ", "ASK {}"), {(400, "number of terminals")}),
    "bases": (many("BASE <" + "a/" * 500 + "> ", "BASE <../b> ", "ASK {}"), {(200, ""), (400, "")}),
    "more than the limit": (many("ASK {}", "#", "#" * 10, LARGEST + 10), {(413, "query size")}),
    # answers that exhaust time
    "a cartesian product": (ENDLESS, {(504, "time")}),
    "a cartesian product that never matches": (
        "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a = <x:none>) }", {(504, "time"), (200, "")}
    ),
    "a path from everything to everything": (
        f"SELECT (COUNT(*) AS ?n) {{ ?a {ANY}* ?b . ?c {ANY}* ?d . ?e {ANY}* ?f }}",
        {(504, "time"), (503, "memory")},
    ),
    "a path within a path": (
        f"SELECT (COUNT(*) AS ?n) {{ ?a (({ANY}*)+/({ANY}*)+)* ?b . ?b (({ANY}+)*)+ ?c }}",
        {(504, "time"), (503, "memory")},
    ),
    "a long path": (
        f"SELECT (COUNT(*) AS ?n) {{ ?a {'/'.join([ANY] * 90)} ?b }}", {(504, "time"), (503, "memory")}
    ),
    "a regular expression that backtracks": (
        'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(REGEX(CONCAT(STR(?c), STR(?f), '
        '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), "^(([a-z])+.)+[A-Z]([a-z])+$")) }',
        {(504, "time")},
    ),
    "a regular expression of many copies": (
        'SELECT (COUNT(*) AS ?n) { ?a ?b ?c FILTER(REGEX(STR(?c), CONCAT("((a{0,50}){0,50}){0,", '
        'STR(STRLEN(STR(?a))), "}b"))) }',
        {(504, "time"), (503, "memory"), (200, "")},
    ),
    "huge VALUES": (
        f"SELECT (COUNT(*) AS ?n) {{ {values('?a', 8_000)} {values('?b', 8_000)} {values('?c', 8_000)} }}",
        {(504, "time"), (503, "memory")},
    ),
    "many OPTIONAL": (
        "SELECT * { ?s a ?t " + " ".join(f"OPTIONAL {{ ?s ?p{n} ?o{n} }}" for n in range(900)) + " }",
        {(504, "time"), (503, "memory")},
    ),
    "many joined patterns": (
        "ASK { " + " . ".join(f"?s{n} ?p{n} ?s{n + 1}" for n in range(3_000)) + " FILTER(?s0 = ?s9) }",
        {(504, "time"), (503, "memory"), (400, "nesting depth"), (200, "")},
    ),
    # answers that exhaust memory
    "CONCAT": (doubled("CONCAT(?x, ?x)", 40), {(503, "memory")}),
    "REPLACE": (doubled('REPLACE(?x, "a", "aaaaaaaa")', 20), {(503, "memory"), (504, "time")}),
    "ENCODE_FOR_URI": (doubled("ENCODE_FOR_URI(CONCAT(?x, '%', ?x))", 40), {(503, "memory"), (504, "time")}),
    "GROUP_CONCAT": (
        'SELECT (STRLEN(GROUP_CONCAT(?c)) AS ?n) { ?a ?b ?c . ?d ?e ?f }', {(503, "memory"), (504, "time")}
    ),
    "DISTINCT": ("SELECT (COUNT(*) AS ?n) { { SELECT DISTINCT * { ?a ?b ?c . ?d ?e ?f } } }",
                 {(503, "memory"), (504, "time")}),
    "ORDER BY": ("SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c", {(503, "memory"), (504, "time")}),
    "GROUP BY": ("SELECT ?a ?d (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ?d ?c ?f",
                 {(503, "memory"), (504, "time")}),
    # ways out
    "SERVICE": ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", {(403, "")}),
    "SERVICE without a space": ("SELECT * { SERVICESILENT<http://127.0.0.1:9/>{ ?s ?p ?o } }", {(403, "")}),
    "a file as a graph": ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", {(403, "")}),
    "LOAD": ("LOAD <http://127.0.0.1:9/>", {(403, "")}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class House:
    """A server, its process and its fork server."""

    address: str
    pid: int
    forks: int

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def client(self, source: str = "127.0.0.1") -> httpx.Client:
        """A client with an address of its own."""
        transport = httpx.HTTPTransport(local_address=source)
        return httpx.Client(base_url=self.address, transport=transport, timeout=PATIENCE)

    def connection(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE, (source, 0))

    def state(self) -> dict[str, int]:
        """Processes and descriptors."""
        return {
            "fork server": self.forks,
            "processes of the server": len(children(self.pid)),
            "workers": len(children(self.forks)),
            "descriptors of the server": descriptors(self.pid),
            "descriptors of the fork server": descriptors(self.forks),
        }

    def worked(self) -> float:
        """Seconds of processor time that its processes have used."""
        return sum(map(worked, (self.pid, *children(self.pid), *children(self.forks))))

    def settled(self, before: dict[str, int]) -> dict[str, int]:
        """The state when it is as before, or as it is after a while."""
        until = time.monotonic() + PATIENCE
        while (now := self.state()) != before and time.monotonic() < until:
            time.sleep(0.2)
        return now


def children(pid: int) -> list[int]:
    found = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [child for child in found if parent_of(child) == pid]


def parent_of(pid: int) -> int | None:
    """The parent of a process that runs; one that has ended may stay in the table until it is reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[1])


def worked(pid: int) -> float:
    """Seconds of processor time that a process has used; none if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def memory(pid: int) -> int:
    """Bytes of memory that a process has resident."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def house_of(address: str, pid: int) -> House:
    (forks,) = [
        child
        for child in children(pid)
        if b"nexuskb.sparql.forkserver" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    return House(address, pid, forks)


@pytest.fixture(scope="module")
def house(settings: Settings, store: OxigraphStore) -> Iterator[House]:
    """A server with small limits, on which everything in this module but the shares is tried."""
    with serving(settings, **LIMITS) as (address, pid):
        yield house_of(address, pid)


@pytest.fixture(scope="module")
def before(house: House) -> dict[str, int]:
    """Processes and descriptors before anything hostile has been sent."""
    with house.client() as web:
        assert point(web) == [FOUND]
    state, spent = house.state(), house.worked()
    while True:  # what a server does of itself when it starts has to be over
        time.sleep(2)
        now, since = house.state(), house.worked()
        if now == state and now["workers"] == WORKERS and since - spent < IDLE:
            return now
        state, spent = now, since


def send(web: httpx.Client, query: str, **parameters: str) -> httpx.Response:
    return web.post("/sparql", content=query.encode(), headers=QUERY, params=parameters)


def point(web: httpx.Client, mark: str = "") -> list[str]:
    """What a point query finds; with a mark it is one that was never asked before."""
    response = send(web, f"{POINT} # {mark}", format="json")
    assert response.status_code == 200, response.text
    return [row["p"]["value"] for row in response.json()["results"]["bindings"]]


def patiently(web: httpx.Client, mark: str, attempts: int = 3) -> list[str]:
    """What a point query finds, asked again when told to: a flood may hold a worker as long as one waits."""
    for _ in range(attempts - 1):
        if send(web, f"{POINT} # {mark}", format="json").status_code == 200:
            break
    return point(web, mark)


def limit_of(response: httpx.Response) -> tuple[int, str]:
    if response.status_code == 200:
        return 200, ""
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.headers.get("retry-after") is not None) == (response.status_code in (429, 503))
    return response.status_code, response.json().get("limit", "")


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_answered_with_the_limit_it_met(house: House, before, name: str) -> None:
    query, answers = BOMBS[name]
    with house.client() as web:
        assert limit_of(send(web, query, format="json")) in answers
        assert point(web, name) == [FOUND]
    assert house.settled(before) == before


@pytest.mark.parametrize(
    "query",
    [FLOOD, "CONSTRUCT { ?a ?e ?i } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"],
    ids=["rows", "triples"],
)
def test_an_endless_answer_breaks_off_when_its_time_is_up(house: House, before, query: str) -> None:
    with house.client() as web, web.stream("POST", "/sparql", content=query, headers=QUERY) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in response.iter_raw():
                pass
    assert house.settled(before) == before


def get(query: str, accept: str = "text/csv") -> bytes:
    target = str(httpx.URL("/sparql", params={"query": query}))
    return f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n".encode()


def rest_of(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    held = b""
    with suppress(ConnectionError):
        while data := connection.recv(65_536):
            held += data
    return held


POST = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
HALF_OPEN = {
    "nothing": (b"", b""),
    "half a request line": (b"GET /spa", b"408"),
    "half of the header fields": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"408"),
    "half a body": (POST + b"Content-Length: 1000\r\n\r\nASK", b"408"),
    "half a chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\n400\r\nASK", b"408"),
    "a body where none is read": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx", b"405"),
    "a connection kept open": (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
    "a protocol that is not spoken": (
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", b"200"
    ),
}  # fmt: skip


def half_open(house: House) -> None:
    with ExitStack() as stack:
        opened = {name: stack.enter_context(house.connection()) for name in HALF_OPEN}
        for name, connection in opened.items():
            connection.sendall(HALF_OPEN[name][0])
        answers = {name: rest_of(connection).split(b" ")[1:2] for name, connection in opened.items()}
    assert answers == {name: [status] if status else [] for name, (_, status) in HALF_OPEN.items()}


def drop_by_drop(house: House) -> None:
    with house.connection() as head, house.connection() as body:
        head.sendall(b"GET / HTTP/1.1\r\n")
        body.sendall(POST + b"Content-Length: 100000\r\n\r\n")
        dripping = {head: b"X: 1\r\n", body: b"# ..."}
        until = time.monotonic() + PATIENCE
        while dripping and time.monotonic() < until:
            ended, _, _ = select.select(list(dripping), [], [], 0.2)
            for connection in ended:
                assert b" 408 " in connection.recv(65_536)
                del dripping[connection]
            for connection, drop in dripping.items():
                with suppress(ConnectionError):
                    connection.sendall(drop)
        assert not dripping


def test_nothing_can_be_drawn_out_for_ever(house: House, before) -> None:
    """Requests that never end, or come drop by drop, and readers that stop: meanwhile others are served."""
    with ExitStack() as stack:
        for _ in range(8):
            reader = stack.enter_context(house.connection("127.0.0.2"))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            reader.sendall(get(FLOOD))
        with ThreadPoolExecutor() as threads, house.client() as web:
            drawn_out = [threads.submit(what, house) for what in (half_open, drop_by_drop)]
            number = 0
            while not all(future.done() for future in drawn_out):
                assert FOUND in patiently(web, f"beside what is drawn out {number}")
                number += 1
                time.sleep(0.2)
            for future in drawn_out:
                future.result()
        assert house.settled(before) == before  # the readers have neither read nor closed


@pytest.mark.parametrize(
    ("name", "request_head", "status"),
    [
        ("a long address", b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\n", b"431"),
        ("a long field", b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000, b"431"),
        ("many fields", b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 1_000 + b"\r\n", b"400"),
        ("many requests ahead", get(ENDLESS) + b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000, b""),
        ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00" * 100, b"400"),
        ("no path", b"CONNECT a:80 HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    ],
)
def test_a_head_that_nobody_sends_is_refused(house: House, before, name, request_head, status) -> None:
    with house.connection() as connection:
        with suppress(ConnectionError):
            connection.sendall(request_head)
        assert rest_of(connection).split(b" ")[1:2] in ([status], [])
    with house.client() as web:
        assert point(web, name) == [FOUND]
    assert house.settled(before) == before


def test_a_client_has_only_so_many_connections(house: House, before) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(house.connection("127.0.0.2")) for _ in range(100)]
        refused = [connection for connection in opened if select.select([connection], [], [], 0.05)[0]]
        assert len(refused) == 36
        assert b" 503 " in refused[0].recv(1_000)
        with house.client() as web:
            assert point(web, "beside many connections") == [FOUND]
    assert house.settled(before) == before


def test_clients_that_go_away_while_they_wait_leave_no_query_behind(house: House, before) -> None:
    """Twelve that would take two seconds each on two workers, and nobody is there to read the answers."""
    for _ in range(12):
        with house.connection("127.0.0.2") as connection:
            connection.sendall(get(ENDLESS))
    with house.client() as web:
        assert point(web, "after many have left") == [FOUND]
    assert house.settled(before) == before


def test_when_the_fork_server_is_killed_there_is_another(settings: Settings, store: OxigraphStore) -> None:
    with serving(settings, **LIMITS) as (address, pid):
        house = house_of(address, pid)
        workers = children(house.forks)
        os.kill(house.forks, 9)
        until = time.monotonic() + PATIENCE
        with house.client() as web:
            while (response := send(web, POINT)).status_code != 200 and time.monotonic() < until:
                assert limit_of(response) in {(503, "resources"), (503, "queue")}
        for _ in range(int(PATIENCE * 5)):
            if len(children(house_of(address, pid).forks)) == WORKERS:
                break
            time.sleep(0.2)
        other = house_of(address, pid)
        assert other.forks != house.forks
        assert len(children(other.forks)) == WORKERS
        assert not [worker for worker in workers if parent_of(worker) is not None]


def test_a_light_client_waits_for_one_query_of_a_heavy_one(house: House, before) -> None:
    """Sixteen heavy queries wait, two seconds each; the light client's is the next."""
    with ThreadPoolExecutor(20) as threads, house.client("127.0.0.2") as heavy, house.client() as light:
        asked = [threads.submit(send, heavy, f"{ENDLESS} # {number}") for number in range(20)]
        until = time.monotonic() + PATIENCE
        while sum(future.done() for future in asked) < 2 and time.monotonic() < until:
            time.sleep(0.01)  # two of them find the queue full
        assert point(light, "beside a heavy client") == [FOUND]
        stopped = [future for future in asked if future.done() and future.result().status_code == 504]
        assert len(stopped) <= WORKERS
        answers = Counter(limit_of(future.result()) for future in asked)
    assert set(answers) <= {(504, "time"), (503, "queue")}
    assert house.settled(before) == before


@pytest.fixture(scope="module")
def small_share(settings: Settings, store: OxigraphStore) -> Iterator[House]:
    """A server on which a client may use four seconds, and a proxy stands at one address."""
    given = {"NEXUSKB_CLIENT_SECONDS": "2", "NEXUSKB_PROXIES": "127.0.0.9"}
    with serving(settings, **{**LIMITS, **given}) as (address, pid):
        yield house_of(address, pid)


def used_up(web: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    """The answer to a client that goes on and on with heavy queries."""
    for number in range(10):
        query = f"{ENDLESS} # {number}".encode()
        response = web.post("/sparql", content=query, headers={**QUERY, **headers})
        if response.status_code != 504:
            break
    return response


def test_a_client_that_has_used_up_its_share_is_answered_429_and_no_other_is(small_share: House) -> None:
    with small_share.client("127.0.0.2") as heavy, small_share.client("127.0.0.3") as light:
        refused = used_up(heavy, {})
        assert limit_of(refused) == (429, "share")
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        assert limit_of(send(heavy, POINT)) == (429, "share")
        assert point(light) == [FOUND]
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            sent = heavy.post("/sparql", content=ENDLESS, headers={**QUERY, header: "198.51.100.1"})
            assert limit_of(sent) == (429, "share")


def test_behind_a_trusted_proxy_each_of_its_clients_has_a_share(small_share: House) -> None:
    with small_share.client("127.0.0.9") as proxy:
        assert limit_of(used_up(proxy, {"X-Forwarded-For": "198.51.100.1"})) == (429, "share")
        headers = {**QUERY, "X-Forwarded-For": "198.51.100.2"}
        assert proxy.post("/sparql", content=POINT, headers=headers).status_code == 200


def test_long_texts_are_read_on_the_account_of_their_client(small_share: House) -> None:
    """Reading takes the server's own time, so it has a share of its own, of the same size."""
    text = many("ASK { } #", "PREFIX a: <b> ", "")
    with small_share.client("127.0.0.4") as heavy, small_share.client("127.0.0.3") as light:
        for number in range(2_000):
            response = send(heavy, many(f"# {number}\nASK {{", ";", "}"))
            if response.status_code == 429:
                break
        assert limit_of(response) == (429, "share")
        assert send(light, text).status_code == 200
        assert send(heavy, POINT).status_code == 200


Sent = tuple[str, int]
_SOURCES = [f"127.0.0.{number}" for number in range(2, 10)]


class Hostile:
    """The mix: what is sent, drawn by chance from a seed."""

    def __init__(self, house: House, seed: int) -> None:
        self._house = house
        self._random = random.Random(seed)
        refused = [query for query, answers in BOMBS.values() if all(status < 500 for status, _ in answers)]
        self._short = [query for query in refused if len(query) < 10_000]
        self._long = [query for query in refused if len(query) >= 10_000]
        self._heavy = [query for query, answers in BOMBS.values() if any(s > 500 for s, _ in answers)]
        self._heavy = [query for query in self._heavy if len(query) < 10_000]
        kinds: list[tuple[Callable[[httpx.AsyncClient], object], int]] = [
            (self.refused, 40),
            (self.garbage, 20),
            (self.pointed, 20),
            (self.long, 2),
            (self.heavy, 3),
            (self.left, 6),
            (self.slow, 4),
            (self.paged, 1),
            (self.paths, 2),
        ]
        self._kinds = [kind for kind, weight in kinds for _ in range(weight)]

    def draw(self) -> Callable[[httpx.AsyncClient], object]:
        return self._random.choice(self._kinds)

    async def _post(self, web: httpx.AsyncClient, query: str, timeout: str = "") -> int:
        parameters = {"timeout": timeout} if timeout else {}
        return (await web.post("/sparql", content=query, headers=QUERY, params=parameters)).status_code

    async def refused(self, web: httpx.AsyncClient) -> Sent:
        return "refused", await self._post(web, self._random.choice(self._short))

    async def long(self, web: httpx.AsyncClient) -> Sent:
        return "long", await self._post(web, self._random.choice(self._long))

    async def heavy(self, web: httpx.AsyncClient) -> Sent:
        limit = self._random.choice(("0.02", "0.1", "0.3"))
        return "heavy", await self._post(web, f"{self._random.choice(self._heavy)} # {limit}", limit)

    async def pointed(self, web: httpx.AsyncClient) -> Sent:
        mark = self._random.random()
        response = await web.post("/sparql", content=f"{POINT} # {mark}", headers=QUERY)
        found = FOUND in response.text
        return "point", response.status_code if found == (response.status_code == 200) else -1

    async def paged(self, web: httpx.AsyncClient) -> Sent:
        """An endless answer as a page."""
        parameters = {"query": FLOOD, "timeout": "0.3", "format": "html"}
        return "page", (await web.get("/sparql", params=parameters)).status_code

    async def paths(self, web: httpx.AsyncClient) -> Sent:
        """Addresses, parameters and header fields that make no sense."""
        path = self._random.choice(
            (
                "/records/" + "a" * 5_000,
                "/questions/x?y=" + "é" * 3_000,
                "/search?kind=%00",
                "/%2e%2e/etc/passwd",
            )
        )
        headers = {"Accept": ",".join(["a/b;q=0.1"] * 2_000), "If-None-Match": '"x",' * 2_000}
        return "path", (await web.get(path, headers=headers)).status_code

    async def _raw(self, data: bytes, wait: float) -> int:
        """Send bytes, wait a little for an answer, and go away."""
        source = (self._random.choice(_SOURCES), 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._house.port, local_addr=source)
        begin = b""
        with suppress(ConnectionError, TimeoutError):
            writer.write(data)
            await writer.drain()
            async with asyncio.timeout(wait):
                begin = await reader.read(16)
        writer.transport.abort()
        return int(begin[9:12]) if len(begin) > 11 else 0

    async def garbage(self, _: httpx.AsyncClient) -> Sent:
        data = self._random.choice(
            (
                self._random.randbytes(200),
                b"GET / HTTP/9.9\r\n\r\n",
                POST + b"Content-Length: -1\r\n\r\n",
                POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /sparql?query=%FF HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 500 + b"\r\n",
            )
        )
        return "garbage", await self._raw(data, 2.0)

    async def left(self, _: httpx.AsyncClient) -> Sent:
        """A client that goes away before or while its answer comes."""
        query = self._random.choice((FLOOD, ENDLESS))
        return "left", await self._raw(get(f"{query} # {self._random.random()}"), 0.05)

    async def slow(self, _: httpx.AsyncClient) -> Sent:
        """Half a request, and away."""
        half = self._random.choice([data for data, _ in HALF_OPEN.values()])
        return "half", await self._raw(half, 0.02)


EXPECTED = {
    "refused": {400, 403},
    "long": {200, 400, 413, 503, 504},
    "heavy": {200, 400, 503, 504},
    "point": {200, 503},
    "page": {400, 503, 504},
    "path": {200, 400, 404, 406},
    "garbage": {0, 400, 408, 505},
    "left": {0, 200, 503, 504},
    "half": {0, 200, 405},
    "light": {200, 503},
}


async def hostile(house: House, count: int, connections: int = 24) -> Counter[Sent]:
    """Send so many requests from so many connections of several clients; what each kind was answered.

    Beside them there is a light client, with one point query at a time.
    """
    mix = Hostile(house, seed=1)
    answers: Counter[Sent] = Counter()
    left = iter(range(count))

    async def one(source: str) -> None:
        transport = httpx.AsyncHTTPTransport(local_address=source)
        async with httpx.AsyncClient(base_url=house.address, transport=transport, timeout=PATIENCE) as web:
            for _ in left:
                answers[await mix.draw()(web)] += 1  # type: ignore[misc] # all kinds are coroutines

    async def light() -> None:
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.20")
        async with httpx.AsyncClient(base_url=house.address, transport=transport, timeout=PATIENCE) as web:
            while True:
                answers["light", (await mix.pointed(web))[1]] += 1
                await asyncio.sleep(0.05)

    beside = asyncio.create_task(light())
    await asyncio.gather(*(one(_SOURCES[number % len(_SOURCES)]) for number in range(connections)))
    beside.cancel()
    with suppress(asyncio.CancelledError):
        await beside
    return answers


def milliseconds(house: House, mark: str) -> float:
    """The median of point queries that were never asked before, one after the other."""
    taken = []
    with house.client() as web:
        for number in range(100):
            begun = time.perf_counter()
            assert point(web, f"{mark} {number}") == [FOUND]
            taken.append(time.perf_counter() - begun)
    return 1000 * statistics.median(taken)


def test_after_ten_thousand_hostile_requests_the_server_is_as_before(house: House, before, capsys) -> None:
    took_before, memory_before = milliseconds(house, "before"), memory(house.pid)
    begun = time.monotonic()
    answers = asyncio.run(hostile(house, REQUESTS))
    seconds = time.monotonic() - begun
    after = house.settled(before)
    took_after, memory_after = milliseconds(house, "after"), memory(house.pid)
    with capsys.disabled():
        print(f"\n{REQUESTS:,} hostile requests in {seconds:.0f} s")
        print(f"point query: {took_before:.2f} ms before, {took_after:.2f} ms after")
        print(f"memory of the server: {memory_before // MIB} MiB before, {memory_after // MIB} MiB after")
        print(
            json.dumps(
                {kind: {s: n for (k, s), n in sorted(answers.items()) if k == kind} for kind in EXPECTED}
            )
        )
    assert {(kind, status) for kind, status in answers if status not in EXPECTED[kind]} == set()
    assert sum(number for (kind, _), number in answers.items() if kind != "light") == REQUESTS
    assert answers["light", 200] > 9 * answers["light", 503]
    assert after == before
    assert memory_after < memory_before + 200 * MIB
    assert took_after < 1000 * SECONDS
