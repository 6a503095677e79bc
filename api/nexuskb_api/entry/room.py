"""What entering needs beside the facade: forms, documents, the desk, and who is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from rdflib import RDFS, SKOS, Graph, URIRef
from starlette.exceptions import HTTPException

from nexuskb.errors import NexusError, RecordNotFoundError
from nexuskb.exchange.documents import Documents
from nexuskb.forms import Form, Forms
from nexuskb.people.rights import Person
from nexuskb.people.sessions import Session, is_from_own_page
from nexuskb.records.desk import Desk
from nexuskb.records.document import RecordDocument
from nexuskb.store.ntriples import Triple
from nexuskb.terms import record_identifier
from nexuskb_api.bodies import bounded_body, media_type
from nexuskb_api.entry.posted import Pairs
from nexuskb_api.facade import Facade, facade_of

T = TypeVar("T")

#: The cookie of a session. It is only sent to this server, never to scripts, never from other sites.
COOKIE = "nexuskb-session"
_MOST_BYTES = 1_000_000
_MOST_FIELDS = 5_000
_MOST_LINKS = 200
_FORM = "application/x-www-form-urlencoded"


class SignInError(NexusError):
    """A page is for people who have signed in; ``back`` is where to go then."""

    def __init__(self, back: str) -> None:
        super().__init__("Sign in to see this page.")
        self.back = back


@dataclass(frozen=True, slots=True)
class Room:
    """The forms, and the desk behind them."""

    facade: Facade

    @property
    def documents(self) -> Documents:
        """Records as JSON documents, and back."""
        return self.facade.reception.documents

    @property
    def forms(self) -> Forms:
        """The forms of the kinds of record."""
        return self.documents.forms

    async def at_desk(self, work: Callable[[Desk], T]) -> T:
        """Do something at the desk, in a thread and on the client's account."""
        desk = await self.facade.reception.desk()
        return await self.facade.apart(lambda: work(desk))

    async def entered(self, work: Callable[[Desk], T]) -> T:
        """Change something at the desk. What was accepted with it is served when this returns."""
        result = await self.at_desk(work)
        await self.facade.reception.serve()
        return result

    def show(self, triples: Iterable[Triple], record: URIRef, around: Graph) -> RecordDocument:
        """A record that is not in the base, as its page would show it, with what is said of its links."""
        graph = Graph()
        for triple in (*triples, *around):
            graph.add(triple)
            for node in triple:
                for label in (RDFS.label, SKOS.prefLabel):
                    for value in self.facade.model.objects(node, label):
                        graph.add((node, label, value))
        return self.facade.records.read(graph, str(record_identifier(record)))

    async def around(self, person: Person, triples: Iterable[Triple]) -> Graph:
        """What the base, or a draft that this person may see, says of the records that are named."""
        named = {URIRef(str(value)) for _, _, value in triples if record_identifier(str(value))}
        if not named:
            return Graph()
        values = " ".join(record.n3() for record in sorted(named)[:_MOST_LINKS])
        found = await self.facade.graph(
            f"CONSTRUCT {{ ?r ?p ?o }} WHERE {{ VALUES ?r {{ {values} }} ?r ?p ?o }}"
        )

        def drafts(desk: Desk) -> list[Triple]:
            contents: list[Triple] = []
            for record in sorted(named - set(found.subjects())):
                with suppress(RecordNotFoundError):
                    contents += desk.look(person, record).content.triples
            return contents

        for triple in await self.at_desk(drafts):
            found.add(triple)
        return found


def room_of(request: Request) -> Room:
    """The room of the facade that serves a request."""
    return Room(facade_of(request))


async def session_in(request: Request) -> Session | None:
    """The session of whoever asks; ``None`` without one, or when it has ended."""
    return await facade_of(request).reception.session(request.cookies.get(COOKIE, ""))


async def signed_in(request: Request) -> Session:
    """The session of whoever asks. Raises :class:`SignInError` without one."""
    session = await session_in(request)
    if session is None:
        raise SignInError(request.url.path)
    return session


async def posted_pairs(request: Request) -> Pairs:
    """What a form posted, in its order. Raises ``HTTPException`` if it is too long or no form."""
    if media_type(request) != _FORM:
        raise HTTPException(415, f"This address takes forms: {_FORM}.")
    body = await bounded_body(request, _MOST_BYTES)
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise HTTPException(400, "The form cannot be read.") from error


async def posted_by(request: Request) -> tuple[Session, Pairs]:
    """Who posted a form from a page of ours, and what. Raises as :func:`signed_in`; 403 from elsewhere."""
    session = await signed_in(request)
    pairs = await posted_pairs(request)
    own_form(request, session, dict(pairs).get("csrf", ""))
    return session, pairs


def own_form(request: Request, session: Session, value: str) -> None:
    """Make sure that a form came from a page of this session, and count it.

    Raises ``HTTPException`` 403 and 429.
    """
    if not is_from_own_page(session, value):
        raise HTTPException(403, "The form did not come from a page of this session. Load it again.")
    facade_of(request).reception.count_write(session.person)


def help_of(facade: Facade, form: Form) -> str:
    """What a kind of record is, in the words of the ontology."""
    return str(facade.model.value(form.cls, SKOS.definition) or "")


def local_path(given: str) -> str:
    """A path of this server to go back to; the list of what can be added if it is none."""
    return given if given.startswith("/") and not given.startswith(("//", "/\\")) else "/add"
