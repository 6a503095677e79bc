"""What a very large answer costs: a million rows read as they come, with the memory of the peer meanwhile."""

from __future__ import annotations

import http.client
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from benchmarks.client import JSON
from benchmarks.peers import Peer

ROWS = 1_000_000
_BLOCK = 1024 * 1024
#: Seconds between looks at the memory, and those after which the answer is given up.
_LOOK = 0.2
_PATIENCE = 30.0


def stream(peer: Peer, rows: int = ROWS) -> dict[str, Any]:
    """Read an answer of so many rows to its end: bytes, seconds, and MiB of the peer before and at most.

    Memory counts shared pages once. Raises ``OSError`` where the answer breaks off.
    """
    before = most = peer.memory()["pss"]
    address = urlsplit(peer.address)
    connection = http.client.HTTPConnection(address.netloc, timeout=_PATIENCE)
    query = f"SELECT ?s ?p ?o WHERE {{ ?s ?p ?o }} LIMIT {rows}"
    headers = {"Accept": JSON, "Content-Type": "application/x-www-form-urlencoded"}
    begun = looked = time.perf_counter()
    size, first = 0, 0.0
    try:
        connection.request("POST", address.path, urlencode({"query": query}), headers)
        response = connection.getresponse()
        while block := response.read1(_BLOCK):
            size += len(block)
            now = time.perf_counter()
            first = first or now - begun
            if now - looked > _LOOK:
                most, looked = max(most, peer.memory()["pss"]), now
            if now - begun > _PATIENCE:
                return {"not measured": f"not at its end after {_PATIENCE:g} s"}
        if response.status != 200:
            return {"not measured": f"status {response.status}"}
    except http.client.HTTPException as error:
        return {"not measured": str(error) or "the answer broke off"}
    finally:
        connection.close()
    return {
        "rows asked for": rows,
        "bytes": size,
        "seconds": round(time.perf_counter() - begun, 2),
        "seconds to the first bytes": round(first, 3),
        "MiB before": before,
        "MiB at most": max(most, peer.memory()["pss"]),
    }
