"""The description of the API for programs, and the page of it for people."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from html_reading import Page

PATHS = {"/", "/questions", "/questions/{identifier}", "/records", "/records/{name}", "/sparql"}
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture(scope="module")
def api(served: str) -> dict:
    response = httpx.get(f"{served}/openapi.json", timeout=60)
    assert response.headers["content-type"] == "application/json"
    return response.json()


def operations(api: dict) -> Iterator[tuple[str, str, dict]]:
    for path, item in api["paths"].items():
        assert item.keys() <= METHODS
        for method, operation in item.items():
            yield path, method, operation


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node["$ref"],) if isinstance(node.get("$ref"), str) else ()
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_it_says_what_it_is(api) -> None:
    assert re.fullmatch(r"3\.1\.\d+", api["openapi"])
    assert api["info"]["title"] == "nexuskb"
    assert api["info"]["version"]
    assert "CC BY 4.0" in api["info"]["license"]["name"]


def test_every_path_is_described(api) -> None:
    assert set(api["paths"]) >= PATHS
    assert {method for path, method, _ in operations(api) if path == "/sparql"} == {"get", "post"}
    assert {path.split("/")[1] for path, method, _ in operations(api) if method != "get"} == {
        "drafts",
        "paper",
        "records",
        "sparql",
    }


def test_every_operation_has_words_a_tag_a_name_and_answers(api) -> None:
    names = []
    for path, method, operation in operations(api):
        where = f"{method} {path}"
        assert operation["summary"].strip(), where
        assert operation["description"].strip(), where
        assert operation["tags"], where
        assert operation["responses"], where
        for status, answer in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d|default", status), where
            assert answer["description"].strip(), where
        names.append(operation["operationId"])
    assert len(names) == len(set(names))


def test_parameters_are_whole_and_those_of_the_path_are_declared(api) -> None:
    for path, method, operation in operations(api):
        parameters = operation.get("parameters", [])
        assert len({(p["in"], p["name"]) for p in parameters}) == len(parameters)
        for parameter in parameters:
            assert parameter["in"] in ("query", "path", "header", "cookie"), (method, path)
            assert parameter["schema"]["type"], (method, path)
            assert parameter["in"] != "path" or parameter["required"] is True, (method, path)
        in_path = {p["name"] for p in parameters if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path)), (method, path)


def test_references_lead_somewhere_in_the_document(api) -> None:
    for reference in references(api):
        node = api
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]
        assert node


def test_the_endpoint_tells_its_parameters_formats_and_refusals(api) -> None:
    asked = api["paths"]["/sparql"]["get"]
    named = {parameter["name"] for parameter in asked["parameters"]}
    assert named == {"query", "default-graph-uri", "named-graph-uri", "format", "timeout"}
    assert {"text/csv", "text/turtle", "application/sparql-results+json"} <= set(
        asked["responses"]["200"]["content"]
    )
    assert {"400", "403", "406", "413", "503", "504"} <= set(asked["responses"])
    sent = api["paths"]["/sparql"]["post"]["requestBody"]["content"]
    assert set(sent) == {"application/sparql-query", "application/x-www-form-urlencoded"}


def test_every_path_without_a_parameter_answers(api, web) -> None:
    for path in PATHS:
        if "{" not in path:
            assert web.get(path, follow_redirects=True).status_code == 200, path


def test_the_page_of_the_api_shows_every_operation_and_needs_no_other_host(api, web) -> None:
    response = web.get("/api", headers={"Accept": "text/html"})
    page = Page(response.text)
    shown = page.texts("code")
    for path, method, operation in operations(api):
        assert f"{method.upper()} {path}" in shown
        assert " ".join(operation["description"].split()) in " ".join(page.texts("p"))
    assert page.loaded()
    assert all(address.startswith("/") and not address.startswith("//") for address in page.loaded())
    assert page.active() == []


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_the_pages_that_would_load_from_another_host_are_not_there(web, path: str) -> None:
    assert web.get(path).status_code == 404


def test_what_is_wrong_with_a_request_is_told_with_400(api, web) -> None:
    assert not any("422" in operation["responses"] for _, _, operation in operations(api))
    assert "HTTPValidationError" not in api.get("components", {}).get("schemas", {})
    asked = api["paths"]["/questions/{identifier}"]["get"]
    assert "application/problem+json" in asked["responses"]["400"]["content"]
    wrong = web.get("/questions/policies-of-country", params={"no-such": "x"})
    assert wrong.status_code == 400


def test_the_parameters_of_a_question_are_described_as_what_they_are(api, web) -> None:
    """An object in form style with explode stands for parameters that each have a name of their own."""
    (described,) = (
        p
        for p in api["paths"]["/questions/{identifier}"]["get"]["parameters"]
        if p["schema"]["type"] == "object"
    )
    assert (described["in"], described["style"], described["explode"]) == ("query", "form", True)
    assert described["schema"]["additionalProperties"] == {"type": "string"}
    answer = web.get("/questions/policies-of-country", params={"country": "MNG", "format": "json"})
    assert answer.json()["parameters"] == {"country": "MNG"}
