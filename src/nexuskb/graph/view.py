"""A view of the nexus: which of its nodes and links somebody asked for, and what was left out of it.

A link is a claim of sources that one thing acts on another, or a measure of a policy that works against a
driver or impact (:mod:`nexuskb.paper.network`). Links between the same two nodes with the same sign are one
arrow. What a view shows is bounded; what it leaves out is counted, and stays in its data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rdflib import URIRef

from nexuskb.asking import Asking, PlainRow
from nexuskb.errors import QuestionError
from nexuskb.graph.asked import KINDS, LINKS, SIGNS, Asked
from nexuskb.paper.chains import Chain, chains_between
from nexuskb.paper.network import Link, Node, read_addressed, read_network
from nexuskb.terms import VOCABULARIES, concept_iri, local_name, record_identifier
from nexuskb.vocabulary import Vocabularies, nearest_name

#: Nodes that are shown at most: with more, nobody reads the names.
MOST_NODES: Final = 120
#: What is shown where no kind is asked for: the nexus itself.
_NEXUS: Final = frozenset({"driver", "impact", "domain"})

#: The classes of records, and the domains that terms and records are about.
_ABOUT: Final = """SELECT ?node ?class ?domain
WHERE {
  {
    SELECT DISTINCT ?node
    WHERE {
      { ?link a nx:Interlinkage ; nx:from|nx:to ?node . }
      UNION { ?node a nx:Policy . }
      UNION { ?node skos:inScheme <https://w3id.org/nexuskb/vocabularies/driver> . }
      UNION { ?node skos:inScheme <https://w3id.org/nexuskb/vocabularies/impact> . }
    }
  }
  ?node a ?class .
  OPTIONAL { ?node nx:domain ?domain . }
}
ORDER BY ?node ?class ?domain"""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the graph: ``kind`` is one of :data:`KINDS`, ``what`` says in a word what it is.

    ``key`` names it in an address: the identifier of a record, ``driver/overgrazing`` for a term.
    """

    node: Node
    kind: str
    what: str
    key: str
    domains: frozenset[str]


@dataclass(frozen=True, slots=True)
class Arrow:
    """All links with one sign from one node to another, the surest first."""

    start: Place
    end: Place
    sign: int
    links: tuple[Link, ...]

    @property
    def surest(self) -> Link:
        """The link of most confidence: the arrow is as sure as this."""
        return self.links[0]

    @property
    def prescribed(self) -> bool:
        """Whether it is made of what policies prescribe alone."""
        return self.surest.rank == 0

    @property
    def verb(self) -> str:
        """What the first does to the second."""
        if self.prescribed:
            return "works against"
        return {1: "brings more", -1: "brings less", 0: "acts on"}[self.sign]

    @property
    def words(self) -> str:
        """What it says, in a sentence without its stop."""
        return f"{self.start.node.name} {self.verb} {self.end.node.name}"


@dataclass(frozen=True, slots=True)
class View:
    """What was asked for, what was found, and what of it is shown.

    ``arrows`` are all that the parameters let through, ``shown`` those of the picture and the list, between
    ``places``. ``known`` are all nodes that one can ask for. ``ways`` are the chains from ``start`` to
    ``end`` where these were asked for; ``back`` says, where there are none, that there are some the other
    way round.
    """

    asked: Asked
    title: str
    arrows: tuple[Arrow, ...]
    shown: tuple[Arrow, ...]
    places: tuple[Place, ...]
    known: tuple[Place, ...]
    focus: Place | None = None
    start: Place | None = None
    end: Place | None = None
    ways: tuple[Chain, ...] = ()
    back: bool = False

    @property
    def left_out(self) -> str:
        """What was found and is not shown, in words; empty if all is."""
        nodes = len(places_of(self.arrows))
        links = sum(len(arrow.links) for arrow in self.arrows) - sum(len(arrow.links) for arrow in self.shown)
        if not links:
            return ""
        return (
            f"{nodes - len(self.places):,} of {nodes:,} nodes, those with the fewest links, and {links:,} "
            f"links are left out: more than {MOST_NODES} names cannot be read in one picture. Narrow the "
            "view, or take all of it as data."
        )


def find_view(asked: Asked, vocabularies: Vocabularies) -> Asking[View]:
    """The view that is asked for.

    Raises :class:`QuestionError` for a node that is not in the network, with the nearest that is.
    """
    everything = yield from _read(asked, vocabularies)
    describe = _Describer((yield _ABOUT), vocabularies)
    nodes = {node.iri: node for link in everything for node in (link.start, link.end)}
    known = tuple(sorted(map(describe, nodes.values()), key=lambda place: (place.node.name, place.key)))
    focus, start, end = (
        _find(name, text, known)
        for name, text in (("focus", asked.focus), ("from", asked.start), ("to", asked.end))
    )
    within = (yield from _read(asked, vocabularies, asked.area)) if asked.area else everything
    least = yield from _rank(asked.confidence)
    arrows = _bundle((link for link in within if link.rank >= least or not link.rank), describe)
    arrows = tuple(arrow for arrow in arrows if _passes(arrow, asked))
    ways: tuple[Chain, ...] = ()
    back = False
    if start and end:
        if start == end:
            raise QuestionError("A way leads from one node to another: give two different ones.", "to")
        links = tuple(link for arrow in arrows for link in arrow.links)
        ways = chains_between(links, start.node.iri, end.node.iri)
        back = not ways and bool(chains_between(links, end.node.iri, start.node.iri))
        steps = {(step.start.iri, step.end.iri, step.sign) for way in ways for step in way.steps}
        arrows = tuple(a for a in arrows if (a.start.node.iri, a.end.node.iri, a.sign) in steps)
    else:
        kinds = _kinds(asked, focus)
        arrows = tuple(arrow for arrow in arrows if {arrow.start.kind, arrow.end.kind} <= kinds)
        if focus:
            near = _near(arrows, focus, asked.depth)
            arrows = tuple(arrow for arrow in arrows if arrow.start in near and arrow.end in near)
    shown = _bounded(arrows, [place for place in (focus, start, end) if place])
    title = _title(asked, vocabularies, (focus, start, end))
    return View(asked, title, arrows, shown, places_of(shown), known, focus, start, end, ways, back)


def places_of(arrows: Iterable[Arrow]) -> tuple[Place, ...]:
    """The nodes that arrows join, by name."""
    found = {place for arrow in arrows for place in (arrow.start, arrow.end)}
    return tuple(sorted(found, key=lambda place: (place.node.name, place.key)))


def _read(asked: Asked, vocabularies: Vocabularies, area: str = "") -> Asking[tuple[Link, ...]]:
    claimed = (yield from read_network(vocabularies, area)) if "interlinkages" in asked.links else ()
    prescribed = (yield from read_addressed(vocabularies, area)) if "measures" in asked.links else ()
    return (*claimed, *prescribed)


def _rank(confidence: str) -> Asking[int]:
    """The rank of a level of confidence; 0 if none is asked for."""
    if not confidence:
        return 0
    rows = yield f"SELECT ?rank WHERE {{ {concept_iri('confidence', confidence).n3()} nx:rank ?rank }}"
    return int(rows[0]["rank"])


class _Describer:
    """Makes places of nodes: what each is, and which domains it is about."""

    def __init__(self, rows: list[PlainRow], vocabularies: Vocabularies) -> None:
        self.titles = {key: scheme.title for key, scheme in vocabularies.schemes.items()}
        self.classes = {row["node"]: local_name(URIRef(row["class"])) for row in rows if "class" in row}
        self.domains: dict[str, set[str]] = {}
        for row in rows:
            if "domain" in row:
                self.domains.setdefault(row["node"], set()).add(row["domain"])
        self.made: dict[str, Place] = {}

    def __call__(self, node: Node) -> Place:
        if node.iri not in self.made:
            self.made[node.iri] = self._make(node)
        return self.made[node.iri]

    def _make(self, node: Node) -> Place:
        key = record_identifier(node.iri) or node.iri.removeprefix(VOCABULARIES)
        what = self.classes.get(node.iri, "Record") if node.record else key.split("/")[0]
        kind = what.lower() if what.lower() in KINDS else "other"
        domains = {node.iri} if node.is_domain else self.domains.get(node.iri, set())
        words = {"sdg": "SDG"}.get(what, what.capitalize() if what.islower() else what)
        return Place(node, kind, words, key, frozenset(domains))


def _find(name: str, text: str, known: tuple[Place, ...]) -> Place | None:
    """The node that a person means, by key, IRI or name in any case."""
    if not text:
        return None
    wanted = text.strip().casefold()
    for place in known:
        if wanted in (place.key.casefold(), place.node.iri.casefold(), place.node.name.casefold()):
            return place
    short = [
        place for place in known if not place.node.record and place.key.split("/")[-1].casefold() == wanted
    ]
    if len(short) == 1:
        return short[0]
    near = nearest_name(text, [name for place in known for name in (place.node.name, place.key)])
    hint = f" Did you mean {near}?" if near else " Names and identifiers of its nodes are in its JSON."
    raise QuestionError(f"Nothing in the graph is called {text!r}.{hint}", name)


def _bundle(links: Iterable[Link], describe: _Describer) -> tuple[Arrow, ...]:
    bundles: dict[tuple[str, str, int, bool], list[Link]] = {}
    for link in links:
        bundles.setdefault((link.start.iri, link.end.iri, link.sign, link.rank == 0), []).append(link)
    arrows = [
        Arrow(
            describe(found[0].start),
            describe(found[0].end),
            found[0].sign,
            tuple(sorted(found, key=_sureness)),
        )
        for found in bundles.values()
    ]
    return tuple(
        sorted(arrows, key=lambda a: (a.start.node.name, a.start.key, a.end.node.name, a.end.key, -a.sign))
    )


def _sureness(link: Link) -> tuple[int, str]:
    return -link.rank, link.identifier


def _passes(arrow: Arrow, asked: Asked) -> bool:
    domain = str(concept_iri("domain", asked.domain)) if asked.domain else ""
    return (not asked.signs or arrow.sign in asked.signs) and (
        not domain or domain in arrow.start.domains | arrow.end.domains
    )


def _kinds(asked: Asked, focus: Place | None) -> frozenset[str]:
    """The kinds of node that are shown: those asked for, or the nexus and what links and focus need."""
    if asked.kinds:
        return frozenset(asked.kinds)
    more = {focus.kind} if focus else set()
    if "measures" in asked.links or (focus and focus.node.record):
        more.add("policy")
    return _NEXUS | more


def _near(arrows: tuple[Arrow, ...], focus: Place, depth: int) -> set[Place]:
    """The nodes within so many arrows of the focus, whichever way they point, none through a domain.

    Land or water as a whole would bring together what has nothing to do with each other.
    """
    beside: dict[Place, set[Place]] = {}
    for arrow in arrows:
        beside.setdefault(arrow.start, set()).add(arrow.end)
        beside.setdefault(arrow.end, set()).add(arrow.start)
    near, rim = {focus}, {focus}
    for _ in range(depth):
        through = {place for place in rim if place == focus or not place.node.is_domain}
        rim = {other for place in through for other in beside.get(place, ())} - near
        near |= rim
    return near


def _bounded(arrows: tuple[Arrow, ...], first: list[Place]) -> tuple[Arrow, ...]:
    """The arrows between the nodes that most links meet at, and those that were asked for by name."""
    if len(places_of(arrows)) <= MOST_NODES:
        return arrows
    links: Counter[Place] = Counter()
    for arrow in arrows:
        for place in (arrow.start, arrow.end):
            links[place] += len(arrow.links)
    ranked = sorted(links, key=lambda place: (place not in first, -links[place], place.node.name, place.key))
    kept = set(ranked[:MOST_NODES])
    return tuple(arrow for arrow in arrows if arrow.start in kept and arrow.end in kept)


def _title(asked: Asked, vocabularies: Vocabularies, named: tuple[Place | None, ...]) -> str:
    focus, start, end = (place.node.name if place else "" for place in named)
    if start and end:
        title = f"From {start} to {end}"
    else:
        title = f"Around {focus}" if focus else "What acts on what in the nexus"
    parts = [
        next(term.label for term in vocabularies.schemes[key].terms if term.key == value)
        for key, value in (("area", asked.area), ("domain", asked.domain), ("confidence", asked.confidence))
        if value
    ]
    if asked.confidence:
        parts[-1] = f"{parts[-1].lower()} or higher"
    signs = {value: key for key, value in SIGNS.items()}
    parts += [f"sign {', '.join(signs[sign] for sign in asked.signs)}"] if asked.signs else []
    parts += ["with measures"] if set(asked.links) == set(LINKS) else []
    return "; ".join([title, *parts])
