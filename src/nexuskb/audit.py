"""The audit: how well the base is sourced, area by area, and what in it must not stay as it is.

Shares are of claims (records that carry evidence). What must be nil: links that lead nowhere, claims
without evidence, and pairs that look like duplicates and that nobody has reviewed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from nexuskb.duplicates import Titled, look_alikes, reviewed_pairs
from nexuskb.store.port import TripleStore

_CLAIMS = """SELECT DISTINCT ?claim ?area WHERE {
  ?kind rdfs:subClassOf+ nx:Claim .
  ?claim a ?kind ;
    nx:area ?area .
}"""
_CITED = """SELECT DISTINCT ?claim WHERE {
  ?claim nx:evidence ?passage .
  ?passage nx:source ?source ;
    nx:locator ?locator .
  ?source a nx:Source .
}"""
_SEVERAL = "SELECT ?claim WHERE { ?claim nx:sourceCount ?count FILTER(?count >= 2) }"
_NEWS = 'SELECT ?claim WHERE { ?claim nx:reservation "Rests on news alone."@en }'
_SENSITIVE = "SELECT ?claim WHERE { ?claim nx:soleSupport ?kind }"
_NEWEST = """SELECT ?claim (MAX(SUBSTR(STR(?date), 1, 4)) AS ?year) WHERE {
  ?claim nx:evidence/nx:source/dcterms:date ?date .
}
GROUP BY ?claim"""
_POLICY_AREAS = "SELECT ?policy ?area WHERE { ?policy a nx:Policy ; nx:area ?area }"
_TITLED = """SELECT DISTINCT ?policy WHERE {
  { ?policy nx:officialLabel ?title } UNION { ?policy nx:labelStatus labelstatus:official }
}"""
_AREAS = """SELECT ?area ?label WHERE {
  ?area skos:inScheme <https://w3id.org/nexuskb/vocabularies/area> ;
    skos:prefLabel ?label .
  FILTER(LANG(?label) = "en")
}
ORDER BY ?label"""

_DANGLING = """SELECT DISTINCT ?record ?property ?target WHERE {
  ?record ?property ?target .
  FILTER(STRSTARTS(STR(?target), "https://w3id.org/nexuskb/records/")
    || STRSTARTS(STR(?target), "https://w3id.org/nexuskb/evidence/")
    || STRSTARTS(STR(?target), "https://w3id.org/nexuskb/vocabularies/"))
  FILTER NOT EXISTS { ?target a ?kind }
}
ORDER BY ?record ?property"""

_POLICIES = """SELECT ?identifier ?title (MIN(SUBSTR(STR(?date), 1, 4)) AS ?year) WHERE {
  ?policy a nx:Policy ;
    dcterms:identifier ?identifier ;
    rdfs:label ?title .
  OPTIONAL { ?policy nx:adopted ?date }
}
GROUP BY ?identifier ?title
ORDER BY ?identifier"""

_SOURCES = """SELECT ?first ?second WHERE {
  # A DOI is the same in small and in capital letters.
  { SELECT (LCASE(?a) AS ?doi) ?first WHERE { ?one a nx:Source ; nx:doi ?a ; dcterms:identifier ?first } }
  { SELECT (LCASE(?b) AS ?doi) ?second WHERE { ?other a nx:Source ; nx:doi ?b ; dcterms:identifier ?second } }
  FILTER(?first < ?second)
}
ORDER BY ?first ?second"""

#: How many claims there are in all, on two documents or more, and on news alone; each counts once.
TOTALS: Final = """SELECT (COUNT(?claim) AS ?claims) (SUM(?documents) AS ?several) (SUM(?newspaper) AS ?news)
WHERE {
  {
    SELECT DISTINCT ?claim WHERE {
      ?kind rdfs:subClassOf+ nx:Claim .
      ?claim a ?kind ;
        nx:area ?area .
    }
  }
  OPTIONAL { ?claim nx:sourceCount ?count }
  BIND(IF(COALESCE(?count, 0) >= 2, 1, 0) AS ?documents)
  BIND(IF(EXISTS { ?claim nx:reservation "Rests on news alone."@en }, 1, 0) AS ?newspaper)
}"""


@dataclass(frozen=True, slots=True)
class AreaAudit:
    """The counts of one area."""

    area: str
    claims: int
    with_pinpoint: int
    with_two_sources: int
    on_news_only: int
    on_sensitive_only: int
    on_old_sources: int
    policies: int
    without_original_title: int


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of the base: counts by area and the faults found."""

    generation: str
    older_than: int
    areas: list[AreaAudit]
    dangling: list[str]
    unsourced: list[str]
    unreviewed_duplicates: list[str]

    @property
    def clean(self) -> bool:
        """Whether nothing was found that must not stay."""
        return not (self.dangling or self.unsourced or self.unreviewed_duplicates)

    def as_dict(self) -> dict[str, object]:
        """The audit for JSON."""
        return {**asdict(self), "clean": self.clean}


#: What an audit asks of the store; the answers go to :func:`assemble`.
QUERIES: Final = {
    "claims": _CLAIMS,
    "cited": _CITED,
    "several": _SEVERAL,
    "news": _NEWS,
    "sensitive": _SENSITIVE,
    "newest": _NEWEST,
    "policies": _POLICY_AREAS,
    "titled": _TITLED,
    "areas": _AREAS,
    "dangling": _DANGLING,
    "titles": _POLICIES,
    "same documents": _SOURCES,
}

Rows = list[dict[str, str]]


def audit(store: TripleStore, data: Path, older_than: int, this_year: int) -> Audit:
    """Audit the base. ``older_than`` is in years; ``data`` holds the list of reviewed non-duplicates."""
    answers = {
        name: [{key: str(term) for key, term in row.items()} for row in store.select(query)]
        for name, query in QUERIES.items()
    }
    return assemble(answers, store.generation, data, older_than, this_year)


def assemble(
    answers: Mapping[str, Rows], generation: str, data: Path, older_than: int, this_year: int
) -> Audit:
    """Put the answers to :data:`QUERIES` together to an audit."""
    claims, policies = _by_area(answers["claims"], "claim"), _by_area(answers["policies"], "policy")
    cited, several, news, sensitive = (
        {row["claim"] for row in answers[name]} for name in ("cited", "several", "news", "sensitive")
    )
    old = {row["claim"] for row in answers["newest"] if int(row["year"]) < this_year - older_than}
    untitled = set().union(*policies.values()) - {row["policy"] for row in answers["titled"]}
    return Audit(
        generation=generation,
        older_than=older_than,
        areas=[
            AreaAudit(
                area=row["label"],
                claims=len(claims[area]),
                with_pinpoint=len(claims[area] & cited),
                with_two_sources=len(claims[area] & several),
                on_news_only=len(claims[area] & news),
                on_sensitive_only=len(claims[area] & sensitive),
                on_old_sources=len(claims[area] & old),
                policies=len(policies[area]),
                without_original_title=len(policies[area] & untitled),
            )
            for row in answers["areas"]
            if (area := row["area"]) in claims
        ],
        dangling=[" ".join(row.values()) for row in answers["dangling"]],
        unsourced=sorted(set().union(*claims.values()) - cited),
        unreviewed_duplicates=sorted(
            " ".join(pair)
            for pair in set(_look_alikes(answers["titles"], answers["same documents"])) - reviewed_pairs(data)
        ),
    )


def _by_area(rows: Rows, name: str) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[row["area"]].add(row[name])
    return found


def _look_alikes(titles: Rows, same_documents: Rows) -> Iterator[tuple[str, str]]:
    """Pairs of policies of about the same year and title, and pairs of sources with the same DOI."""
    yield from look_alikes(
        Titled(row["identifier"], row["title"], int(row["year"]) if "year" in row else None) for row in titles
    )
    yield from ((row["first"], row["second"]) for row in same_documents)
