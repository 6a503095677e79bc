"""The scripts that Vite builds from ``api/frontend``: where a page finds them, and how long they may be kept.

Their names hold a digest of their content, so that whoever has one never needs to ask for it again. A
checkout in which they were not built, for want of a network, has none, and its pages do without.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT: Final = Path(__file__).resolve().parent / "static" / "built"
#: A year, the longest that RFC 9111 knows a use for; RFC 8246 says that nothing changes meanwhile.
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_read: dict[int, dict[str, str]] = {}


def built_file(source: str, directory: Path = BUILT) -> str:
    """The name of the file built from an entry of the front end, such as ``query.ts``; empty without one.

    The manifest is read again when it has changed, so that a server finds what is built while it runs.
    """
    manifest = directory / "manifest.json"
    try:
        changed = manifest.stat().st_mtime_ns
        if changed not in _read:
            entries = json.loads(manifest.read_text(encoding="utf-8"))
            _read.clear()
            _read[changed] = {name: str(entry["file"]) for name, entry in entries.items()}
    except OSError:
        return ""
    return _read[changed].get(f"src/{source}", "")


class BuiltFiles(StaticFiles):
    """Serves the built files, to be kept for good."""

    def __init__(self) -> None:
        super().__init__(directory=BUILT, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file. Those with a digest in their name never change."""
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304) and path.endswith((".js", ".css")):
            response.headers["Cache-Control"] = _FOR_GOOD
        return response
