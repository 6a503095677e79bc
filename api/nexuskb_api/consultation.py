"""The base for language models: a server of the Model Context Protocol, over HTTP and standard input.

Read-only. Queries of a model have the limits of any stranger's. Each answer carries the generation, and each
record in it its IRI, pinpoints, state of review and reservations (:mod:`nexuskb.consulting`).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Final, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from nexuskb import __version__
from nexuskb.consulting import MOST_RECORDS, Told, tell_between, tell_coverage, tell_records
from nexuskb.errors import NexusError, QueryLimitError, QuestionError, RecordNotFoundError
from nexuskb.exchange.citations.bibliographies import bibliography, bibliography_format
from nexuskb.exchange.citations.footnotes import footnote, plain
from nexuskb.exchange.citations.references import cite, references
from nexuskb.paper.gaps import KINDS, find_gaps, gap_kind
from nexuskb.paper.packs import read_pack
from nexuskb.questions.answers import named_records
from nexuskb.questions.catalogue import allowed_values, fill, question, questions
from nexuskb.search.documents import FACETS
from nexuskb.search.filters import read_filters
from nexuskb.sparql.formats import JSON, formats_for
from nexuskb.sparql.portable import declare_prefixes
from nexuskb_api.facade import Facade, facade_of
from nexuskb_api.facade import plain as plain_row

router = APIRouter(include_in_schema=False)

PATH: Final = "/mcp"
INSTRUCTIONS: Final = """\
nexuskb holds policies, drivers, impacts and interlinkages of climate, land and water in North-East Asia \
(China, the Democratic People's Republic of Korea, Japan, Mongolia, the Republic of Korea, the Russian \
Federation and the region), each claim with its source and pinpoint. Cite every claim by the passages given \
with it, say what must_be_said of a record, and name the generation. When nothing is found, call coverage: \
"nobody has looked" is not "there is none"."""
#: Bytes that a model may send at once, and that it is told at most of an answer to a query.
_MOST_ASKED: Final = 256 * 1024
_MOST_TOLD: Final = 256 * 1024
_MOST_ROWS: Final = 500
_READING: Final = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)

Area = Annotated[
    str, Field(description="A State or area: CHN, PRK, JPN, MNG, KOR, RUS, north-east-asia, or its name.")
]
Driver = Annotated[str, Field(description="A driver, such as overgrazing.")]
Impact = Annotated[str, Field(description="An impact, such as desertification.")]


def consultation(facade: Callable[[], Facade]) -> MCPServer:
    """The server over a facade, which is asked for when a tool is called."""
    server: MCPServer = MCPServer(
        "nexuskb", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING"
    )

    async def answered(work: Awaitable[Told]) -> Told:
        try:
            return {"generation": await facade().current(), **await work}
        except NexusError as error:
            raise ToolError(str(error)) from error

    @server.tool(title="Find records", annotations=_READING)
    async def find_records(  # noqa: PLR0913, PLR0917 -- named by the client, never by place
        words: Annotated[
            str, Field(description="Words in any script; empty for all.", max_length=1_000)
        ] = "",
        kind: Annotated[
            str, Field(description="Kind of record, such as Policy, Measure, Interlinkage.")
        ] = "",
        area: Area = "",
        domain: Annotated[str, Field(description="climate, land or water.")] = "",
        driver: Driver = "",
        impact: Impact = "",
        limit: Annotated[int, Field(ge=1, le=MOST_RECORDS)] = 10,
    ) -> Told:
        """Full-text search over the records, narrowed by kind, area and other terms, the best first."""
        given = {"kind": kind, "area": area, "domain": domain, "driver": driver, "impact": impact}
        return await answered(_find(facade(), words, given, limit))

    @server.tool(title="Get a record", annotations=_READING)
    async def get_record(
        identifier: Annotated[str, Field(description="The last part of the record's IRI.")],
    ) -> Told:
        """One record: what it says, its passages with pinpoints, its review state and reservations."""
        return await answered(_record(facade(), identifier))

    @server.tool(title="Evidence for a section of the paper", annotations=_READING)
    async def evidence_for_section(
        section: Annotated[
            str, Field(description="Identifier or number of a section of the outline, such as 4.4.")
        ],
    ) -> Told:
        """The questions of a section of the policy paper, how far they are answered, and its records."""
        return await answered(_section(facade(), section))

    @server.tool(title="Interlinkages between A and B", annotations=_READING)
    async def interlinkages_between(
        a: Annotated[str, Field(description="A driver, impact, domain or record, by name or identifier.")],
        b: Annotated[str, Field(description="Another one.")],
    ) -> Told:
        """The interlinkages that join two things, and the chains of interlinkages from one to the other."""
        own = facade()
        return await answered(own.ask(tell_between(a, b, own.vocabularies)))

    @server.tool(title="Coverage", annotations=_READING)
    async def coverage(area: Area, driver: Driver = "", impact: Impact = "") -> Told:
        """Whether a driver or impact was found, or looked for and not found, or nobody has looked."""
        own = facade()
        return await answered(own.ask(tell_coverage(area, driver, impact, own.vocabularies)))

    @server.tool(title="Gaps", annotations=_READING)
    async def gaps(
        area: Area = "",
        kind: Annotated[
            str, Field(description=f"One of {', '.join(each.name for each in KINDS)}; empty to count all.")
        ] = "",
    ) -> Told:
        """Gaps in policies and evidence, each with whether somebody looked for what is missing."""
        return await answered(_gaps(facade(), area, kind))

    @server.tool(title="List the named questions", annotations=_READING)
    async def list_questions() -> Told:
        """The questions that can be run by name, with their parameters and allowed values."""
        return await answered(_questions(facade()))

    @server.tool(title="Run a named question", annotations=_READING)
    async def run_question(
        name: Annotated[str, Field(description="The id from list_questions.")],
        parameters: Annotated[dict[str, str], Field(description="Values by name.")] | None = None,
    ) -> Told:
        """The answer to a named question as rows, with the records that the rows name."""
        return await answered(_question(facade(), name, parameters or {}))

    @server.tool(title="Run SPARQL", annotations=_READING)
    async def run_sparql(
        query: Annotated[
            str, Field(description="A SELECT or ASK. The prefixes of the base need no declaration.")
        ],
        limit: Annotated[int, Field(ge=1, le=_MOST_ROWS)] = 100,
    ) -> Told:
        """Run a SPARQL 1.1 query under the limits of the endpoint; rows with the records that they name."""
        return await answered(_sparql(facade(), query, limit))

    @server.tool(title="Cite", annotations=_READING)
    async def cite_records(
        identifiers: Annotated[list[str], Field(max_length=100, description="Records, sources or passages.")],
        style: Annotated[
            str, Field(description="footnote (United Nations), csljson, bibtex or ris.")
        ] = "footnote",
    ) -> Told:
        """Citations of records, sources or passages in a style."""
        return await answered(_cite(facade(), identifiers, style))

    return server


async def _find(facade: Facade, words: str, given: dict[str, str], limit: int) -> Told:
    wanted = read_filters({name: given.get(name, "") for name in FACETS}, facade.filters)
    index = await facade.searching()
    found = await facade.apart(lambda: index.search(words, wanted, limit, 0))
    records = await facade.ask(tell_records([hit.identifier for hit in found.hits]))
    told: Told = {"found_in_all": found.total, "records": records}
    if not found.total and given["area"] and (given["driver"] or given["impact"]):
        asked = tell_coverage(given["area"], given["driver"], given["impact"], facade.vocabularies)
        told["coverage"] = await facade.ask(asked)
    elif not found.total:
        told["note"] = (
            "No record has these words. Whether anybody looked is told by coverage(area, driver or impact)."
        )
    return told


async def _record(facade: Facade, identifier: str) -> Told:
    records = await facade.ask(tell_records([identifier.strip().rpartition("/")[2]]))
    if not records:
        raise RecordNotFoundError(f"There is no record {identifier!r}. Look for it with find_records.")
    return {"record": records[0]}


async def _section(facade: Facade, section: str) -> Told:
    pack = await facade.ask(read_pack(section, facade.generation, facade.vocabularies))
    shown = list(dict.fromkeys(name for answer in pack.answers for name in answer.shown))
    return {
        "section": {"number": pack.section.number, "title": pack.section.title},
        "completeness": pack.completeness.as_dict(),
        "questions": [
            {"question": answer.state.question.name, "records": list(answer.shown)} for answer in pack.answers
        ],
        "records_in_all": len(shown),
        "records": await facade.ask(tell_records(shown[:MOST_RECORDS])),
        "note": f"The first {MOST_RECORDS} records are told; the others with get_record.",
        "hash": pack.hash,
    }


async def _gaps(facade: Facade, area: str, kind: str) -> Told:
    kinds = (gap_kind(kind),) if kind else KINDS
    found = [await facade.ask(find_gaps(each, area, facade.vocabularies)) for each in kinds]
    if not kind:
        counted = [
            {
                "kind": each.kind.name,
                "title": each.kind.title,
                "count": len(each.found),
                "looked": each.looked,
            }
            for each in found
        ]
        return {"kinds": counted}
    told = found[0].as_dict()
    told["gaps"] = told["gaps"][:_MOST_ROWS]
    named = [gap.record for gap in found[0].found if gap.record]
    return {**told, "records": await facade.ask(tell_records(named[:MOST_RECORDS]))}


async def _questions(facade: Facade) -> Told:
    return {
        "questions": [
            {
                "id": each.id,
                "question": each.title,
                "answers": each.answers,
                "parameters": [
                    {
                        "name": parameter.name,
                        "required": parameter.required,
                        "help": parameter.help,
                        "allowed": allowed_values(parameter, facade.vocabularies),
                    }
                    for parameter in each.parameters
                ],
            }
            for each in questions().values()
        ]
    }


async def _question(facade: Facade, name: str, given: dict[str, str]) -> Told:
    asked = question(name)
    query = fill(asked, given, facade.vocabularies)
    rows = [plain_row(binding) for binding in await facade.rows(query)]
    return {
        "question": asked.title,
        "query": declare_prefixes(query),
        **await _rows(facade, rows, _MOST_ROWS),
    }


async def _sparql(facade: Facade, query: str, limit: int) -> Told:
    parsed = facade.admit(query)
    if JSON not in formats_for(parsed.form):
        raise QueryLimitError(f"{parsed.form} gives a graph. Ask with SELECT or ASK here.", "form")
    held = bytearray()
    answer = await facade.answer(query, JSON)
    async for block in answer:
        held += block
        if len(held) > 16 * _MOST_TOLD:
            await answer.aclose()
            raise QueryLimitError(
                "The answer is too long to be told. Add LIMIT, or ask for fewer columns.", "size"
            )
    read = json.loads(held)
    if "boolean" in read:
        return {"answer": read["boolean"]}
    return await _rows(facade, [plain_row(binding) for binding in read["results"]["bindings"]], limit)


async def _rows(facade: Facade, rows: list[dict[str, str]], limit: int) -> Told:
    told, size = [], 0
    for row in rows[:limit]:
        size += sum(map(len, row.values()))
        if size > _MOST_TOLD:
            break
        told.append(row)
    records = await facade.ask(tell_records(named_records(told)[:MOST_RECORDS]))
    return {"rows": told, "rows_in_all": len(rows), "records": records}


async def _cite(facade: Facade, identifiers: list[str], style: str) -> Told:
    if style == "footnote":
        return {"footnotes": {each: plain(footnote(await facade.ask(cite([each])))) for each in identifiers}}
    if chosen := bibliography_format(style):
        return {"bibliography": bibliography(references(await facade.ask(cite(identifiers))), chosen)}
    raise QuestionError(f"There is no style {style!r}. Choose footnote, csljson, bibtex or ris.")


class Endpoint:
    """The endpoint for models over HTTP, without sessions. Pages of other sites are turned away."""

    def __init__(self, server: MCPServer, origins: tuple[str, ...]) -> None:
        self._server = server
        self._origins = origins
        served = server.streamable_http_app(
            streamable_http_path=PATH,
            json_response=True,
            stateless_http=True,
            max_request_body_size=_MOST_ASKED,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        [route] = [route for route in served.routes if isinstance(route, Route)]
        self._app: ASGIApp = route.app

    def run(self) -> AbstractAsyncContextManager[None]:
        """Be at work while the context is open."""
        return self._server.session_manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        own = f"{request.url.scheme}://{request.headers.get('host', '')}"
        origin = request.headers.get("origin", own)
        if origin not in (own, *self._origins):
            raise HTTPException(403, f"Pages of {origin} may not ask here.")
        await self._app(scope, receive, send)


def endpoint(app: FastAPI, origins: tuple[str, ...]) -> Endpoint:
    """The endpoint of an application, for one run of it."""
    return Endpoint(consultation(lambda: facade_in(app)), origins)


def facade_in(app: FastAPI) -> Facade:
    """The facade of an application at work."""
    return cast(Facade, app.state.facade)


class Consulted:
    """What stands at the path of the endpoint: hands requests to the one that is at work."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await scope["app"].state.consultation(scope, receive, send)


@router.get("/llms.txt")
async def llms_txt(request: Request) -> Response:
    """What a language model should know of this service (llmstxt.org), made from what is served."""
    facade, here = facade_of(request), str(request.base_url)
    lines = [
        "# nexuskb",
        "",
        f"> {INSTRUCTIONS}",
        "",
        f"Generation {await facade.current()}. Data under CC BY 4.0.",
        "",
        "## Ways in",
        "",
        f"- [Model Context Protocol]({here}mcp): tools to find, read, link and cite records",
        f"- [Search]({here}search?format=json): records by words and facets, as JSON",
        f"- [SPARQL]({here}sparql): SPARQL 1.1 Protocol; service description without a query",
        f"- [OpenAPI]({here}openapi.json): everything else",
        f"- [Ontology]({here}ontology.ttl) and [vocabularies]({here}vocabularies): the words of the base",
        f"- [Dumps]({here}dumps): the whole base",
        "",
        "## Questions",
        "",
        *(f"- [{each.title}]({here}questions/{each.id}): {each.answers}" for each in questions().values()),
        "",
    ]
    return PlainTextResponse("\n".join(lines), headers={"Vary": "Accept"})
