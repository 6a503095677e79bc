"""Facades over a remote store, started as their users would start them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.conftest import serving

from nexuskb.settings import RemoteSettings, Settings


@contextmanager
def facade(
    settings: Settings, remote: RemoteSettings, tmp_path: Path, *, writes: bool = False
) -> Iterator[tuple[httpx.Client, int]]:
    """A client of a facade over this store, and the process of it; ``writes`` gives it the update address."""
    given = {
        "NEXUSKB_STORE": remote.query,
        "NEXUSKB_STORE_TIMEOUT": remote.timeout,
        "NEXUSKB_CLIENT_SECONDS": "0",
    }
    if writes:
        given["NEXUSKB_STORE_UPDATE"] = remote.update
    if remote.user:
        secret = tmp_path / "password"
        secret.write_text(remote.password, encoding="utf-8")
        given |= {"NEXUSKB_STORE_USER": remote.user, "NEXUSKB_STORE_PASSWORD_FILE": str(secret)}
    with (
        serving(settings, **given) as (address, process),
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client, process
