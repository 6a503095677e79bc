"""What tests of entering need: people of each role, a clock, and records to enter."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from rdflib import Graph

from nexuskb.people.rights import Person, Role
from nexuskb.store.ntriples import Triple
from nexuskb.terms import PREFIXES, bind_prefixes, concept_iri

MONGOLIA = frozenset({concept_iri("area", "mng")})
CHINA = frozenset({concept_iri("area", "chn")})


class People:
    """Somebody of each role, for Mongolia where a role has areas."""

    contributor = Person("Bat", Role.CONTRIBUTOR, MONGOLIA, "t1")
    other_contributor = Person("Oyun", Role.CONTRIBUTOR, MONGOLIA, "t2")
    chinese_contributor = Person("Li", Role.CONTRIBUTOR, CHINA, "t3")
    reviewer = Person("Ministry", Role.REVIEWER, MONGOLIA, "t4")
    editor = Person("Ed", Role.EDITOR, frozenset(), "t5")
    second_editor = Person("Edith", Role.EDITOR, frozenset(), "t6")
    admin = Person("Ada", Role.ADMIN, frozenset(), "t7")


@dataclass
class Clock:
    """A clock that shows what it is set to."""

    now: dt.datetime = field(default=dt.datetime(2027, 1, 10, 9, 30, tzinfo=dt.UTC))

    def __call__(self) -> dt.datetime:
        return self.now


def triples(turtle: str) -> list[Triple]:
    """The triples of Turtle without prefixes."""
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    return list(bind_prefixes(Graph()).parse(data=prefixes + turtle, format="turtle"))


def policy(
    identifier: str = "mng-law-wind", title: str = "Law on Wind Erosion", more: str = ""
) -> list[Triple]:
    """A policy that conforms, with a passage of a source that the base has."""
    return triples(f"""
rec:{identifier} a nx:Policy ;
    rdfs:label "{title}"@en ;
    dcterms:identifier "{identifier}" ;
    nx:area area:mng ;
    nx:labelStatus labelstatus:working ;
    nx:policyKind policykind:law ;
    nx:domain domain:land ;
    nx:legalStatus status:in-force ;
    nx:sector sector:environment ;
    nx:issuingBody "Parliament"@en ;
    dcterms:description "It protects soil against wind."@en ;
    nx:basis basis:source ;
    nx:evidence ev:{identifier}-e1 .
ev:{identifier}-e1 a nx:Evidence ;
    nx:source rec:mng-src-montsame-bt-2023 ;
    nx:locator "Article 4" ;
    nx:assertion assertion:asserted .
""")


def policy_document(identifier: str, title: str = "Law on Wind Erosion") -> dict[str, object]:
    """A policy that conforms, as the JSON document of one."""
    return {
        "kind": "Policy",
        "identifier": identifier,
        "label": title,
        "labelStatus": "working",
        "policyKind": "law",
        "legalStatus": "in-force",
        "area": ["mng"],
        "domain": ["land"],
        "sector": ["environment"],
        "issuingBody": "Parliament",
        "description": "It protects soil against wind.",
        "basis": "source",
        "evidence": [{"source": "mng-src-montsame-bt-2023", "locator": "Article 4", "assertion": "asserted"}],
    }


def measure(identifier: str = "mng-law-wind-m1", of: str = "mng-law-wind") -> list[Triple]:
    """A measure of a policy."""
    return triples(f"""
rec:{identifier} a nx:Measure ;
    rdfs:label "Shelterbelts along fields"@en ;
    dcterms:identifier "{identifier}" ;
    nx:area area:mng ;
    nx:ofPolicy rec:{of} ;
    nx:instrument instrument:planning ;
    nx:addressesDriver driver:wind ;
    dcterms:description "Fields are to be sheltered by belts of trees."@en ;
    nx:evidence ev:{identifier}-e1 .
ev:{identifier}-e1 a nx:Evidence ;
    nx:source rec:mng-src-montsame-bt-2023 ;
    nx:locator "Article 5" ;
    nx:assertion assertion:asserted .
""")
