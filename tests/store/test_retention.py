"""What patients wrote goes when the promised time is over, and what is put aside for editors says nobody's name."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import now
from bot.dialogue.masking import HIDDEN, mask
from bot.screening.screener import Screener
from bot.settings import Settings, get_settings
from bot.store import conversations as store
from bot.store import unanswered
from bot.store.models import Conversation
from bot.store.retention import delete_expired

COMMON = frozenset("hvorfor gor min ryg ondt jeg i og kan ikke".split())


def told(engine: Engine, text: str) -> Conversation:
    """A conversation in which this was written and answered."""
    _, conversation = store.create(engine, language="da")
    inbound, _ = store.accept(engine, conversation.id, client_id="a", text=text, choice=None, screening={})
    store.finish(engine, inbound, [], done=True)
    unanswered.note(engine, conversation.id, language="da", reason="not_understood", text="hvorfor … ?")
    return conversation


def test_words_are_emptied_after_the_promised_days_and_not_before(engine: Engine) -> None:
    conversation = told(engine, "kanariefugl")
    assert delete_expired(engine, 30) == {"messages": 0, "unanswered": 0}
    assert delete_expired(engine, 30, now() + timedelta(days=31)) == {"messages": 1, "unanswered": 1}
    assert "kanariefugl" not in json.dumps(store.transcript(engine, conversation.id))
    assert delete_expired(engine, 30, now() + timedelta(days=31)) == {"messages": 0, "unanswered": 0}


def test_a_message_that_waits_for_its_answer_is_kept(engine: Engine) -> None:
    _, conversation = store.create(engine, language="da")
    store.accept(engine, conversation.id, client_id="a", text="venter", choice=None, screening={})
    assert delete_expired(engine, 30, now() + timedelta(days=31))["messages"] == 0


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hvorfor gør min ryg ondt, Kanariefugl?", f"hvorfor gør min ryg ondt, {HIDDEN}?"),
        ("010203-1234 og 22 33 44 55", f"{HIDDEN} og {HIDDEN}"),
        ("jens@jensen.dk https://jensen.dk", ""),
        ("", ""),
        ("🤕 !!!", ""),
        ("Kanariefugl", ""),
    ],
)
def test_only_words_many_people_use_are_kept(text: str, kept: str) -> None:
    assert mask(text, COMMON) == kept


@pytest.mark.parametrize(
    "secret", ["Karen", "jens", "Odense", "silkeborg", "Rigshospitalet", "Fatima", "12", "å@b.dk"]
)
def test_names_towns_and_numbers_are_no_common_words(screener: Screener, secret: str) -> None:
    common = screener.common_words()
    assert len(common) > 500 and "ryg" in common
    assert secret.casefold() not in mask(f"hvorfor gør {secret} ondt i min ryg", common)


def test_a_long_question_is_cut() -> None:
    assert len(mask("hvorfor " * 500, COMMON)) <= 200


def test_the_worklist_counts_the_same_question_once_and_forgets_on_request(engine: Engine) -> None:
    first, second = told(engine, "a"), told(engine, "b")
    found = unanswered.worklist(engine, now() - timedelta(days=1))
    assert [(row["text"], row["times"]) for row in found] == [("hvorfor … ?", 2)]
    unanswered.forget(engine, first.id)
    store.erase(engine, second.id)
    assert unanswered.worklist(engine, now() - timedelta(days=1)) == []


def test_the_commands_export_erase_list_and_delete(
    either: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RYGRAAD_DATA_DIR", str(either.data_dir))
    monkeypatch.setenv("RYGRAAD_DATABASE_URL", either.database)
    get_settings.cache_clear()
    conversation = told(engine, "kanariefugl")
    run = CliRunner()
    assert "kanariefugl" in run.invoke(app, ["export", conversation.id]).output
    assert json.loads(run.invoke(app, ["unanswered"]).output)["times"] == 1
    assert "0 messages" in run.invoke(app, ["retention", "run"]).output
    assert "Erased" in run.invoke(app, ["erase", conversation.id]).output
    for command in ("export", "erase"):
        gone = run.invoke(app, [command, conversation.id])
        assert gone.exit_code == 1 and "no such conversation" in gone.output
    get_settings.cache_clear()
