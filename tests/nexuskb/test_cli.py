"""The command line: what it prints, its exit status, and a clear message for every mistake.

Most commands run inside the test; exit status and pipes are those of a real process.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rdflib import RDF, RDFS, Graph, Literal, URIRef
from rdflib.term import Node
from tests.conftest import environment

from nexuskb import __version__
from nexuskb.cli import main
from nexuskb.content import read_turtle
from nexuskb.exchange.turtle import serialise
from nexuskb.questions.catalogue import questions
from nexuskb.settings import Settings
from nexuskb.store.embedded import OxigraphStore
from nexuskb.terms import EV, NX, PREFIXES, REC, concept_iri

NEXUSKB = str(Path(sys.executable).parent / "nexuskb")
POLICIES = "SELECT ?i { ?p a nx:Policy ; nx:area area:mng ; dcterms:identifier ?i } ORDER BY ?i"
GRAZING = ["ask", "policies-against-driver", "--country", "MNG", "--driver", "overgrazing"]
COPIED, MADE = "mng-billion-trees-2021", "mng-made-for-a-test-2021"

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run(settings: Settings, store: OxigraphStore) -> Run:
    """A command on the base of this checkout, with text for its standard input."""

    def invoke(*arguments: str, given: str | bytes = "") -> Result:
        return CliRunner().invoke(main, list(arguments), input=given, env=environment(settings))

    return invoke


def process(
    settings: Settings, *arguments: str, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NEXUSKB, *arguments],
        env=environment(settings),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def refused(result: Result, *words: str) -> None:
    """The command failed with one message for a person, and nothing on standard output."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    message = result.stderr.rpartition("Error: ")[2]
    assert message.count("\n") == 1
    for word in words:
        assert word in message


def made_record(settings: Settings, status: URIRef) -> str:
    """A new policy that is a good copy of an old one but for its legal status."""

    def renamed(node: Node) -> Node:
        if isinstance(node, URIRef) and str(node).startswith((REC, EV)):
            return URIRef(node.replace(COPIED, MADE))
        return Literal(MADE) if node == Literal(COPIED) else node

    graph = Graph()
    for s, p, o in read_turtle([settings.data / "mng" / "policies.ttl"]):
        if s == REC[COPIED] or str(s).startswith(EV[f"{COPIED}-e"]):
            graph.add((renamed(s), p, renamed(o)))
    graph.set((REC[MADE], NX.legalStatus, status))
    graph.set((REC[MADE], RDFS.label, Literal("A title that no other policy has", lang="en")))
    assert len(graph) > 20
    return serialise(graph)


@pytest.fixture(scope="module")
def bad_file(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with a misspelt legal status, in a directory whose name looks like markup."""
    path = tmp_path_factory.mktemp("made") / "[red]" / "a[b].ttl"
    path.parent.mkdir()
    path.write_text(made_record(settings, concept_iri("status", "inforce")), encoding="utf-8")
    return path


def test_all_data_conforms(settings: Settings) -> None:
    done = process(settings, "validate")
    assert done.returncode == 0, done.stdout
    assert " 0 errors, " in done.stdout
    assert done.stdout.endswith("The data conforms.\n")
    assert done.stderr == ""


def test_a_bad_file_is_reported_by_file_record_field_and_value(settings: Settings, bad_file: Path) -> None:
    done = process(settings, "validate", str(bad_file))
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[1:3] == [str(bad_file), f"  {MADE}"]
    assert lines[3].startswith("    error   Legal status: ")
    assert lines[4:7] == [
        "            given: status:inforce",
        "            wrong: there is no such term",
        "            did you mean: in-force?",
    ]
    assert lines[-1] == "1 records checked: 1 errors, 0 warnings. The data does not conform."
    assert done.stderr == ""


def test_the_report_of_a_bad_file_comes_as_json_too(run: Run, bad_file: Path) -> None:
    result = run("validate", "--format", "json", str(bad_file))
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["conforms"] is False
    assert report["records"] == 1
    (violation,) = report["violations"]
    assert violation["file"] == str(bad_file)
    assert violation["record"] == MADE
    assert violation["focus"] == str(REC[MADE])
    assert violation["field"] == "Legal status"
    assert violation["value"] == "status:inforce"
    assert violation["suggestion"] == "in-force"
    assert violation["blocking"] is True


def test_a_copy_of_a_record_is_asked_about(run: Run, settings: Settings, tmp_path: Path) -> None:
    text = made_record(settings, concept_iri("status", "in-force"))
    title = read_turtle([settings.data / "mng" / "policies.ttl"]).value(REC[COPIED], RDFS.label)
    copy = tmp_path / "copy.ttl"
    copy.write_text(text.replace("A title that no other policy has", str(title)), encoding="utf-8")
    result = run("validate", str(copy))
    assert result.exit_code == 0
    assert f"it looks like {COPIED}: {title}" in result.stdout


def test_a_good_file_conforms(run: Run, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "good.ttl").write_text(
        made_record(settings, concept_iri("status", "in-force")), encoding="utf-8"
    )
    result = run("validate", str(tmp_path), "--format", "json")
    assert json.loads(result.stdout) == {"conforms": True, "records": 1, "violations": []}
    assert result.exit_code == 0


def test_a_file_that_is_not_turtle_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.ttl").write_text("rec:a rec:b", encoding="utf-8")
    result = run("validate", str(tmp_path / "bad.ttl"))
    assert result.exit_code == 2
    assert "bad.ttl is not readable Turtle" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_to_validate_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    refused(run("validate", str(tmp_path / "none.ttl")), f"no file or directory {tmp_path / 'none.ttl'}")


def test_a_query_from_a_file_and_from_standard_input_has_the_same_answer(
    run, settings, store, tmp_path
) -> None:
    (tmp_path / "q.rq").write_text(POLICIES, encoding="utf-8")
    expected = [str(row["i"]) for row in store.select(POLICIES)]
    assert len(expected) > 50
    from_file = run("query", str(tmp_path / "q.rq"), "--format", "csv")
    assert (from_file.exit_code, from_file.stderr) == (0, "")
    assert [row["i"] for row in rows(from_file.stdout)] == expected
    done = process(settings, "query", "-", "--format", "csv", given=POLICIES)
    assert (done.returncode, done.stderr) == (0, "")
    assert [row["i"] for row in rows(done.stdout)] == expected


def test_a_table_shows_every_value_whole_however_long(run: Run, store: OxigraphStore) -> None:
    query = "SELECT ?p ?l { ?p a nx:Policy ; nx:area area:mng ; rdfs:label ?l } ORDER BY ?l"
    result = run("query", "-", given=query)
    assert result.exit_code == 0
    expected = [f"rec:{str(row['p']).rsplit('/', 1)[1]} {row['l']}" for row in store.select(query)]
    lines = result.stdout.splitlines()
    shown = [line for line in lines if line.startswith("  rec:")]
    assert [line.split() for line in shown] == [line.split() for line in expected]
    assert max(map(len, shown)) > 120
    assert lines[-1] == f"{len(expected):,} rows"


@pytest.mark.parametrize(
    ("query", "form", "expected"),
    [
        ("SELECT (1 AS ?n) {}", "csv", "n\r\n1\r\n"),
        ("SELECT (1 AS ?n) {}", "table", "n ─── 1 1 rows"),
        ("SELECT ?n {}", "json", '{"head":{"vars":["n"]},"results":{"bindings":[{}]}}'),
        ("ASK {}", "table", '{"head":{},"boolean":true}'),
        ("ASK { ?s a nx:Nothing }", "json", '{"head":{},"boolean":false}'),
    ],
)
def test_an_answer_comes_in_each_format_that_can_carry_it(
    run: Run, query: str, form: str, expected: str
) -> None:
    result = run("query", "-", "--format", form, given=query)
    assert (result.exit_code, result.stderr) == (0, "")
    told = result.stdout_bytes.decode()
    assert (" ".join(told.split()) if form != "csv" else told) == expected


@pytest.mark.parametrize(("form", "reader"), [("table", "turtle"), ("turtle", "turtle"), ("json", "json-ld")])
def test_a_graph_comes_in_each_format_that_can_carry_it(run: Run, form: str, reader: str) -> None:
    result = run("query", "-", "--format", form, given="DESCRIBE rec:mng-ndc-2020")
    assert (result.exit_code, result.stderr) == (0, "")
    graph = Graph().parse(data=result.stdout, format=reader)
    assert (REC["mng-ndc-2020"], RDF.type, NX.Policy) in graph
    assert len(graph) > 10


@pytest.mark.parametrize(
    ("query", "form"),
    [("SELECT * {}", "turtle"), ("ASK {}", "csv"), ("ASK {}", "turtle"), ("DESCRIBE rec:a", "csv")],
)
def test_a_format_that_cannot_carry_the_answer_is_refused_with_those_that_can(
    run, query: str, form: str
) -> None:
    refused(run("query", "-", "--format", form, given=query), repr(form), "Choose one of: ")


def test_what_looks_like_markup_is_printed_as_it_is(run: Run) -> None:
    result = run("query", "-", given='SELECT ?t { VALUES ?t { "[red]not red[/red]" "[/b] :smile:" } }')
    assert "[red]not red[/red]" in result.stdout
    assert "[/b] :smile:" in result.stdout


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT * {\n  ?s ?p ?o }\n}", "Line 3, column 1: '}' cannot stand here"),
        ("SELECT ?s WERE { ?s ?p ?o }", "Line 1, column 11: 'WERE' cannot stand here"),
        ("SELCT * {}", "Line 1, column 1: 'SELCT' does not start a query"),
        ("SELECT * { ?s a foo:Bar }", "the prefix of 'foo:Bar' is not declared"),
        ("", "The query is empty"),
        ("DROP ALL", "DROP is an update"),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> {} }", "SERVICE is refused"),
        (b"SELECT * { ?s ?p '\xff' }", "is not UTF-8 text"),
    ],
)
@pytest.mark.parametrize("form", ["table", "csv"])
def test_a_query_that_cannot_be_run_is_refused_with_the_reason(
    run: Run, query, form: str, words: str
) -> None:
    refused(run("query", "-", "--format", form, given=query), words)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * " + "{" * 5_000 + "}" * 5_000,
        "ASK { FILTER(" + "!" * 20_000 + "true) }",
        "SELECT * { FILTER(?a<" + "!" * 50_000 + "?b&&?c>?d) }",
        "ASK { FILTER(true" + " || true" * 20_000 + ") }",
    ],
    ids=["braces", "negations", "between comparisons", "disjunctions"],
)
def test_a_query_that_would_end_the_process_is_refused(settings: Settings, query: str) -> None:
    ended = process(settings, "query", "-", given=query)
    assert ended.returncode == 2
    assert "nested" in ended.stderr or "operators" in ended.stderr


@pytest.mark.parametrize("name", ["none.rq", "."])
def test_a_query_file_that_cannot_be_read_is_named(run: Run, tmp_path: Path, name: str) -> None:
    refused(run("query", str(tmp_path / name)), str(tmp_path / name))


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_a_reader_that_stops_reading_is_no_error(settings: Settings, store: OxigraphStore, form: str) -> None:
    command = [NEXUSKB, "query", "-", "--format", form]
    with subprocess.Popen(
        command,
        env=environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        running.stdin.write(b"SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 20000")
        running.stdin.close()
        assert running.stdout.read(10)
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=120) == 0


def test_questions_are_listed_with_their_parameters(run: Run) -> None:
    result = run("questions")
    assert (result.exit_code, result.stderr) == (0, "")
    for asked in questions().values():
        assert asked.id in result.stdout
        assert asked.title in result.stdout
    assert "--country*" in result.stdout


def test_questions_come_as_json_too(run: Run) -> None:
    listed = json.loads(run("questions", "--format", "json").stdout)
    assert [entry["id"] for entry in listed] == list(questions())
    assert listed[0] == {
        "id": "policies-against-driver",
        "number": 1,
        "title": questions()["policies-against-driver"].title,
        "parameters": ["country", "driver"],
    }


def test_ask_answers_with_measures_pinpoints_and_status(run: Run, store: OxigraphStore) -> None:
    result = run(*GRAZING, "--format", "csv")
    assert (result.exit_code, result.stderr) == (0, "")
    answered = rows(result.stdout)
    query = """SELECT DISTINCT ?m ?pinpoint ?status {
      ?m nx:addressesDriver driver:overgrazing ; nx:evidence/nx:locator ?pinpoint ; nx:ofPolicy ?p .
      ?p nx:area area:mng ; nx:legalStatus/skos:prefLabel ?status FILTER(LANG(?status) = "en")
    }"""
    expected = {(str(r["m"]), str(r["pinpoint"]), str(r["status"])) for r in store.select(query)}
    assert len(expected) > 10
    assert {(row["measure"], row["pinpoint"], row["status"]) for row in answered} == expected
    assert {"In force", "Draft"} <= {row["status"] for row in answered}


def test_ask_shows_the_same_as_a_table_with_what_is_to_be_said_of_it(run: Run) -> None:
    answered = rows(run(*GRAZING, "--format", "csv").stdout)
    result = run(*GRAZING)
    assert result.exit_code == 0
    for row in answered:
        (line,) = {
            line
            for line in result.stdout.splitlines()
            if f" rec:{row['measure'].rsplit('/', 1)[1]} " in line and f" {row['pinpoint']} " in line
        }
        assert f" {row['status']} " in line
    assert f"\n{len(answered)} rows\n" in result.stdout
    reserved = [row for row in answered if row["reservations"]]
    assert reserved
    for row in reserved:
        for words in row["reservations"].split(". "):
            assert words.strip(".") in result.stdout


def test_a_question_can_be_asked_by_number_and_its_values_with_an_equals_sign(run: Run) -> None:
    by_number = run("ask", "1", "--country=Mongolia", "--driver=Overgrazing", "--format", "csv")
    assert by_number.stdout == run(*GRAZING, "--format", "csv").stdout
    assert by_number.exit_code == 0


def test_ask_works_as_a_process_of_its_own(settings: Settings, run: Run) -> None:
    done = process(settings, *GRAZING, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    answered = json.loads(done.stdout)["results"]["bindings"]
    assert len(answered) == len(rows(run(*GRAZING, "--format", "csv").stdout))
    assert all(row["pinpoint"]["value"] and row["status"]["value"] for row in answered)


def test_the_query_behind_an_answer_can_be_seen_and_run_as_it_is(run: Run) -> None:
    shown = run(*GRAZING, "--show-query")
    assert shown.exit_code == 0
    assert f"PREFIX nx: <{PREFIXES['nx']}>" in shown.stdout
    assert concept_iri("driver", "overgrazing").n3() in shown.stdout
    bare = [row["measure"] for row in rows(run("query", "-", "--format", "csv", given=shown.stdout).stdout)]
    assert bare == [row["measure"] for row in rows(run(*GRAZING, "--format", "csv").stdout)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["policies-against-drivers"], ["no question 'policies-against-drivers'", "nexuskb questions"]),
        (["99"], ["no question '99'"]),
        (["1", "--county", "MNG"], ["no parameter 'county'", "Its parameters: country, driver"]),
        (
            ["1", "--country", "Mongolai", "--driver", "wind"],
            ["'Mongolai'", "Did you mean MNG?", "Allowed values: "],
        ),
        (
            ["1", "--country", "MNG", "--driver", "overgrasing"],
            ["'overgrasing'", "Did you mean overgrazing?"],
        ),
        (["1", "--country", "MNG"], ["needs the parameter driver", "Allowed values: "]),
        (["1", "--country"], ["--country needs a value"]),
        (["1", "MNG"], ["'MNG' is not a parameter", "--name value"]),
        (["targets-due", "--year", "soon"], ["'soon' does not do for year", "such as 2030"]),
        (["findings-about-place", "--place", "\udcff"], ["does not do for place"]),
        (["1", "--format", "pdf"], ["'pdf'", "table"]),
        ([], ["QUESTION"]),
    ],
)
def test_a_mistake_in_a_question_is_told_with_the_way_out(
    run: Run, arguments: list[str], words: list[str]
) -> None:
    refused(run("ask", *arguments), *words)


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "{}/none"],
        ["query", "{}/none"],
        ["ask", "none"],
        ["ask", "1", "--country", "Mongolai"],
        ["no-command"],
    ],
)
def test_a_mistake_ends_a_process_with_status_two_and_a_message(
    settings, tmp_path, arguments: list[str]
) -> None:
    done = process(settings, *(argument.format(tmp_path) for argument in arguments))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["validate"], ["query", "-"], ["ask", "targets-due", "--year", "2030"]])
def test_a_setting_that_leads_nowhere_is_named(
    settings: Settings, tmp_path: Path, command: list[str]
) -> None:
    missing = {**environment(settings), "NEXUSKB_DATA": str(tmp_path / "none")}
    result = CliRunner().invoke(main, command, input="ASK {}", env=missing)
    refused(result, str(tmp_path / "none"), "Set NEXUSKB_DATA")


def test_the_audit_says_by_its_status_whether_anything_must_not_stay(run: Run) -> None:
    result = run("audit", "--format", "json")
    found = json.loads(result.stdout)
    assert result.exit_code == (0 if found["clean"] else 1)
    assert found["clean"] is not any(found[k] for k in ("dangling", "unsourced", "unreviewed_duplicates"))
    assert {"Mongolia", "China"} <= {area["area"] for area in found["areas"]}


@pytest.mark.parametrize(
    "command", [[], ["validate"], ["query"], ["questions"], ["ask"], ["audit"], ["serve"]]
)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_explains_itself(run: Run, command: list[str], option: str) -> None:
    result = run(*command, option)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert len(result.stdout.splitlines()) > 5


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").stdout.strip().endswith(__version__)
