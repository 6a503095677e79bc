"""Limits on the text of a query, checked before any parser sees it.

The parsers of all engines recurse: a query of a few kilobytes of brackets or operators ends the process
(measured: 2,235 nested braces, 9,382 exclamation marks). A worker that dies is replaced; this guard makes
that the exception and gives the sender a reason. What reads as an IRI, ``<...>``, may be an expression
between two comparisons to an engine, so one with very many signs counts as both.
"""

from __future__ import annotations

from dataclasses import dataclass

from nexuskb.errors import QueryLimitError, QueryRefusedError
from nexuskb.sparql.parse import ParsedQuery, Token, parse_query, position, read_plainly, tokens

_OPENING = frozenset("{([")
_CLOSING = frozenset("})]")
_CHAINING = frozenset({"||", "&&", "|", "/", "+", "-", "*", "!", "^"})
_CHAINING_WORDS = ("union", "minus", "optional")
_SIGNS = "|&/+-*!^"
#: Signs within ``<...>`` from which on it may as well be an expression between two comparisons.
_MANY_SIGNS = 50


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """Bounds on a query's text: bytes of UTF-8, terminals, nesting of brackets, operators in all.

    The bound on terminals keeps the reading of a query of one-character terminals as short as that of others.
    """

    max_bytes: int = 256 * 1024
    max_terminals: int = 50_000
    max_depth: int = 100
    max_operators: int = 2_000


def admit(text: str, prefixes: dict[str, str], graphs: frozenset[str], limits: QueryLimits) -> ParsedQuery:
    """Let a stranger's query through, or say why not.

    ``graphs`` are the named graphs of the base. Raises :class:`QueryLimitError`,
    :class:`QueryRefusedError` or :class:`~nexuskb.errors.QuerySyntaxError`.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > limits.max_bytes:
        raise QueryLimitError(
            f"The query has {size:,} bytes; at most {limits.max_bytes:,} are accepted.", "query size"
        )
    if _is_short_of(text, limits) and (plain := read_plainly(text)):
        return plain
    parsed = parse_query(text, prefixes, check_shape(text, limits))
    for graph in (*parsed.default_graphs, *parsed.named_graphs):
        check_graph(graph, graphs)
    return parsed


def _is_short_of(text: str, limits: QueryLimits) -> bool:
    """Whether the whole text, strings and IRIs included, has too few signs to reach any limit."""
    lower = text.lower()
    operators = sum(map(text.count, _SIGNS)) + sum(map(lower.count, _CHAINING_WORDS))
    return (
        len(text) <= limits.max_terminals
        and sum(map(text.count, _OPENING)) <= limits.max_depth
        and operators <= limits.max_operators
    )


def check_shape(text: str, limits: QueryLimits) -> list[Token]:
    """Refuse nesting and chains of operators that no person writes; the terminals of any other query."""
    depth = operators = 0
    stream: list[Token] = []
    for token in tokens(text):
        stream.append(token)
        hidden = 0
        if token.kind == "iri" and len(token.text) > _MANY_SIGNS:
            signs, hidden = sum(map(token.text.count, _SIGNS)), token.text.count("(")
            operators += signs if signs > _MANY_SIGNS else 0
        elif token.kind == "punctuation":
            if token.text in _OPENING:
                depth += 1
            elif token.text in _CLOSING:
                depth -= 1
            elif token.text in _CHAINING:
                operators += 1
        elif token.kind == "word" and token.text.lower() in _CHAINING_WORDS:
            operators += 1
        if depth + hidden > limits.max_depth:
            line, column = position(text, token.start)
            raise QueryLimitError(
                f"Line {line}, column {column}: brackets are nested more than {limits.max_depth} deep.",
                "nesting depth",
            )
        if operators > limits.max_operators:
            raise QueryLimitError(
                f"The query has more than {limits.max_operators:,} operators; split it, or use VALUES.",
                "number of operators",
            )
        if len(stream) > limits.max_terminals:
            raise QueryLimitError(
                f"The query has more than {limits.max_terminals:,} words and signs; split it.",
                "number of terminals",
            )
    return stream


def check_graph(graph: str, graphs: frozenset[str]) -> None:
    """Refuse a graph that the base does not have. Nothing is ever fetched to answer a query."""
    if graph not in graphs:
        known = ", ".join(f"<{name}>" for name in sorted(graphs))
        raise QueryRefusedError(
            f"The base has no graph <{graph}>, and none is fetched from elsewhere. Its graphs are: {known}.",
            "dataset",
        )
