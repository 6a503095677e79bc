"""The settings of a remote store: what they mean, and that a mistake is named without showing a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexuskb.errors import SettingsError
from nexuskb.settings import load_settings

QUERY = "https://store.example.org:7878/query"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A query address, and a password file to use."""
    for name in ("", "_UPDATE", "_GRAPHS", "_USER", "_PASSWORD_FILE", "_TIMEOUT"):
        monkeypatch.delenv(f"NEXUSKB_STORE{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("password").write_text("open-sesame\n", encoding="utf-8")
    Path("empty").write_text("\n", encoding="utf-8")
    Path("two-lines").write_text("open\nsesame\n", encoding="utf-8")
    monkeypatch.setenv("NEXUSKB_STORE", QUERY)
    return monkeypatch


def test_without_an_address_there_is_no_remote_store(given: pytest.MonkeyPatch) -> None:
    given.setenv("NEXUSKB_STORE", "")
    assert load_settings().store is None


def test_everything_is_read_and_the_password_not_shown(given: pytest.MonkeyPatch) -> None:
    given.setenv("NEXUSKB_STORE_UPDATE", "https://store.example.org/update")
    given.setenv("NEXUSKB_STORE_GRAPHS", "https://store.example.org/store")
    given.setenv("NEXUSKB_STORE_USER", "me")
    given.setenv("NEXUSKB_STORE_PASSWORD_FILE", "password")
    given.setenv("NEXUSKB_STORE_TIMEOUT", "timeout={milliseconds}")
    settings = load_settings()
    assert settings.store is not None
    assert (settings.store.user, settings.store.password) == ("me", "open-sesame")
    assert (settings.store.query, settings.store.host) == (QUERY, "store.example.org:7878")
    assert "open-sesame" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("NEXUSKB_STORE", "store.example.org/query", "not an address"),
        ("NEXUSKB_STORE", "ftp://store.example.org/query", "not an address"),
        ("NEXUSKB_STORE", "https://store.example.org:seven/query", "not an address"),
        ("NEXUSKB_STORE", "https://[store/query", "not an address"),
        ("NEXUSKB_STORE", "https:///query", "not an address"),
        ("NEXUSKB_STORE", "https://me:open-sesame@store.example.org/query", "NEXUSKB_STORE_PASSWORD_FILE"),
        ("NEXUSKB_STORE", f"{QUERY}?token=open-sesame", "before the '?'"),
        ("NEXUSKB_STORE_UPDATE", "update", "NEXUSKB_STORE_UPDATE is not an address"),
        ("NEXUSKB_STORE_GRAPHS", "graphs", "NEXUSKB_STORE_GRAPHS is not an address"),
        ("NEXUSKB_STORE_USER", "me", "NEXUSKB_STORE_PASSWORD_FILE is not"),
        ("NEXUSKB_STORE_PASSWORD_FILE", "no-such-file", "cannot be read"),
        ("NEXUSKB_STORE_PASSWORD_FILE", "empty", "must hold the password"),
        ("NEXUSKB_STORE_PASSWORD_FILE", "two-lines", "on one line"),
        ("NEXUSKB_STORE_TIMEOUT", "timeout=30", "place for a number"),
        ("NEXUSKB_STORE_TIMEOUT", "timeout={minutes}", "place for a number"),
    ],
)
def test_a_mistake_is_named_and_no_secret_shown(
    given: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    given.setenv(name, value)
    with pytest.raises(SettingsError) as wrong:
        load_settings()
    assert name in str(wrong.value)
    assert words in str(wrong.value)
    assert "sesame" not in str(wrong.value)


def test_settings_that_need_an_address_say_so(given: pytest.MonkeyPatch) -> None:
    given.delenv("NEXUSKB_STORE")
    given.setenv("NEXUSKB_STORE_GRAPHS", "https://store.example.org/store")
    with pytest.raises(SettingsError, match="NEXUSKB_STORE, the query address, is not"):
        load_settings()
