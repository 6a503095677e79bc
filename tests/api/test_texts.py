"""The texts of the interface: all in the catalogue, none outside of it, shown in the right language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from jinja2 import Environment, nodes
from tests.conftest import ROOT

from nexuskb_api import pages
from nexuskb_api.languages import LANGUAGES, LOCALE, Languages, read_languages

TEMPLATES = sorted((ROOT / "api/nexuskb_api/templates").glob("*.html"))
#: Attributes that people read or hear.
SPOKEN = {"alt", "title", "placeholder", "aria-label"}
#: What is the same in every language: the name of the system, formats, marks of the footer.
NAMES = re.compile(
    r"\b(nexuskb|CSV|JSON|JSON-LD|CSL-JSON|RIS|BibTeX|XLSX|SVG|PNG|PDF|SPARQL|IRI|API|Turtle|N-Triples|RDF/XML|UTC"
    r"|SHA-256|DCAT and VoID)\b"
)
#: Stands in a text for what an expression puts there.
FILLED = "\ufffc"
#: What a macro may give that is no text: attributes, identifiers of elements.
MARKUP = re.compile(rf'[a-z-]+="[^"]*"|\b[a-z]-{FILLED}')


def catalogue(name: str) -> Catalog:
    with (LOCALE / name).open("rb") as file:
        return read_po(file)


def test_the_catalogue_has_every_text_of_the_templates_and_no_other() -> None:
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    [mapping] = mappings
    options = {key: value for key, value in mapping.items() if key not in ("method", "pattern")}
    found = extract_from_dir(
        ROOT / "api", [(mapping["pattern"], mapping["method"])], {mapping["pattern"]: options}
    )
    texts = {message for _, _, message, _, _ in found}
    held = {message.id for message in catalogue("nexuskb.pot") if message.id}
    assert held == texts, "run `make texts`"
    assert len(texts) > 250


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_a_catalogue_translates_texts_that_there_are(code: str) -> None:
    held = {message.id for message in catalogue("nexuskb.pot")}
    own = catalogue(f"{code}.po")
    assert {message.id for message in own} <= held
    assert not own.obsolete
    assert [fault for message in own for fault in message.check(own)] == []


class Said(HTMLParser):
    """What a piece of HTML says to people that no expression fills in."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("code", "pre", "script", "style")
        self.words += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("code", "pre", "script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def plain_texts(source: str) -> Iterator[str]:
    """What a template says without gettext: outside of expressions, and as a constant within one."""
    environment = Environment(extensions=["jinja2.ext.i18n"])
    page, translated = [], False
    tokens = list(environment.lex(source))
    for place, (_, kind, text) in enumerate(tokens):
        if kind == "block_begin":
            word = next(t for _, k, t in tokens[place + 1 :] if k == "name")
            translated = word in ("trans", "pluralize")
        elif kind == "data":
            page.append(FILLED if translated else text)
        elif kind == "variable_begin":
            page.append(FILLED)
    said = Said()
    said.feed("".join(page))
    said.close()
    yield from said.words
    for output in environment.parse(source).find_all(nodes.Output):
        for part in output.nodes:
            yield from _constants(part)


def _constants(node: nodes.Node) -> Iterator[str]:
    """The texts that an expression can come to; not those that it hands to a function or a filter."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _constants(node.expr1)
        if node.expr2:
            yield from _constants(node.expr2)
    elif isinstance(node, nodes.Or | nodes.And | nodes.Add):
        yield from _constants(node.left)
        yield from _constants(node.right)
    elif isinstance(node, nodes.Concat):
        for part in node.nodes:
            yield from _constants(part)


def is_language(text: str) -> bool:
    return text not in LANGUAGES and bool(
        re.search(r"[^\W\d_]", NAMES.sub("", MARKUP.sub("", text).replace(FILLED, " ")))
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_says_nothing_outside_the_catalogue(path: Path) -> None:
    assert [text.strip() for text in plain_texts(path.read_text()) if is_language(text)] == []


def test_texts_outside_the_catalogue_are_found() -> None:
    source = """<p title="A title">Words <b>{{ _("kept") }}</b>{{ "yes" if x else "no" }}</p>
    {% trans n=1 %}kept{% pluralize %}kept{% endtrans %}<code>kept</code>{{ f("kept") }}{{ x or "None" }}"""
    found = {text.strip() for text in plain_texts(source) if is_language(text)}
    assert found == {"A title", "Words", "yes", "no", "None"}


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen"),
    [
        ("", "", "en"),
        ("", "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("", "ru;q=0.2, zh-Hans-CN;q=0.7", "zh"),
        ("zh", "ru", "zh"),
        ("xx", "ru", "ru"),
        ("", "fr, de;q=0.9", "en"),
        ("", "en;q=0.1, ru;q=0", "en"),
        ("", "ru;q=nonsense,,,;;, *", "en"),
        ("", "ru" * 10_000, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_best_there_is(
    wanted: str, accepted: str, chosen: str
) -> None:
    english = Languages().texts["en"]
    assert Languages({"en": english, "ru": english, "zh": english}).choose(wanted, accepted) == chosen


def translated(directory: Path, fuzzy: bool, leave_out: int = 0) -> Path:
    """A directory with a Russian catalogue in which every text is written in capital letters."""
    template = catalogue("nexuskb.pot")
    texts = [message for message in template if message.id]
    own = Catalog(locale="ru")
    for message in texts[leave_out:]:
        forms = message.id if isinstance(message.id, tuple) else (message.id,)
        loud = tuple(re.sub(r"(%\(\w+\)\w|<[^>]*>)|\w+", _loud, forms[-1]) for _ in range(own.num_plurals))
        own.add(
            message.id,
            loud if isinstance(message.id, tuple) else loud[0],
            flags={"fuzzy"} if fuzzy else set(),
        )
    for name, held in (("nexuskb.pot", template), ("ru.po", own)):
        with (directory / name).open("wb") as file:
            write_po(file, held)
    return directory


def _loud(match: re.Match[str]) -> str:
    return match[0] if match[1] else match[0].upper()


def test_a_translated_page_says_so_and_has_no_english_left(tmp_path: Path) -> None:
    app = FastAPI()
    app.state.languages = read_languages(directory=translated(tmp_path, fuzzy=False))

    @app.get("/signin")
    def signin(request: Request) -> object:
        return pages.page(request, "signin.html", {"back": "/", "fault": ""})

    with TestClient(app) as client:
        russian = client.get("/signin", headers={"Accept-Language": "ru"})
        assert russian.headers["content-language"] == "ru"
        assert russian.headers["vary"] == "Accept, Accept-Language"
        assert '<html lang="ru">' in russian.text
        assert "<h1>SIGN IN</h1>" in russian.text
        assert "Sign in" not in russian.text
        assert 'href="?lang=en" lang="en"' in russian.text
        english = client.get("/signin?lang=en", headers={"Accept-Language": "ru"})
        assert '<html lang="en">' in english.text
        assert "<h1>Sign in</h1>" in english.text


def test_what_a_machine_translated_is_shown_only_where_the_settings_say_so(tmp_path: Path) -> None:
    directory = translated(tmp_path, fuzzy=True)
    assert list(read_languages(directory=directory).texts) == ["en"]
    offered = read_languages(machine_made=True, directory=directory)
    assert offered.names == {"en": "English", "ru": "Русский"}
    assert offered.texts["ru"].gettext("Sign in") == "SIGN IN"


def test_a_language_is_offered_when_nearly_all_is_translated(tmp_path: Path) -> None:
    total = len([message for message in catalogue("nexuskb.pot") if message.id])
    assert "ru" in read_languages(directory=translated(tmp_path, False, leave_out=total // 20)).texts
    assert "ru" not in read_languages(directory=translated(tmp_path, False, leave_out=total // 5)).texts
