"""A query as text for an engine that is not ours.

What our engine does by options must stand in the text or in the request: prefixes declared, the dataset
named. And what another engine might read differently from our parser must not get there: escapes outside
the grammar, comments, functions of its own, graphs that are not ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

from rdflib import XSD

from nexuskb.errors import QueryRefusedError
from nexuskb.sparql.formats import QueryForm
from nexuskb.sparql.parse import Token, parse_query, tokens
from nexuskb.store.port import Dataset
from nexuskb.terms import GRAPHS, PREFIXES

#: A graph that never holds anything. A dataset is never sent empty, as some stores take that for everything.
NOWHERE = str(GRAPHS.nowhere)

_CODE_POINT = re.compile(r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}")
_ESCAPES = re.compile(rf"{_CODE_POINT.pattern}|\\.", re.DOTALL)
_WRITTEN = {"\\": "\\\\", '"': '\\"', "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class PortableQuery:
    """A query that says the same to every engine, with the form and the dataset that go with it."""

    text: str
    form: QueryForm
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


def declare_prefixes(query: str) -> str:
    """The query with PREFIX lines for the prefixes of the base that it uses, for running it elsewhere."""
    used = {token.text.partition(":")[0] for token in tokens(query) if token.kind == "name"}
    lines = [f"PREFIX {name}: <{PREFIXES[name]}>" for name in sorted(used & PREFIXES.keys())]
    return "\n".join([*lines, query])


def portable(query: str, dataset: Dataset, graphs: Iterable[str]) -> PortableQuery:
    """Make a query portable. ``graphs`` are those of the base, which make up the dataset if nobody names one.

    The dataset of the protocol goes before FROM clauses, and both leave the text. Raises
    :class:`QueryRefusedError` and what :func:`~nexuskb.sparql.parse.parse_query` raises.
    """
    parsed = parse_query(query, PREFIXES)
    if dataset.default_graphs or dataset.named_graphs:
        defaults, named = dataset.default_graphs, dataset.named_graphs
    elif parsed.names_dataset:
        defaults, named = parsed.default_graphs, parsed.named_graphs
    else:
        defaults = named = tuple(graphs)
    return PortableQuery(
        text=declare_prefixes(_Rewriting(query, frozenset(named)).text()),
        form=parsed.form,
        default_graphs=defaults or (NOWHERE,),
        named_graphs=(*named, NOWHERE),
    )


class _Rewriting:
    """Writes a query anew, token by token."""

    def __init__(self, query: str, named: frozenset[str]) -> None:
        self._query = query
        self._named = named
        self._tokens = list(tokens(query))
        self._prefixes = dict(PREFIXES)
        self._base = ""
        self._parts: list[str] = []
        self._end = 0

    def text(self) -> str:
        """The new text, each token on its old line."""
        place, prologue = 0, True
        while place < len(self._tokens):
            token = self._tokens[place]
            if prologue and token.is_word("PREFIX", "BASE"):
                place = self._declaration(place)
                continue
            prologue = False
            if token.is_word("FROM"):
                last = place + 2 if self._at(place + 1).is_word("NAMED") else place + 1
                self._skip(self._at(last))
                place = last + 1
                continue
            self._keep(token)
            if token.is_word("GRAPH") and self._at(place + 1).kind in ("iri", "name"):
                place += 1
                self._graph(self._at(place))
            elif token.kind in ("iri", "name") and self._at(place + 1).text == "(":
                self._check_function(token)
            place += 1
        return "".join(self._parts)

    def _at(self, place: int) -> Token:
        return self._tokens[place] if place < len(self._tokens) else Token("end", "", len(self._query))

    def _declaration(self, place: int) -> int:
        size = 3 if self._tokens[place].is_word("PREFIX") else 2
        declared = [self._at(place + number) for number in range(size)]
        iri = urljoin(self._base, declared[-1].text.strip("<>"))
        if size == 3:
            self._prefixes[declared[1].text[:-1]] = iri
        else:
            self._base = iri
        for token in declared:
            self._keep(token)
        return place + size

    def _graph(self, token: Token) -> None:
        """A graph outside the dataset holds nothing: some stores answer wrongly there, or from that graph."""
        if self._iri(token) in self._named:
            self._keep(token)
        else:
            self._gap(token)
            self._parts.append(f"<{NOWHERE}>")
            self._end = token.end

    def _check_function(self, token: Token) -> None:
        iri = self._iri(token)
        if not iri.startswith(str(XSD)):
            raise QueryRefusedError(
                f"The function {token.text} is refused: what it does is up to the engine behind this "
                "service. Only casts such as xsd:integer(...) are passed on, and no list in parentheses "
                "after a property.",
                "function",
            )

    def _iri(self, token: Token) -> str:
        if token.kind == "name":
            prefix, _, local = token.text.partition(":")
            return self._prefixes.get(prefix, prefix + ":") + local.replace("\\", "")
        return urljoin(self._base, token.text.strip("<>"))

    def _keep(self, token: Token) -> None:
        self._gap(token)
        self._parts.append(_plain(token))
        self._end = token.end

    def _skip(self, token: Token) -> None:
        self._gap(token)
        self._end = token.end

    def _gap(self, token: Token) -> None:
        """White space between tokens; comments go, as an escaped line break could end them early."""
        between = self._query[self._end : token.start]
        self._parts.append(re.sub(r"[^\n]", " ", between) if between else "")


def _plain(token: Token) -> str:
    """The token without code point escapes, which an engine may read before it looks for tokens."""
    if token.kind == "string":
        if re.search(r"(?<!\\)(?:\\\\)+[uU]", token.text):
            raise QueryRefusedError(
                "A text with a backslash before the letter u is refused: engines read it differently.",
                "escape",
            )
        return _ESCAPES.sub(_character, token.text)
    if "\\u" in token.text.lower() or token.text == "\\":
        raise QueryRefusedError(
            "Escapes such as \\u0041 outside a text are refused: write the character itself.", "escape"
        )
    return token.text


def _character(escape: re.Match[str]) -> str:
    written = escape.group()
    if not _CODE_POINT.fullmatch(written):
        return written
    number = int(written[2:], 16)
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise QueryRefusedError(f"{written} in a text is not a character.", "escape")
    return _WRITTEN.get(chr(number), chr(number))
