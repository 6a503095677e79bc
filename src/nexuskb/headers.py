"""Query files with their words in front: lines ``#+ key: value`` above the SPARQL.

Named questions and derivation rules are kept in this form, so that one file says what it asks and how.
"""

from __future__ import annotations

import re

_LINE = re.compile(r"^#\+ ?(\w+): *(.*)$")


def split_header(text: str) -> tuple[dict[str, list[str]], str]:
    """The header of a query file, each key with its values in order, and the query without it."""
    header: dict[str, list[str]] = {}
    body = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            header.setdefault(match[1], []).append(match[2].strip())
        else:
            body.append(line)
    return header, "\n".join(body).strip() + "\n"
