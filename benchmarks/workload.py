"""What the clients ask: an analyst's mix of twelve kinds of query, and the named questions.

Every stream is drawn from a seed, so that all peers are asked the same in the same order. The parameters are
drawn from the records, terms and words of the base; a text that has been drawn is not drawn again as long as
there are others of its kind.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import NamedTuple

from rdflib import Graph

from benchmarks.generator import Made, Profile
from nexuskb.questions.catalogue import fill, questions
from nexuskb.sparql.portable import declare_prefixes
from nexuskb.terms import REC, VOCABULARIES, record_identifier
from nexuskb.vocabulary import Vocabularies

#: How often each kind occurs in a hundred queries of the mix.
WEIGHTS = {
    "point lookup": 24,
    "record with evidence": 16,
    "join of two": 10,
    "join of six": 8,
    "optional": 8,
    "union": 6,
    "group by, count": 6,
    "having": 4,
    "text contains": 4,
    "property path": 6,
    "order by, limit": 6,
    "heavy aggregate": 2,
}
LIGHT = ("point lookup", "record with evidence", "join of two")
HEAVY = ("heavy aggregate",)
_AREAS = ("chn", "jpn", "kor", "mng", "prk", "rus", "north-east-asia")
_KINDS = ("Policy", "Measure", "DriverFinding", "ImpactFinding", "Interlinkage", "Case", "Recommendation")
_ATTEMPTS = 20


class Ask(NamedTuple):
    """One query and what kind it is."""

    kind: str
    text: str


class Workload:
    """Draws queries on a made base."""

    def __init__(self, made: Made, profile: Profile) -> None:
        self._records = made.records()
        self._of = {kind: made.records(kind) for kind in ("Policy", "Measure")}
        self._terms = {
            scheme: profile.terms(scheme) for scheme in ("driver", "impact", "instrument", "policykind")
        }
        self._words = profile.words()

    def draw(self, seed: int, count: int, weights: dict[str, int] | None = None) -> list[Ask]:
        """So many queries of the mix, or of the kinds with weights, as good as all of them different."""
        rng = random.Random(seed)
        chosen = weights or WEIGHTS
        block = [kind for kind, weight in chosen.items() for _ in range(weight)]
        seen: set[str] = set()
        drawn: list[Ask] = []
        while len(drawn) < count:
            rng.shuffle(block)
            for kind in block:
                text = self._new(kind, rng, seen)
                seen.add(text)
                drawn.append(Ask(kind, text))
        return drawn[:count]

    def _new(self, kind: str, rng: random.Random, seen: set[str]) -> str:
        text = ""
        for _ in range(_ATTEMPTS):
            text = _PREFIXED[kind] + _MAKERS[kind](self, rng)
            if text not in seen:
                break
        return text

    def record(self, rng: random.Random) -> str:
        return f"<{rng.choice(self._records)}>"

    def of(self, kind: str, rng: random.Random) -> str:
        return f"<{rng.choice(self._of[kind])}>"

    def term(self, scheme: str, rng: random.Random) -> str:
        return f"<{rng.choice(self._terms[scheme])}>"

    def area(self, rng: random.Random) -> str:
        return f"<{VOCABULARIES}area/{rng.choice(_AREAS)}>"

    def word(self, rng: random.Random) -> str:
        return rng.choice(self._words)


def _point(w: Workload, rng: random.Random) -> str:
    return (
        f"SELECT ?property ?value WHERE {{ {w.record(rng)} ?property ?value }} LIMIT {rng.randint(50, 149)}"
    )


def _record(w: Workload, rng: random.Random) -> str:
    record = w.record(rng)
    return f"""SELECT ?property ?value ?locator ?source ?title WHERE {{
  {{ {record} ?property ?value }}
  UNION
  {{
    {record} nx:evidence ?value .
    ?value nx:locator ?locator ; nx:source ?source .
    ?source rdfs:label ?title
  }}
}} LIMIT {rng.randint(50, 149)}"""


def _join_two(w: Workload, rng: random.Random) -> str:
    return f"""SELECT ?measure ?title WHERE {{
  ?measure nx:ofPolicy {w.of("Policy", rng)} ; rdfs:label ?title .
}} LIMIT {rng.randint(50, 149)}"""


def _join_six(w: Workload, rng: random.Random) -> str:
    return f"""SELECT ?policy ?title ?measure ?pinpoint ?sourceTitle WHERE {{
  ?measure a nx:Measure ; nx:addressesDriver {w.term("driver", rng)} ; nx:ofPolicy ?policy ;
    nx:evidence ?passage .
  ?policy nx:area {w.area(rng)} ; nx:legalStatus ?status ; nx:adopted ?adopted ; rdfs:label ?title .
  ?status skos:prefLabel ?statusName .
  ?passage nx:locator ?pinpoint ; nx:source ?source .
  ?source nx:sourceKind ?kind ; rdfs:label ?sourceTitle .
  ?kind skos:prefLabel ?kindName .
  FILTER(LANG(?statusName) = "en" && LANG(?kindName) = "en")
  FILTER(STR(?adopted) >= "{_month(rng)}" && ?status != <{VOCABULARIES}status/expired>)
}} LIMIT 200"""


def _optional(w: Workload, rng: random.Random) -> str:
    return f"""SELECT ?policy ?title ?until ?older ?olderTitle WHERE {{
  ?policy a nx:Policy ; nx:area {w.area(rng)} ; nx:policyKind {w.term("policykind", rng)} ;
    rdfs:label ?title .
  OPTIONAL {{ ?policy nx:periodEnd ?until }}
  OPTIONAL {{ ?policy nx:supersedes ?older . ?older rdfs:label ?olderTitle }}
}} LIMIT {rng.randint(100, 299)}"""


def _union(w: Workload, rng: random.Random) -> str:
    return f"""SELECT ?finding ?title ?confidence WHERE {{
  {{ ?finding nx:driver {w.term("driver", rng)} }} UNION {{ ?finding nx:impact {w.term("impact", rng)} }}
  ?finding nx:area {w.area(rng)} ; rdfs:label ?title ; nx:confidence ?confidence .
}} LIMIT {rng.randint(100, 299)}"""


def _group(w: Workload, rng: random.Random) -> str:
    return f"""SELECT ?instrument (COUNT(*) AS ?measures) WHERE {{
  ?measure a nx:Measure ; nx:area {w.area(rng)} ; nx:addressesDriver {w.term("driver", rng)} ;
    nx:addressesImpact {w.term("impact", rng)} ; nx:instrument ?instrument .
}} GROUP BY ?instrument ORDER BY DESC(?measures) ?instrument"""


def _having(w: Workload, rng: random.Random) -> str:
    return f"""SELECT ?policy (COUNT(DISTINCT ?measure) AS ?measures) WHERE {{
  ?measure nx:ofPolicy ?policy ; nx:addressesImpact {w.term("impact", rng)} ;
    nx:instrument {w.term("instrument", rng)} .
  ?policy nx:area {w.area(rng)} .
}} GROUP BY ?policy HAVING(COUNT(DISTINCT ?measure) >= {rng.randint(1, 3)})"""


def _contains(w: Workload, rng: random.Random) -> str:
    return f"""SELECT ?record ?words WHERE {{
  ?record a nx:{rng.choice(_KINDS)} ; nx:area {w.area(rng)} ; dcterms:description ?words .
  FILTER(CONTAINS(LCASE(STR(?words)), "{w.word(rng)}"))
}} LIMIT 50"""


def _path(w: Workload, rng: random.Random) -> str:
    return f"""SELECT DISTINCT ?policy ?title WHERE {{
  {w.of("Measure", rng)} nx:ofPolicy/nx:implements* ?policy . ?policy rdfs:label ?title .
}} LIMIT {rng.randint(50, 149)}"""


def _order(w: Workload, rng: random.Random) -> str:
    return f"""SELECT ?observation ?title ?value ?unit WHERE {{
  ?observation a nx:Observation ; nx:area {w.area(rng)} ; nx:value ?value ; nx:unit ?unit ; nx:refYear ?year ;
    rdfs:label ?title .
  FILTER(STR(?year) >= "{rng.randint(1990, 2022)}" && ?value > {rng.randint(0, 300)})
}} ORDER BY DESC(?value) ?observation LIMIT 20"""


def _heavy(_: Workload, rng: random.Random) -> str:
    return f"""SELECT ?area ?driver (COUNT(DISTINCT ?source) AS ?sources) (COUNT(*) AS ?measures) WHERE {{
  ?measure a nx:Measure ; nx:addressesDriver ?driver ; nx:ofPolicy ?policy ; nx:evidence ?passage .
  ?passage nx:source ?source .
  ?policy nx:area ?area ; nx:adopted ?adopted .
  FILTER(STR(?adopted) >= "{_month(rng)}")
}} GROUP BY ?area ?driver HAVING(COUNT(*) > {rng.randint(0, 5)}) ORDER BY DESC(?measures) ?area ?driver"""


def _month(rng: random.Random) -> str:
    return f"{rng.randint(1975, 2022)}-{rng.randint(1, 12):02}"


_MAKERS: dict[str, Callable[[Workload, random.Random], str]] = {
    "point lookup": _point,
    "record with evidence": _record,
    "join of two": _join_two,
    "join of six": _join_six,
    "optional": _optional,
    "union": _union,
    "group by, count": _group,
    "having": _having,
    "text contains": _contains,
    "property path": _path,
    "order by, limit": _order,
    "heavy aggregate": _heavy,
}
#: The text goes to all peers as it is, with its prefixes declared.
_NX = "PREFIX nx: <https://w3id.org/nexuskb/ontology/>\n"
_RDFS = "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
_SKOS = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>\n"
_DCTERMS = "PREFIX dcterms: <http://purl.org/dc/terms/>\n"
_PREFIXED = {
    "point lookup": "",
    "group by, count": _NX,
    "having": _NX,
    "heavy aggregate": _NX,
    "join of six": _NX + _RDFS + _SKOS,
    "text contains": _NX + _DCTERMS,
    **dict.fromkeys(
        ("record with evidence", "join of two", "optional", "union", "property path", "order by, limit"),
        _NX + _RDFS,
    ),
}


def named_questions(model: Graph, made: Made | None, records: Callable[[str], str | None]) -> list[Ask]:
    """The named questions with the values of their examples.

    ``records`` says of which kind a real record is; on a made base another record of that kind stands in.
    """
    vocabularies = Vocabularies(model)
    asks = []
    for asked in questions().values():
        values = dict(asked.example)
        if made is not None:
            for parameter in asked.parameters:
                given = values.get(parameter.name)
                if parameter.type == "record" and given and (kind := records(given)):
                    values[parameter.name] = record_identifier(made.records(kind)[0]) or given
        asks.append(Ask(asked.id, declare_prefixes(fill(asked, values, vocabularies))))
    return asks


def repeats(asks: Iterable[Ask]) -> float:
    """The share of texts that occurred before."""
    texts = [ask.text for ask in asks]
    return 1 - len(set(texts)) / max(len(texts), 1)


def kind_of(profile: Profile, identifier: str) -> str | None:
    """The kind of a real record."""
    group = profile.groups.get(str(REC) + identifier)
    return group.kind if group else None
