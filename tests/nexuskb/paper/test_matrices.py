"""Every matrix equals counts made another way, and says the same in every form that it comes in."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook
from rdflib import RDF, Graph, URIRef

from nexuskb.asking import drive, rows_of
from nexuskb.errors import FormatError, QuestionError
from nexuskb.paper.matrices.catalogue import MATRICES, matrix_kind, read_matrix
from nexuskb.paper.matrices.coherence import DEPENDENCE, INFLUENCE
from nexuskb.paper.matrices.matrix import DARK, HATCHED, LIGHT, Cell, Heading, Matrix
from nexuskb.paper.matrices.tables import as_csv
from nexuskb.paper.matrices.targets import UNDATED
from nexuskb.paper.matrices.written import FORMS, provenance, written
from nexuskb.questions.catalogue import questions
from nexuskb.terms import NX, REC, VOCABULARIES, concept_iri

STATES = ("chn", "jpn", "kor", "mng", "prk", "rus")
LIVE = {concept_iri("status", "in-force"), concept_iri("status", "amended")}
EXAMPLES = [
    ("drivers", {}),
    ("impacts", {}),
    ("coherence", {}),
    ("coherence", {"country": "CHN"}),
    ("instruments", {}),
    ("targets", {"country": "MNG"}),
    ("timeline", {"country": "MNG", "date": "2015-06-30"}),
]
Make = Callable[..., Matrix]
NEXUSKB = str(Path(sys.executable).parent / "nexuskb")


@pytest.fixture(scope="module")
def make(store, vocabularies) -> Make:
    def making(name: str, **values: str) -> Matrix:
        return drive(read_matrix(matrix_kind(name), values, vocabularies), rows_of(store))

    return making


def state_of(turtle: Graph, policy: URIRef) -> set[str]:
    return {str(area).rsplit("/", 1)[1] for area in turtle.objects(policy, NX.area)}


def is_live(turtle: Graph, policy: URIRef) -> bool:
    return turtle.value(policy, NX.legalStatus) in LIVE


@pytest.mark.parametrize(
    ("name", "found", "addressed", "scheme"),
    [
        ("drivers", NX.driver, NX.addressesDriver, "driver"),
        ("impacts", NX.impact, NX.addressesImpact, "impact"),
    ],
)
def test_states_against_drivers_and_impacts_count_as_the_files_do(
    name: str, found: URIRef, addressed: URIRef, scheme: str, make: Make, turtle: Graph
) -> None:
    """Counted from the Turtle by rdflib. One impact has a narrower term, which counts for it too."""
    narrower = {"livestock-loss": ["livestock-loss-dzud"]}
    matrix = make(name)
    assert {column.key for column in matrix.columns} == set(STATES)
    kinds = (NX.DriverFinding, NX.ImpactFinding)
    for row in matrix.rows:
        terms = [concept_iri(scheme, key) for key in [row.key, *narrower.get(row.key, [])]]
        broader = [concept_iri(scheme, key) for key, below in narrower.items() if row.key in below]
        for state in STATES:
            area = concept_iri("area", state)
            findings = {
                s
                for term in terms
                for s in turtle.subjects(found, term)
                if (s, NX.area, area) in turtle and turtle.value(s, RDF.type) in kinds
            }
            measures = {
                s
                for term in [*terms, *broader]
                for s in turtle.subjects(addressed, term)
                if (s, RDF.type, NX.Measure) in turtle
                and state in state_of(turtle, turtle.value(s, NX.ofPolicy))
            }
            live = {m for m in measures if is_live(turtle, turtle.value(m, NX.ofPolicy))}
            cell = matrix.cell(row.key, state)
            named = {REC[name] for name in cell.records}
            assert findings | measures <= named
            if findings or measures:
                assert cell.text.startswith(f"{len(live)} / {len(findings)}"), (row.key, state)
            assert (cell.shade == LIGHT) == bool(findings and live)
            assert (cell.shade == DARK) == bool(findings and not measures)
            assert (cell.shade == HATCHED) == (not named)


def test_a_gap_of_the_matrix_is_a_gap_of_the_competency_question(make: Make, store, vocabularies) -> None:
    from nexuskb.questions.catalogue import fill, question  # noqa: PLC0415

    for name in ("drivers", "impacts"):
        matrix = make(name)
        for state in STATES:
            query = fill(question("drivers-without-measures"), {"country": state}, vocabularies)
            gaps = {
                str(row["concept"]).rsplit("/", 1)[1]
                for row in store.select(query)
                if str(row["conceptKind"]) == name.rstrip("s") and str(row["standing"]).startswith("gap")
            }
            shown = {row.key for row in matrix.rows if matrix.cell(row.key, state).text.endswith("gap")}
            assert shown == gaps, (name, state)


def test_the_coherence_of_policies_is_every_score_between_two_policies_with_sums(
    make: Make, turtle: Graph, model: Graph
) -> None:
    expected: dict[tuple[str, str], int] = {}
    for link in turtle.subjects(RDF.type, NX.Interlinkage):
        ends = (turtle.value(link, NX["from"]), turtle.value(link, NX.to))
        score = turtle.value(link, NX.score)
        if score and all((end, RDF.type, NX.Policy) in turtle for end in ends):
            key = tuple(str(end).removeprefix(str(REC)) for end in ends)
            expected[key] = expected.get(key, 0) + int(str(model.value(score, NX.scoreValue)))
    matrix = make("coherence")
    policies = {row.key for row in matrix.rows} - {DEPENDENCE}
    assert policies == {key for pair in expected for key in pair}
    shown = {
        (row, column): sum(int(sign.strip(" *")) for sign in matrix.cell(row, column).text.split(","))
        for row in policies
        for column in policies
        if matrix.cell(row, column).text
    }
    assert shown == expected
    for key in policies:
        influence = sum(value for (a, _), value in expected.items() if a == key)
        dependence = sum(value for (_, b), value in expected.items() if b == key)
        assert int(matrix.cell(key, INFLUENCE).text) == influence
        assert int(matrix.cell(DEPENDENCE, key).text) == dependence
    assert int(matrix.cell(DEPENDENCE, INFLUENCE).text) == sum(expected.values())


def test_a_star_marks_exactly_the_scores_with_an_inferred_end(make: Make, store) -> None:
    rows = store.select(
        "SELECT ?l WHERE { ?l a nx:Interlinkage ; nx:score ?s ; nx:from ?f ; nx:to ?t . "
        "?f a nx:Policy . ?t a nx:Policy . VALUES ?end { end:from end:to } "
        "FILTER NOT EXISTS { ?l nx:evidence/nx:supportsEnd ?end } }"
    )
    inferred = {str(row["l"]).removeprefix(str(REC)) for row in rows}
    starred = {
        record for cell in make("coherence").cells.values() if "*" in cell.text for record in cell.records
    }
    assert starred == inferred
    assert inferred


def test_instruments_count_measures_by_state_and_domain_of_their_policies(make: Make, turtle: Graph) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    live: Counter[tuple[str, str]] = Counter()
    for measure in turtle.subjects(RDF.type, NX.Measure):
        policy = turtle.value(measure, NX.ofPolicy)
        instrument = str(turtle.value(measure, NX.instrument)).rsplit("/", 1)[1]
        for state in state_of(turtle, policy) & set(STATES):
            for domain in turtle.objects(policy, NX.domain):
                place = (instrument, f"{state}-{str(domain).rsplit('/', 1)[1]}")
                counted[place] += 1
                live[place] += is_live(turtle, policy)
    matrix = make("instruments")
    assert {place: cell.text for place, cell in matrix.cells.items()} == {
        place: f"{live[place]} / {count}" for place, count in counted.items()
    }
    assert len(matrix.columns) == 18


@pytest.mark.parametrize("country", [*STATES, "north-east-asia", ""])
def test_targets_are_those_that_fall_due_or_name_no_year_with_their_observations(
    country: str, make: Make, turtle: Graph
) -> None:
    area = concept_iri("area", country) if country else None
    years = {
        str(target).removeprefix(str(REC)): int(str(turtle.value(target, NX.targetYear) or 0))
        for target in turtle.subjects(RDF.type, NX.Target)
        if (target, NX.area, area) in turtle
    }
    due = {key for key, year in years.items() if year <= 2030}
    undated = {key for key, year in years.items() if year == 0}
    observed = {
        str(target).removeprefix(str(REC)) for target in turtle.objects(None, NX.showsProgressOf)
    } & due
    matrix = make("targets", **({"country": country} if country else {}))
    assert {row.key for row in matrix.rows} == due
    assert {r.key for r in matrix.rows if matrix.cell(r.key, "observed").shade == LIGHT} == observed
    assert {r.key for r in matrix.rows if matrix.cell(r.key, "due").text == UNDATED} == undated
    assert {row.key for row in matrix.rows[len(due) - len(undated) :]} == undated
    assert f"{len(undated):,} of {len(due):,} targets name no year" in matrix.note
    assert all(matrix.cell(key, "due").text == str(years[key]) for key in due - undated)


def test_some_targets_name_no_year_and_some_are_observed(make: Make) -> None:
    matrix = make("targets")
    assert sum(matrix.cell(row.key, "due").text == UNDATED for row in matrix.rows) > 10
    assert sum(matrix.cell(row.key, "observed").shade == LIGHT for row in matrix.rows) > 10


#: The date of the framework in the tests; its law is asked of a query that shares nothing with the question.
DAY = "2015-06-30"
_EVENTS = """SELECT ?policy ?event ?date WHERE {
  ?policy a nx:Policy ; nx:area area:%s .
  { ?policy nx:adopted ?date BIND("adopted" AS ?event) }
  UNION { ?policy nx:inForceFrom ?date BIND("entered into force" AS ?event) }
  UNION { ?policy nx:amended ?date BIND("amended" AS ?event) }
  UNION { ?policy nx:periodEnd ?date BIND("last year of its period" AS ?event) }
  UNION {
    ?later nx:supersedes ?policy ; nx:legalStatus ?status .
    FILTER(?status != status:draft)
    OPTIONAL { ?later nx:inForceFrom ?force }
    OPTIONAL { ?later nx:adopted ?adoption }
    BIND(COALESCE(?force, ?adoption, "no date") AS ?date)
    BIND("superseded" AS ?event)
  }
}"""


@pytest.mark.parametrize("country", STATES)
def test_every_date_of_the_framework_is_that_of_an_independent_query(
    country: str, make: Make, store, turtle: Graph
) -> None:
    area = concept_iri("area", country)
    policies = {
        str(policy).removeprefix(str(REC)): policy
        for policy in turtle.subjects(RDF.type, NX.Policy)
        if (policy, NX.area, area) in turtle
    }
    expected: dict[tuple[str, str], set[str]] = {}
    for row in store.select(_EVENTS % country):
        key = (str(row["policy"]).removeprefix(str(REC)), str(row["event"]))
        expected.setdefault(key, set()).add(str(row["date"]))
    matrix = make("timeline", country=country, date=DAY)
    assert {row.key for row in matrix.rows} == set(policies)
    shown = {
        (row.key, event): set(cell.text.split(", "))
        for row in matrix.rows
        for event in {event for _, event in expected}
        if (cell := matrix.cell(row.key, event)).text
    }
    assert shown == expected
    for key, policy in policies.items():
        status = str(turtle.value(policy, NX.legalStatus)).rsplit("/", 1)[1]
        assert matrix.cell(key, "status").text.split(",")[0].lower().replace(" ", "-") in (
            status, "in-force" if status == "amended" else status
        )  # fmt: skip


@pytest.mark.parametrize("country", STATES)
def test_bars_of_the_framework_run_from_the_first_start_to_the_first_end(
    country: str, make: Make, store
) -> None:
    dates: dict[str, dict[str, list[str]]] = {}
    for row in store.select(_EVENTS % country):
        key = str(row["policy"]).removeprefix(str(REC))
        dates.setdefault(key, {}).setdefault(str(row["event"]), []).append(str(row["date"]))
    matrix = make("timeline", country=country, date=DAY)
    spans = {span.row: span for span in matrix.spans}
    for row in matrix.rows:
        of_policy = dates.get(row.key, {})
        starts = of_policy.get("adopted", []) + of_policy.get("entered into force", [])
        ends = of_policy.get("superseded", []) + of_policy.get("last year of its period", [])
        assert (row.key in spans) == bool(starts), row.key
        if row.key not in spans:
            continue
        span = spans[row.key]
        assert int(span.start) == min(int(date[:4]) for date in starts)
        known = [int(date[:4]) for date in ends if date != "no date"]
        if not known:
            assert span.until is None
        else:
            assert span.until is not None
            assert min(known) <= span.until <= min(known) + 1
        if matrix.cell(row.key, "verdict").text.startswith("yes"):
            assert span.start <= 2015.5
            assert span.until is None or span.until >= 2015.49


@pytest.mark.parametrize(("name", "values"), EXAMPLES)
def test_every_form_says_what_the_matrix_says(name: str, values: dict[str, str], make: Make) -> None:
    matrix = make(name, **values)
    made_from = provenance(matrix, "abc123")
    table = list(csv.reader(io.StringIO(as_csv(matrix))))
    assert len(table) == len(matrix.rows) + 1
    assert [line[0] for line in table[1:]] == [row.text for row in matrix.rows]
    book = load_workbook(io.BytesIO(written(matrix, "xlsx", made_from)))
    sheet = book["Matrix"]
    for number, (row, cells) in enumerate(matrix.lines(), 2):
        written_row = [cell.value or "" for cell in sheet[number]]
        assert written_row == [row.text, *(cell.text.strip() for cell in cells)]
    assert "abc123" in str([cell.value for line in book["How to read it"] for cell in line])
    root = ET.fromstring(written(matrix, "svg", made_from))
    texts = "".join(root.itertext())
    assert root.attrib["role"] == "img"
    assert "abc123" in texts
    if not matrix.spans:
        for cell in matrix.cells.values():
            assert all(word in texts for word in cell.text.split())


def test_figures_are_the_same_bytes_each_time(make: Make) -> None:
    matrix = make("instruments", country="MNG")
    for form in ("svg", "pdf"):
        assert written(matrix, form, "x") == written(matrix, form, "x")


def test_a_png_and_a_pdf_are_what_they_say(make: Make, tmp_path) -> None:
    matrix = make("timeline", country="MNG")
    assert written(matrix, "png", "x").startswith(b"\x89PNG")
    file = tmp_path / "figure.pdf"
    file.write_bytes(written(matrix, "pdf", "x"))
    assert file.read_bytes().startswith(b"%PDF")
    assert file.read_bytes().count(b"/Type /Page ") > 1


def test_a_figure_that_nobody_could_read_is_refused_and_what_looks_like_a_formula_is_none() -> None:
    rows = tuple(Heading(str(n), "=1+1") for n in range(500))
    cells = {("0", "c"): Cell("=HYPERLINK(A1)")}
    matrix = Matrix("m", "M", "Row", rows, (Heading("c", "@c"),), cells, (), "", "", "targets-due")
    with pytest.raises(FormatError, match="too many for a figure"):
        written(matrix, "svg", "x")
    assert as_csv(matrix).splitlines()[:2] == ["Row,'@c", "'=1+1,'=HYPERLINK(A1)"]
    sheet = load_workbook(io.BytesIO(written(matrix, "xlsx", "x")))["Matrix"]
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("=HYPERLINK(A1)", "s")


def test_an_unknown_matrix_parameter_or_form_says_what_there_is(make: Make) -> None:
    with pytest.raises(QuestionError, match="The matrices are: drivers, impacts"):
        matrix_kind("nothing")
    with pytest.raises(QuestionError, match="has no parameter 'kind'"):
        make("drivers", kind="impact")
    with pytest.raises(QuestionError, match="is not a known country"):
        make("drivers", country="Atlantis")
    with pytest.raises(FormatError, match="csv, json, xlsx, svg, png, pdf"):
        written(make("targets"), "docx", "x")


def test_every_matrix_is_made_from_a_question_of_the_catalogue() -> None:
    assert {kind.question for kind in MATRICES.values()} <= set(questions())
    assert set(FORMS) == {"csv", "json", "xlsx", "svg", "png", "pdf"}


def test_vocabulary_keys_are_the_keys_of_rows(make: Make, vocabularies) -> None:
    keys = {term.key for term in vocabularies.schemes["driver"].terms}
    assert {row.key for row in make("drivers").rows} == keys
    assert VOCABULARIES


def test_the_command_writes_what_it_is_asked_for(settings, store, tmp_path) -> None:
    from tests.conftest import environment  # noqa: PLC0415

    output = tmp_path / "framework.pdf"
    command = [NEXUSKB, "matrix", "timeline", "--country", "MNG", "--to", "pdf", "--output", str(output)]
    run = subprocess.run(
        command, env=environment(settings), capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert output.read_bytes().startswith(b"%PDF")
    run = subprocess.run(
        [NEXUSKB, "matrix", "timeline", "--to", "pdf"],
        env=environment(settings), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 2
    assert "Say where the pdf is to be written" in run.stderr
