"""What time makes wrong is found in the accepted base, entered records included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.conftest import environment

from nexuskb.cli import main
from nexuskb.settings import Settings


@pytest.fixture
def runner(settings: Settings, tmp_path: Path) -> CliRunner:
    return CliRunner(env=environment(replace(settings, data=settings.data / "kor", home=tmp_path)))


def test_a_policy_that_outlives_its_last_year_is_named(runner: CliRunner) -> None:
    before = runner.invoke(main, ["recheck", "--on", "2037-12-31"])
    assert "kor-plan-forest-6:" not in before.stdout
    after = runner.invoke(main, ["recheck", "--on", "2038-01-01"])
    assert after.exit_code == 1
    assert "kor-plan-forest-6: Legal status: the last year of this policy is past" in after.stdout


def test_with_nothing_to_be_mended_the_status_is_zero(runner: CliRunner) -> None:
    result = runner.invoke(main, ["recheck", "--on", "1990-01-01"])
    assert (result.exit_code, result.stdout) == (0, "")
