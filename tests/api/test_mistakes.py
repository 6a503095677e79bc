"""The mistakes that experts make, each told at its field in the form and in its cell of the workbook."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

import httpx
import pytest
from openpyxl import load_workbook
from rdflib import Graph
from tests.conftest import serving
from tests.homes import own_home

from nexuskb.exchange.sheets import FIRST_ROW
from nexuskb.forms import Forms
from nexuskb.people.rights import Role
from nexuskb.people.tokens import Grant, add_token
from nexuskb.records.ledger import Ledger
from nexuskb.settings import Settings
from nexuskb_api.entry.posted import Pairs, pairs_of

POLICY, TARGET, LINK, SOURCE, FINDING = (
    "mng-billion-trees-2021",
    "mng-bt-t2",
    "mng-link-climate-vs-grazing",
    "mng-src-a24-mining",
    "mng-driver-abandoned-farmland",
)
#: A policy that replaced another.
LATER, EARLIER = "mng-ndc-2020", "mng-indc-2015"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A record of the base, what its fields get instead, the field to blame, and what is said there."""

    record: str
    instead: Mapping[str, str]
    at: str
    says: str
    meant: str = ""
    languages: Mapping[str, str] = field(default_factory=dict)


MISTAKES = {
    "missing title": Mistake(
        POLICY, {"label": ""}, "label", "Nothing is given. Give exactly one, in English"
    ),
    "impossible date": Mistake(
        POLICY, {"adopted": "2023-02-30"}, "adopted", "There is no such date in the calendar"
    ),
    "over-precise date": Mistake(
        POLICY, {"adopted": "2003-05-17T08:00:00"}, "adopted", "It is more precise than a day"
    ),
    "day that registers write for a year": Mistake(
        POLICY, {"adopted": "2003-12-25"}, "adopted", "Give the year only", "2003"
    ),
    "period that ends before it starts": Mistake(
        POLICY,
        {"periodStart": "2031", "periodEnd": "2030"},
        "periodStart",
        "2031 is later than the last year, 2030",
    ),
    "unknown country": Mistake(POLICY, {"area": "mgn"}, "area", "There is no such term", "mng"),
    "unknown driver": Mistake(
        FINDING, {"driver": "overgrasing"}, "driver", "There is no such term", "overgrazing"
    ),
    "dangling source": Mistake(
        TARGET, {"evidence.0.source": "mng-src-a24-minning"}, "evidence.0.source", "There is no such record"
    ),
    "duplicate of an existing record": Mistake(
        SOURCE,
        {"url": "https://www.montsame.mn/en/read/314707"},
        "label",
        "It looks like mng-src-montsame-bt-2023",
        languages={"label": "en"},
    ),
    "malformed link": Mistake(
        SOURCE,
        {"url": "htp:/www.unccd.int/ldn"},
        "url",
        "It is not of the form asked for",
        "https://www.unccd.int/ldn",
    ),
    "in force with an end date in the past": Mistake(
        POLICY,
        {"legalStatus": "in-force", "periodEnd": "2025"},
        "periodEnd",
        "Legal status is In force, last year is 2025",
    ),
    "target without unit": Mistake(
        TARGET, {"unit": ""}, "unit", "Nothing is given. Say what the figure counts or measures"
    ),
    "policy that supersedes itself": Mistake(
        POLICY, {"supersedes": POLICY}, "supersedes", f"It goes in a circle: {POLICY} - {POLICY}"
    ),
    "circle of policies": Mistake(
        EARLIER, {"supersedes": LATER}, "supersedes", f"It goes in a circle: {EARLIER} - {LATER} - {EARLIER}"
    ),
    "claim without pinpoint": Mistake(
        TARGET, {"evidence.0.locator": ""}, "evidence.0.locator", "A source without pinpoint cannot be cited"
    ),
    "interlinkage of a thing with itself": Mistake(
        LINK, {"from": "driver:drought", "to": "driver:drought"}, "from", "Both ends are Drought"
    ),
    "score against kind": Mistake(
        LINK,
        {"linkKind": "trade-off", "score": "plus2"},
        "score",
        "Kind of interlinkage is Trade-off, score is Reinforcing (+2)",
    ),
    "markup in text": Mistake(
        POLICY, {"description": "It plants <b>trees</b>."}, "description", "It holds markup, such as <b>"
    ),
    "control characters in text": Mistake(
        POLICY,
        {"description": "It plants\u202e trees."},
        "description",
        "It holds characters that cannot be seen",
    ),
    "text in the wrong language field": Mistake(
        POLICY, {"description": "植树造林"}, "description", "It is not written in the script of its language"
    ),
    "English in the field for Mongolian": Mistake(
        POLICY,
        {"officialLabel": "Billion Trees"},
        "officialLabel",
        "It is not written in the script of its language",
        languages={"officialLabel": "mn"},
    ),
}


@dataclass(frozen=True, slots=True)
class Expert:
    """Somebody who has signed in, with what a page of theirs needs to post."""

    web: httpx.Client
    csrf: str
    token: str
    forms: Forms


@pytest.fixture(scope="module")
def expert(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, model: Graph, shapes_graph: Graph
) -> Iterator[Expert]:
    own = own_home(settings, tmp_path_factory.mktemp("own"))
    with Ledger.open(own.home) as ledger:
        token = add_token(ledger, Grant("Erdene", Role.EDITOR), by="test")
    with (
        serving(own, NEXUSKB_CLIENT_SECONDS="0") as (at, _),
        httpx.Client(base_url=at, timeout=60, headers={"Accept": "text/html"}) as web,
    ):
        web.post("/signin", data={"token": token, "back": "/import"})
        found = re.search(r'name="csrf" value="([^"]+)"', web.get("/import").text)
        assert found
        yield Expert(web, found[1], token, Forms(model, shapes_graph))


def plain(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


def form_pairs(expert: Expert, mistake: Mistake) -> tuple[Pairs, str]:
    """The form of the record as it is posted with the mistake in it, and the record's tag."""
    headers = {"Authorization": f"Bearer {expert.token}"}
    standing = expert.web.get(f"/records/{mistake.record}/standing", headers=headers).json()
    document = standing["record"]
    pairs = pairs_of(document, expert.forms.kinds[document["kind"]], expert.forms)
    names = {*mistake.instead, *(f"{key}.language" for key in mistake.instead)}
    pairs = [pair for pair in pairs if pair[0] not in names]
    for key, text in mistake.instead.items():
        pairs += [(key, text)] if text else []
        pairs += [(f"{key}.language", mistake.languages[key])] if key in mistake.languages else []
    return pairs, standing["tag"]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_field_of_the_form(expert: Expert, name: str) -> None:
    mistake = MISTAKES[name]
    pairs, tag = form_pairs(expert, mistake)
    posted = dict[str, list[str]]()
    for key, value in [*pairs, ("csrf", expert.csrf), ("tag", tag), ("do", "check")]:
        posted.setdefault(key, []).append(value)
    answer = expert.web.post(f"/edit/{mistake.record}", data=posted)
    assert answer.status_code == 422, plain(answer.text)[-2000:]
    place = mistake.at.replace(".", "-")
    told = re.findall(rf'<p class="fault[^"]*" id="e-{place}-[0-9]+">.*?</p>', answer.text, re.DOTALL)
    assert any(mistake.says in plain(each) for each in told), [plain(each) for each in told]
    if mistake.meant:
        assert any(f"Did you mean {mistake.meant} ?" in plain(each) for each in told)
    summary = re.search(r'<section class="problems.*?</section>', answer.text, re.DOTALL)
    assert summary
    assert f'href="#f-{place}"' in summary[0]
    assert f'id="f-{place}"' in answer.text


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_its_cell_of_the_workbook(expert: Expert, name: str) -> None:
    mistake = MISTAKES[name]
    book = load_workbook(io.BytesIO(expert.web.get("/template", params={"with": mistake.record}).content))
    own = next(s for s in book if s.cell(FIRST_ROW, 1).value == mistake.record and s.title != "Evidence")
    cells = {}
    for key, text in mistake.instead.items():
        inner = key.rpartition(".")[2]
        sheet = book["Evidence"] if key.startswith("evidence.") else own
        columns = {sheet.cell(1, n).value: n for n in range(1, sheet.max_column + 1)}
        column = f"{inner}@{mistake.languages[key]}" if key in mistake.languages else inner
        cells[key] = sheet.cell(FIRST_ROW, columns[column])
        cells[key].value = text or None
    out = io.BytesIO()
    book.save(out)
    sheet_of = own.title if "." not in mistake.at else "Evidence"
    columns = {book[sheet_of].cell(1, n).value: n for n in range(1, book[sheet_of].max_column + 1)}
    language = mistake.languages.get(mistake.at)
    key = mistake.at.rpartition(".")[2] + (f"@{language}" if language else "")
    place = book[sheet_of].cell(FIRST_ROW, columns[key]).coordinate
    answer = expert.web.post(
        "/import", data={"csrf": expert.csrf, "do": "check"}, files={"file": ("a.xlsx", out.getvalue())}
    )
    back = re.search(r'href="data:[^;]*;base64,([^"]+)"', answer.text)
    assert back, plain(answer.text)
    marked = load_workbook(io.BytesIO(b64decode(back[1])))
    comment = marked[sheet_of][place].comment
    assert comment is not None, [row[0].value for row in marked["Problems"].iter_rows(min_row=2)]
    assert mistake.says in comment.text
    if mistake.meant:
        assert f"Did you mean {mistake.meant}?" in comment.text
    assert f"{sheet_of}!{place}" in answer.text


def test_two_english_titles_are_told_where_they_can_be_given(expert: Expert) -> None:
    headers = {"Authorization": f"Bearer {expert.token}", "If-Match": "*", "Accept": "application/json"}
    patch = {"label": ["Forest Law", "Law on Forests"]}
    answer = expert.web.patch(f"/records/{POLICY}", json=patch, headers=headers, params={"dry_run": "true"})
    assert "English title" in answer.text
    assert "Forest Law" in answer.text


def test_what_a_record_looks_like_is_shown_beside_it(expert: Expert) -> None:
    mistake = MISTAKES["duplicate of an existing record"]
    pairs, tag = form_pairs(expert, mistake)
    posted = dict[str, list[str]]()
    for key, value in [*pairs, ("csrf", expert.csrf), ("tag", tag), ("do", "preview")]:
        posted.setdefault(key, []).append(value)
    answer = expert.web.post(f"/edit/{SOURCE}", data=posted).text
    assert "Worth a second look" in answer
    assert re.search(r'<a href="/records/mng-src-montsame-bt-2023"[^>]*>[^<]{10,}</a>', answer)
