"""What the SPARQL endpoint refuses and how it says so; and that it goes on, whatever it was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from nexuskb.terms import GRAPHS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
QUERY = {"Content-Type": "application/sparql-query"}
UPDATE = {"Content-Type": "application/sparql-update"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
INSERT = "INSERT DATA { <http://example.org/s> <http://example.org/p> 1 }"
#: Counts for hours and says nothing on the way.
ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
#: Gives rows at once, and for hours.
FLOOD = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LARGEST = 256 * 1024


def by_get(web: httpx.Client, query: str, **parameters: str) -> httpx.Response:
    return web.get("/sparql", params={"query": query, **parameters})


def by_form(web: httpx.Client, query: str, **parameters: str) -> httpx.Response:
    return web.post("/sparql", data={"query": query, **parameters})


def by_body(web: httpx.Client, query: str, **parameters: str) -> httpx.Response:
    return web.post("/sparql", content=query.encode(), params=parameters, headers=QUERY)


@pytest.fixture(params=[by_get, by_form, by_body], ids=["get", "form", "body"])
def send(request: pytest.FixtureRequest) -> Callable[..., httpx.Response]:
    """Each of the three query operations of the protocol."""
    return request.param


@pytest.fixture(scope="module")
def size(served: str) -> int:
    """How many triples there are before anything is tried."""
    with httpx.Client(base_url=served, timeout=60) as web:
        return total(web)


def total(web: httpx.Client) -> int:
    return int(by_get(web, COUNT).json()["results"]["bindings"][0]["n"]["value"])


@pytest.fixture(autouse=True)
def _server_goes_on(web: httpx.Client, size: int) -> Iterator[None]:
    yield
    assert total(web) == size > 50_000


def assert_problem(response: httpx.Response, status: int) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["type"].startswith("https://")
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "update",
    [
        INSERT,
        INSERT.lower(),
        f"# SELECT\n{INSERT}",
        f"PREFIX select: <http://example.org/>\nBASE <http://example.org/>\n{INSERT}",
        "DELETE WHERE { ?s ?p ?o }",
        "DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }",
        f"WITH <{GRAPHS.records}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
        "LOAD <http://127.0.0.1:9/data.ttl>",
        "LOAD SILENT <file:///etc/passwd> INTO GRAPH <http://example.org/g>",
        "CLEAR ALL",
        "DROP ALL",
        "CREATE GRAPH <http://example.org/g>",
        f"COPY <{GRAPHS.records}> TO <http://example.org/g>",
        f"MOVE <{GRAPHS.records}> TO <http://example.org/g>",
        f"ADD <{GRAPHS.records}> TO <http://example.org/g>",
    ],
)
def test_an_update_sent_as_a_query_is_refused(web, send, update: str) -> None:
    body = assert_problem(send(web, update), 403)
    assert body["feature"] == "update"
    assert "only answers queries" in str(body["detail"])


def test_an_update_operation_is_refused(web, send) -> None:
    for response in (
        web.get("/sparql", params={"update": INSERT}),
        web.head("/sparql", params={"update": INSERT}),
        web.post("/sparql", data={"update": INSERT}),
        web.post("/sparql", data={"update": INSERT, "using-graph-uri": str(GRAPHS.records)}),
        web.post("/sparql", content=INSERT, headers=UPDATE),
        web.post(
            "/sparql", content=INSERT, headers={"Content-Type": "Application/SPARQL-Update; charset=utf-8"}
        ),
        send(web, COUNT, update=INSERT),
    ):
        assert response.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_methods_that_change_things_are_not_there_or_ask_who_it_is(web, method: str) -> None:
    for path, status in (("/sparql", 405), ("/", 405), ("/records/mng-ndc-2020", 401)):
        response = web.request(method, path, params={"graph": str(GRAPHS.records)}, content=INSERT)
        assert_problem(response, status)


@pytest.mark.parametrize(
    "query",
    [
        f"{COUNT} ; {INSERT}",
        f"{COUNT}\n{INSERT}",
        f"SELECT * WHERE {{ {INSERT} }}",
        r"\u0049NSERT DATA { <http://example.org/s> <http://example.org/p> 1 }",
        r"SELECT * WHERE { \u0053ERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    ],
)
def test_an_update_or_a_call_smuggled_into_a_query_does_not_parse(web, send, query: str) -> None:
    assert_problem(send(web, query), 400)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * WHERE { SERVICE <http://127.0.0.1:9/sparql> { ?s ?p ?o } }",
        "SELECT * WHERE { service silent <http://127.0.0.1:9/sparql> { ?s ?p ?o } }",
        "SELECT * WHERE { SERVICE # comment\n ?endpoint { ?s ?p ?o } }",
        "ASK { ?s ?p ?o OPTIONAL { SERVICE <http://127.0.0.1:9/sparql> { ?s ?q ?r } } }",
        "SELECT * WHERE { { SELECT * WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } } } }",
        "SELECT * WHERE { ?s ?p ?o FILTER NOT EXISTS { SERVICE <http://127.0.0.1:9/> { ?s ?q ?r } } }",
        "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <file:///etc/passwd> { ?s ?p ?o } }",
        "DESCRIBE ?s WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    ],
)
def test_a_call_of_another_service_is_refused(web, send, query: str) -> None:
    body = assert_problem(send(web, query), 403)
    assert body["feature"] == "SERVICE"


@pytest.mark.parametrize(
    "query",
    [
        "ASK { BIND('SERVICE <http://example.org/> { DROP ALL }' AS ?service) }",
        "PREFIX load: <http://example.org/> ASK { FILTER(load:LOAD = load:LOAD) } # SERVICE INSERT",
        "PREFIX insert: <http://example.org/> ASK { FILTER(<http://example.org/SERVICE> != insert:data) }",
    ],
)
def test_words_that_only_look_like_a_refused_thing_are_no_reason_to_refuse(web, send, query: str) -> None:
    assert send(web, query).json()["boolean"] is True


@pytest.mark.parametrize(
    ("query", "place", "expected"),
    [
        ("HELLO", (1, 1), "SELECT, ASK, CONSTRUCT or DESCRIBE"),
        ("", (1, 1), "query"),
        ("# nothing but words\n", (1, 1), "query"),
        ("PREFIX a: <http://example.org/>\n  FIND ?x", (2, 3), "SELECT, ASK, CONSTRUCT or DESCRIBE"),
        ("SELECT ?s WHERE {\n  ?s rdfs:label '荒漠化'@zh ; }\nLIMIT many", (3, 7), ""),
        ("SELECT ?s WHERE {\n  ?s a nx:Policy", (2, 17), "}"),
    ],
)
def test_a_query_that_does_not_parse_is_told_where_and_what_could_stand_there(
    web, send, query, place, expected
):
    body = assert_problem(send(web, query), 400)
    assert (body["line"], body["column"]) == place
    assert expected in str(body.get("expected", ""))


@pytest.mark.parametrize("parameters", [{}, {"query": [COUNT, COUNT]}])
def test_a_form_holds_exactly_one_query(web, parameters: dict[str, list[str]]) -> None:
    assert_problem(web.post("/sparql", data=parameters, headers=FORM), 400)


def test_one_query_in_the_address_is_enough(web) -> None:
    assert_problem(web.get("/sparql", params={"query": [COUNT, COUNT]}), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/rdf+xml", "nonsense", None])
def test_another_content_type_is_answered_415_with_those_that_do(web, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    body = assert_problem(web.post("/sparql", content=COUNT.encode(), headers=headers), 415)
    assert "application/sparql-query or application/x-www-form-urlencoded" in str(body["detail"])


def test_a_form_of_several_parts_is_answered_415(web) -> None:
    assert_problem(web.post("/sparql", files={"query": ("query.rq", COUNT.encode())}), 415)


@pytest.mark.parametrize(
    ("method", "address", "body", "headers"),
    [
        ("GET", "/sparql?query=ASK%20%7B%20BIND(%22%FF%22%20AS%20%3Fx)%20%7D", b"", {}),
        ("POST", "/sparql", b"query=ASK+%7B+BIND(%22%FF%22+AS+%3Fx)+%7D", FORM),
        ("POST", "/sparql", b"query=ASK+{+BIND('\xff'+AS+?x)+}", FORM),
        ("POST", "/sparql", b"ASK { BIND('\xff' AS ?x) }", QUERY),
        ("POST", "/sparql", "ASK { BIND('é' AS ?x) }".encode("utf-16"), QUERY),
        ("POST", "/sparql?format=%FF", b"ASK {}", QUERY),
    ],
)
def test_anything_but_utf8_is_answered_400(web, method: str, address: str, body: bytes, headers) -> None:
    problem = assert_problem(web.request(method, address, content=body, headers=headers), 400)
    assert "UTF-8" in str(problem["detail"])


def test_a_query_may_be_long_but_not_longer_than_the_limit(web) -> None:
    longest = "ASK {} #".ljust(LARGEST, "x")
    for send in (by_form, by_body):
        assert send(web, longest).json()["boolean"] is True
        body = assert_problem(send(web, longest + "x"), 413)
        assert body["limit"] == "query size"


@pytest.mark.parametrize("headers", [FORM, QUERY])
def test_a_body_without_a_length_is_measured_as_it_comes(web, headers: dict[str, str]) -> None:
    body = assert_problem(
        web.post("/sparql", content=(b"x" * LARGEST for _ in range(20)), headers=headers), 413
    )
    assert body["limit"] == "query size"


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("SELECT * WHERE " + "{" * 5_000 + "}" * 5_000, "nesting depth"),
        ("ASK { FILTER(" + "(" * 5_000 + "1" + ")" * 5_000 + ") }", "nesting depth"),
        ("ASK { FILTER(" + "!" * 20_000 + "true) }", "number of operators"),
        ("ASK { FILTER(true" + " || true" * 20_000 + ") }", "number of operators"),
        ("ASK { {}" + " UNION {}" * 20_000 + " }", "number of operators"),
    ],
)
def test_a_query_made_to_exhaust_a_parser_is_refused_before_any_parser_sees_it(web, query, limit) -> None:
    for send in (by_form, by_body):
        assert assert_problem(send(web, query), 400)["limit"] == limit


def test_a_query_is_stopped_when_its_time_is_up(web, send) -> None:
    body = assert_problem(send(web, ENDLESS, timeout="0.2"), 504)
    assert body["limit"] == "time"
    assert "0.2 seconds" in str(body["detail"])


def test_a_page_of_results_is_stopped_when_its_time_is_up(web) -> None:
    response = web.get("/sparql", params={"query": ENDLESS, "timeout": "0.2"}, headers=BROWSER)
    assert response.status_code == 504
    assert "0.2 seconds" in response.text


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "nan", "inf", "1e999", "5s"])
def test_a_timeout_that_is_no_number_of_seconds_is_answered_400(web, send, seconds: str) -> None:
    body = assert_problem(send(web, COUNT, timeout=seconds), 400)
    assert seconds in str(body["detail"])


def test_an_empty_timeout_is_none(web, send) -> None:
    assert send(web, COUNT, timeout="").status_code == 200


def test_more_queries_than_workers_can_run_out_of_time_one_after_the_other(web) -> None:
    for _ in range(6):
        assert by_get(web, ENDLESS, timeout="0.05").status_code == 504


def test_an_answer_that_is_under_way_when_its_time_is_up_breaks_off(web) -> None:
    """Its end must not look like the end of a whole answer."""
    for _ in range(3):
        asked = {"query": FLOOD, "format": "csv", "timeout": "1"}
        with web.stream("GET", "/sparql", params=asked) as response:
            assert response.status_code == 200
            with pytest.raises(httpx.RemoteProtocolError):
                response.read()


def test_clients_who_leave_in_the_middle_of_an_answer_take_no_worker_with_them(web) -> None:
    for _ in range(6):
        with web.stream("GET", "/sparql", params={"query": FLOOD, "format": "csv"}) as response:
            assert next(response.iter_raw())


def test_clients_who_stop_reading_hold_no_worker_beyond_their_time(web, served: str) -> None:
    asked = {"query": FLOOD, "format": "csv", "timeout": "0.2"}
    with httpx.Client(base_url=served, timeout=60) as other:
        stalled = [
            other.send(other.build_request("GET", "/sparql", params=asked), stream=True) for _ in range(4)
        ]
        assert {response.status_code for response in stalled} <= {200, 504}
        assert by_get(web, COUNT).status_code == 200
        for response in stalled:
            response.close()


def test_a_page_of_a_flood_says_that_it_is_too_much_for_a_page(web) -> None:
    response = web.get("/sparql", params={"query": FLOOD}, headers=BROWSER)
    assert response.status_code == 400
    assert "too much for a page" in response.text
