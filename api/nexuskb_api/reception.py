"""Who comes to enter something, and the desk that takes it.

A token comes in the header field ``Authorization`` (RFC 6750) and nowhere else. Wrong ones are counted by
address and calls by person, so that nobody can try tokens at length or drown the desk.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol, TypeVar

from fastapi import Request
from rdflib import Graph, URIRef
from starlette.exceptions import HTTPException

from nexuskb.errors import NexusError, TokenError
from nexuskb.exchange.documents import Documents
from nexuskb.exchange.entering import WorkbookDesk
from nexuskb.forms import Forms
from nexuskb.people.rights import Person
from nexuskb.people.sessions import Session, close_session, open_session, session_of
from nexuskb.people.tokens import person_of
from nexuskb.records.desk import Desk
from nexuskb.records.ledger import LEDGER_FILE, Ledger
from nexuskb.records.life import Step
from nexuskb.records.revisions import Event, history, public_part
from nexuskb.settings import Settings
from nexuskb.sparql.evaluator import Answer
from nexuskb.sparql.fairness import CLIENT
from nexuskb.sparql.formats import ResultFormat
from nexuskb.validation.change import ChangeChecker
from nexuskb.vocabulary import Vocabularies

_LOG: Final = logging.getLogger(__name__)

T = TypeVar("T")

#: The steps that change the accepted base.
VISIBLE: Final = (Step.ACCEPT, Step.WITHDRAW)
#: Calls of a person that change something, a minute and at once.
WRITES: Final = (120, 120)
#: Wrong tokens from an address a minute, and at once.
WRONG_TOKENS: Final = (10, 20)
_MOST_NAMES: Final = 10_000


class Allowance:
    """So many calls a minute for each name, and so many at once (a token bucket)."""

    def __init__(self, a_minute: int, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = a_minute / 60
        self._burst = at_once
        self._clock = clock
        self._paid_off: dict[str, float] = {}

    def wait(self, name: str) -> int:
        """Seconds until a name may call again; 0 if it may now."""
        over = self._owed(name) + 1 - self._burst
        return max(0, math.ceil(over / self._rate)) if over > 0 else 0

    def count(self, name: str) -> None:
        """Count a call."""
        now = self._clock()
        self._paid_off[name] = max(self._paid_off.get(name, now), now) + 1 / self._rate
        if len(self._paid_off) > _MOST_NAMES:
            self._paid_off = {key: when for key, when in self._paid_off.items() if when > now}

    def _owed(self, name: str) -> float:
        return max(0.0, self._paid_off.get(name, 0.0) - self._clock()) * self._rate


class AcceptedBase(Protocol):
    """Where what is accepted comes to be served.

    :class:`~nexuskb.store.serving.ServedBase` and :class:`~nexuskb.store.forwarding.RemoteBase` are.
    """

    async def follow(self) -> None:
        """Bring in what was accepted so far. Raises :class:`~nexuskb.errors.NexusError`."""
        ...

    async def ready(self) -> None:
        """Raises :class:`~nexuskb.errors.OtherBaseError` if what is accepted would never be served."""
        ...

    async def answer_with_drafts(self, drafts: bytes, query: str, result_format: ResultFormat) -> Answer:
        """Evaluate a query over the base and some drafts, which nobody else sees."""
        ...


class Reception:
    """Lets people in and leads them to the desk. ``base`` is none where the store is only read."""

    def __init__(self, settings: Settings, base: AcceptedBase | None, model: Graph, shapes: Graph) -> None:
        self._settings = settings
        self._base = base
        self._model = model
        self._shapes = shapes
        self.documents = Documents(Forms(model, shapes), Vocabularies(model))
        self.writes = Allowance(*WRITES)
        self.wrong_tokens = Allowance(*WRONG_TOKENS)
        self._ledger: Ledger | None = None
        self._desk: Desk | None = None
        self._opening = asyncio.Lock()

    async def person(self, request: Request) -> Person:
        """Who sends a request. Raises ``HTTPException`` 401 and 429."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _refused("Send a token: Authorization: Bearer TOKEN. An administrator makes them.", "")
        try:
            person = await self._read_token(person_of, token)
        except TokenError as error:
            raise _refused(str(error), 'error="invalid_token"') from error
        if request.method not in ("GET", "HEAD"):
            self.count_write(person)
        return person

    async def begin_session(self, token: str) -> Session:
        """Let a browser in. Raises :class:`~nexuskb.errors.TokenError`, and ``HTTPException`` 429."""
        return await self._read_token(open_session, token)

    async def session(self, secret: str) -> Session | None:
        """The session of a cookie; ``None`` when it has ended."""
        ledger = await asyncio.to_thread(self.known)
        try:
            return await asyncio.to_thread(session_of, ledger, secret) if ledger and secret else None
        except TokenError:
            return None

    async def end_session(self, secret: str) -> None:
        """Let a browser go."""
        ledger = await asyncio.to_thread(self.known)
        if ledger:
            await asyncio.to_thread(close_session, ledger, secret)

    def count_write(self, person: Person) -> None:
        """Count a call that changes something. Raises ``HTTPException`` 429 if there were too many."""
        if seconds := self.writes.wait(person.name):
            raise _too_many(f"{person.name} has made more than {WRITES[0]} calls a minute.", seconds)
        self.writes.count(person.name)

    async def _read_token(self, read: Callable[[Ledger, str], T], token: str) -> T:
        """Read a token; wrong ones are counted by address."""
        client = CLIENT.get()
        if seconds := self.wrong_tokens.wait(client):
            raise _too_many("Too many wrong tokens came from your address.", seconds)
        ledger = await asyncio.to_thread(self.known)
        try:
            if ledger is None:
                raise TokenError("This token lets nobody in: no token has been made yet.")
            return await asyncio.to_thread(read, ledger, token.strip())
        except TokenError:
            self.wrong_tokens.count(client)
            raise

    async def desk(self) -> Desk:
        """The desk. Raises ``HTTPException`` 501 where nothing can be entered."""
        if self._base is None:
            raise HTTPException(
                501,
                "This service answers from a remote store that it may only read, and takes no entries. Enter "
                "records in the service that writes to this store; for this one to be that, set "
                "NEXUSKB_STORE_UPDATE and start again.",
            )
        async with self._opening:
            if self._desk is None:
                self._desk = await asyncio.to_thread(self._opened)
        return self._desk

    def workbooks(self, desk: Desk) -> WorkbookDesk:
        """The one that takes workbooks to this desk."""
        return WorkbookDesk(desk, lambda: self._checker, self.documents)

    async def ready(self, step: Step) -> None:
        """To be called before a step is done.

        Raises :class:`~nexuskb.errors.OtherBaseError` if what comes of it would never be served.
        """
        if self._base is not None and step in VISIBLE:
            await self._base.ready()

    async def serve(self) -> bool:
        """Have what was accepted served; whether it is. What is not is tried again every second."""
        if self._base is None:
            return False
        try:
            await self._base.follow()
        except (NexusError, OSError) as error:
            _LOG.error("What was accepted is not served yet: %s", error)
            return False
        return True

    async def answer_with_drafts(self, drafts: bytes, query: str, result_format: ResultFormat) -> Answer:
        """Evaluate a query over the base and some drafts."""
        assert self._base is not None  # noqa: S101 -- there is a desk
        return await self._base.answer_with_drafts(drafts, query, result_format)

    async def public_history(self, record: URIRef) -> list[Event]:
        """What changed a record in the base, for everybody; nothing where no ledger is kept."""
        ledger = await asyncio.to_thread(self.known)
        return public_part(await asyncio.to_thread(history, ledger, record)) if ledger else []

    def close(self) -> None:
        """Close the ledger."""
        if self._ledger:
            with suppress(OSError):
                self._ledger.close()

    def known(self) -> Ledger | None:
        """The ledger, if there is one; asking for it makes none."""
        if self._ledger is None and (self._settings.home / LEDGER_FILE).exists():
            self._ledger = Ledger.open(self._settings.home)
        return self._ledger

    def _opened(self) -> Desk:
        ledger = self.known()
        assert ledger is not None  # noqa: S101 -- whoever comes here has a token in it
        return Desk(ledger, self._open_checker, self._model, self._shapes)

    def _open_checker(self) -> ChangeChecker:
        self._checker = ChangeChecker.open(self._settings)
        return self._checker


def _refused(words: str, error: str) -> HTTPException:
    challenge = 'Bearer realm="nexuskb"' + (f", {error}" if error else "")
    return HTTPException(401, words, {"WWW-Authenticate": challenge})


def _too_many(words: str, seconds: int) -> HTTPException:
    return HTTPException(429, f"{words} Wait {seconds} seconds.", {"Retry-After": str(seconds)})
