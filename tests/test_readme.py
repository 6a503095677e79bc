"""The README and the docs do what they say: commands run and print what is shown, links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from nexuskb.audit import audit
from nexuskb.settings import Settings
from tests.conftest import ROOT, environment

DOCS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True)
class Shown:
    """A command as the README shows it, with the output shown below it, if any."""

    command: str
    output: str


def shown_commands() -> list[Shown]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append(Shown(command, output))
    return found


def test_the_readme_shows_commands_and_a_real_answer() -> None:
    shown = shown_commands()
    assert len(shown) >= 10
    assert any(len(each.output.splitlines()) > 4 for each in shown)


@pytest.mark.parametrize("shown", shown_commands(), ids=lambda shown: shown.command[:60])
def test_a_command_of_the_readme_runs_as_printed(shown: Shown, settings: Settings, served: str) -> None:
    command = shown.command.replace("http://127.0.0.1:8000", served)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**environment(settings), "PATH": path, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()
    if shown.output:
        assert run.stdout.replace("\r\n", "\n").splitlines() == shown.output.splitlines()


@pytest.mark.parametrize("target", ["install", "serve", "test", "check", "format", "validate"])
def test_the_makefile_knows_its_targets(target: str) -> None:
    run = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_data_statement_counts_what_is_there(store) -> None:
    text = (ROOT / "docs" / "data-statement.md").read_text(encoding="utf-8")
    records = next(iter(store.select("SELECT (COUNT(DISTINCT ?r) AS ?n) WHERE { ?r nx:reviewState ?s }")))
    assert f"{int(str(records['n'])):,} records" in text


def test_the_readme_shows_what_the_audit_finds(settings: Settings, store) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = audit(store, settings.data, 10, 2026)  # the year of the data
    assert found.clean
    shown = {line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if " of " in line}
    states = [row for row in found.areas if row.policies]
    assert len(states) == 7
    for row in states:
        assert row.with_pinpoint == row.claims
        counts = (row.with_two_sources, row.on_news_only, row.on_sensitive_only, row.on_old_sources)
        shares = " | ".join(f"{count:,} ({round(100 * count / row.claims)}%)" for count in counts)
        titles = f"{row.without_original_title} of {row.policies}"
        assert shown[row.area] == f"| {row.area} | {row.claims:,} | {shares} | {titles} |"
