"""Derivation rules: CONSTRUCT queries in ``ontology/rules/`` whose triples go to a graph of their own.

A rule reads the curated graphs and never another rule's results, so their order does not matter and a
derived triple can always be traced to one rule and the records it names.

So that a change of one record does not cost a pass over the base, a rule says in its header which of its
solutions a change can touch: ``#+ touches: (?policy) ?changed nx:ofPolicy ?policy`` leads from a node that
changed to the values of the variables in brackets. It holds if every match of the rule that uses a triple of
``?changed`` has such values. Each ``#only`` line in the query is the place where these values go, one in
every group and every sub-select that binds the variables; the variables stand in the template, and no two
values of them conclude the same triple. Behind ``#only`` may stand a pattern of the same group that is to
be matched first, where the engine would begin elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nexuskb.errors import ContentError
from nexuskb.headers import split_header
from nexuskb.settings import Settings

_ONLY = re.compile(r"^ *#only(?P<first> .*)?$", re.MULTILINE)
_TOUCHES = re.compile(r"\((?P<variables>\?\w+(?: \?\w+)*)\) (?P<pattern>.+)")


@dataclass(frozen=True, slots=True)
class Touch:
    """A way from a node that changed to the values of ``variables`` for which a rule is to be asked anew."""

    variables: tuple[str, ...]
    pattern: str

    def query(self, changed: Iterable[str]) -> str:
        """The query for these values. ``changed`` are terms in the notation of SPARQL."""
        return (
            f"SELECT DISTINCT {' '.join(self.variables)} WHERE "
            f"{{ {values(('?changed',), ((node,) for node in changed))} {self.pattern} }}"
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A derivation rule: its name, its title, what it says in words, and the CONSTRUCT that does it.

    Without ``touches`` any change touches all of its solutions.
    """

    name: str
    title: str
    words: str
    query: str
    touches: tuple[Touch, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The rule in plain types, for another process."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Rule:
        """The rule from plain types."""
        touches = (Touch(tuple(touch["variables"]), touch["pattern"]) for touch in plain["touches"])
        return cls(plain["name"], plain["title"], plain["words"], plain["query"], tuple(touches))

    def only(self, variables: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        """The rule for these values of its variables alone."""
        table = values(variables, rows)

        def begun(line: re.Match[str]) -> str:
            return f"{{ SELECT DISTINCT * WHERE {{ {table} {line['first']} }} }}" if line["first"] else table

        return _ONLY.sub(begun, self.query)


def values(variables: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A data block of SPARQL. Terms are in its notation."""
    lines = " ".join(f"({' '.join(row)})" for row in rows)
    return f"VALUES ({' '.join(variables)}) {{ {lines} }}"


def rule_files(settings: Settings) -> list[Path]:
    """The files of the rules."""
    return sorted((settings.ontology / "rules").glob("*.rq"))


def read_rules(settings: Settings) -> list[Rule]:
    """All rules. Raises :class:`ContentError` for a file without title and words."""
    return [_read(path) for path in rule_files(settings)]


def _read(path: Path) -> Rule:
    header, query = split_header(path.read_text(encoding="utf-8"))
    if "title" not in header or "rule" not in header:
        raise ContentError(f"The rule {path} needs the header lines '#+ title:' and '#+ rule:'.")
    touches = tuple(_touch(path, line) for line in header.get("touches", ()))
    if bool(touches) != bool(_ONLY.search(query)):
        raise ContentError(f"The rule {path} needs '#+ touches:' and '#only' lines, or neither.")
    return Rule(path.stem, header["title"][0], header["rule"][0], query, touches)


def _touch(path: Path, line: str) -> Touch:
    match = _TOUCHES.fullmatch(line)
    if match is None:
        raise ContentError(
            f"The rule {path}: '#+ touches: {line}' is not variables in brackets and a pattern, such as "
            "(?policy) ?changed nx:ofPolicy ?policy."
        )
    return Touch(tuple(match["variables"].split()), match["pattern"])
