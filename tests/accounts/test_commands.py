"""`rygraad users`: the first admin, and the way back in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.settings import Settings, get_settings
from bot.store import invites, staff
from bot.store.database import open_database
from bot.store.staff_models import ADMIN, EDITOR, REVIEWER, Clinic


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An empty data folder that the command works in: not even a database yet."""
    monkeypatch.setenv("RYGRAAD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RYGRAAD_PUBLIC_URL", "https://rygraad.dk/")
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()


@pytest.fixture
def db(place: Settings) -> Engine:
    run("list")
    return open_database(place)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["users", *words])


def failed(found: Result, says: str) -> None:
    assert found.exit_code == 1, found.output
    assert says in found.output and "Traceback" not in found.output


def test_the_first_admin_begins_with_a_link(place: Settings) -> None:
    found = run(
        "add", "Karen@Klinik.dk", "--name", "Karen Holm", "--role", "admin", "--role", "reviewer", "--signs-off"
    )
    assert found.exit_code == 0, found.output
    code = re.search(r"https://rygraad\.dk/password/([\w-]{22})\n", found.output)
    assert code
    engine = open_database(place)
    user = staff.user_of_link(engine, code[1])
    assert user and (user.email, user.roles, user.signs_off) == ("karen@klinik.dk", [REVIEWER, ADMIN], True)
    assert [(line.action, line.who, line.object) for line in staff.audit(engine)] == [
        ("link_made", "rygraad users", "karen@klinik.dk"),
        ("user_added", "rygraad users", "karen@klinik.dk"),
    ]


def test_a_clinic_is_given_by_its_name(db: Engine) -> None:
    invites.keep_clinic(db, Clinic(id="c1", name="Klinik Øst"))
    assert run("add", "a@b.dk", "--name", "A", "--clinic", "klinik øst").exit_code == 0
    found = staff.by_email(db, "a@b.dk")
    assert found and found.clinic_id == "c1"


def test_what_cannot_be_says_why(db: Engine) -> None:
    run("add", "karen@klinik.dk", "--name", "Karen")
    failed(run("add", "karen@klinik.dk", "--name", "Karen"), "already a user karen@klinik.dk")
    failed(run("add", "karen", "--name", "Karen"), "cannot be used")
    failed(run("add", "a@b.dk", "--name", "\x00"), "cannot be used")
    failed(run("add", "a@b.dk", "--name", "A", "--role", "boss"), "No such role: boss")
    failed(run("add", "a@b.dk", "--name", "A", "--role", "editor", "--signs-off"), "add --role reviewer")
    failed(run("add", "a@b.dk", "--name", "A", "--clinic", "Klinik Øst"), "0 clinics called Klinik Øst")
    assert run("add", "a@b.dk").exit_code == 2
    assert [user.email for user in staff.users(db)] == ["karen@klinik.dk"]


def test_two_clinics_of_one_name_are_not_guessed_between(db: Engine) -> None:
    for id_ in ("c1", "c2"):
        invites.keep_clinic(db, Clinic(id=id_, name="Klinik Øst"))
    failed(run("add", "a@b.dk", "--name", "A", "--clinic", "Klinik Øst"), "2 clinics")


@pytest.mark.parametrize("command", ["link", "deactivate", "lost-phone"])
@pytest.mark.parametrize("stranger", ["nobody@klinik.dk", "", "\x00", "😀"])
def test_nobody_of_that_address(place: Settings, command: str, stranger: str) -> None:
    failed(run(command, stranger), "There is no user")


def test_a_new_link(db: Engine) -> None:
    first = run("add", "karen@klinik.dk", "--name", "Karen").output.split("/password/")[1].strip()
    second = run("link", "KAREN@klinik.dk").output.split("/password/")[1].strip()
    assert staff.user_of_link(db, first) is None and staff.user_of_link(db, second)


def test_the_list(db: Engine) -> None:
    run("add", "karen@klinik.dk", "--name", "Karen", "--role", "reviewer", "--signs-off")
    run("add", "bo@klinik.dk", "--name", "Bo")
    run("deactivate", "bo@klinik.dk")
    assert run("list").output.splitlines() == [
        "bo@klinik.dk\tBo\tno role\tnot active",
        "karen@klinik.dk\tKaren\treviewer, signs off\tactive",
    ]


def test_whoever_leaves_is_signed_out_and_gets_no_link(db: Engine) -> None:
    run("add", "karen@klinik.dk", "--name", "Karen", "--role", "editor")
    user = staff.by_email(db, "karen@klinik.dk")
    assert user and user.roles == [EDITOR]
    token = staff.open_session(db, user.id, passed=True)
    assert run("deactivate", "karen@klinik.dk").exit_code == 0
    assert staff.session_of(db, token) is None
    assert staff.audit(db)[0].details == {"fields": ["active"], "active": False}
    failed(run("link", "karen@klinik.dk"), "not active")


def test_the_last_admin_stays(db: Engine) -> None:
    run("add", "karen@klinik.dk", "--name", "Karen", "--role", "admin")
    failed(run("deactivate", "karen@klinik.dk"), "last active admin")


def test_a_lost_phone(db: Engine) -> None:
    run("add", "karen@klinik.dk", "--name", "Karen", "--role", "admin")
    user = staff.by_email(db, "karen@klinik.dk")
    assert user
    staff.change_user(db, user.id, totp_on=True, totp_secret="x")
    assert run("lost-phone", "karen@klinik.dk").exit_code == 0
    found = staff.user(db, user.id)
    assert found and not found.totp_on and found.totp_secret is None
