"""Derivation rules: CONSTRUCT queries in ``ontology/rules/`` whose triples go to a graph of their own.

A rule reads the curated graphs and never another rule's results, so their order does not matter and a
derived triple can always be traced to one rule and the records it names.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nexuskb.errors import ContentError
from nexuskb.headers import split_header
from nexuskb.settings import Settings


@dataclass(frozen=True, slots=True)
class Rule:
    """A derivation rule: its name, its title, what it says in words, and the CONSTRUCT that does it."""

    name: str
    title: str
    words: str
    query: str


def rule_files(settings: Settings) -> list[Path]:
    """The files of the rules."""
    return sorted((settings.ontology / "rules").glob("*.rq"))


def read_rules(settings: Settings) -> list[Rule]:
    """All rules. Raises :class:`ContentError` for a file without title and words."""
    rules = []
    for path in rule_files(settings):
        header, query = split_header(path.read_text(encoding="utf-8"))
        if "title" not in header or "rule" not in header:
            raise ContentError(f"The rule {path} needs the header lines '#+ title:' and '#+ rule:'.")
        rules.append(Rule(path.stem, header["title"][0], header["rule"][0], query))
    return rules
