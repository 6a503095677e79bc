"""The table of bad records: for every shape, what it has to catch and what it then says.

A line is a field: how many values it takes, their sort, its shape, its name and a part of its message; what
can be wrong with a field of that sort is in ``bad_fields.py``. Rules on several fields are written out.
"""

from __future__ import annotations

from bad_fields import (
    CHARACTERS,
    DATE,
    DAY,
    ENGLISH,
    IDENTIFIER,
    LINK,
    NATIVE,
    NUMBER,
    TEXT,
    WHOLE_NUMBER,
    YEAR,
    BadRecord,
    Change,
    Sort,
    all_of,
    any_number,
    at_least_one,
    at_most_one,
    exactly_one,
    instead,
    term,
    without,
    words,
)
from rdflib import DCTERMS, RDF, Graph, Literal, URIRef

from nexuskb.terms import NX, REC

AREA = words("area", "kkor", "kor")
ASSERTION = words("assertion", "infered", "inferred", ("assertion:asserted", "assertion:inferred"))
BASIS = words("basis", "general-knowlege", "general-knowledge", ("basis:source", "basis:editor"))
CONFIDENCE = words("confidence", "hihg", "high", ("confidence:high", "confidence:low"))
COPY = words("copy", "mirrror", "mirror")
DOMAIN = words("domain", "climat", "climate")
DRIVER = words("driver", "overgrasing", "overgrazing", ("driver:drought", "driver:wind"))
END = words("end", "form", "from")
IMPACT = words("impact", "dust-storms", "sand-and-dust-storms", ("impact:floods", "impact:health"))
INSTRUMENT = words("instrument", "planing", "planning", ("instrument:planning", "instrument:economic"))
LABEL_STATUS = words("labelstatus", "offical", "official", ("labelstatus:official", "labelstatus:working"))
LINK_KIND = words("linkkind", "amplifys", "amplifies", ("linkkind:dependency", "linkkind:synergy"))
OUTCOME = words("outcome", "not-fuond", "not-found", ("outcome:found", "outcome:not-found"))
POLICY_KIND = words("policykind", "strategie", "strategy", ("policykind:law", "policykind:plan"))
READING = words("reading", "exerpt", "excerpt", ("reading:full", "reading:excerpt"))
RESPONSE = words("response", "avoyd", "avoid", ("response:avoid", "response:reduce"))
REVIEW = words("review", "accpeted", "accepted", ("review:accepted", "review:draft"))
REVIEW_KIND = words(
    "reviewkind",
    "coment",
    "comment",
    ("reviewkind:comment", "reviewkind:non-objection"),
)
SCORE = words("score", "plus-2", "plus2", ("score:plus1", "score:plus2"))
SDG = words("sdg", "15-3-1-", "15-3-1")
SECTOR = words("sector", "live-stock", "livestock")
SENSITIVITY = words("sensitivity", "compiled-elswhere", "compiled-elsewhere")
SOURCE_KIND = words(
    "sourcekind", "journal-artikle", "journal-article", ("sourcekind:news", "sourcekind:dataset")
)
STATUS = words("status", "inforce", "in-force", ("status:in-force", "status:expired"))

WEB_ADDRESS = Sort(
    bad=(
        ('"www.unccd.int"^^xsd:anyURI', "www.unccd.int", "https://www.unccd.int"),
        ('"htps://www.unccd.int"^^xsd:anyURI', "htps://www.unccd.int", "https://www.unccd.int"),
        ('"https://www.unccd.int/a b"^^xsd:anyURI', "https://www.unccd.int/a b", ""),
        ('"https://www.unccd.int"', "https://www.unccd.int", '"https://www.unccd.int"^^xsd:anyURI'),
    ),
    good=('"https://a.example/"^^xsd:anyURI', '"https://b.example/"^^xsd:anyURI'),
)
DOI = Sort(
    bad=(
        (
            '"https://doi.org/10.4236/jep.2021.126025"',
            "https://doi.org/10.4236/jep.2021.126025",
            "10.4236/jep.2021.126025",
        ),
        ('"10.4236"', "10.4236", ""),
        ('"10.4236/jep.2021.126025"@en', "10.4236/jep.2021.126025", '"10.4236/jep.2021.126025"'),
    ),
    good=('"10.4236/jep.2021.126025"', '"10.4236/jep.2021.126026"'),
)
ASSIGNMENT = Sort(
    bad=(
        ('"country"', "country", ""),
        ('"country="', "country=", ""),
        ('"=MNG"', "=MNG", ""),
        ('"country=MNG"@en', "country=MNG", '"country=MNG"'),
    ),
)
LANGUAGE = Sort(
    bad=(('"Mongolian"', "Mongolian", ""), ('"mn_MN"', "mn_MN", ""), ('"mn"@en', "mn", '"mn"')),
    good=('"en"', '"mn"'),
)
REVISION = Sort(
    bad=(
        ("rec:a", "rec:a", ""),
        ('"2"', "2", ""),
    ),
    good=("<https://w3id.org/nexuskb/revisions/a/1>", "<https://w3id.org/nexuskb/revisions/a/2>"),
)
LOOP = Sort(
    bad=(('"vicious"', "vicious", ""), ('"balancing"@en', "balancing", '"balancing"')),
    good=('"reinforcing"', '"balancing"'),
)
LINK_OR_TERM = Sort(
    bad=(
        ("rec:nobody-wrote-this", "rec:nobody-wrote-this", ""),
        ("driver:overgrasing", "driver:overgrasing", ""),
        ('"Overgrazing"@en', "Overgrazing", ""),
    ),
    good=("driver:overgrazing", "driver:drought"),
)

#: Scores that each kind of interlinkage cannot have.
WRONG_SCORES = {
    "synergy": ("minus1", "zero"),
    "coherence": ("minus1", "plus3"),
    "trade-off": ("plus2", "zero", "minus3"),
    "conflict": ("plus1", "zero"),
    "dependency": ("zero",),
    "amplifies": ("plus1", "zero"),
    "reduces": ("minus1", "zero"),
    "feedback": ("plus1", "zero"),
}
#: What is then said, under the name of the rule.
ALLOWED = {
    "synergy": ("Score of a synergy", "a synergy can only have +1, +2 or +3."),
    "coherence": ("Score of a coherence", "a coherence can only have +1 or +2."),
    "trade-off": ("Score of a trade-off", "a trade-off can only have -2 or -1."),
    "conflict": ("Score of a conflict", "a conflict can only have -3, -2 or -1."),
    "dependency": ("Score of a dependency", "a dependency can only have -3, -2, -1, +1, +2 or +3."),
    "amplifies": ("No score where one thing amplifies another", "leave it out for the kind amplifies."),
    "reduces": ("No score where one thing reduces another", "leave it out for the kind reduces."),
    "feedback": ("No score where one thing feeds back on another", "leave it out for the kind feedback."),
}


def label(kind: str) -> list[BadRecord]:
    """The English name that a record is shown by."""
    return exactly_one(TEXT, f"{kind}-label", "Title or name", "give exactly one, in English.")


def summary(kind: str, name: str) -> list[BadRecord]:
    """What the record says, in our own words."""
    says = "give exactly one English text that is not empty. Use the country names of the United Nations"
    return exactly_one(TEXT, f"{kind}-description", name, says)


def place(kind: str) -> list[BadRecord]:
    """Where it is, in words."""
    return any_number(TEXT, f"{kind}-place", "Place", "give English texts that are not empty.")


def unknown_unit(kind: str) -> list[BadRecord]:
    """A unit that no source is known to print like this, with the nearest that one prints."""
    return [
        BadRecord(
            kind,
            f"{kind}-unit-known",
            instead("nx:unit", f'"{given}"'),
            "Known unit",
            "no unit of the vocabulary",
            given,
            near,
            blocking=False,
        )
        for given, near in (
            ("milion ha", "million ha"),
            ("bilion m3/year", "billion m3/year"),
            ("furlongs", ""),
        )
    ]


def as_stated(kind: str) -> list[BadRecord]:
    """The period in the words of the source."""
    return at_most_one(CHARACTERS, f"{kind}-periodAsStated", "Period as stated", SOME_CHARACTERS)


def period(kind: str) -> list[BadRecord]:
    """The first year and the last."""
    start, end = f"{kind}-periodStart", f"{kind}-periodEnd"
    alone = [
        *at_most_one(YEAR, start, "First year", "give at most one year, such as 2012"),
        *at_most_one(YEAR, end, "Last year", "give at most one year, such as 2012."),
    ]
    return [
        *map(_without_the_other_year, alone),
        BadRecord(kind, start, BACKWARDS, "First year", LATER, "2031"),
    ]


def _without_the_other_year(bad: BadRecord) -> BadRecord:
    other = "nx:periodEnd" if bad.shape.endswith("periodStart") else "nx:periodStart"
    change = all_of(instead(other), bad.change)
    return BadRecord(bad.kind, bad.shape, change, bad.field, bad.says, bad.value, bad.suggestion)


BACKWARDS = all_of(
    instead("nx:periodStart", '"2031"^^xsd:gYear'), instead("nx:periodEnd", '"2030"^^xsd:gYear')
)
LATER = "First year: give at most one year, such as 2012, not later than the last year."


def figure(kind: str) -> list[BadRecord]:
    """The figure as a number."""
    return at_most_one(NUMBER, f"{kind}-value", "Value", "give at most one number with a decimal point")


def evidence(kind: str) -> list[BadRecord]:
    """What every claim rests on."""
    return at_least_one(LINK, f"{kind}-evidence", "Evidence", "give at least one source with the pinpoint")


def wrong_score(kind: str, score: str) -> BadRecord:
    """An interlinkage of this kind with this score."""
    change = all_of(instead("nx:linkKind", f"linkkind:{kind}"), instead("nx:score", f"score:{score}"))
    field, says = ALLOWED[kind]
    return BadRecord("Interlinkage", f"Interlinkage-score-{kind}", change, field, says)


def uncited(end: str) -> Change:
    """No passage is cited for this end of an interlinkage, and it is not marked as inferred."""
    other = "to" if end == "from" else "from"

    def change(graph: Graph, focus: URIRef) -> None:
        graph.set((focus, NX.inferredEnd, term(f"end:{other}")))
        for passage in graph.objects(focus, NX.evidence):
            graph.remove((passage, NX.supportsEnd, term(f"end:{end}")))

    return change


def linked_with_itself(graph: Graph, focus: URIRef) -> None:
    """An interlinkage that leads from land to land."""
    for end in (NX["from"], NX.to):
        graph.set((focus, end, term("domain:land")))


def to_itself(path: str) -> Change:
    """A link to the record itself, which is a record, but of another kind than is wanted."""

    def change(graph: Graph, focus: URIRef) -> None:
        graph.set((focus, term(path), focus))

    return change


def supersedes_itself(graph: Graph, focus: URIRef) -> None:
    """A policy that replaces itself."""
    graph.add((focus, NX.supersedes, focus))


def circle_of_three(graph: Graph, focus: URIRef) -> None:
    """A policy that replaces one that replaces one that replaces it."""
    second, third = URIRef(f"{focus}-second"), URIRef(f"{focus}-third")
    for policy, earlier in ((focus, second), (second, third), (third, focus)):
        graph.add((policy, RDF.type, NX.Policy))
        graph.add((policy, DCTERMS.identifier, Literal(str(policy).removeprefix(REC))))
        graph.add((policy, NX.supersedes, earlier))


def identifier_of_another(graph: Graph, focus: URIRef) -> None:
    """A record with the identifier of another."""
    for identifier in graph.objects(focus, DCTERMS.identifier):
        graph.add((URIRef(f"{focus}-another"), DCTERMS.identifier, identifier))


def evidence_of_none(graph: Graph, focus: URIRef) -> None:
    """Evidence that no record names."""
    graph.remove((None, NX.evidence, focus))


def evidence_of_two(graph: Graph, focus: URIRef) -> None:
    """Evidence that two records name."""
    graph.add((REC["somebody-else"], RDF.type, NX.Institution))
    graph.add((REC["somebody-else"], NX.evidence, focus))


def evidence_of_no_record(graph: Graph, focus: URIRef) -> None:
    """Evidence that something names which is not there."""
    graph.remove((None, NX.evidence, focus))
    graph.add((REC["nobody-wrote-this"], NX.evidence, focus))


def sensitive_sources_alone(graph: Graph, focus: URIRef) -> None:
    """A record that rests on a source compiled in another State and on no other."""
    graph.remove((focus, NX.soleSupport, None))
    graph.add((REC["compiled-elsewhere"], RDF.type, NX.Source))
    graph.add((REC["compiled-elsewhere"], NX.sensitivity, term("sensitivity:compiled-elsewhere")))
    for passage in graph.objects(focus, NX.evidence):
        graph.set((passage, NX.source, REC["compiled-elsewhere"]))


ONE_TERM = "give exactly one term"
A_TERM = "give at most one term"
TERMS = "use only terms"
SOME_CHARACTERS = "give at most one text"
ONE_POLICY = "link to exactly one existing record of the kind Policy."
POLICIES = "link only to existing records of the kind Policy."
RECORDS = "link only to records that exist."
ONE_RECORD = "it must support exactly one record."
ONE_TEXT = "give exactly one English text that is not empty."
A_TEXT = "give at most one English text that is not empty."
TEXTS = "give English texts that are not empty."
A_DATE = "give at most one date that exists in the calendar"
ONE_DATE = "give exactly one date that exists in the calendar"

EVERY_RECORD = [
    *exactly_one(IDENTIFIER, "Record-identifier", "Identifier", "give exactly one, of small", "Event"),
    *at_least_one(AREA, "Record-area", "Area", "give at least one, and only terms", "Measure"),
    *any_number(IDENTIFIER, "Record-otherIdentifier", "Other identifier", "use small Latin", "Case"),
    *exactly_one(REVIEW, "Record-reviewState", "Review state", ONE_TERM, "Source"),
    *any_number(TEXT, "Record-note", "Note", TEXTS, "Target"),
    *any_number(TEXT, "Record-caveat", "Doubt", TEXTS, "Decision"),
    BadRecord(
        "Event", "Record-unique-identifier", identifier_of_another, "Unique identifier", "choose a new one."
    ),
]

CLAIMS_AND_POLICIES = [
    bad
    for kind in ("Observation", "Policy")
    for bad in (
        *any_number(SENSITIVITY, "Evidenced-soleSupport", "Rests alone on", "give at most one", kind),
        BadRecord(
            kind,
            "Evidenced-sensitive-source-not-alone",
            sensitive_sources_alone,
            "A sensitive source is not the only support, unless the record says so",
            'Add another source, or fill in "Rests alone on"',
        ),
    )
]

EVIDENCE = [
    *exactly_one(
        LINK, "Evidence-source", "Source", "link to exactly one existing record of the kind Source."
    ),
    *exactly_one(CHARACTERS, "Evidence-locator", "Pinpoint", "say where in the source"),
    *exactly_one(ASSERTION, "Evidence-assertion", "Assertion", ONE_TERM),
    *any_number(END, "Evidence-supportsEnd", "Supports end", TERMS),
    BadRecord("Evidence", "Evidence-of", evidence_of_none, "Evidence of", ONE_RECORD),
    BadRecord("Evidence", "Evidence-of", evidence_of_two, "Evidence of", ONE_RECORD),
    BadRecord(
        "Evidence", "Evidence-of", evidence_of_no_record, "Evidence of", ONE_RECORD, "rec:nobody-wrote-this"
    ),
]

CASE = [
    *label("Case"),
    *place("Case"),
    *as_stated("Case"),
    *period("Case"),
    *summary("Case", "What was done"),
    *at_most_one(TEXT, "Case-result", "Result", A_TEXT),
    *any_number(TEXT, "Case-lesson", "Lesson", TEXTS),
    *at_most_one(RESPONSE, "Case-response", "Response", A_TERM),
    *any_number(DRIVER, "Case-addressesDriver", "Addresses driver", TERMS),
    *any_number(IMPACT, "Case-addressesImpact", "Addresses impact", TERMS),
    *any_number(LINK, "Case-applies", "Applies", "link only to existing records of the kind Measure or"),
    BadRecord(
        "Case",
        "Case-applies",
        to_itself("nx:applies"),
        "Applies",
        "of the kind Measure or Policy.",
        "{record}",
    ),
    *evidence("Case"),
]

CONFLICT = [
    *label("Conflict"),
    *summary("Conflict", "How they differ"),
    *at_least_one(LINK, "Conflict-involves", "Involves", "name at least two records that disagree"),
]

COVERAGE_NOTE = [
    *label("CoverageNote"),
    *summary("CoverageNote", "What was looked for and seen"),
    *exactly_one(OUTCOME, "CoverageNote-outcome", "Outcome", ONE_TERM),
    *at_most_one(DATE, "CoverageNote-date", "Date", A_DATE),
    *any_number(DOMAIN, "CoverageNote-domain", "Nexus domain", TERMS),
    *any_number(DRIVER, "CoverageNote-driver", "Driver", TERMS),
    *any_number(IMPACT, "CoverageNote-impact", "Impact", TERMS),
    *any_number(LINK, "CoverageNote-about", "About", RECORDS),
]

DECISION = [
    *label("Decision"),
    *exactly_one(DATE, "Decision-date", "Date", ONE_DATE),
    *exactly_one(TEXT, "Decision-body", "Body", ONE_TEXT),
    *summary("Decision", "Decision"),
    *evidence("Decision"),
]

DRIVER_FINDING = [
    *label("DriverFinding"),
    *exactly_one(DRIVER, "DriverFinding-driver", "Driver", ONE_TERM),
    *any_number(DOMAIN, "DriverFinding-domain", "Nexus domain", TERMS),
    *summary("DriverFinding", "Finding"),
    *place("DriverFinding"),
    *as_stated("DriverFinding"),
    *period("DriverFinding"),
    *exactly_one(CONFIDENCE, "DriverFinding-confidence", "Confidence", ONE_TERM),
    *evidence("DriverFinding"),
]

EVENT = [
    *label("Event"),
    *at_most_one(DATE, "Event-date", "Date", A_DATE),
    *at_most_one(DATE, "Event-endDate", "End date", A_DATE),
    *place("Event"),
    *at_most_one(TEXT, "Event-body", "Body", A_TEXT),
    *summary("Event", "What happened"),
    *evidence("Event"),
]

IMPACT_FINDING = [
    *label("ImpactFinding"),
    *exactly_one(IMPACT, "ImpactFinding-impact", "Impact", ONE_TERM),
    *any_number(DOMAIN, "ImpactFinding-domain", "Nexus domain", TERMS),
    *summary("ImpactFinding", "Finding"),
    *place("ImpactFinding"),
    *any_number(TEXT, "ImpactFinding-affected", "Affected", TEXTS),
    *as_stated("ImpactFinding"),
    *period("ImpactFinding"),
    *at_most_one(CONFIDENCE, "ImpactFinding-confidence", "Confidence", A_TERM),
    *evidence("ImpactFinding"),
]

INSTITUTION = [
    *label("Institution"),
    *at_most_one(NATIVE, "Institution-officialLabel", "Official name", "give at most one in each"),
    *summary("Institution", "Role"),
    *evidence("Institution"),
]

INTERLINKAGE = [
    *label("Interlinkage"),
    *exactly_one(
        LINK_OR_TERM, "Interlinkage-from", "From", "link to exactly one existing record or vocabulary"
    ),
    *exactly_one(LINK_OR_TERM, "Interlinkage-to", "To", "link to exactly one existing record or vocabulary"),
    BadRecord(
        "Interlinkage",
        "Interlinkage-from",
        linked_with_itself,
        "From",
        "and not to the one at",
        "domain:land",
    ),
    *exactly_one(LINK_KIND, "Interlinkage-linkKind", "Kind of interlinkage", ONE_TERM),
    *summary("Interlinkage", "Mechanism"),
    *at_most_one(SCORE, "Interlinkage-score", "Score", A_TERM),
    *at_most_one(TEXT, "Interlinkage-scoreReason", "Reason for the score", A_TEXT),
    *at_most_one(LOOP, "Interlinkage-loop", "Loop", "say reinforcing or balancing."),
    *exactly_one(CONFIDENCE, "Interlinkage-confidence", "Confidence", ONE_TERM),
    *any_number(END, "Interlinkage-inferredEnd", "Inferred end", TERMS),
    *evidence("Interlinkage"),
    *(wrong_score(kind, score) for kind, scores in WRONG_SCORES.items() for score in scores),
    BadRecord(
        "Interlinkage",
        "Interlinkage-from-cited",
        uncited("from"),
        "The From end is cited or marked as inferred",
        "no passage is cited for the From end.",
    ),
    BadRecord(
        "Interlinkage",
        "Interlinkage-to-cited",
        uncited("to"),
        "The To end is cited or marked as inferred",
        "no passage is cited for the To end.",
    ),
]

MEASURE = [
    *label("Measure"),
    *exactly_one(LINK, "Measure-ofPolicy", "Policy", ONE_POLICY),
    BadRecord(
        "Measure", "Measure-ofPolicy", to_itself("nx:ofPolicy"), "Policy", "of the kind Policy.", "{record}"
    ),
    *at_most_one(CHARACTERS, "Measure-policyLocator", "Place in the policy", SOME_CHARACTERS),
    *summary("Measure", "What it prescribes"),
    *exactly_one(INSTRUMENT, "Measure-instrument", "Instrument", ONE_TERM),
    *at_most_one(RESPONSE, "Measure-response", "Response", A_TERM),
    *any_number(DRIVER, "Measure-addressesDriver", "Addresses driver", TERMS),
    *any_number(IMPACT, "Measure-addressesImpact", "Addresses impact", TERMS),
    *evidence("Measure"),
]

OBSERVATION = [
    *label("Observation"),
    *any_number(SDG, "Observation-sdgIndicator", "SDG indicator", TERMS),
    *at_most_one(CHARACTERS, "Observation-sdgNote", "SDG note", SOME_CHARACTERS),
    *figure("Observation"),
    *exactly_one(CHARACTERS, "Observation-valueAsPrinted", "Figure as printed", "give exactly one text"),
    *exactly_one(CHARACTERS, "Observation-unit", "Unit", "say what the figure counts or measures"),
    *unknown_unit("Observation"),
    *at_most_one(YEAR, "Observation-refYear", "Year", "give at most one year"),
    *as_stated("Observation"),
    *place("Observation"),
    *at_most_one(TEXT, "Observation-nature", "Nature of the figure", A_TEXT),
    *any_number(LINK, "Observation-showsProgressOf", "Shows progress of", "link only to existing"),
    *evidence("Observation"),
]

PAPER_SECTION = [
    *label("PaperSection"),
    *exactly_one(WHOLE_NUMBER, "PaperSection-order", "Order", "give exactly one whole number."),
    *summary("PaperSection", "Brief"),
    *at_most_one(LINK, "PaperSection-ofSection", "Section", "link to at most one section"),
    *any_number(LINK, "PaperSection-assigns", "Assigned record", RECORDS),
]

PAPER_QUESTION = [
    *exactly_one(TEXT, "PaperQuestion-label", "Question", "give exactly one, in English."),
    *exactly_one(WHOLE_NUMBER, "PaperQuestion-order", "Order", "give exactly one whole number."),
    *exactly_one(LINK, "PaperQuestion-ofSection", "Section", "link to exactly one section"),
    BadRecord(
        "PaperQuestion",
        "PaperQuestion-ofSection",
        to_itself("nx:ofSection"),
        "Section",
        "only to one that exists.",
        "{record}",
    ),
    *at_most_one(IDENTIFIER, "PaperQuestion-namedQuestion", "Named question", "give at most one identifier"),
    *any_number(ASSIGNMENT, "PaperQuestion-parameter", "Parameter", "write name=value"),
]

POLICY = [
    *exactly_one(ENGLISH, "Policy-label", "English title", "give exactly one, in English."),
    *at_most_one(NATIVE, "Policy-officialLabel", "Official title", "give at most one in each language"),
    *exactly_one(LABEL_STATUS, "Policy-labelStatus", "Status of the English title", "give exactly one"),
    *exactly_one(POLICY_KIND, "Policy-policyKind", "Kind of policy", ONE_TERM),
    *exactly_one(STATUS, "Policy-legalStatus", "Legal status", ONE_TERM),
    *at_most_one(DATE, "Policy-adopted", "Adopted", A_DATE),
    BadRecord(
        "Policy",
        "Policy-adopted-year-only",
        instead("nx:adopted", '"2003-12-25"^^xsd:date'),
        "Adopted on 25 December",
        "Give the year only, unless the text itself prints the day.",
        "2003-12-25",
        "2003",
        blocking=False,
    ),
    *any_number(DATE, "Policy-amended", "Amended", "give dates that exist in the calendar"),
    *at_most_one(DATE, "Policy-inForceFrom", "In force from", A_DATE),
    *period("Policy"),
    *at_most_one(ENGLISH, "Policy-issuingBody", "Issuing body", A_TEXT),
    *any_number(LINK, "Policy-issuedBy", "Issued by", "of the kind Institution."),
    BadRecord(
        "Policy",
        "Policy-issuedBy",
        to_itself("nx:issuedBy"),
        "Issued by",
        "the kind Institution.",
        "{record}",
    ),
    *any_number(ENGLISH, "Policy-leadBody", "Lead body", TEXTS),
    *any_number(DOMAIN, "Policy-domain", "Nexus domain", TERMS),
    *any_number(SECTOR, "Policy-sector", "Sector", TERMS),
    BadRecord(
        "Policy",
        "Policy-domain-missing",
        without("nx:domain"),
        "Nexus domain missing",
        "Say climate, land or water",
        blocking=False,
    ),
    *summary("Policy", "Summary"),
    *any_number(CHARACTERS, "Policy-registerId", "Register number", "give texts that are not empty."),
    *any_number(LINK, "Policy-supersedes", "Supersedes", POLICIES),
    *(
        BadRecord(
            "Policy",
            "Policy-supersedes-circle",
            change,
            "Does not supersede itself",
            "directly or through a circle of others.",
            "{identifier}",
        )
        for change in (supersedes_itself, circle_of_three)
    ),
    *any_number(TEXT, "Policy-supersedesText", "Supersedes (no record)", TEXTS),
    *any_number(LINK, "Policy-amends", "Amends", POLICIES),
    *any_number(LINK, "Policy-implements", "Implements", POLICIES),
    *any_number(TEXT, "Policy-implementsText", "Implements (no record)", TEXTS),
    *exactly_one(BASIS, "Policy-basis", "Basis", ONE_TERM),
    *any_number(LINK, "Policy-evidence", "Evidence", "link only to evidence that exists"),
    BadRecord(
        "Policy",
        "Policy-evidence-or-basis",
        without("nx:evidence"),
        "A policy has evidence, or says that it rests on general knowledge",
        "set the basis to general knowledge",
    ),
    *(
        BadRecord(
            "Policy",
            "Policy-in-force-until-its-end",
            all_of(
                instead("nx:legalStatus", status),
                instead("nx:periodStart", '"2015"^^xsd:gYear'),
                instead("nx:periodEnd", '"2020"^^xsd:gYear'),
            ),
            "In force after its period has ended",
            "Say that it has expired or was superseded, or correct the last year.",
            blocking=False,
        )
        for status in ("status:in-force", "status:amended")
    ),
]

RECOMMENDATION = [
    *label("Recommendation"),
    *summary("Recommendation", "Recommendation"),
    *exactly_one(ENGLISH, "Recommendation-madeBy", "Made by", ONE_TEXT),
    *exactly_one(TEXT, "Recommendation-addressedTo", "Addressed to", ONE_TEXT),
    *at_least_one(LINK_OR_TERM, "Recommendation-addresses", "Addresses", "link to at least one record or"),
    *any_number(LINK, "Recommendation-builtOn", "Built on", RECORDS),
    *at_most_one(YEAR, "Recommendation-targetYear", "By when", "give at most one year, such as 2030."),
    *any_number(LINK, "Recommendation-measuredBy", "Measured by", "of the kind Target or Observation."),
    *evidence("Recommendation"),
]

REVIEWS = [
    *label("Review"),
    *exactly_one(REVIEW_KIND, "Review-reviewKind", "Kind of review", ONE_TERM),
    *at_least_one(LINK, "Review-about", "About", "link to at least one record, and only to records"),
    *at_most_one(REVISION, "Review-onRevision", "On revision", "name at most one, such as https"),
    *any_number(
        LINK, "Review-respondsTo", "Responds to", "link only to existing records of the kind Review."
    ),
    *exactly_one(TEXT, "Review-reviewer", "Reviewer", ONE_TEXT),
    *exactly_one(DATE, "Review-date", "Date", ONE_DATE),
    *at_most_one(DAY, "Review-answerBy", "Answer by", "give at most one day"),
    *summary("Review", "Comment"),
    *at_most_one(TEXT, "Review-wording", "Wording", A_TEXT),
    *at_most_one(TEXT, "Review-answer", "Answer", A_TEXT),
    BadRecord(
        "Review",
        "Review-response-to-what",
        all_of(instead("nx:reviewKind", "reviewkind:response"), without("nx:respondsTo")),
        "A response says to what",
        "a response names the review",
    ),
    BadRecord(
        "Review",
        "Review-wording-agreed",
        all_of(instead("nx:reviewKind", "reviewkind:agreed-wording"), without("nx:wording")),
        "Agreed wording has words",
        "write out the words",
    ),
    BadRecord(
        "Review",
        "Review-invitation-until",
        all_of(instead("nx:reviewKind", "reviewkind:invitation"), without("nx:answerBy")),
        "An invitation says until when",
        "names the last day for an answer",
    ),
]

SOURCE = [
    *exactly_one(NATIVE, "Source-label", "Title", "give exactly one that is not empty, marked with its"),
    *exactly_one(CHARACTERS, "Source-authorOrPublisher", "Author or publisher", "give exactly one"),
    *at_most_one(DATE, "Source-date", "Date", A_DATE),
    *exactly_one(SOURCE_KIND, "Source-sourceKind", "Kind of source", ONE_TERM),
    *at_most_one(WEB_ADDRESS, "Source-url", "Address", "give at most one web address"),
    *at_most_one(DOI, "Source-doi", "DOI", "give it without https://doi.org/"),
    *exactly_one(LANGUAGE, "Source-language", "Language", "give one language code"),
    *at_most_one(CHARACTERS, "Source-unSymbol", "UN document symbol", SOME_CHARACTERS),
    *exactly_one(READING, "Source-reading", "How it was read", ONE_TERM),
    *any_number(COPY, "Source-copy", "Copy read", TERMS),
    *any_number(SENSITIVITY, "Source-sensitivity", "Sensitivity", TERMS),
]

TARGET = [
    *label("Target"),
    *exactly_one(LINK, "Target-ofPolicy", "Policy", ONE_POLICY),
    *figure("Target"),
    *at_most_one(CHARACTERS, "Target-valueAsPrinted", "Figure as printed", SOME_CHARACTERS),
    *exactly_one(CHARACTERS, "Target-unit", "Unit", "say what the figure counts or measures"),
    *unknown_unit("Target"),
    *at_most_one(YEAR, "Target-baselineYear", "Baseline year", "give at most one year"),
    BadRecord(
        "Target",
        "Target-baselineYear",
        all_of(
            instead("nx:baselineYear", '"2031"^^xsd:gYear'), instead("nx:targetYear", '"2030"^^xsd:gYear')
        ),
        "Baseline year",
        "not later than the target year.",
        "2031",
    ),
    *at_most_one(YEAR, "Target-targetYear", "Target year", "give at most one year"),
    *evidence("Target"),
    BadRecord(
        "Target",
        "Target-figure-or-qualitative",
        without("nx:valueAsPrinted"),
        "A target has a figure, or says that it is qualitative",
        "give the figure of the target as printed, or write qualitative as its unit.",
    ),
]

BAD = [
    *EVERY_RECORD,
    *CLAIMS_AND_POLICIES,
    *EVIDENCE,
    *CASE,
    *CONFLICT,
    *COVERAGE_NOTE,
    *DECISION,
    *DRIVER_FINDING,
    *EVENT,
    *IMPACT_FINDING,
    *INSTITUTION,
    *INTERLINKAGE,
    *MEASURE,
    *OBSERVATION,
    *PAPER_SECTION,
    *PAPER_QUESTION,
    *POLICY,
    *RECOMMENDATION,
    *REVIEWS,
    *SOURCE,
    *TARGET,
]
