"""Sessions: how a browser stays in after its token was read once.

The secret of a session goes into a cookie and is kept as its hash only; the token itself is never in a
cookie. A form carries a second value made from the secret (HMAC), which a page of another site cannot know.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from nexuskb.errors import TokenError
from nexuskb.people.rights import Person
from nexuskb.people.tokens import hash_secret, person_of, person_of_token, token_by_id
from nexuskb.records.ledger import Ledger, stamp

#: How long a session lasts.
LASTS: Final = dt.timedelta(hours=12)

_ENDED = "The session has ended. Come in again with your token; what you wrote is kept."


@dataclass(frozen=True, slots=True)
class Session:
    """An open session: the secret for the cookie, the value for forms, and who it is. ``expires`` is UTC."""

    secret: str
    form_value: str
    person: Person
    expires: str


def open_session(ledger: Ledger, token: str) -> Session:
    """Begin a session with a token. Raises :class:`~nexuskb.errors.TokenError`."""
    person = person_of(ledger, token)
    now, secret = ledger.clock(), secrets.token_urlsafe(32)
    expires = stamp(now + LASTS)
    with ledger.writing() as connection:
        connection.execute("DELETE FROM session WHERE expires <= ?", [stamp(now)])
        connection.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?)",
            [hash_secret(secret), person.token, stamp(now), expires],
        )
    return Session(secret, _form_value(secret), person, expires)


def session_of(ledger: Ledger, secret: str) -> Session:
    """The session of a cookie.

    Raises :class:`~nexuskb.errors.TokenError` if it has ended, or its token is not valid any more.
    """
    row = ledger.row("SELECT token, expires FROM session WHERE secret = ?", hash_secret(secret))
    now = ledger.clock()
    if row is None or row[1] <= stamp(now):
        raise TokenError(_ENDED)
    token = token_by_id(ledger, row[0])
    if token is None or token.state(now) != "valid":
        raise TokenError(_ENDED)
    return Session(secret, _form_value(secret), person_of_token(token), row[1])


def close_session(ledger: Ledger, secret: str) -> None:
    """End a session; it is no error if it has ended."""
    with ledger.writing() as connection:
        connection.execute("DELETE FROM session WHERE secret = ?", [hash_secret(secret)])


def is_from_own_page(session: Session, given: str) -> bool:
    """Whether the value that came with a form is the session's (against cross-site request forgery)."""
    return hmac.compare_digest(session.form_value.encode(), given.encode())


def _form_value(secret: str) -> str:
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()
