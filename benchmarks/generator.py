"""A base of any size in the shape of the real one.

The curated files are the profile: each made record is a real one of the same kind and area taken as a
template, with its links to records led to made records, its texts cut together from two, its figures and part
of its vocabulary terms drawn anew. Fan-out, vocabulary use and lengths are therefore those of the real base.
The same seed and profile give the same bytes.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TextIO

import pyoxigraph as ox

from nexuskb.terms import EV, NX, PREFIXES, REC, VOCABULARIES, curie

ROOT = Path(__file__).resolve().parents[1]
_DC = PREFIXES["dcterms"]
_TYPE = PREFIXES["rdf"] + "type"
_EVIDENCE = str(NX.evidence)
_VALUE, _PRINTED = str(NX.value), str(NX.valueAsPrinted)
#: Properties whose terms are drawn anew one time in three: no shape ties them to another property.
_FREE = {
    str(NX[name])
    for name in (
        "addressesDriver", "addressesImpact", "driver", "impact", "sector", "instrument", "response",
        "confidence",
    )
}  # fmt: skip
_TEXTS = {_DC + "description", PREFIXES["rdfs"] + "label"}
_OWN_SUFFIX = {str(NX.url), str(NX.doi), str(NX.otherIdentifier)}
_ENDS = {str(NX["from"]), str(NX.to)}
_REDRAWN = 1 / 3
_POPULARITY = 1.6


class Group(NamedTuple):
    """Records of one kind in one directory of the data."""

    directory: str
    kind: str


@dataclass(slots=True)
class Template:
    """A real record: its triples without evidence, and the triples of each of its passages."""

    group: Group
    triples: list[tuple[str, ox.NamedNode | ox.Literal]]
    passages: list[list[tuple[str, ox.NamedNode | ox.Literal]]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.triples) + sum(len(passage) + 1 for passage in self.passages)


@dataclass(slots=True)
class Profile:
    """What the generator and the workload know of the real base."""

    templates: dict[Group, list[Template]]
    groups: dict[str, Group]
    files: dict[Group, str]
    pools: dict[tuple[str, str], list[ox.NamedNode]]
    texts: dict[tuple[str, str], list[ox.Literal]]
    triples: int

    def words(self) -> list[str]:
        """Words of the descriptions that occur neither once nor everywhere, in a fixed order."""
        counts: dict[str, int] = defaultdict(int)
        for (_, predicate), texts in self.texts.items():
            if predicate == _DC + "description":
                for text in texts:
                    for word in set(re.findall(r"[a-z]{5,12}", text.value.lower())):
                        counts[word] += 1
        return sorted(word for word, count in counts.items() if 3 <= count <= 200)

    def terms(self, scheme: str) -> list[str]:
        """The terms of a vocabulary that the records use, each as often as they use it."""
        prefix = f"{VOCABULARIES}{scheme}/"
        found = [t.value for pool in self.pools.values() for t in pool if t.value.startswith(prefix)]
        return sorted(found)


def read_profile(data: Path = ROOT / "data") -> Profile:
    """Read the curated files as templates."""
    subjects: dict[str, list[tuple[str, ox.NamedNode | ox.Literal]]] = defaultdict(list)
    places: dict[str, Path] = {}
    triples = 0
    for path in sorted(data.glob("*/*.ttl")):
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
            if not isinstance(quad.subject, ox.NamedNode) or not isinstance(
                quad.object, ox.NamedNode | ox.Literal
            ):
                continue
            subjects[quad.subject.value].append((quad.predicate.value, quad.object))
            places.setdefault(quad.subject.value, path)
            triples += 1
    kinds = {
        subject: next(o.value for p, o in rows if p == _TYPE).removeprefix(str(NX))
        for subject, rows in subjects.items()
        if any(p == _TYPE for p, _ in rows)
    }
    profile = Profile(defaultdict(list), {}, {}, defaultdict(list), defaultdict(list), triples)
    for subject, rows in subjects.items():
        if not subject.startswith(str(REC)) or subject not in kinds:
            continue
        group = Group(places[subject].parent.name, kinds[subject])
        template = Template(group, [(p, o) for p, o in rows if p != _EVIDENCE])
        template.passages = [subjects[o.value] for p, o in rows if p == _EVIDENCE]
        profile.templates[group].append(template)
        profile.groups[subject] = group
        profile.files[group] = places[subject].name
        for predicate, value in template.triples:
            if isinstance(value, ox.NamedNode) and value.value.startswith(VOCABULARIES):
                profile.pools[group.kind, predicate].append(value)
            elif predicate in _TEXTS and isinstance(value, ox.Literal) and value.language == "en":
                profile.texts[group.kind, predicate].append(value)
    return profile


@dataclass(slots=True)
class Made:
    """What was made: the number of records in each group, and of triples."""

    counts: dict[Group, int]
    triples: int
    seed: int

    def records(self, kind: str | None = None) -> list[str]:
        """The IRIs of the records, or of those of one kind, in a fixed order."""
        return [
            str(REC) + name(group, number)
            for group, count in sorted(self.counts.items())
            if kind in (None, group.kind)
            for number in range(count)
        ]


def name(group: Group, number: int) -> str:
    """The identifier of a made record."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", group.kind).lower()
    return f"{group.directory}-{kind}-{number}"


def plan(profile: Profile, triples: int) -> dict[Group, int]:
    """How many records of each group make about so many triples."""
    factor = triples / profile.triples
    return {
        group: max(1, round(len(templates) * factor))
        for group, templates in sorted(profile.templates.items())
    }


def generate(directory: Path, triples: int, seed: int = 1, profile: Profile | None = None) -> Made:
    """Write a base of about so many triples (within a few in a hundred) as ``directory/AREA/KIND.ttl``."""
    profile = profile or read_profile()
    counts = plan(profile, triples)
    maker = _Maker(profile, counts, random.Random(seed))
    for group, count in counts.items():
        path = directory / group.directory / profile.files[group]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as out:
            out.writelines(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in sorted(PREFIXES.items()))
            maker.write(group, count, out)
    return Made(counts, maker.triples, seed)


def write_lines(
    data: Path,
    triples: Path | None,
    quads: Path | None,
    graph: str = "https://w3id.org/nexuskb/graphs/records",
) -> int:
    """Write the Turtle files of a made base as N-Triples and as N-Quads; the number of lines."""
    named = ox.NamedNode(graph)

    def read(target: ox.NamedNode | None) -> Iterator[ox.Quad | ox.Triple]:
        for path in sorted(data.glob("*/*.ttl")):
            for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
                yield quad.triple if target is None else ox.Quad(*quad.triple, target)

    if triples:
        ox.serialize(read(None), str(triples), format=ox.RdfFormat.N_TRIPLES)
    if quads:
        ox.serialize(read(named), str(quads), format=ox.RdfFormat.N_QUADS)
    written = triples or quads
    if not written:
        return 0
    with written.open("rb") as lines:
        return sum(1 for _ in lines)


class _Maker:
    """Writes records; counts triples on the way."""

    def __init__(self, profile: Profile, counts: dict[Group, int], rng: random.Random) -> None:
        self.profile = profile
        self.counts = counts
        self.rng = rng
        self.triples = 0
        self.written: dict[ox.NamedNode | ox.Literal, str] = {}
        real = sum(len(t) for g, t in profile.templates.items() if g.kind == "Interlinkage")
        made = sum(count for group, count in counts.items() if group.kind == "Interlinkage")
        # Chains of interlinkages over a vocabulary of fixed size would grow with the square of the base.
        self.concept_ends = min(1.0, (real / max(made, 1)) ** 0.5)

    def write(self, group: Group, count: int, out: TextIO) -> None:
        """Write the records of one group, each template as often as the others."""
        templates = list(self.profile.templates[group])
        for number in range(count):
            if number % len(templates) == 0:
                self.rng.shuffle(templates)
            self._record(templates[number % len(templates)], number, out)

    def _record(self, template: Template, number: int, out: TextIO) -> None:
        identifier = name(template.group, number)
        lines: dict[str, None] = {}
        figure = self._figure(template)
        for predicate, value in template.triples:
            written = self._value(template.group, number, predicate, value, figure)
            if written is not None:
                lines[f"{self._term(ox.NamedNode(predicate))} {written}"] = None
        passages = []
        for place, passage in enumerate(template.passages, 1):
            node = f"<{EV}{identifier}-e{place}>"
            lines[f"nx:evidence {node}"] = None
            inner: dict[str, None] = {}
            for predicate, value in passage:
                written = self._value(template.group, number, predicate, value, figure)
                if written is not None:
                    inner[f"{self._term(ox.NamedNode(predicate))} {written}"] = None
            passages.append(f"\n{node}\n    " + " ;\n    ".join(inner) + " .\n")
            self.triples += len(inner)
        self.triples += len(lines)
        out.write(f"\nrec:{identifier}\n    " + " ;\n    ".join(lines) + " .\n")
        out.writelines(passages)

    def _value(
        self, group: Group, number: int, predicate: str, value: ox.NamedNode | ox.Literal, figure: str | None
    ) -> str | None:
        if isinstance(value, ox.NamedNode):
            return self._node(group, number, predicate, value)
        return self._literal(group, number, predicate, value, figure)

    def _literal(
        self, group: Group, number: int, predicate: str, value: ox.Literal, figure: str | None
    ) -> str:
        if predicate == _DC + "identifier":
            return f'"{name(group, number)}"'
        if figure and predicate == _VALUE:
            return f'"{figure}"^^xsd:decimal'
        if figure and predicate == _PRINTED:
            return f'"{figure}"'
        if predicate in _OWN_SUFFIX:
            return str(ox.Literal(f"{value.value}-{number}", datatype=value.datatype))
        if predicate in _TEXTS and value.language == "en":
            return self._text(group.kind, predicate, value)
        return self._term(value)

    def _text(self, kind: str, predicate: str, value: ox.Literal) -> str:
        first = value.value.split()
        second = self.rng.choice(self.profile.texts[kind, predicate]).value.split()
        words = first[: (len(first) + 1) // 2] + second[len(second) // 2 :]
        return str(ox.Literal(" ".join(words), language="en"))

    def _figure(self, template: Template) -> str | None:
        given = next((o.value for p, o in template.triples if p == _VALUE), None)
        if given is None:
            return None
        value = Decimal(given)
        return f"{value * Decimal(str(round(self.rng.uniform(0.5, 2), 4))):.{_places(value)}f}"

    def _node(self, group: Group, number: int, predicate: str, value: ox.NamedNode) -> str | None:
        target = self.profile.groups.get(value.value)
        if predicate in _ENDS and self.rng.random() > self.concept_ends and _is_thing(value):
            target = Group(group.directory, "ImpactFinding" if predicate == str(NX.to) else "DriverFinding")
        if target is not None:
            return self._link(group, number, target)
        if predicate in _FREE and self.rng.random() < _REDRAWN:
            return self._term(self.rng.choice(self.profile.pools[group.kind, predicate]))
        return self._term(value)

    def _link(self, group: Group, number: int, target: Group) -> str | None:
        """A made record of the group: some are linked to far more often than others, and none in a circle."""
        among = number if target == group else self.counts[target]
        if not among:
            return None
        return f"rec:{name(target, int(among * self.rng.random() ** _POPULARITY))}"

    def _term(self, value: ox.NamedNode | ox.Literal) -> str:
        if (known := self.written.get(value)) is None:
            if isinstance(value, ox.NamedNode):
                short = curie(value.value)
                known = str(value) if short == value.value else short
            else:
                known = str(value)
            self.written[value] = known
        return known


def _is_thing(value: ox.NamedNode) -> bool:
    """A driver, an impact or a topic: an end that chains go through."""
    return value.value.removeprefix(VOCABULARIES).partition("/")[0] in {"driver", "impact", "topic"}


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
