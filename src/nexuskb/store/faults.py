"""Where and why a query does not parse, found with the embedded engine's parser.

The engine tells how far it read, which may be well behind the fault: it compares a keyword as a whole, at
every place where one could stand. So the fault is looked for as the first terminal from which no query goes
on, by parsing beginnings of the query.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

import pyoxigraph as ox

from nexuskb.errors import QuerySyntaxError
from nexuskb.sparql.parse import Token, position, tokens
from nexuskb.terms import PREFIXES

_MESSAGE = re.compile(r"^error at (\d+):(\d+): (?:expected (?:one of )?)?(.*)$", re.DOTALL)
_ITEM = re.compile(
    r"""(?P<symbol>"(?:[^"\\]|\\.)*") | \[(?:'(?:[^'\\]|\\.)*'|[^]'])*\]
    | (?P<keyword>[A-Za-z_\d]+)(?=,|$) | (?P<reason>[^,\s][^,]*)""",
    re.VERBOSE,
)
#: Symbols as people call what begins with them; empty for what SPARQL 1.1 does not have.
_WORDS = {
    **dict.fromkeys(('"?"', '"$"'), "a variable"),
    **dict.fromkeys(('"<"', '":"'), "an IRI"),
    **dict.fromkeys(('"\'"', "\"'''\"", r'"\""', r'"\"\"\""'), "a text"),
    **dict.fromkeys(('"_:"', '"<<"', '"<<("', '"{|"', '"~"'), ""),
}
#: Longer than any keyword: a parser that reads to the end of it would have read on.
_ROOM = "\n" + " " * 20


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where the engine stopped reading, and what it says it would have read there, by kind."""

    offset: int
    items: tuple[tuple[str | None, str], ...]

    def of_kind(self, kind: str) -> list[str]:
        return [text for found, text in self.items if found == kind]


def syntax_error(query: str) -> QuerySyntaxError:
    """The error in a query that the engine refused."""
    terminals = list(tokens(query))
    ends = [token.start + len(token.text) for token in terminals]
    place = bisect_left(ends, 1, key=lambda end: not _goes_on(query[:end]))
    if place == len(ends):
        reasons = _reasons(query) or ["the query ends too early"]
        return _error(query, len(query.rstrip()), reasons[0], _expected(query, len(query)))
    found, end = terminals[place], ends[place]
    reasons = _reasons(query[:end]) or _reasons(query[: ends[place - 1]] if place else "")
    words, wanted = _wrong(found, reasons)
    return _error(query, found.start, words, _expected(query[:end], found.start) if wanted else [])


def _error(query: str, offset: int, words: str, expected: list[str]) -> QuerySyntaxError:
    line, column = position(query, offset)
    return QuerySyntaxError(f"Line {line}, column {column}: {words}.", line, column, ", ".join(expected))


def _wrong(token: Token, reasons: list[str]) -> tuple[str, bool]:
    """What is wrong with the first terminal that cannot stand, and whether it helps to know what could."""
    if "Prefix not found" in reasons:
        return f"the prefix of {token.text[:40]!r} is not declared", False
    if token.kind == "punctuation" and token.text in "\"'":
        return "the text that starts here does not end", False
    if reasons:
        return f"{token.text[:40]!r} cannot stand here: {reasons[0]}", False
    return f"{token.text[:40]!r} cannot stand here", True


def _goes_on(beginning: str) -> bool:
    stop = _parse(beginning + _ROOM)
    return stop is None or stop.offset == len(beginning + _ROOM)


def _reasons(beginning: str) -> list[str]:
    stop = _parse(beginning)
    return stop.of_kind("reason") if stop else []


def _expected(beginning: str, offset: int) -> list[str]:
    """The symbols and keywords that could stand at an offset, as far as the engine tells."""
    before, after = _parse(beginning[:offset]), _parse(beginning + _ROOM)
    symbols = before.of_kind("symbol") if before and before.offset == offset else []
    named = [_WORDS.get(symbol, symbol) for symbol in symbols]
    keywords = after.of_kind("keyword") if after else []
    fitting = [word for word in keywords if after and after.offset - len(word) == offset]
    return [words for words in dict.fromkeys(named + fitting) if words]


def _parse(text: str) -> _Stop | None:
    """Where the engine stops; ``None`` if it reads the whole text as a query. Nothing is evaluated."""
    try:
        ox.Store().query(text, prefixes=PREFIXES)
    except SyntaxError as error:
        match = _MESSAGE.match(str(error))
        if not match:
            return _Stop(0, (("reason", str(error)),))
        lines = text.split("\n")[: int(match[1]) - 1]
        offset = sum(len(line) + 1 for line in lines) + int(match[2]) - 1
        return _Stop(offset, tuple((item.lastgroup, item[0].strip()) for item in _ITEM.finditer(match[3])))
    return None
