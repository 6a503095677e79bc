"""Tokens and sessions: who is let in, what is kept of a secret, and when it ends."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.entering import MONGOLIA, Clock

from nexuskb.cli import main
from nexuskb.errors import TokenError
from nexuskb.people.log import read_log
from nexuskb.people.rights import Role
from nexuskb.people.sessions import close_session, is_from_own_page, open_session, session_of
from nexuskb.people.tokens import Grant, add_token, person_of, revoke_token, tokens
from nexuskb.records.ledger import LEDGER_FILE, Ledger
from nexuskb.settings import Settings


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path, Clock())


def made(ledger: Ledger, **more) -> str:
    return add_token(ledger, Grant("Bat", Role.CONTRIBUTOR, MONGOLIA, **more), by="root")


def test_a_token_lets_its_person_in_with_role_and_areas(ledger: Ledger) -> None:
    person = person_of(ledger, made(ledger))
    assert (person.name, person.role, person.areas) == ("Bat", Role.CONTRIBUTOR, MONGOLIA)
    assert person.token == tokens(ledger)[0].id


def test_a_token_has_256_random_bits_and_no_two_are_the_same(ledger: Ledger) -> None:
    given = [made(ledger) for _ in range(50)]
    secrets = {token.split("_", 2)[2] for token in given}
    assert len(secrets) == 50
    assert all(len(secret) * 6 >= 256 for secret in secrets)
    assert all(re.fullmatch(r"nexuskb_[0-9a-f]{12}_[\w-]{43}", token) for token in given)


def test_no_secret_is_in_the_files(ledger: Ledger, tmp_path: Path) -> None:
    token = made(ledger)
    session = open_session(ledger, token)
    ledger.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.split("_")[1].encode() in held
    for secret in (token, token.split("_", 2)[2], session.secret, session.form_value):
        assert secret.encode() not in held


@pytest.mark.parametrize("change", [str.upper, lambda t: t[:-1], lambda t: f"{t} ", lambda t: t[:-1] + "é"])
def test_what_is_not_the_token_lets_nobody_in_and_is_not_repeated(ledger: Ledger, change) -> None:
    wrong = change(made(ledger))
    with pytest.raises(TokenError, match="lets nobody in") as raised:
        person_of(ledger, wrong)
    assert wrong not in str(raised.value)


def test_the_id_of_one_token_does_not_go_with_the_secret_of_another(ledger: Ledger) -> None:
    first, second = made(ledger), made(ledger)
    mixed = f"{first.rsplit('_', 1)[0][:21]}{second[21:]}"
    assert mixed not in (first, second)
    with pytest.raises(TokenError):
        person_of(ledger, mixed)


@pytest.mark.parametrize("token", ["", "nexuskb_", "nexuskb_000000000000_" + "A" * 43, "x" * 100_000])
def test_no_token_is_no_person(ledger: Ledger, token: str) -> None:
    with pytest.raises(TokenError):
        person_of(ledger, token)


def test_a_token_ends_at_its_time_and_when_it_is_revoked(ledger: Ledger) -> None:
    clock = ledger.clock
    assert isinstance(clock, Clock)
    token = made(ledger, expires=clock.now + dt.timedelta(days=1))
    person_of(ledger, token)
    clock.now += dt.timedelta(days=1)
    with pytest.raises(TokenError):
        person_of(ledger, token)
    lasting = made(ledger)
    revoke_token(ledger, "Bat", by="root")
    with pytest.raises(TokenError):
        person_of(ledger, lasting)
    assert [t.state(clock.now) for t in tokens(ledger)] == ["revoked", "revoked"]
    with pytest.raises(TokenError, match="no token 'Bat' to revoke"):
        revoke_token(ledger, "Bat", by="root")


@pytest.mark.parametrize("name", ["", " Bat", "a\nb", "x" * 81])
def test_a_name_is_one_line(ledger: Ledger, name: str) -> None:
    with pytest.raises(TokenError, match="is not one"):
        add_token(ledger, Grant(name, Role.ADMIN), by="root")


def test_a_session_is_its_tokens_person_until_it_ends(ledger: Ledger) -> None:
    clock = ledger.clock
    assert isinstance(clock, Clock)
    session = open_session(ledger, made(ledger))
    assert session_of(ledger, session.secret) == session
    clock.now += dt.timedelta(hours=12)
    with pytest.raises(TokenError, match="session has ended"):
        session_of(ledger, session.secret)


def test_a_session_ends_when_it_is_closed_and_with_its_token(ledger: Ledger) -> None:
    token = made(ledger)
    first, second = open_session(ledger, token), open_session(ledger, token)
    close_session(ledger, first.secret)
    with pytest.raises(TokenError):
        session_of(ledger, first.secret)
    session_of(ledger, second.secret)
    revoke_token(ledger, tokens(ledger)[0].id, by="root")
    with pytest.raises(TokenError):
        session_of(ledger, second.secret)


def test_a_form_value_is_that_of_its_session_alone(ledger: Ledger) -> None:
    token = made(ledger)
    first, second = open_session(ledger, token), open_session(ledger, token)
    assert is_from_own_page(first, first.form_value)
    assert is_from_own_page(session_of(ledger, first.secret), first.form_value)
    for value in (second.form_value, "", first.secret, "é"):
        assert not is_from_own_page(first, value)


def test_the_log_says_who_gave_and_revoked_tokens_without_a_secret(ledger: Ledger) -> None:
    token = made(ledger)
    revoke_token(ledger, "Bat", by="root")
    lines = [logged.line for logged in read_log(ledger)]
    assert [(line.who, line.operation, line.outcome) for line in lines] == [
        ("root", "add token", "done"),
        ("root", "revoke token", "done"),
    ]
    assert not any(token.split("_", 2)[2] in line.words for line in lines)


def test_the_commands_make_list_and_revoke(settings: Settings, tmp_path: Path) -> None:
    runner = CliRunner(env={"NEXUSKB_HOME": str(tmp_path), "NEXUSKB_DATA": str(settings.data)})
    add = ["token", "add", "B. Bat", "--role", "contributor", "--area", "MNG", "--expires", "90d"]
    result = runner.invoke(main, add)
    assert result.exit_code == 0, result.output
    token = result.stdout.strip()
    assert "only time" in result.stderr
    with Ledger.open(tmp_path) as ledger:
        assert person_of(ledger, token).areas == MONGOLIA
    listed = runner.invoke(main, ["token", "list"]).stdout
    assert "B. Bat" in listed
    assert "MNG" in listed
    assert token.split("_", 2)[2] not in listed
    assert "Revoked" in runner.invoke(main, ["token", "revoke", "B. Bat"]).stdout
    assert "revoked" in runner.invoke(main, ["token", "list"]).stdout
    logged = json.loads(runner.invoke(main, ["log", "--format", "json"]).stdout)
    assert [each["line"]["operation"] for each in logged] == ["add token", "revoke token"]
    assert "revoke token" in runner.invoke(main, ["log", "--after", "1"]).stdout
    assert (tmp_path / LEDGER_FILE).exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--area", "MGN"], "There is no area 'MGN'. Did you mean"),
        (["--expires", "tomorrow"], "'tomorrow' is no day"),
        (["--expires", "2020-01-01"], "would have expired"),
    ],
)
def test_the_command_says_what_is_wrong(settings: Settings, tmp_path: Path, more: list, message: str) -> None:
    runner = CliRunner(env={"NEXUSKB_HOME": str(tmp_path), "NEXUSKB_DATA": str(settings.data)})
    result = runner.invoke(main, ["token", "add", "Bat", "--role", "admin", *more])
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
