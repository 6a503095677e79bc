"""What people are told of the mistakes that they make: what is wrong, what was given, what would do.

Each row is a change to a record of the base; the shapes are the real ones.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from rdflib import DCTERMS, RDF, RDFS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from nexuskb.settings import Settings
from nexuskb.terms import EV, NX, REC, concept_iri
from nexuskb.validation.base import Base, gather, validate_nodes
from nexuskb.validation.duplicates import duplicates
from nexuskb.validation.report import Violation, with_near_records

POLICY, TARGET, CASE, LINK, SOURCE = (
    REC["mng-billion-trees-2021"],
    REC["mng-bt-t2"],
    REC["mng-case-sutoi"],
    REC["mng-link-climate-vs-grazing"],
    REC["mng-src-a24-mining"],
)
FINDING = REC["mng-driver-abandoned-farmland"]
OTHER = REC["mng-china-mongolia-desertification-2022"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is set instead of the values of some properties, and what has to be said of it."""

    node: URIRef
    instead: dict[tuple[URIRef, URIRef], list[Node]]
    field: str
    wrong: str
    says: str
    value: str = ""
    suggestion: str = ""
    allowed: tuple[str, ...] = field(default=())
    blocking: bool = True


def english(text: str) -> Literal:
    return Literal(text, lang="en")


def typed(text: str, datatype: URIRef) -> Literal:
    return Literal(text, datatype=datatype, normalize=False)


def year(text: str) -> Literal:
    return typed(text, XSD.gYear)


MISTAKES = {
    "missing title": Mistake(
        POLICY,
        {(POLICY, RDFS.label): []},
        "English title",
        "nothing is given",
        "give exactly one, in English",
    ),
    "two English titles": Mistake(
        POLICY,
        {(POLICY, RDFS.label): [english("Forest Law"), english("Law on Forests")]},
        "English title",
        "2 values are given: Forest Law; Law on Forests",
        "give exactly one, in English",
    ),
    "impossible date": Mistake(
        POLICY,
        {(POLICY, NX.adopted): [typed("2023-02-30", XSD.date)]},
        "Adopted",
        "there is no such date in the calendar",
        "as precise as its source: 2012, 2012-05 or 2012-05-17",
        "2023-02-30",
    ),
    "over-precise date": Mistake(
        POLICY,
        {(POLICY, NX.adopted): [typed("2003-12-25", XSD.date)]},
        "Adopted on 25 December",
        "",
        "Give the year only",
        "2003-12-25",
        "2003",
        blocking=False,
    ),
    "time of day": Mistake(
        POLICY,
        {(POLICY, NX.adopted): [typed("2003-05-17T00:00:00", XSD.dateTime)]},
        "Adopted",
        "it is more precise than a day",
        "as precise as its source",
        "2003-05-17T00:00:00",
    ),
    "period that ends before it starts": Mistake(
        POLICY,
        {(POLICY, NX.periodStart): [year("2031")], (POLICY, NX.periodEnd): [year("2030")]},
        "First year",
        "2031 is later than the last year, 2030",
        "not later than the last year",
        "2031",
    ),
    "unknown country": Mistake(
        POLICY,
        {(POLICY, NX.area): [concept_iri("area", "mgn")]},
        "Area",
        "there is no such term",
        'only terms of the vocabulary "Areas"',
        "area:mgn",
        "mng",
    ),
    "unknown driver": Mistake(
        FINDING,
        {(FINDING, NX.driver): [concept_iri("driver", "overgrasing")]},
        "Driver",
        "there is no such term",
        'exactly one term of the vocabulary "Drivers"',
        "driver:overgrasing",
        "overgrazing",
    ),
    "term of another vocabulary": Mistake(
        POLICY,
        {(POLICY, NX.domain): [concept_iri("sector", "water")]},
        "Nexus domain",
        'it is a term of another vocabulary, "Sectors"',
        'only terms of the vocabulary "Nexus domains"',
        "sector:water",
        "water",
        ("climate", "land", "water"),
    ),
    "dangling source": Mistake(
        EV["mng-bt-t2-e1"],
        {(EV["mng-bt-t2-e1"], NX.source): [REC["mng-src-a24-minning"]]},
        "Source",
        "there is no such record",
        "link to exactly one existing record of the kind Source",
        "rec:mng-src-a24-minning",
        "mng-src-a24-mining",
    ),
    "link to another kind": Mistake(
        EV["mng-bt-t2-e1"],
        {(EV["mng-bt-t2-e1"], NX.source): [POLICY]},
        "Source",
        "it is of the kind Policy",
        "link to exactly one existing record of the kind Source",
        "rec:mng-billion-trees-2021",
    ),
    "malformed link": Mistake(
        SOURCE,
        {(SOURCE, NX.url): [typed("htp:/www.unccd.int/ldn", XSD.anyURI)]},
        "Address",
        "it is not of the form asked for",
        "starts with http:// or https://",
        "htp:/www.unccd.int/ldn",
        "https://www.unccd.int/ldn",
    ),
    "in force with an end in the past": Mistake(
        POLICY,
        {(POLICY, NX.periodEnd): [year("2025")]},
        "In force after its period has ended",
        "legal status is In force, last year is 2025",
        "Say that it has expired or was superseded",
        blocking=False,
    ),
    "decimal comma": Mistake(
        TARGET,
        {(TARGET, NX.value): [typed("12 500,5", XSD.decimal)]},
        "Value",
        "12 500,5 is not of the kind asked for",
        "with a decimal point and no other separators",
        "12 500,5",
        "12500.5",
    ),
    "baseline after the target": Mistake(
        TARGET,
        {(TARGET, NX.baselineYear): [typed("2012", XSD.gYear)], (TARGET, NX.targetYear): [year("2010")]},
        "Baseline year",
        "2012 is later than the target year, 2010",
        "not later than the target year",
        "2012",
    ),
    "target without unit": Mistake(
        TARGET, {(TARGET, NX.unit): []}, "Unit", "nothing is given", "say what the figure counts or measures"
    ),
    "policy that supersedes itself": Mistake(
        POLICY,
        {(POLICY, NX.supersedes): [POLICY]},
        "Does not supersede itself",
        "it goes in a circle: mng-billion-trees-2021 - mng-billion-trees-2021",
        "a policy cannot supersede itself",
        "mng-billion-trees-2021",
    ),
    "circle of policies": Mistake(
        POLICY,
        {(POLICY, NX.supersedes): [OTHER], (OTHER, NX.supersedes): [POLICY]},
        "Does not supersede itself",
        f"it goes in a circle: mng-billion-trees-2021 - {OTHER.removeprefix(REC)} - mng-billion-trees-2021",
        "directly or through a circle of others",
        "mng-billion-trees-2021",
    ),
    "claim without pinpoint": Mistake(
        EV["mng-bt-t2-e1"],
        {(EV["mng-bt-t2-e1"], NX.locator): []},
        "Pinpoint",
        "nothing is given",
        "A source without pinpoint cannot be cited",
    ),
    "interlinkage of a thing with itself": Mistake(
        LINK,
        {
            (LINK, NX["from"]): [concept_iri("domain", "climate")],
            (LINK, NX.to): [concept_iri("domain", "climate")],
        },
        "From",
        "both ends are Climate",
        "nothing is interlinked with itself",
        "domain:climate",
    ),
    "score against kind": Mistake(
        LINK,
        {
            (LINK, NX.linkKind): [concept_iri("linkkind", "trade-off")],
            (LINK, NX.score): [concept_iri("score", "plus2")],
        },
        "Score of a trade-off",
        "kind of interlinkage is Trade-off, score is Reinforcing (+2)",
        "a trade-off can only have -2 or -1",
    ),
    "markup in text": Mistake(
        POLICY,
        {(POLICY, DCTERMS.description): [english("It plants <b>trees</b>.")]},
        "Summary",
        "it holds markup, such as <b> or &amp;; write plain text",
        "give exactly one English text",
        "It plants <b>trees</b>.",
    ),
    "control characters in text": Mistake(
        POLICY,
        {(POLICY, DCTERMS.description): [english("It plants\u202e trees.")]},
        "Summary",
        "it holds characters that cannot be seen or that were lost in copying; type it anew or paste it as "
        "plain text",
        "give exactly one English text",
        "It plants\u202e trees.",
    ),
    "country named otherwise": Mistake(
        POLICY,
        {(POLICY, DCTERMS.description): [english("It is paid for by South Korea.")]},
        "Summary",
        "it names a country otherwise than the United Nations does",
        "Republic of Korea",
        "It is paid for by South Korea.",
    ),
    "Chinese text in the English field": Mistake(
        POLICY,
        {(POLICY, DCTERMS.description): [english("植树造林")]},
        "Summary",
        "it is not written in the script of its language: choose the language that the text is in, or the "
        "field for that language",
        "give exactly one English text",
        "植树造林",
    ),
    "Mongolian text in the English field": Mistake(
        POLICY,
        {(POLICY, DCTERMS.description): [Literal("Тэрбум мод", lang="mn")]},
        "Summary",
        "it is marked as mn",
        "give exactly one English text",
        "Тэрбум мод (mn)",
    ),
    **{
        f"Latin text in the field for {language}": Mistake(
            POLICY,
            {(POLICY, NX.officialLabel): [Literal("Billion Trees", lang=language)]},
            "Official title",
            "it is not written in the script of its language: choose the language that the text is in, or "
            "the field for that language",
            "mark each with its language",
            f"Billion Trees ({language})",
        )
        for language in ("zh", "mn", "ko", "ja", "ru", "zh-Hant")
    },
    "two official titles in a language": Mistake(
        POLICY,
        {(POLICY, NX.officialLabel): [Literal("Тэрбум мод", lang="mn"), Literal("Мод", lang="mn")]},
        "Official title",
        "2 texts are marked as mn: Мод; Тэрбум мод",
        "give at most one in each language",
    ),
}


@pytest.fixture(scope="module")
def gathered(settings: Settings) -> Base:
    return gather(settings, sorted((settings.data / "mng").rglob("*.ttl")))


@pytest.fixture
def changed(gathered: Base) -> Iterator[Base]:
    """The base, put back afterwards as it was."""
    before = set(gathered.data)
    yield gathered
    after = set(gathered.data)
    for triple in after - before:
        gathered.data.remove(triple)
    for triple in before - after:
        gathered.data.add(triple)


def violations(base: Base, mistake: Mistake) -> list[Violation]:
    for (node, path), values in mistake.instead.items():
        base.data.remove((node, path, None))
        for value in values:
            base.data.add((node, path, value))
    names = [str(name) for name in base.data.objects(None, DCTERMS.identifier)]
    return with_near_records(validate_nodes(base, {mistake.node}).violations, names)


def shown(violation: Violation) -> tuple[object, ...]:
    return (
        violation.field,
        violation.wrong,
        violation.value,
        violation.suggestion,
        violation.blocking,
    )


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_words(name: str, changed: Base) -> None:
    mistake = MISTAKES[name]
    assert (mistake.node, RDF.type, None) in changed.data
    found = violations(changed, mistake)
    wanted = (mistake.field, mistake.wrong, mistake.value, mistake.suggestion, mistake.blocking)
    assert [shown(each) for each in found] == [wanted]
    assert mistake.says in found[0].message
    assert found[0].allowed[: len(mistake.allowed)] == mistake.allowed
    assert found[0].focus == str(mistake.node)
    assert found[0].path in {str(path) for _, path in mistake.instead}


@pytest.mark.parametrize(
    "text",
    [
        "Land Law (Газрын тухай)",
        "Ömnögovi and Dornogovi",
        "2012-2020",
        "less than 5 %, p < 0.05 and 3 > 2",
        "R&D; water & land",
        "the “Three-North” programme (三北)",
    ],
)
def test_good_text_is_not_taken_for_bad(text: str, changed: Base) -> None:
    mistake = Mistake(POLICY, {(POLICY, DCTERMS.description): [english(text)]}, "", "", "")
    assert violations(changed, mistake) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Газрын тухай хууль", "mn"),
        ("ᠮᠣᠩᠭᠣᠯ", "mn"),
        ("Gazryn tukhai khuuli", "mn-Latn"),
        ("土地法", "zh-Hans"),
        ("SATOYAMAイニシアティブ", "ja"),
        ("토지법", "ko"),
        ("Loi sur les terres", "fr"),
        ("Закон № 3", "ru"),
    ],
)
def test_good_titles_in_many_scripts(text: str, language: str, changed: Base) -> None:
    mistake = Mistake(POLICY, {(POLICY, NX.officialLabel): [Literal(text, lang=language)]}, "", "", "")
    assert violations(changed, mistake) == []


def test_a_long_vocabulary_is_not_listed(changed: Base) -> None:
    found = violations(changed, MISTAKES["unknown driver"])
    assert found[0].allowed == () or len(found[0].allowed) <= 30


def test_a_duplicate_is_shown_beside_what_it_looks_like(changed: Base, settings: Settings) -> None:
    data, new = changed.data, REC["mng-billion-trees"]
    for path, value in data.predicate_objects(POLICY):
        data.add((new, path, value))
    data.set((new, DCTERMS.identifier, Literal("mng-billion-trees")))
    title = (
        "Billion trees national movement (Presidential decree 58), with strategic and action plan 2022-2030"
    )
    data.set((new, RDFS.label, english(title)))
    (found,) = duplicates(data, {new}, settings.data)
    assert found.similar == ("mng-billion-trees-2021",)
    assert found.wrong.startswith("it looks like mng-billion-trees-2021: Billion Trees national movement")
    assert found.wrong.endswith("(2021)")
    assert (found.record, found.value, found.blocking) == ("mng-billion-trees", title, False)
    data.set((new, NX.adopted, typed("2015-10", XSD.gYearMonth)))
    assert duplicates(data, {new}, settings.data) == []


def test_a_source_is_known_by_its_address_and_doi(changed: Base, settings: Settings) -> None:
    data, new = changed.data, REC["mng-src-new"]
    address = str(data.value(SOURCE, NX.url)).replace("https://", "http://www.") + "/"
    for path, value in (
        (RDF.type, NX.Source),
        (RDFS.label, english("Quite another title")),
        (DCTERMS.identifier, Literal("mng-src-new")),
        (NX.url, typed(address, XSD.anyURI)),
    ):
        data.add((new, path, value))
    (found,) = duplicates(data, {new}, settings.data)
    assert found.similar == ("mng-src-a24-mining",)


def test_what_was_reviewed_is_not_asked_again(settings: Settings) -> None:
    base = gather(settings, sorted((settings.data / "chn").rglob("*.ttl")))
    laws = {REC["chn-law-black-soil-2022"], REC["chn-law-wetland-2021"]}
    assert all((law, RDF.type, NX.Policy) in base.data for law in laws)
    assert duplicates(base.data, laws, settings.data) == []


def test_titles_of_the_same_letters_are_compared_a_bounded_number_of_times(settings: Settings) -> None:
    letters = [
        f"{'abcdefghijklmnopqrstuvwxyz0123456789'[n:]}{'abcdefghijklmnopqrstuvwxyz0123456789'[:n]}"
        for n in range(36)
    ]
    data, records = Graph(), []
    for number in range(200):
        policy = REC[f"mng-p-{number}"]
        records.append(policy)
        title = english(" ".join(letters[(number + n) % 36] for n in (0, 7, 19, 23, 31)) * 100)
        for path, value in (
            (RDF.type, NX.Policy),
            (RDFS.label, title),
            (DCTERMS.identifier, Literal(f"mng-p-{number}")),
        ):
            data.add((policy, path, value))
    compared = []
    before = difflib.SequenceMatcher.ratio
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            difflib.SequenceMatcher, "ratio", lambda self: compared.append(len(self.a)) or before(self)
        )
        found = duplicates(data, set(records), settings.data)
    assert 0 < len(compared) <= 2_000
    assert max(compared) <= 300
    assert all(len(each.similar) <= 5 for each in found)
