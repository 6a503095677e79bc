"""Tokens: made, listed, revoked, and read when somebody comes with one.

A token is 256 random bits, so that nobody can guess it and a plain SHA-256 of it is as safe as any slow hash
for passwords: there is no list of likely tokens to try. It is shown once, when it is made, and kept as its
hash only.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any, Final

from rdflib import URIRef

from nexuskb.errors import TokenError
from nexuskb.people.log import Line, write_log
from nexuskb.people.rights import Person, Role
from nexuskb.records.ledger import Ledger, stamp

#: What every token begins with, so that scanners of secrets can tell one.
PREFIX: Final = "nexuskb"

_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})")
_NAME = re.compile(r"\S(?:.{0,78}\S)?")
_SELECT = "SELECT id, name, role, areas, made, expires, revoked, secret FROM token"
_REFUSED = (
    "This token lets nobody in: it is unknown, expired or revoked. Ask whoever gave it to you for a new one."
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to be good for: a person's name, a role, areas (none: everywhere), until when."""

    name: str
    role: Role
    areas: frozenset[URIRef] = frozenset()
    expires: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret. Times are UTC, as written down."""

    id: str
    name: str
    role: Role
    areas: frozenset[URIRef]
    made: str
    expires: str | None
    revoked: str | None

    def state(self, now: dt.datetime) -> str:
        """``valid``, ``expired`` or ``revoked``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= stamp(now) else "valid"


def add_token(ledger: Ledger, grant: Grant, *, by: str) -> str:
    """Make a token and give it, for the only time. ``by`` is who makes it, for the log.

    Several tokens may have one name: they are one person's. Raises :class:`~nexuskb.errors.TokenError` for a
    name or a time that is none.
    """
    name, expires, now = grant.name, grant.expires, ledger.clock()
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise TokenError(f"The name {name!r} is not one: give 1 to 80 letters, without spaces at its ends.")
    if expires is not None and expires <= now:
        raise TokenError(f"The token would have expired at {stamp(expires)}; it is {stamp(now)} now.")
    identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with ledger.writing() as connection:
        connection.execute(
            "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
            [
                identifier, name, grant.role.value, " ".join(sorted(grant.areas)), hash_secret(secret),
                stamp(now), stamp(expires) if expires else None,
            ],
        )  # fmt: skip
        words = f"{grant.role.value} {name}, token {identifier}"
        write_log(connection, now, Line(by, "add token", words=words))
    return f"{PREFIX}_{identifier}_{secret}"


def tokens(ledger: Ledger) -> list[Token]:
    """All tokens, by name and the time of their making."""
    return [_token(row) for row in ledger.rows(f"{_SELECT} ORDER BY name, made, id")]


def token_by_id(ledger: Ledger, identifier: str) -> Token | None:
    """The token with this public part."""
    row = ledger.row(f"{_SELECT} WHERE id = ?", identifier)
    return _token(row) if row else None


def revoke_token(ledger: Ledger, which: str, *, by: str) -> list[Token]:
    """Revoke the token of this id, or all valid ones of this name, with their sessions; those revoked.

    Raises :class:`~nexuskb.errors.TokenError` if there is none.
    """
    now = ledger.clock()
    found = [t for t in tokens(ledger) if which in (t.id, t.name) and t.revoked is None]
    if not found:
        raise TokenError(f"There is no token {which!r} to revoke. See: nexuskb token list.")
    with ledger.writing() as connection:
        for token in found:
            connection.execute("UPDATE token SET revoked = ? WHERE id = ?", [stamp(now), token.id])
            connection.execute("DELETE FROM session WHERE token = ?", [token.id])
            write_log(connection, now, Line(by, "revoke token", words=f"{token.name}, token {token.id}"))
    return found


def person_of(ledger: Ledger, token: str) -> Person:
    """Who comes with a token.

    Takes as long for a wrong secret as for a right one. Raises :class:`~nexuskb.errors.TokenError`, which
    does not say why.
    """
    match = _TOKEN.fullmatch(token)
    row = ledger.row(f"{_SELECT} WHERE id = ?", match[1] if match else "")
    right = hmac.compare_digest(hash_secret(match[2] if match else ""), row[-1] if row else hash_secret("-"))
    if not row or not right or _token(row).state(ledger.clock()) != "valid":
        raise TokenError(_REFUSED)
    return person_of_token(_token(row))


def person_of_token(token: Token) -> Person:
    """The person behind a token."""
    return Person(token.name, token.role, token.areas, token.id)


def hash_secret(secret: str) -> str:
    """What is kept of a random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: tuple[Any, ...]) -> Token:
    identifier, name, role, areas, made, expires, revoked, _ = row
    within = frozenset(URIRef(area) for area in areas.split())
    return Token(identifier, name, Role(role), within, made, expires, revoked)
