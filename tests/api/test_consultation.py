"""A language model consults the base: the protocol's own client against a served instance."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters
from tests.conftest import ROOT, environment

from nexuskb.consulting import FOUND, LOOKED, NOBODY_LOOKED
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore

SESSION = ROOT / "docs/examples/mcp-session.json"
TOOLS = {
    "find_records", "get_record", "evidence_for_section", "interlinkages_between", "coverage", "gaps",
    "list_questions", "run_question", "run_sparql", "cite_records",
}  # fmt: skip


def talk(
    server: str | StdioServerParameters, conversation: Callable[[Client], Coroutine[Any, Any, Any]]
) -> Any:
    async def whole() -> Any:
        async with Client(server) as client:
            return await conversation(client)

    return asyncio.run(whole())


def call(served: str, tool: str, **given: Any) -> dict[str, Any]:
    result = talk(f"{served}/mcp", lambda client: client.call_tool(tool, given))
    assert not result.is_error, result.content
    told: dict[str, Any] = result.structured_content
    return told


def refusal(served: str, tool: str, **given: Any) -> str:
    result = talk(f"{served}/mcp", lambda client: client.call_tool(tool, given))
    assert result.is_error
    return str(result.content[0].text)


def test_the_tools_are_told_with_what_they_take_and_only_read(served: str) -> None:
    listed = talk(f"{served}/mcp", lambda client: client.list_tools())
    assert {tool.name for tool in listed.tools} == TOOLS
    for tool in listed.tools:
        assert tool.annotations.read_only_hint is True
        assert tool.description
        for parameter in tool.input_schema.get("properties", {}).values():
            told = [parameter, *parameter.get("anyOf", ())]
            assert any(each.get("description") or each.get("default") is not None for each in told), (
                tool.name,
                parameter,
            )


def test_a_record_comes_with_its_iri_pinpoints_review_state_and_generation(
    served: str, store: OxigraphStore
) -> None:
    [[name]] = store.select(
        "SELECT ?name { ?m a nx:Measure ; nx:area area:prk ; nx:soleSupport ?s ; dcterms:identifier ?name } "
        "LIMIT 1"
    ).rows
    told = call(served, "get_record", identifier=str(name))
    record = told["record"]
    assert told["generation"] == store.generation
    assert record["iri"] == f"https://w3id.org/nexuskb/records/{name}"
    assert record["review_state"] == "Accepted"
    assert record["must_be_said"]
    assert all(passage["pinpoint"] and passage["source"] for passage in record["passages"])


def test_search_finds_what_the_page_finds(served: str, web: httpx.Client) -> None:
    told = call(served, "find_records", words="grazing", area="MNG", kind="Measure", limit=5)
    page = web.get(
        "/search", params={"q": "grazing", "area": "mng", "kind": "Measure", "format": "json"}
    ).json()
    assert told["found_in_all"] == page["total"]
    assert [each["identifier"] for each in told["records"]] == [h["identifier"] for h in page["hits"][:5]]


def test_nothing_found_is_told_apart_from_nobody_looked(served: str, store: OxigraphStore) -> None:
    def topic(searches: str) -> tuple[str, str]:
        rows = store.select(
            f"""SELECT ?area ?topic {{ ?topic skos:inScheme <https://w3id.org/nexuskb/vocabularies/driver> .
            ?state skos:broader area:north-east-asia . BIND(?state AS ?area)
            FILTER NOT EXISTS {{ ?c nx:topic ?topic ; nx:area ?state ;
                nx:findingCount|nx:interlinkageCount ?n . FILTER(?n > 0) }}
            FILTER {searches} {{ ?c nx:topic ?topic ; nx:area ?state ; nx:searchCount ?n . FILTER(?n > 0) }}
            }} ORDER BY ?area ?topic LIMIT 1"""
        ).rows
        [(area, driver)] = list(rows)
        return str(area).rpartition("/")[2], str(driver).rpartition("/")[2]

    area, driver = topic("NOT EXISTS")
    assert call(served, "coverage", area=area, driver=driver)["at_work"] == NOBODY_LOOKED
    area, driver = topic("EXISTS")
    assert call(served, "coverage", area=area, driver=driver)["at_work"] == LOOKED
    assert call(served, "coverage", area="MNG", driver="overgrazing")["at_work"] == FOUND


def test_an_empty_search_in_an_area_says_what_was_looked_for(served: str) -> None:
    told = call(served, "find_records", words="nosuchword", area="MNG", driver="overgrazing")
    assert told["found_in_all"] == 0
    assert told["coverage"]["at_work"] == FOUND
    assert "nobody" not in json.dumps(told["coverage"]["at_work"])


def test_what_links_two_things_is_told_with_evidence(served: str, store: OxigraphStore) -> None:
    [[link, one, other]] = store.select(
        """SELECT ?link ?one ?other { ?link nx:from ?a ; nx:to ?b .
        ?a skos:inScheme <https://w3id.org/nexuskb/vocabularies/driver> ; skos:prefLabel ?one .
        ?b skos:inScheme <https://w3id.org/nexuskb/vocabularies/impact> ; skos:prefLabel ?other .
        FILTER(LANG(?one) = "en" && LANG(?other) = "en") } ORDER BY ?link LIMIT 1"""
    ).rows
    told = call(served, "interlinkages_between", a=str(one), b=str(other))
    assert told["between"] == [str(one), str(other)]
    assert str(link) in [record["iri"] for record in told["interlinkages"]]
    assert all(record["passages"] for record in told["interlinkages"])
    back = call(served, "interlinkages_between", a=str(other), b=str(one))
    assert back["interlinkages_in_all"] == told["interlinkages_in_all"]


def test_a_section_comes_with_its_questions_and_evidence(served: str) -> None:
    told = call(served, "evidence_for_section", section="6")
    assert told["section"]["title"]
    assert len(told["questions"]) > 3
    assert told["records"]
    assert all(record["iri"] and record["review_state"] for record in told["records"])


def test_gaps_are_those_of_the_page(served: str, web: httpx.Client) -> None:
    told = call(served, "gaps", area="MNG", kind="unanswered")
    page = web.get("/paper/gaps", params={"country": "MNG", "kind": "unanswered"}).json()
    assert told["count"] == page["kinds"][0]["count"] > 0
    assert {gap["looked"] for gap in told["gaps"]} <= {"somebody looked", "not looked at"}


def test_questions_are_listed_and_run(served: str) -> None:
    listed = call(served, "list_questions")["questions"]
    assert "policies-of-country" in {each["id"] for each in listed}
    told = call(served, "run_question", name="policies-of-country", parameters={"country": "JPN"})
    assert told["rows_in_all"] >= len(told["rows"]) > 10
    assert told["records"][0]["passages"]


def test_sparql_runs_under_the_limits_of_the_endpoint(served: str) -> None:
    told = call(served, "run_sparql", query="SELECT ?p { ?p a nx:Policy } ORDER BY ?p", limit=3)
    assert len(told["rows"]) == 3 < told["rows_in_all"]
    assert len(told["records"]) == 3
    assert call(served, "run_sparql", query="ASK { ?p a nx:Policy }")["answer"] is True
    assert "SERVICE" in refusal(
        served, "run_sparql", query="SELECT * { SERVICE <http://x.example/> { ?s ?p ?o } }"
    )
    assert "update" in refusal(served, "run_sparql", query="DROP ALL").lower()
    assert "Line 1" in refusal(served, "run_sparql", query="SELECT * {")


def test_citations_come_in_the_style_asked_for(served: str) -> None:
    found = call(served, "find_records", kind="Measure", area="JPN", limit=1)["records"][0]["identifier"]
    assert call(served, "cite_records", identifiers=[found])["footnotes"][found].endswith(".")
    assert "TY  -" in call(served, "cite_records", identifiers=[found], style="ris")["bibliography"]
    assert "footnote" in refusal(served, "cite_records", identifiers=[found], style="chicago")


@pytest.mark.parametrize(
    ("tool", "given", "says"),
    [
        ("get_record", {"identifier": "no-such-record"}, "no-such-record"),
        ("find_records", {"kind": "Polcy"}, "Policy"),
        ("interlinkages_between", {"a": "overgrasing", "b": "land"}, "Overgrazing"),
        ("run_question", {"name": "coverage-by-domain"}, "country"),
        ("gaps", {"kind": "nothing"}, "unanswered"),
    ],
)
def test_what_is_wrong_is_told_with_the_way_out(
    served: str, tool: str, given: dict[str, Any], says: str
) -> None:
    assert says in refusal(served, tool, **given)


def test_pages_of_other_sites_and_long_messages_are_turned_away(web: httpx.Client) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {"Accept": "application/json, text/event-stream"}
    other = web.post("/mcp", json=message, headers={**headers, "Origin": "https://elsewhere.example"})
    assert other.status_code == 403
    long = web.post("/mcp", content=b" " * 300_000, headers={**headers, "Content-Type": "application/json"})
    assert long.status_code == 413


def test_a_session_on_standard_input(settings: Settings, store: OxigraphStore) -> None:
    command = str(Path(sys.executable).parent / "nexuskb")
    server = StdioServerParameters(command=command, args=["mcp"], env=environment(settings))

    async def conversation(client: Client) -> Any:
        tools = await client.list_tools()
        found = await client.call_tool("find_records", {"words": "荒漠化", "limit": 3})
        return {tool.name for tool in tools.tools}, found.structured_content

    names, found = talk(server, conversation)
    assert names == TOOLS
    assert found["generation"] == store.generation
    assert found["records"]


def test_the_session_of_the_documentation_goes_as_it_is_written(served: str) -> None:
    """``NEXUSKB_TRANSCRIPT=1`` writes it anew."""

    async def session(client: Client) -> list[dict[str, Any]]:
        heard = []
        for step in steps:
            result = await client.call_tool(step["tool"], step["arguments"])
            answer = result.structured_content or {"error": result.content[0].text}
            answer.pop("generation", None)
            heard.append({"tool": step["tool"], "arguments": step["arguments"], "answer": answer})
        return heard

    steps = json.loads(SESSION.read_text(encoding="utf-8"))
    heard = talk(f"{served}/mcp", session)
    if os.environ.get("NEXUSKB_TRANSCRIPT"):
        SESSION.write_text(json.dumps(heard, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        steps = heard
    assert len(steps) > 4
    for told, written in zip(heard, steps, strict=True):
        assert told == written, told["tool"]


def test_llms_txt_leads_to_what_is_there(web: httpx.Client) -> None:
    text = web.get("/llms.txt").text
    assert text.startswith("# nexuskb\n\n> ")
    links = re.findall(r"\((http[^)]+)\)", text)
    assert len(links) > 50
    for link in links[:10]:
        if not link.endswith("/mcp"):
            assert web.get(link, headers={"Accept": "text/html"}).status_code == 200, link
