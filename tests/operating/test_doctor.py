"""`rygraad doctor` finds each fault, says it in plain English and what to do about it, and never shows a secret."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy import Engine
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import now
from bot.content.errors import BrokenContent, ContentFault
from bot.kill_switch import KillSwitch
from bot.operating import doctor
from bot.operating.backup import make
from bot.operating.checks import configured, machine, running, stored
from bot.operating.checks.finding import OK, STATES, WARNING, WRONG, Finding
from bot.operating.doctor import examine
from bot.settings import Settings
from bot.store import conversations, staff
from bot.store.database import open_database
from bot.store.models import Inbound
from bot.supervisor import free_port
from tests.operating.conftest import SECRET
from tests.operating.servers import server
from tests.store.test_encryption import CANARY, tell_everything

PRODUCTION = {
    "RYGRAAD_ENV": "production", "RYGRAAD_SECRET_KEY": "s" * 40, "RYGRAAD_RASA_SECRET": "hemmelig-rasa",
    "RYGRAAD_PUBLIC_URL": "https://rygraad.dk",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RYGRAAD_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts and the models are not this test's matter, and take seconds to look at."""
    slow = {machine.texts, machine.models}
    monkeypatch.setattr(doctor, "ALONE", tuple(check for check in doctor.ALONE if check not in slow))
    monkeypatch.setattr(machine, "approval", lambda *_: Finding("approval", OK, "not looked at."))


def production(monkeypatch: pytest.MonkeyPatch, folder: Path, **more: str) -> None:
    given = PRODUCTION | {"RYGRAAD_DATA_DIR": str(folder)} | {f"RYGRAAD_{name}": v for name, v in more.items()}
    for name, value in given.items():
        monkeypatch.setenv(name, value)


def is_(found: Finding, state: str, says: str) -> None:
    assert found.state == state and says in found.says, found
    assert bool(found.do) or state == OK
    assert found.says[-1] == "." and (not found.do or found.do[-1] in ".)" or "Run:" in found.do), found


# -- the whole of it -----------------------------------------------------------------------------


def test_a_fresh_folder_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    monkeypatch.setenv("RYGRAAD_DATA_DIR", str(tmp_path / "ny mappe 🦴"))
    monkeypatch.setenv("RYGRAAD_PORT", str(free_port()))
    findings = examine()
    assert {each.state for each in findings} == {OK}, [str(each) for each in findings]
    assert not list(tmp_path.iterdir()), "it only looks"


def test_a_database_in_use_is_well(either: Settings, quick: None) -> None:
    settings = either.model_copy(update={"port": free_port()})
    engine = open_database(settings)
    tell_everything(engine)
    findings = examine(lambda: settings)
    assert {each.state for each in findings} <= {OK}, [str(each) for each in findings]
    names = [each.name for each in findings]
    assert names[-4:] == ["stored words", "messages", "retention", "people"] and "database" in names


def test_lines_and_json_and_the_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    monkeypatch.setenv("RYGRAAD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RYGRAAD_PORT", str(free_port()))
    well = CliRunner().invoke(app, ["doctor"])
    assert well.exit_code == 0, well.output
    assert all(line.split()[0] in STATES for line in well.output.splitlines())
    KillSwitch(tmp_path).close()
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0  # a warning
    (tmp_path / "rygraad.db").write_bytes(b"broken" * 1000)
    ill = CliRunner().invoke(app, ["doctor", "--json"])
    assert ill.exit_code == 1
    found = json.loads(ill.output)
    assert {tuple(each) for each in found} == {("name", "state", "says", "do")}
    assert [each["name"] for each in found if each["state"] == WRONG] == ["database"]


def test_a_check_that_fails_is_a_finding_and_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def unheard_of(_: Settings) -> Finding:
        raise LookupError(f"{SECRET} {CANARY}")

    monkeypatch.setattr(doctor, "ALONE", (unheard_of,))
    monkeypatch.setattr(machine, "approval", unheard_of)
    monkeypatch.setattr(stored, "database", unheard_of)
    findings = examine(lambda: settings)
    is_(findings[1], WRONG, "it could not be looked at (LookupError)")
    assert len(findings) == 4 and SECRET not in str(findings) and CANARY not in str(findings)


def test_no_secret_and_no_word_is_ever_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings, quick: None
) -> None:
    tell_everything(open_database(settings))
    hidden = {
        "SECRET_KEY": "hemmelighed-" * 4, "METRICS_TOKEN": "maaler-7", "OIDC_CLIENT_SECRET": "klient-7",
        "TELEGRAM_TOKEN": "123456:AA-telegram-7", "REDIS_URL": "redis://:redis-7@127.0.0.1:9/0",
        "RASA_SECRET": "rasa-7",
    }  # fmt: skip
    more = {"OIDC_ISSUER": "https://x.dk", "OIDC_CLIENT_ID": "id", "TELEGRAM_API": "http://127.0.0.1:9"}
    production(monkeypatch, settings.data_dir, **hidden, **more, PORT=str(free_port()))
    words = "\n".join(map(str, examine()))
    for ill in ("telegram: it cannot be reached (ConnectError)", "redis: it does not answer (ConnectionError)"):
        assert ill in words
    assert "the secret does not open" in words
    for secret in [*hidden.values(), "redis-7", CANARY, (settings.data_dir / "secret.key").read_text()]:
        assert secret not in words


# -- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"PORT": "mange"}, "RYGRAAD_PORT: input should be a valid integer"),
        ({"ENV": "prod"}, "RYGRAAD_ENV: input should be 'demo' or 'production'"),
        ({"ENV": "production", "SECRET_KEY": "kort-7"}, "must have at least 32 characters in production"),
        ({"OIDC_ISSUER": "https://kort-7"}, "belong together"),
        ({"TELEGRAM_MODE": "webhook"}, "RYGRAAD_TELEGRAM_MODE=webhook needs RYGRAAD_PUBLIC_URL"),
        ({"RATE_LIMIT": "kort-7"}, "RYGRAAD_RATE_LIMIT or RYGRAAD_ADDRESS_LIMIT is no rate"),
        ({"DATABASE_URL": "kort-7"}, "RYGRAAD_DATABASE_URL is no address of a database"),
        ({"DATABASE_URL": "mysql://kort-7@x/y"}, "a database that Rygråd is not tested on"),
        ({"DATABASE_URL": "postgresql://kort-7@x/y"}, "a database that Rygråd is not tested on"),
    ],
)  # fmt: skip
def test_settings_that_are_refused_are_said_without_their_values(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"RYGRAAD_{name}", value)
    findings = examine()
    is_(findings[0], WRONG, says)
    assert all(each.name == "settings" for each in findings) and "kort-7" not in str(findings)


def test_settings_that_work_and_are_not_meant(tmp_path: Path) -> None:
    found = Settings(data_dir=Path("data"), clock_file=tmp_path / "clock")
    says = " ".join(each.says for each in configured.settings(found, {"RYGRAAD_TELEGRAM_TOKN": "hemmelig"}))
    for expected in (
        "DATA_DIR is relative",
        "CLOCK_FILE turns the clock",
        "there is no setting RYGRAAD_TELEGRAM_TOKN",
    ):
        assert expected in says
    assert "hemmelig" not in says


def test_every_setting_there_is_is_known(tmp_path: Path) -> None:
    names = {f"rygraad_{name}": "x" for name in Settings.model_fields}
    is_(configured.settings(Settings(data_dir=tmp_path), names | {"HOME": "/"})[0], OK, "they can be used (demo)")


def test_production_without_https(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    production(monkeypatch, tmp_path, PUBLIC_URL="http://rygraad.dk")
    is_(configured.settings(Settings())[0], WARNING, "do not begin with https://")


# -- this machine --------------------------------------------------------------------------------


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    is_(machine.data_folder(Settings(data_dir=Path("/proc/rygraad"))), WRONG, "/proc cannot be written")
    (tmp_path / "file").write_text("")
    is_(machine.data_folder(Settings(data_dir=tmp_path / "file")), WRONG, "is no folder")


@pytest.mark.parametrize(("gigabytes", "state"), [(0.1, WRONG), (1, WARNING), (50, OK)])
def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gigabytes: float, state: str) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=int(gigabytes * machine.GB))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    is_(machine.disk(Settings(data_dir=tmp_path)), state, f"{gigabytes:.1f} GB are free")


def test_a_secret_that_others_can_read(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    is_(machine.secret(settings), OK, "the first start makes one")
    (tmp_path / "rygraad.db").touch()
    is_(machine.secret(settings), WARNING, "there is a database, and no secret beside it")
    settings.secrets()
    is_(machine.secret(settings), OK, "it lies in")
    (tmp_path / "secret.key").chmod(0o644)
    is_(machine.secret(settings), WRONG, "others on this machine can read")
    given = Settings(data_dir=tmp_path, secret_key=SecretStr("en,to"))
    is_(machine.secret(given), OK, "RYGRAAD_SECRET_KEY holds 2")


def test_models_that_are_out_of_date(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "model_path", lambda: tmp_path / "none")
    is_(machine.models(settings), WARNING, "do not exist for the examples and rules as they are now")


def test_texts_with_faults(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    is_(machine.texts(settings), OK, "no faults")
    fault = ContentFault(Path("x.md"), 1, "wrong")
    monkeypatch.setattr(machine, "check", lambda: [fault])
    is_(machine.texts(settings), WARNING, "1 faults")

    def broken() -> None:
        raise BrokenContent([fault, fault])

    monkeypatch.setattr(machine, "load", broken)
    is_(machine.texts(settings), WRONG, "2 faults stop Rygråd from starting")


def test_texts_no_clinician_has_approved(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    engine = open_database(settings)
    for at in (None, engine):
        is_(machine.approval(settings, at), WARNING, "lack a clinician's approval")
    production(monkeypatch, tmp_path)
    is_(machine.approval(Settings(), engine), WRONG, "lack a clinician's approval")


def test_a_kill_switch_that_is_on(settings: Settings) -> None:
    is_(machine.kill_switch(settings), OK, "everything is open")
    KillSwitch(settings.data_dir).close("sleep")
    is_(machine.kill_switch(settings), WARNING, "it closes sleep")
    (settings.data_dir / "kill_switch").write_bytes(b"\xff\xff")
    is_(machine.kill_switch(settings), WARNING, "it closes every conversation")


def test_the_last_backup(monkeypatch: pytest.MonkeyPatch, settings: Settings, folder: Path) -> None:
    is_(machine.last_backup(settings), OK, "none yet")
    make(settings, folder)
    is_(machine.last_backup(settings), OK, "0 days ago")
    long_ago = (now() - timedelta(days=3)).isoformat()
    (settings.data_dir / "last_backup").write_text(long_ago)
    is_(machine.last_backup(settings), WARNING, "3 days ago")
    production(monkeypatch, folder)
    is_(machine.last_backup(Settings()), WARNING, "none was made")


# -- the database --------------------------------------------------------------------------------


def test_a_database_that_is_down(tmp_path: Path) -> None:
    url = "postgresql+psycopg://ole:hemmelig@127.0.0.1:9/rygraad?password=hemmelig"
    found, engine = stored.database(Settings(data_dir=tmp_path, database_url=url))
    is_(found, WRONG, "PostgreSQL rygraad on 127.0.0.1 does not answer (OperationalError)")
    assert engine is None and "hemmelig" not in str(found)


def test_a_database_that_is_behind_or_ahead(either: Settings) -> None:
    engine = open_database(either)
    for revision, state, says in (("0004", WARNING, "behind"), ("9999", WRONG, "this release does not know")):
        with engine.begin() as connection:
            connection.execute(sa.text("update alembic_version set version_num = :r"), {"r": revision})
        found, none = stored.database(either)
        is_(found, state, says)
        assert none is None


def test_a_damaged_file(settings: Settings) -> None:
    engine = open_database(settings)
    tell_everything(engine)
    with engine.connect() as connection:
        is_(stored.whole(settings, engine), OK, "sound, and in WAL mode")
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    engine.dispose()
    path = settings.data_dir / "rygraad.db"
    content = bytearray(path.read_bytes())
    content[8192:-8192] = os.urandom(len(content) - 16384)
    path.write_bytes(content)
    words = [str(each) for each in (stored.database(settings)[0], _after(settings)) if each]
    assert any("WRONG" in each for each in words), words


def _after(settings: Settings) -> Finding | None:
    engine = open_database(settings)
    return doctor._looked(stored.whole, settings, engine)


@pytest.fixture
def ours(either: Settings) -> Iterator[tuple[Settings, Engine]]:
    """Settings and database of each kind, with a patient in it."""
    engine = open_database(either)
    tell_everything(engine)
    yield either, engine
    engine.dispose()


def test_clocks_that_differ(ours: tuple[Settings, Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    if ours[1].dialect.name == "sqlite":
        return  # it has none of its own
    is_(stored.whole(*ours), OK, "0.0 s from ours")
    for seconds, state in ((10, WARNING), (-10, WARNING), (600, WRONG)):

        class Elsewhere(stored.datetime):
            @classmethod
            def now(cls, tz: Any = None, ahead: timedelta = timedelta(seconds=seconds)) -> Any:
                return super().now(tz) + ahead

        with monkeypatch.context() as patched:
            patched.setattr(stored, "datetime", Elsewhere)
            is_(stored.whole(*ours), state, "s from ours")


def test_a_secret_that_does_not_open_what_is_stored(ours: tuple[Settings, Engine]) -> None:
    is_(stored.readable(*ours), OK, "the secret opens them")
    settings, _ = ours
    found, engine = stored.database(settings.model_copy(update={"secret_key": SecretStr("another")}))
    assert engine
    is_(found, OK, "answers")
    is_(stored.readable(settings, engine), WRONG, "the secret does not open conversation.open_question")


def test_a_secret_that_is_gone_is_not_made_anew(ours: tuple[Settings, Engine]) -> None:
    settings, _ = ours
    (settings.data_dir / "secret.key").unlink()
    _, engine = stored.database(settings)
    assert engine
    is_(stored.readable(settings, engine), WRONG, "the secret does not open")
    assert not (settings.data_dir / "secret.key").exists()


def old_message(engine: Engine, days: float, *, done: bool) -> None:
    _, conversation = conversations.create(engine, language="da")
    message, _ = conversations.accept(
        engine, conversation.id, client_id="old", text=CANARY, choice=None, screening={}
    )
    at = now() - timedelta(days=days)
    with engine.begin() as connection:
        mine = sa.update(Inbound).where(Inbound.id == message.id)  # type: ignore[arg-type]
        connection.execute(mine.values(received_at=at, done_at=at if done else None))


def test_a_patient_who_waits(ours: tuple[Settings, Engine]) -> None:
    old_message(ours[1], 5 / 1440, done=False)
    is_(stored.waiting(*ours), OK, "none waits")
    old_message(ours[1], 15 / 1440, done=False)
    is_(stored.waiting(*ours), WRONG, "1 messages wait for an answer")


def test_words_that_are_kept_too_long(ours: tuple[Settings, Engine]) -> None:
    old_message(ours[1], 30.5, done=True)
    is_(stored.retention(*ours), OK, "no words are older than 30 days")
    old_message(ours[1], 32, done=True)
    is_(stored.retention(*ours), WRONG, "1 messages are older than the 30 days patients are told")


def test_nobody_to_turn_to(ours: tuple[Settings, Engine]) -> None:
    settings, engine = ours
    is_(stored.people(settings, engine), OK, "0 users may sign in")
    live = settings.model_copy(update={"env": "production"})
    is_(stored.people(live, engine), WARNING, "there is no admin")
    staff.add_user(engine, email="a@b.dk", name="A", roles=["admin"])
    staff.add_user(engine, email="b@b.dk", name="B", roles=["reviewer"])
    staff.add_user(engine, email="c@b.dk", name="C", roles=["reviewer"], signs_off=True, active=False)
    is_(stored.people(live, engine), WARNING, "nobody can sign off")
    staff.add_user(engine, email="d@b.dk", name="D", roles=["reviewer"], signs_off=True)
    is_(stored.people(live, engine), OK, "3 users may sign in")


# -- what runs -----------------------------------------------------------------------------------

ALIVE = (200, '{"status":"ok"}')


@pytest.mark.parametrize(
    ("says", "state", "words"),
    [
        ({"/livez": ALIVE, "/readyz": (200, '{"database": true, "rasa": true}')}, OK, "it runs and is ready"),
        ({"/livez": ALIVE, "/readyz": (503, '{"database": true, "rasa": false}')}, WRONG, "cannot reach: rasa"),
        ({"/livez": ALIVE, "/readyz": (503, '{"database": false, "rasa": false}')}, WRONG, "reach: database, rasa"),
        ({"/livez": (200, "<html>")}, WRONG, "is not Rygråd"),
        ({}, WRONG, "is not Rygråd"),
    ],
)  # fmt: skip
def test_the_gateway(says: dict[str, tuple[int, str]], state: str, words: str) -> None:
    with server(says) as there:
        is_(running.gateway(Settings(port=there.port)), state, words)


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS", 0.3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        is_(running.gateway(Settings(port=port)), WRONG, f"port {port} cannot be used")  # nobody listens yet
        taken.listen()
        is_(running.gateway(Settings(port=port)), WRONG, "is not Rygråd, or hangs")
    is_(running.gateway(Settings(port=port, host="0.0.0.0")), OK, f"port {port} is free")


def test_parts_that_are_started_by_hand() -> None:
    is_(running.rasa(Settings()), OK, "`rygraad up` starts it")
    with server({"/webhooks/gateway/": (200, "{}"), "/health": (200, "{}")}) as there:
        settings = Settings(rasa_url=there.url, actions_url=there.url)
        is_(running.rasa(settings), OK, "it answers")
        is_(running.actions(settings), OK, "it answers")
        there.says = {}
        is_(running.rasa(settings), WRONG, "RYGRAAD_RASA_URL says 404")
    is_(running.actions(settings), WARNING, "nothing answers at RYGRAAD_ACTIONS_URL")
    is_(running.actions(Settings(actions_url="http://127.0.0.1:ni")), WARNING, "(InvalidURL)")


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [(200, OK, "knows the token"), (401, WRONG, "refuses the token"), (404, WRONG, "refuses the token"),
     (502, WARNING, "it says 502")],
)  # fmt: skip
def test_telegram(status: int, state: str, words: str) -> None:
    with server({"/bot12:hemmelig/getMe": (status, "{}")}) as there:
        found = running.telegram(Settings(telegram_token=SecretStr("12:hemmelig"), telegram_api=there.url))
        is_(found, state, words)
        assert there.asked == ["/bot12:hemmelig/getMe"] and "hemmelig" not in str(found)


@pytest.mark.parametrize("url", ["redis://:hemmelig@127.0.0.1:9/0", "hemmelig", "redis://x:hemmelig:y"])
def test_a_redis_that_is_not_there(url: str) -> None:
    is_(running.redis(Settings()), OK, "none is set")
    found = running.redis(Settings(redis_url=url))
    is_(found, WRONG, "it does not answer")
    assert "hemmelig" not in str(found)
