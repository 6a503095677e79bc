"""Pages of other sites (CORS, as in the Fetch standard): none may read, unless a setting lets them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastapi.testclient import TestClient

from nexuskb.settings import ServingSettings, Settings
from nexuskb_api.app import create_app

ORIGIN = "https://app.example.org"
QUERY = {"query": "ASK { ?s a nx:Policy }"}
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}


@pytest.fixture(scope="module")
def listed(settings: Settings) -> Iterator[TestClient]:
    serving = ServingSettings(origins=(ORIGIN, "http://localhost:3000"))
    with TestClient(create_app(settings, serving)) as client:
        yield client


@pytest.fixture(scope="module")
def everyone(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings, ServingSettings(origins=("*",)))) as client:
        yield client


def allowing(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith("access-control")}


@pytest.mark.parametrize("path", ["/sparql", "/questions", "/nothing"])
def test_no_other_site_is_let_in_by_default(web: httpx.Client, path: str) -> None:
    assert allowing(web.get(path, params=QUERY, headers={"Origin": ORIGIN})) == {}
    assert allowing(web.options(path, headers=PREFLIGHT)) == {}


@pytest.mark.parametrize("path", ["/sparql", "/questions", "/search?kind=Policy"])
def test_a_listed_site_may_read_and_no_other(listed: TestClient, path: str) -> None:
    response = listed.get(path, params=QUERY, headers={"Origin": ORIGIN})
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "Origin" in response.headers["vary"]
    assert "ETag" in response.headers["access-control-expose-headers"]
    other = listed.get(path, params=QUERY, headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers


def test_every_site_may_read_where_all_are_listed(everyone: TestClient) -> None:
    response = everyone.post("/sparql", data=QUERY, headers={"Origin": "https://other.example"})
    assert response.json()["boolean"] is True
    assert response.headers["access-control-allow-origin"] == "*"


def test_an_error_can_be_read_as_well(listed: TestClient) -> None:
    response = listed.get("/sparql", params={"query": "SELEKT"}, headers={"Origin": ORIGIN})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["access-control-allow-origin"] == ORIGIN


def test_a_browser_that_asks_first_is_told_what_it_may_send(listed: TestClient) -> None:
    response = listed.options(
        "/sparql", headers={**PREFLIGHT, "Access-Control-Request-Headers": "content-type, accept"}
    )
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "POST" in response.headers["access-control-allow-methods"]
    refused = listed.options("/sparql", headers={**PREFLIGHT, "Origin": "https://other.example"})
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("wanted", [{"Access-Control-Request-Headers": "authorization"}, {}])
def test_no_site_may_write(everyone: TestClient, wanted: dict[str, str]) -> None:
    asked = {**PREFLIGHT, "Access-Control-Request-Method": "POST" if wanted else "PUT", **wanted}
    assert everyone.options("/records/x", headers=asked).status_code == 400


def test_credentials_are_never_let_through(listed: TestClient, everyone: TestClient) -> None:
    for client in (listed, everyone):
        for response in (
            client.get("/sparql", params=QUERY, headers={"Origin": ORIGIN, "Cookie": "a=b"}),
            client.options("/sparql", headers=PREFLIGHT),
        ):
            assert "access-control-allow-credentials" not in response.headers


def test_options_without_a_question_names_the_methods_as_ever(listed: TestClient) -> None:
    response = listed.options("/sparql")
    assert response.status_code == 204
    assert "GET" in response.headers["allow"]
