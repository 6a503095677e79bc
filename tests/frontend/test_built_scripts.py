"""The scripts of the pages: the wheel has them, is built without them where it must be, and their types."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.programs import program

from nexuskb_api.built import BUILT, built_file

_LEFT_OUT = (".git", ".venv", ".nexuskb", "node_modules", "tests", "benchmarks", "docs", ".*_cache")


def wheel_of(tree: Path, **surroundings: str) -> list[str]:
    """The names in the wheel that pip builds of a tree, as its user would."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tree / "out"),
        ".",
    ]
    subprocess.run(command, cwd=tree, env={**os.environ, **surroundings}, check=True, timeout=500)
    [wheel] = (tree / "out").glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the checkout, with what was built in it."""
    shutil.copytree(ROOT, tmp_path / "tree", ignore=shutil.ignore_patterns(*_LEFT_OUT))
    return tmp_path / "tree"


def test_the_wheel_has_the_scripts_and_the_licences_of_what_is_in_them(tree: Path) -> None:
    names = wheel_of(tree)
    assert f"nexuskb_api/static/built/{built_file('query.ts')}" in names
    assert {"nexuskb_api/static/built/manifest.json", "nexuskb_api/static/built/licences.md"} <= set(names)
    assert not [
        name for name in names if "frontend" in name or "node_modules" in name or name.endswith(".map")
    ]
    notices = (BUILT / "licences.md").read_text(encoding="utf-8")
    assert all(f"@codemirror/{part} " in notices for part in ("state", "view", "autocomplete"))
    assert "codemirror-lang-sparql" in notices


def test_without_the_registry_the_package_is_built_without_scripts(tree: Path) -> None:
    """A page without them is a plain form, as the tests of the query page see it."""
    shutil.rmtree(tree / "api/nexuskb_api/static/built")
    (tree / "api/frontend/src/query.ts").write_text("changed", encoding="utf-8")
    names = wheel_of(
        tree,
        npm_config_registry="http://127.0.0.1:9/",
        npm_config_fetch_retries="0",
        npm_config_cache=str(tree / "cache"),
    )
    assert "nexuskb_api/pages.py" in names
    assert not [name for name in names if "static/built" in name]


def test_a_checkout_without_built_scripts_has_pages_without_them(tmp_path: Path) -> None:
    assert built_file("query.ts", tmp_path) == ""


def test_the_sources_are_well_typed(tmp_path: Path) -> None:
    npm = program("npm")
    work = tmp_path / "frontend"
    shutil.copytree(ROOT / "api/frontend", work, ignore=shutil.ignore_patterns("node_modules"))
    for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "check"]):
        done = subprocess.run(
            [npm, *command], cwd=work, capture_output=True, text=True, timeout=500, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
