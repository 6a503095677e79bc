"""The statements of a query, found among its terminals in one pass and constant stack.

A statement is what SPARQL 1.1 calls TriplesSameSubject: a subject with its properties and their objects. What
stands in expressions, data blocks and solution modifiers is none. A query that does not parse may give any
statements; the engine will refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nexuskb.sparql.parse import Token

#: Words that say what follows them; other words are names of functions, or belong to one of these.
_CLAUSES: Final = frozenset(
    {
        "BIND", "CONSTRUCT", "FILTER", "GRAPH", "GROUP", "HAVING", "LIMIT", "MINUS", "OFFSET", "OPTIONAL",
        "ORDER", "SELECT", "UNION", "VALUES", "WHERE",
    }
)  # fmt: skip
_TERMS: Final = frozenset({"TRUE", "FALSE"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A subject and its properties: the terminals of the subject, and of each property with its objects.

    ``end`` is the offset in the query after the last of them, semicolons included.
    """

    subject: tuple[Token, ...]
    properties: tuple[tuple[Token, ...], ...]
    in_template: bool
    end: int


@dataclass(slots=True)
class _Frame:
    """An open bracket: what it holds, the clause that is being read in it, and whether one may begin."""

    holds: str
    clause: str = ""
    at_start: bool = False


def statements(stream: list[Token]) -> Iterator[Statement]:
    """The statements of all group graph patterns and of the template of a query, in their order."""
    frames = [_Frame("query")]
    place = 0
    while place < len(stream):
        token, frame = stream[place], frames[-1]
        place += 1
        if token.text == "{":
            frames.append(_opened(frame))
        elif token.text == "}":
            while len(frames) > 1 and frames.pop().holds == "expression":
                pass
            _finish_clause(frames[-1])
        elif frame.at_start and token.text != "." and not _is_keyword(token):
            end = _end_of_statement(stream, place - 1)
            yield _statement(stream[place - 1 : end], in_template=frame.holds == "template")
            place = max(place, end)
        elif token.text in ("(", "["):
            frames.append(_Frame("expression"))
        elif token.text in (")", "]"):
            if frame.holds == "expression":
                frames.pop()
                if frames[-1].clause in ("BIND", "FILTER"):
                    _finish_clause(frames[-1])
        elif token.kind == "word" and frame.holds != "expression":
            _begin_clause(frame, token.text.upper())


def _opened(frame: _Frame) -> _Frame:
    if frame.clause == "VALUES":
        return _Frame("data")
    return _Frame("template" if frame.clause == "CONSTRUCT" else "group", at_start=True)


def _begin_clause(frame: _Frame, word: str) -> None:
    frame.at_start = False
    if word in _CLAUSES and (word, frame.clause) != ("WHERE", "CONSTRUCT"):
        frame.clause = word


def _finish_clause(frame: _Frame) -> None:
    frame.clause = ""
    frame.at_start = frame.holds in ("group", "template")


def _is_keyword(token: Token) -> bool:
    return token.kind == "word" and token.text != "a" and token.text.upper() not in _TERMS


def _end_of_statement(stream: list[Token], place: int) -> int:
    """The place of the terminal after a statement. A name or number may have the full stop in it."""
    while place < len(stream):
        token = stream[place]
        if token.text in (".", "{", "}") or _is_keyword(token):
            return place
        place += 1
        if _has_full_stop(token):
            return place
    return place


def _has_full_stop(token: Token) -> bool:
    return token.kind in ("blank", "name", "number") and token.text.endswith(".")


def _statement(terminals: list[Token], *, in_template: bool) -> Statement:
    last = terminals[-1]
    if _has_full_stop(last):
        last = terminals[-1] = Token(last.kind, last.text[:-1], last.start)
    groups: list[list[Token]] = [[]]
    depth = length = 0
    for token in terminals:
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        if token.text == ";" and depth == 0:
            groups.append([])
        else:
            groups[-1].append(token)
            length = length or (len(groups[-1]) if depth == 0 else 0)
    subject, groups[0] = groups[0][:length], groups[0][length:]
    return Statement(tuple(subject), tuple(tuple(group) for group in groups if group), in_template, last.end)
