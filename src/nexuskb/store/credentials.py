"""Showing a store who asks, in the way it wants to be shown: basic, digest, or a token."""

from __future__ import annotations

import base64
from collections.abc import Generator

import httpx

from nexuskb.settings import RemoteSettings


class Credentials(httpx.Auth):
    """Credentials for one address, sent when asked for, and from then on. A token is sent at once.

    Virtuoso asks for digests, most others for basic; a password without a user is a bearer token.
    """

    def __init__(self, remote: RemoteSettings) -> None:
        self._token = f"Bearer {remote.password}" if remote.password and not remote.user else ""
        pair = base64.b64encode(f"{remote.user}:{remote.password}".encode()).decode()
        self._basic = f"Basic {pair}"
        self._digest = httpx.DigestAuth(remote.user, remote.password)
        self._known = bool(remote.user)
        self._asked_for = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request, and again with credentials if the store asks for them."""
        if self._token:
            request.headers["Authorization"] = self._token
        if self._asked_for == "basic":
            request.headers["Authorization"] = self._basic
        if self._asked_for == "digest":
            yield from self._digest.auth_flow(request)
            return
        response = yield request
        if response.status_code != 401 or not self._known or self._asked_for:
            return
        wanted = response.headers.get("www-authenticate", "").lower()
        self._asked_for = "digest" if "digest" in wanted else "basic"
        yield from self.auth_flow(request)
