"""Where things are: the environment decides, the checkout is the default, a mistake is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nexuskb.errors import SettingsError
from nexuskb.settings import load_serving, load_settings
from nexuskb.sparql.limits import PoolLimits

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing set, and a home directory of the test's own."""
    for name in [*os.environ]:
        if name.startswith("NEXUSKB_") or name == "XDG_DATA_HOME":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_without_settings_the_files_of_the_checkout_are_read() -> None:
    settings = load_settings()
    assert settings.ontology == ROOT / "ontology"
    assert settings.data == ROOT / "data"


def test_without_settings_the_store_lives_in_the_data_directory_of_the_user(
    monkeypatch, tmp_path: Path
) -> None:
    assert load_settings().home == tmp_path / ".local" / "share" / "nexuskb"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    assert load_settings().home == tmp_path / "elsewhere" / "nexuskb"


def test_the_environment_decides(monkeypatch, tmp_path: Path) -> None:
    for name in ("ontology", "data"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(f"NEXUSKB_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("NEXUSKB_HOME", str(tmp_path / "home"))
    settings = load_settings()
    assert settings.ontology == tmp_path / "ontology"
    assert settings.data == tmp_path / "data"
    assert settings.home == tmp_path / "home"


def test_relative_directories_are_taken_from_where_we_are(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("NEXUSKB_DATA", "mine")
    monkeypatch.setenv("NEXUSKB_HOME", "home")
    settings = load_settings()
    assert settings.data == tmp_path / "mine"
    assert settings.home == tmp_path / "home"


def test_an_empty_setting_is_none(monkeypatch) -> None:
    monkeypatch.setenv("NEXUSKB_DATA", "")
    assert load_settings().data == ROOT / "data"


@pytest.mark.parametrize("variable", ["NEXUSKB_ONTOLOGY", "NEXUSKB_DATA"])
def test_a_directory_that_is_not_there_is_named_with_its_setting(
    monkeypatch, tmp_path, variable: str
) -> None:
    missing = tmp_path / "missing"
    monkeypatch.setenv(variable, str(missing))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(missing) in str(caught.value)
    assert variable in str(caught.value)


def test_a_file_is_not_a_directory(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEXUSKB_DATA", str(tmp_path / "file"))
    with pytest.raises(SettingsError, match="does not exist"):
        load_settings()


def test_reading_the_settings_makes_nothing(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEXUSKB_HOME", str(tmp_path / "home"))
    load_settings()
    assert not (tmp_path / "home").exists()


LIMITS = (
    "QUERY_SECONDS",
    "QUERY_MEMORY_MB",
    "WORKERS",
    "QUEUE",
    "CLIENT_SECONDS",
    "STORE_MODE",
    "PROXIES",
    "CORS_ORIGINS",
)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIMITS:
        monkeypatch.delenv(f"NEXUSKB_{name}", raising=False)


def test_without_settings_the_server_has_the_documented_limits(unlimited) -> None:
    serving = load_serving()
    limits = serving.limits
    assert (limits.seconds, limits.memory, limits.waiting, limits.client_seconds) == (30, 1024**3, 64, 60)
    assert limits.workers >= 2
    assert (serving.mode, serving.proxies, serving.origins) == ("memory", (), ())


def test_the_environment_decides_on_the_limits(unlimited, monkeypatch) -> None:
    given = (
        "2.5",
        "256",
        "3",
        "0",
        "0",
        "disk",
        "10.0.0.1, 2001:db8::/32",
        "https://a.example http://[::1]:80",
    )
    for name, value in zip(LIMITS, given, strict=True):
        monkeypatch.setenv(f"NEXUSKB_{name}", value)
    serving = load_serving()
    assert serving.limits == PoolLimits(2.5, 256 * 1024**2, 3, 0, 0)
    assert (serving.mode, serving.proxies) == ("disk", ("10.0.0.1", "2001:db8::/32"))
    assert serving.origins == ("https://a.example", "http://[::1]:80")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QUERY_SECONDS", "0"), ("QUERY_SECONDS", "-1"), ("QUERY_SECONDS", "soon"), ("QUERY_SECONDS", "nan"),
        ("QUERY_SECONDS", "inf"), ("QUERY_MEMORY_MB", "1"), ("QUERY_MEMORY_MB", "1GB"), ("WORKERS", "0"),
        ("WORKERS", "1.5"), ("WORKERS", "100000"), ("QUEUE", "-1"), ("CLIENT_SECONDS", "-1"),
        ("STORE_MODE", "tape"), ("PROXIES", "proxy.example.org"), ("PROXIES", "10.0.0.1/8"),
        ("CORS_ORIGINS", "https://a.example/"), ("CORS_ORIGINS", "a.example"), ("CORS_ORIGINS", "https://*.a"),
        ("CORS_ORIGINS", "null"),
    ],
)  # fmt: skip
def test_a_limit_that_is_none_is_named_with_what_was_given(unlimited, monkeypatch, name, value) -> None:
    monkeypatch.setenv(f"NEXUSKB_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_serving()
    assert f"NEXUSKB_{name}" in str(caught.value)
    assert value in str(caught.value)
