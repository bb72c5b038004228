"""Without the key the database shows nothing of what patients said; keys can be changed while in use."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine
from sqlmodel import SQLModel

from bot.clock import now
from bot.settings import Settings
from bot.store import conversations, records, reminders, telegram, transfer, unanswered
from bot.store.database import MIGRATIONS, migrate, open_database
from bot.store.encryption import Cipher, EncryptedJson, EncryptedText, WrongKey, rotate, use
from bot.store.models import BELONGINGS, Conversation, DialogueState

CANARY = "kanariefugl"
TABLES = SQLModel.metadata.sorted_tables


def tell_everything(engine: Engine) -> Conversation:
    """A conversation with the canary in everything a patient can say."""
    _, conversation = conversations.create(engine, language="da")
    inbound, _ = conversations.accept(
        engine, conversation.id, client_id="a", text=CANARY, choice=None,
        screening={"outcome": "alarm", "level": "emergency", "flags": [CANARY]},
    )  # fmt: skip
    reply = {"id": f"r-{conversation.id}", "key": "plan/shown", "text": CANARY, "care": None}
    conversations.finish(engine, inbound, [reply], done=True)
    fields = {"about": CANARY, "open_question": CANARY, "said": {CANARY: 1}, "journey": {"topics": [CANARY], "at": 0}}
    conversations.change(engine, conversation.id, movements={"level": CANARY}, questions=CANARY, **fields)
    unanswered.note(engine, conversation.id, language="da", reason="not_understood", text=CANARY)
    records.keep_plan(engine, conversation.id, {"activity": CANARY})
    records.add_check_in(engine, conversation.id, {"pain": 7, "step": CANARY})
    records.add_safety_check(engine, conversation.id, {CANARY: "no"})
    records.share(engine, conversation.id, "da", now() + timedelta(days=1))
    reminders.agree(engine, conversation.id, lambda *_: ("check_in", now()), rhythm="weekly", hour=17)
    telegram.link(engine, int(conversation.id[:8], 16), conversation.id)
    transfer.offer(engine, conversation.id)
    telegram.keep_update(engine, int(conversation.id[:8], 16), {"message": {"text": CANARY}})
    with sqlalchemy.orm.Session(engine) as session:
        answered = {"message": "1", "replies": [{"key": "plan/shown", "helps": CANARY}]}
        state = DialogueState(conversation_id=conversation.id, events=[{"value": CANARY}], answered=answered)
        session.add(state)
        session.commit()
    return conversation


def raw(engine: Engine) -> str:
    """All that the database itself holds, as somebody without the key would see it."""
    with engine.connect() as connection:
        rows = [row for table in TABLES for row in connection.exec_driver_sql(f"select * from {table.name}")]
    return repr(rows)


def test_the_tables_show_nothing_without_the_key(engine: Engine) -> None:
    tell_everything(engine)
    assert CANARY not in raw(engine)


def test_every_belonging_was_told_in_these_tests(engine: Engine) -> None:
    tell_everything(engine)
    with sqlalchemy.orm.Session(engine) as session:
        for table in BELONGINGS:
            assert session.query(table).count(), table.__tablename__


def test_the_files_on_disk_show_nothing_without_the_key(settings: Settings) -> None:
    tell_everything(open_database(settings))
    stored = b"".join(path.read_bytes() for path in settings.data_dir.glob("rygraad.db*"))
    assert stored and CANARY.encode() not in stored


def test_with_the_key_everything_reads_as_it_was_told(engine: Engine) -> None:
    conversation = tell_everything(engine)
    assert records.plan(engine, conversation.id) == {"activity": CANARY}
    assert records.alarms(engine, conversation.id)[0][1:] == ("emergency", [CANARY])
    assert [entry["text"] for entry in conversations.transcript(engine, conversation.id)] == [CANARY, CANARY]


def test_the_wrong_key_is_a_clear_error_and_not_an_empty_page(engine: Engine) -> None:
    conversation = tell_everything(engine)
    use(engine, Cipher(["another secret"]))
    with pytest.raises(WrongKey, match="RYGRAAD_SECRET_KEY"):
        records.plan(engine, conversation.id)


def test_a_key_is_changed_step_by_step_and_the_old_one_goes(engine: Engine, either: Settings) -> None:
    conversation = tell_everything(engine)
    old = either.secrets()[0]
    use(engine, Cipher(["the new secret", old]))
    assert records.plan(engine, conversation.id) == {"activity": CANARY}
    records.keep_plan(engine, conversation.id, {"activity": "written with the new one"})
    encrypted = [c for t in TABLES for c in t.columns if isinstance(c.type, EncryptedText | EncryptedJson)]
    assert rotate(engine, TABLES) >= len(encrypted)
    use(engine, Cipher(["the new secret"]))
    assert [row.version for row in records.plans(engine, conversation.id)] == [2, 1]
    assert "journey" in conversations.get(engine, conversation.id).model_dump()  # type: ignore[union-attr]


def test_a_key_that_is_gone_stops_the_change_before_anything_is_lost(engine: Engine, either: Settings) -> None:
    conversation = tell_everything(engine)
    use(engine, Cipher(["the new secret"]))
    with pytest.raises(WrongKey):
        rotate(engine, TABLES)
    use(engine, Cipher(either.secrets()))
    assert records.plan(engine, conversation.id) == {"activity": CANARY}


def test_what_is_written_while_keys_are_changed_is_kept(engine: Engine, either: Settings) -> None:
    conversation = tell_everything(engine)
    use(engine, Cipher(["the new secret", *either.secrets()]))
    interrupted = iter([True])

    class Meanwhile(Cipher):
        def decrypt(self, token: str) -> str:
            if next(interrupted, False):
                conversations.change(engine, conversation.id, questions="said meanwhile")
            return super().decrypt(token)

    use(engine, Meanwhile(["the new secret", *either.secrets()]))
    rotate(engine, TABLES)
    assert conversations.get(engine, conversation.id).questions == "said meanwhile"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "æøå 🦴\u200b", "\ud83d", "x" * 100_000, '{"a": 1}', "gAAAAA"])
def test_any_text_comes_back_as_it_was(text: str) -> None:
    cipher = Cipher(["secret"])
    assert cipher.decrypt(cipher.encrypt(text)) == text
    assert cipher.encrypt(text) != cipher.encrypt(text)


@pytest.mark.parametrize("token", ["", "plain", "gAAAAA", "æ"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises((WrongKey, UnicodeError)):
        Cipher(["secret"]).decrypt(token)


def test_moments_come_back_in_utc_whatever_zone_they_were_told_in(engine: Engine) -> None:
    _, conversation = conversations.create(engine, language="da")
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    conversations.change(engine, conversation.id, consented_at=moment.astimezone())
    assert conversations.get(engine, conversation.id).consented_at == moment  # type: ignore[union-attr]


def test_what_was_stored_before_encryption_is_encrypted_by_the_migration(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = open_database(settings)
    command.upgrade(config, "0002")
    with sqlite3.connect(tmp_path / "rygraad.db") as database:
        database.execute("pragma foreign_keys=on")
        database.execute(
            "insert into conversation (id, token_hash, language, language_chosen, created_at, about, said, journey)"
            " values ('c', 'h', 'da', 0, '2026-01-01 10:00:00', 'topic/work', '{\"topic/work\": 2}', null)"
        )
        database.execute(
            "insert into inbound (id, conversation_id, client_id, text, screening, held, carded, received_at) values"
            f" (1, 'c', 'a', '{CANARY}', '{{\"outcome\": \"clear\"}}', 0, 0, '2026-01-01 10:00:00'),"
            " (2, 'c', 'b', '', '{}', 0, 0, '2026-01-01 10:00:01')"
        )
        database.execute(
            "insert into outbound (id, position, conversation_id, inbound_id, reply, created_at)"
            f" values ('o', 1, 'c', 1, '{{\"id\": \"o\", \"text\": \"{CANARY}\"}}', '2026-01-01 10:00:00')"
        )
    migrate(settings)
    engine = open_database(settings)
    assert CANARY not in raw(engine)
    conversation = conversations.get(engine, "c")
    assert conversation and conversation.about == "topic/work" and conversation.said == {"topic/work": 2}
    said = conversations.transcript(engine, "c")
    assert [entry["text"] for entry in said] == [CANARY, CANARY]


def test_a_demonstration_keeps_a_secret_of_its_own_that_others_cannot_read(tmp_path: Path) -> None:
    first, second = Settings(data_dir=tmp_path).secrets(), Settings(data_dir=tmp_path).secrets()
    assert first == second and len(first[0]) >= 32
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("secret", ["", "short", "x" * 32 + ",short"])
def test_production_needs_secrets_that_are_long_enough(secret: str) -> None:
    with pytest.raises(ValidationError, match="at least 32 characters"):
        Settings(env="production", secret_key=SecretStr(secret), rasa_secret=SecretStr("y" * 32))


def test_production_refuses_a_clock_that_can_be_turned(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="CLOCK_FILE"):
        Settings(
            env="production", secret_key=SecretStr("x" * 32), rasa_secret=SecretStr("y" * 32), clock_file=tmp_path
        )
