from __future__ import annotations

import json
from importlib.resources import files

import pytest
from click.testing import CliRunner
from tests.conftest import environment

from nexuskb.cli import main
from nexuskb.settings import Settings

STYLE = str(files("citeproc") / "data" / "styles" / "harvard-cite-them-right.csl")


def run(settings: Settings, *arguments: str):
    return CliRunner().invoke(main, ["cite", *arguments], env=environment(settings))


def test_footnotes_are_the_default(settings) -> None:
    result = run(settings, "mng-bt-m2", "chn-src-acp2018")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert len(lines) == 2
    assert ", para. 3, available at " in lines[0]
    assert "Atmospheric Chemistry and Physics, vol. 18 (2018)" in lines[1]


@pytest.mark.parametrize("form", ["csljson", "bibtex", "bib", "ris", STYLE])
def test_other_formats(settings, form: str) -> None:
    result = run(settings, "mng-bt-m2", "chn-src-acp2018", "--to", form)
    assert result.exit_code == 0
    assert "Effect of ecological restoration programs" in result.output
    if form == "csljson":
        assert [item["id"] for item in json.loads(result.output)] == [
            "chn-src-acp2018",
            "mng-src-montsame-bt-2023",
        ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mng-nowhere"], "There is no record, source or passage 'mng-nowhere'"),
        (["mng-bt-m2", "--to", "endnote"], "Choose footnote, csljson, bibtex, ris or a .csl file"),
        (["mng-bt-m2", "--to", "nowhere.csl"], "nowhere.csl is not a citation style"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(settings, arguments: list[str], said: str) -> None:
    result = run(settings, *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output
