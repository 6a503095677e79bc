"""Full-text search within SPARQL: the pattern ``?record nx:matches "words"``.

No store knows the property. Before a query is evaluated, each such pattern is replaced with the records that
the search finds, as ``VALUES ?record { ... }``, so that any store can answer it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from nexuskb.errors import QueryLimitError, QuerySyntaxError
from nexuskb.search.statements import Statement, statements
from nexuskb.sparql.formats import QueryForm
from nexuskb.sparql.parse import Token, position, tokens
from nexuskb.terms import NX, PREFIXES, record_iri

#: The most texts that one query may search for.
MOST_TEXTS: Final = 10

_LOCAL_NAME: Final = "matches"
_EXAMPLE: Final = '?record nx:matches "drought"'
_BEFORE_A_STEP: Final = frozenset("/|^!")
_AFTER_A_STEP: Final = frozenset("/|*+?")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}

Find = Callable[[str], Sequence[str]]


def may_match(query: str) -> bool:
    """Whether a query is worth reading for the pattern. Most are not."""
    return _LOCAL_NAME in query


def replace_matches(query: str, find: Find) -> str:
    """The query with every ``nx:matches`` replaced with what ``find`` finds.

    ``find`` gives the identifiers of the records that match some words, in rank order. Raises
    :class:`QuerySyntaxError` where the subject is no variable or the object no text, and
    :class:`QueryLimitError` for more than 10 texts.
    """
    if not may_match(query):
        return query
    stream = list(tokens(query))
    names = _names(stream)
    parts, end, texts = [], 0, 0
    for statement in statements(stream):
        wanted = _wanted(query, statement, names)
        if not wanted:
            continue
        words = [text for part in wanted for text in _texts(query, part)]
        texts += len(words)
        if texts > MOST_TEXTS:
            raise QueryLimitError(f"A query may search for at most {MOST_TEXTS} texts.", "text searches")
        variable = statement.subject[0].text
        values = f"VALUES {variable} {{ {_records([find(text) for text in words])} }}"
        kept = [_written(query, part) for part in statement.properties if part not in wanted]
        remaining = f" {variable} {' ; '.join(kept)}" if kept else ""
        parts += [query[end : statement.subject[0].start], values, remaining]
        end = statement.end
    return "".join([*parts, query[end:]])


def _names(stream: list[Token]) -> frozenset[str]:
    """The ways to write the property in a query, by the prefixes that it declares."""
    prefixes = dict(PREFIXES)
    for place, token in enumerate(stream[:-2]):
        if token.is_word(*QueryForm):
            break
        if token.is_word("PREFIX"):
            prefixes[stream[place + 1].text.removesuffix(":")] = stream[place + 2].text[1:-1]
    written = [f"{prefix}:{_LOCAL_NAME}" for prefix, namespace in prefixes.items() if namespace == str(NX)]
    return frozenset({NX[_LOCAL_NAME].n3(), *written})


def _wanted(query: str, statement: Statement, names: frozenset[str]) -> list[tuple[Token, ...]]:
    """The properties of a statement that are to be replaced, once it is sure that they can be."""
    terminals = [*statement.subject, *(token for part in statement.properties for token in part)]
    verbs = {part[0] for part in statement.properties}
    for before, token, after in zip([None, *terminals], terminals, [*terminals[1:], None], strict=False):
        if token.text not in names:
            continue
        in_brackets = before in verbs and before.text == "("
        if (
            in_brackets
            or (before and before.text in _BEFORE_A_STEP)
            or (after and after.text in _AFTER_A_STEP)
        ):
            raise _error(query, token, f"{token.text} stands alone, not in a path: {_EXAMPLE}")
        if token in verbs and statement.in_template:
            raise _error(
                query, token, f"{token.text} finds records in a WHERE clause, it cannot be constructed"
            )
        if before and before.text in ("[", ";") and token not in verbs:
            raise _error(query, token, f"{token.text} needs a variable before it: {_EXAMPLE}")
    wanted = [part for part in statement.properties if part[0].text in names]
    if wanted and not (statement.subject and statement.subject[0].kind == "variable"):
        subject = next(iter(statement.subject), wanted[0][0])
        raise _error(query, subject, f"{wanted[0][0].text} needs a variable before it: {_EXAMPLE}")
    return wanted


def _texts(query: str, part: tuple[Token, ...]) -> Iterator[str]:
    """The texts that a property is followed by. Their languages and datatypes do not matter."""
    verb, *rest = part
    expects_text = True
    place = 0
    while place < len(rest):
        token = rest[place]
        if expects_text != (token.kind == "string"):
            break
        if token.kind == "string":
            yield _value(token.text)
        elif token.text == "^^":
            place += 1
        elif token.text != "," and token.kind != "langtag":
            break
        expects_text = token.text == ","
        place += 1
    if expects_text or place < len(rest):
        at = rest[place] if place < len(rest) else verb
        raise _error(query, at, f"{verb.text} needs a text in quotation marks after it: {_EXAMPLE}")


def _records(found: list[Sequence[str]]) -> str:
    """The records that are in all lists, in the order of the first. Engines join long lists slowly."""
    first, *others = found
    common = set(first).intersection(*others)
    return " ".join(record_iri(identifier).n3() for identifier in first if identifier in common)


def _written(query: str, part: tuple[Token, ...]) -> str:
    return query[part[0].start : part[-1].end]


def _value(literal: str) -> str:
    """The characters of a literal in quotation marks."""
    marks = 3 if literal[:3] in ('"""', "'''") else 1
    return _ESCAPE.sub(_unescaped, literal[marks:-marks])


def _unescaped(match: re.Match[str]) -> str:
    if match[3]:
        return _ESCAPED.get(match[3], match[3])
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 else ""


def _error(query: str, token: Token, words: str) -> QuerySyntaxError:
    line, column = position(query, token.start)
    return QuerySyntaxError(f"Line {line}, column {column}: {words}.", line, column)
