"""CONTRIBUTING is followed word by word: in a copy of the checkout, every command in it, in its order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from nexuskb.cli import main
from nexuskb.settings import Settings
from tests.conftest import ROOT

WORDS = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def shown_commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", WORDS, re.DOTALL)
    return [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]


@pytest.mark.timeout(1500)
def test_every_command_works_in_its_order(settings: Settings, store, tmp_path: Path) -> None:
    for part in (
        "ontology",
        "data",
        "src",
        "api",
        "tests",
        "docs",
        "pyproject.toml",
        "README.md",
        "Makefile",
    ):
        source, target = ROOT / part, tmp_path / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("NEXUSKB_")}
    surroundings |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{tmp_path / 'src'}{os.pathsep}{tmp_path / 'api'}",
        "NEXUSKB_HOME": str(tmp_path / "home"),
        "COLUMNS": "160",
    }
    commands = shown_commands()
    assert len(commands) >= 10
    said = {}
    for command in commands:
        run = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert run.returncode == 0, (command, run.stdout[-3000:], run.stderr[-3000:])
        said[command.partition("\n")[0]] = run.stdout
    found = said["nexuskb search 'State Great Khural' --area MNG"]
    assert "mng-inst-state-great-khural" in found
    answer = said["nexuskb ask institutions-of-area --area MNG --format csv"]
    assert "The parliament of Mongolia, which passed the Law on Livestock Head Tax." in answer
    assert "0 errors, 0 warnings" in said["nexuskb validate data/mng/institutions.ttl"]


def test_a_file_is_written_in_the_order_of_the_base(tmp_path: Path) -> None:
    for file in ("data/mng/institutions.ttl", "ontology/vocabularies/topics.ttl"):
        text = (ROOT / file).read_text(encoding="utf-8")
        head, *blocks = text.split("\n\n")
        other = tmp_path / "other.ttl"
        other.write_text("\n\n".join([head, *reversed(blocks)]), encoding="utf-8")
        checked = CliRunner().invoke(main, ["format", "--check", str(other)])
        assert checked.exit_code == 1
        assert other.read_text(encoding="utf-8") != text
        assert CliRunner().invoke(main, ["format", str(other)]).exit_code == 0
        assert other.read_text(encoding="utf-8") == text
        assert CliRunner().invoke(main, ["format", "--check", str(other)]).exit_code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [("@prefix a: <http://a/> . a:b a:c [] .", "blank nodes"), ("a:b a:c", "not readable Turtle")],
)
def test_a_file_that_cannot_be_written_so_stays_as_it_is(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "file.ttl"
    file.write_text(content, encoding="utf-8")
    run = CliRunner().invoke(main, ["format", str(file)])
    assert run.exit_code == 2
    assert words in run.output
    assert file.read_text(encoding="utf-8") == content


def test_the_citation_file_names_the_release() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [version] = re.findall(r'^version = "(.*)"', project, re.MULTILINE)
    assert f"\nversion: {version}\n" in text
    assert f"\ndate-released: {(ROOT / 'data' / 'VERSION').read_text().strip()}\n" in text
    needed = {"cff-version", "message", "title", "authors", "license"}
    assert needed <= set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["new-record", "wrong-fact", "new-term"])
def test_an_issue_template_asks_for_the_source_or_where_a_term_comes_from(name: str) -> None:
    text = (ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml").read_text(encoding="utf-8")
    assert re.findall(r"^(name|description|body):", text, re.MULTILINE) == ["name", "description", "body"]
    assert re.search(r"id: (source|origin)\n", text)
