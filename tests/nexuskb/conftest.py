"""The curated Turtle as rdflib reads it, to count by, and small bases of their own records."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import Graph

from nexuskb.content import read_turtle
from nexuskb.settings import Settings
from nexuskb.terms import PREFIXES

MakeBase = Callable[..., Settings]


@pytest.fixture(scope="session")
def turtle(settings: Settings) -> Graph:
    """All curated records, read by rdflib without the store."""
    return read_turtle(sorted(settings.data.rglob("*.ttl")))


@pytest.fixture
def make_base(settings: Settings, tmp_path: Path) -> MakeBase:
    """Makes a base of the ontology, copies of some curated files and a file of new records.

    The records are written without prefixes; ``rules`` stand in the place of those of the ontology.
    """

    def making(records: str, *copied: str, rules: dict[str, str] | None = None) -> Settings:
        made = Settings(settings.ontology, tmp_path / "data", tmp_path / "home")
        made.data.mkdir()
        for name in copied:
            target = made.data / name
            target.parent.mkdir(exist_ok=True)
            shutil.copy(settings.data / name, target)
        prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
        (made.data / "new.ttl").write_text(prefixes + records, encoding="utf-8")
        if rules is not None:
            made = Settings(tmp_path / "ontology", made.data, made.home)
            shutil.copytree(settings.ontology, made.ontology, ignore=shutil.ignore_patterns("*.rq"))
            for name, text in rules.items():
                (made.ontology / "rules" / f"{name}.rq").write_text(text, encoding="utf-8")
        return made

    return making
