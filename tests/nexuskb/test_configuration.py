"""What is set by the environment and by a file: which goes first, and what is said of a mistake in either."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.conftest import ROOT

from nexuskb.cli import main
from nexuskb.configuration import NAMES, read_given
from nexuskb.errors import SettingsError
from nexuskb.settings import load_serving, load_settings
from nexuskb.settings_command import in_effect

DOCS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file of settings that is named, with nothing else set."""
    for name in [*os.environ]:
        if name.startswith("NEXUSKB_") or name == "XDG_DATA_HOME":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "nexuskb.toml"
    path.touch()
    monkeypatch.setenv("NEXUSKB_CONFIG", str(path))
    return path


def test_what_the_file_says_is_in_effect(file: Path) -> None:
    file.write_text(
        'query_seconds = 2.5\nworkers = 3\nproxies = ["10.0.0.1", "10.1.0.0/16"]\n'
        'log_format = "json"\nlog_queries = true\nmetrics = false\nroot_path = "/kb"\n'
    )
    serving = load_serving()
    assert (serving.limits.seconds, serving.limits.workers) == (2.5, 3)
    assert serving.proxies == ("10.0.0.1", "10.1.0.0/16")
    assert (serving.log.format, serving.log.queries, serving.metrics) == ("json", True, False)
    assert serving.root_path == "/kb"


def test_the_environment_goes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("query_seconds = 5\nworkers = 3\n")
    monkeypatch.setenv("NEXUSKB_WORKERS", "4")
    limits = load_serving().limits
    assert (limits.seconds, limits.workers) == (5, 4)


def test_paths_in_the_file_begin_where_the_file_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file.parent / "records").mkdir()
    file.write_text('data = "records"\nhome = "../var"\n')
    monkeypatch.chdir("/")
    settings = load_settings()
    assert settings.data == file.parent / "records"
    assert settings.home.resolve() == file.parent.parent / "var"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("query_second = 5", "query_second is no setting. Did you mean query_seconds?"),
        ("NEXUSKB_WORKERS = 5", "Did you mean workers?"),
        ("config = 'x'", "config is no setting"),
        ("xyzzy = 5", "Known are: ontology, data,"),
        ("workers = 1.5", "workers in {file}: '1.5' is not a whole number from 1 to 256."),
        ("workers = true", "workers in {file}: 'yes' is not a whole number"),
        ("workers = [2]", "workers in {file}: [2] is not a text or a number."),
        ("proxies = [1]", "proxies in {file}: [1] is not a text or a list of texts."),
        ("[limits]\nworkers = 2", "limits is no setting"),
        ("log_format = 'jsonl'", "'jsonl' is neither text nor json. Did you mean json?"),
        ("log_level = 'trace'", "'trace' is none of error, warning, info, debug."),
        ("metrics = 'maybe'", "'maybe' is neither yes nor no."),
        ("root_path = '/kb/'", "'/kb/' is no path such as /nexuskb"),
        ("shutdown_seconds = 0", "shutdown_seconds in {file}: '0' is not a number from 1 to 3,600."),
        ("workers =", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_a_way_out(file: Path, content: str, words: str) -> None:
    file.write_text(content)
    with pytest.raises(SettingsError) as caught:
        load_serving()
    assert words.format(file=file) in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    file.unlink()
    with pytest.raises(SettingsError, match=r"NEXUSKB_CONFIG: .*nexuskb.toml cannot be read"):
        load_settings()


def test_a_misspelt_variable_is_named_with_the_one_meant() -> None:
    with pytest.raises(
        SettingsError, match=r"NEXUSKB_QUERY_SECOND is no setting\. Did you mean NEXUSKB_QUERY_SECONDS\?"
    ):
        read_given({"NEXUSKB_QUERY_SECOND": "5"})


def test_variables_that_others_set_are_let_be() -> None:
    kubernetes = {"NEXUSKB_SERVICE_HOST": "10.0.0.1", "NEXUSKB_PORT": "tcp://10.0.0.1:8000"}
    assert not read_given(kubernetes | {"NEXUSKB_PORT_8000_TCP_PROTO": "tcp"}).values


def test_the_command_shows_what_is_in_effect_and_who_said_so(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("queue = 7\n")
    monkeypatch.setenv("NEXUSKB_WORKERS", "5")
    run = CliRunner().invoke(main, ["settings"])
    assert run.exit_code == 0, run.output
    lines = {line.split()[0]: line.split()[1:] for line in run.output.splitlines() if "NEXUSKB_" in line}
    assert list(lines) == [f"NEXUSKB_{name}" for name in NAMES]
    assert lines["NEXUSKB_QUEUE"] == ["7", str(file)]
    assert lines["NEXUSKB_WORKERS"] == ["5", "environment"]
    assert lines["NEXUSKB_STORE_MODE"] == ["memory"]


def test_the_command_says_what_is_wrong(file: Path) -> None:
    file.write_text("queue = -7\n")
    run = CliRunner().invoke(main, ["settings"])
    assert run.exit_code == 2
    assert f"queue in {file}: '-7' is not a whole number" in run.output
    assert "Traceback" not in run.output


def test_the_password_is_never_shown(file: Path) -> None:
    (file.parent / "secret").write_text("open-sesame\n")
    file.write_text('store = "https://store.example.org/query"\nstore_password_file = "secret"\n')
    run = CliRunner().invoke(main, ["settings"])
    assert run.exit_code == 0, run.output
    assert "open-sesame" not in run.output


def test_every_setting_is_documented_with_its_default(file: Path) -> None:
    rows = dict(re.findall(r"^\| `NEXUSKB_(\w+)` \| (.*?) \|", DOCS, re.MULTILINE))
    remote = {
        name for name in NAMES if name == "STORE" or (name.startswith("STORE_") and name != "STORE_MODE")
    }
    assert list(rows) == [name for name in NAMES if name not in remote]
    assert all(f"`NEXUSKB_{name}`" in DOCS for name in remote)
    effective = in_effect(load_settings(), load_serving())
    told = {"ONTOLOGY", "DATA", "WORKERS"}  # in words: they depend on where we are
    assert {name: value.strip("`") for name, value in rows.items() if name not in told} == {
        name: (effective[name] or "none").replace(str(Path.home()), "~") for name in rows if name not in told
    }


def test_the_example_of_the_documentation_is_right(file: Path) -> None:
    [example] = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    file.write_text(example)
    assert str(load_settings().home) == "/var/lib/nexuskb"
    serving = load_serving()
    assert (serving.limits.seconds, serving.proxies, serving.log.format) == (20, ("127.0.0.1",), "json")
