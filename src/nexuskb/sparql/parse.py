"""Reading a query far enough to know what it is and what it asks for, before any engine sees it.

The tokens are the terminals of the SPARQL 1.1 grammar (section 19.8), so a keyword here is a keyword of the
query, never a word inside a string, an IRI, a name or a comment. The engine's own parser stays the judge of
syntax; this module decides form, dataset and what is refused, in one pass and constant stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urljoin

from nexuskb.errors import QueryRefusedError, QuerySyntaxError
from nexuskb.sparql.formats import QueryForm

#: The terminals that begin with a character of their own, or are read whole before they are read in pieces.
_TERMINALS: Final = r"""
      (?P<space>[\x20\t\r\n]+|\#[^\r\n]*)
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<string>\"\"\"(?:[^"\\]|\\.|"(?!""))*+\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*+'''
        |"(?:[^"\\\r\n]|\\.)*+"|'(?:[^'\\\r\n]|\\.)*+')
    | (?P<variable>[?$][^\W]\w*)
    | (?P<langtag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    | (?P<blank>_:[\w.·-]+)
    | (?P<name>(?:[^\W\d_][\w.·-]*+)?:(?:[\w.:·-]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%])*+)
    | (?P<loose>[^\W\d_][\w.·-]*+)
    """
#: What looked like the prefix of a name, but has no colon: read again, piece by piece.
_PIECES: Final = r"""
      (?P<word>[A-Za-z_]\w*+)
    | (?P<number>\d+(?:\.\d*+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    | (?P<punctuation>\|\||&&|\^\^|!=|<=|>=|<<|>>|.)
    """
_FLAGS: Final = re.VERBOSE | re.DOTALL | re.UNICODE
_TOKEN: Final = re.compile(f"{_TERMINALS}|{_PIECES}", _FLAGS)
_PIECE: Final = re.compile(_PIECES, _FLAGS)

#: The beginning of a query up to its form, for queries that need no closer look.
_BEGINNING: Final = re.compile(
    r"""(?:[\x20\t\r\n]++|\#[^\r\n]*+
      |(?:PREFIX[\x20\t\r\n]++(?:[^\W\d_][\w.·-]*+)?:|BASE)[\x20\t\r\n]*+<[^<>"{}|^`\\\x00-\x20]*+>)*+
    (SELECT|ASK|CONSTRUCT|DESCRIBE)(?![\w:.·-])""",
    _FLAGS | re.IGNORECASE,
)
#: A query without any of these has no dataset, calls no service, and gives the same answer each time.
_TELLING: Final = ("from", "service", "now", "rand", "uuid", "bnode", "\\")

_DEAD_ENDS: Final = frozenset("\"'\\")
_FLEETING: Final = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})
_UPDATES: Final = frozenset(
    {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"}
)


class Token(NamedTuple):
    """A terminal of the query: its kind, its text and where it starts (an offset into the query)."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.start + len(self.text)

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in any case."""
        return self.kind == "word" and self.text.upper() in words


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query with what is known of it: its form and the graphs of its FROM clauses.

    ``repeatable`` says that the same base gives the same answer each time: the query asks neither for the
    time nor for anything random or new.
    """

    text: str
    form: QueryForm
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    repeatable: bool

    @property
    def names_dataset(self) -> bool:
        """Whether the query has a FROM clause of its own."""
        return bool(self.default_graphs or self.named_graphs)


def tokens(query: str) -> Iterator[Token]:
    """The terminals of a query without white space and comments.

    The time taken is in proportion to the length, whatever the text. Nothing is read after a quotation mark
    that is never closed or a backslash outside any name or text: no query goes on from there.
    """
    place = loose_until = 0
    while match := (_TOKEN if place >= loose_until else _PIECE).match(query, place):
        kind = match.lastgroup or "punctuation"
        if kind == "loose":
            loose_until = match.end()
            continue
        if kind != "space":
            yield Token(kind, match.group(), place)
            if kind == "punctuation" and match.group() in _DEAD_ENDS:
                return
        place = match.end()


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - (text.rfind("\n", 0, offset) + 1) + 1


def read_plainly(text: str) -> ParsedQuery | None:
    """Read a query in whose text none of the words occurs that a closer look would be for.

    That is true of most queries and takes a twentieth of the time of reading all terminals. ``None`` for
    others, and for those without a form: they are for :func:`parse_query`.
    """
    lower = text.lower()
    for word in _TELLING:
        if word in lower:
            return None
    beginning = _BEGINNING.match(text)
    return ParsedQuery(text, QueryForm(beginning[1].upper()), (), (), True) if beginning else None


def parse_query(text: str, prefixes: dict[str, str], read: list[Token] | None = None) -> ParsedQuery:
    """Find out form and dataset of a query.

    ``prefixes`` are those usable without declaring them, ``read`` its terminals where they are known. Raises
    :class:`QuerySyntaxError` where no query form is found and :class:`QueryRefusedError` for an update or a
    SERVICE call.
    """
    known = dict(prefixes)
    stream = list(tokens(text)) if read is None else read
    form: QueryForm | None = None
    defaults: list[str] = []
    named: list[str] = []
    base = ""
    place = 0
    while place < len(stream):
        token = stream[place]
        following = stream[place + 1] if place + 1 < len(stream) else None
        if form is None:
            if token.is_word("PREFIX") and following and following.kind == "name" and place + 2 < len(stream):
                known[following.text[:-1]] = stream[place + 2].text.strip("<>")
                place += 3
                continue
            if token.is_word("BASE") and following:
                base = urljoin(base, following.text.strip("<>"))
                place += 2
                continue
            form = _form(token, text)
        elif _calls_service(token):
            hint = " A prefix must not have SERVICE in its name: rename it." if token.kind == "name" else ""
            raise QueryRefusedError(
                "SERVICE is refused: a query cannot make this server call another one. Run the query for the "
                f"other endpoint there and join the results.{hint}",
                "SERVICE",
            )
        elif token.is_word("FROM") and following:
            is_named = following.is_word("NAMED")
            graph = stream[place + 2] if is_named and place + 2 < len(stream) else following
            (named if is_named else defaults).append(_iri(graph, known, base))
        place += 1
    if form is None:
        raise QuerySyntaxError(
            "The query is empty. Start it with SELECT, ASK, CONSTRUCT or DESCRIBE.", 1, 1, "a query"
        )
    repeatable = not any(token.is_word(*_FLEETING) for token in stream)
    return ParsedQuery(text, form, tuple(defaults), tuple(named), repeatable)


def _calls_service(token: Token) -> bool:
    """Whether an engine could read SERVICE here.

    The grammar wants white space after a keyword, engines do not: SERVICESILENT, trueSERVICE and SERVICEx:y
    call another server as well. So no word and no prefix may hold the keyword.
    """
    if token.kind not in ("word", "name"):
        return False
    return "SERVICE" in token.text.partition(":")[0].upper()


def _form(token: Token, text: str) -> QueryForm:
    if token.is_word(*QueryForm):
        return QueryForm(token.text.upper())
    if token.is_word(*_UPDATES):
        raise QueryRefusedError(
            f"{token.text.upper()} is an update, and this endpoint only answers queries.", "update"
        )
    line, column = position(text, token.start)
    raise QuerySyntaxError(
        f"Line {line}, column {column}: {token.text[:40]!r} does not start a query. "
        "Start it with SELECT, ASK, CONSTRUCT or DESCRIBE.",
        line,
        column,
        "SELECT, ASK, CONSTRUCT or DESCRIBE",
    )


def _iri(token: Token, prefixes: dict[str, str], base: str) -> str:
    if token.kind == "name":
        prefix, _, local = token.text.partition(":")
        return prefixes.get(prefix, prefix + ":") + local
    return urljoin(base, token.text.strip("<>"))
