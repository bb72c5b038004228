"""Trying a text before it is live: a conversation with the whole assistant in which that one text is the edition's.

Trials are conversations like any other, so that everything is as it will be; they belong to no patient, put no
question on the worklist, and are gone after a day.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.clock import now
from bot.content.shared_words import carriers, is_shared
from bot.content.store import ContentStore
from bot.dialogue.choices import CLEAR
from bot.dialogue.turns import CONSENT_VERSION, Trial, Turns
from bot.editorial.live import LiveContent
from bot.editorial.workflow import Desk
from bot.store import conversations as store
from bot.store import editions
from bot.store.editorial_models import Edition
from bot.store.models import Conversation

KEPT = timedelta(days=1)
MENU = "control/menu"


def desk_of(turns: Turns) -> Desk:
    """What the editors' workplace stands on; from now on the turns know what is tried."""
    content = turns.content
    desk = Desk(turns.engine, content if isinstance(content, LiveContent) else LiveContent(content, turns.engine))

    def trial(edition_id: int) -> Trial | None:
        edition = editions.edition(desk.engine, edition_id)
        text = desk.live.read(edition.key, edition.language, edition.source) if edition else None
        if not edition or not text:
            return None
        changed = desk.live.with_texts({(edition.key, edition.language): text})
        return (edition_id, edition.revision, desk.live.serial), changed

    turns.trial = trial
    return desk


def start(turns: Turns, edition: Edition, channel: str = "web") -> tuple[str, Conversation]:
    """A conversation that begins with the edition's text: its token, and itself."""
    token, opened = store.create(turns.engine, language=edition.language, channel=channel)
    fields = {
        "trying": edition.id,
        "consented_at": now(),
        "consent_version": CONSENT_VERSION,
        "language_chosen": True,
    }
    store.change(turns.engine, opened.id, **fields)
    conversation = store.get(turns.engine, opened.id) or opened
    served = turns.serving(conversation)
    replies = served.voice.say(conversation, _begins_with(served.content, edition))
    inbound, _ = store.accept(
        turns.engine, opened.id, client_id="begin", text="", choice=None, screening=CLEAR.to_dict()
    )
    store.finish(turns.engine, inbound, [reply.model_dump() for reply in replies], done=True)
    return token, conversation


def _begins_with(content: ContentStore, edition: Edition) -> str:
    """The key of what shows the edition: itself; for a button a text that has it, for other shared words the menu."""
    if not is_shared(edition.key):
        return edition.key
    return next((text.key for text in carriers(content, edition.key, edition.language)), MENU)


def forget(engine: Engine) -> int:
    """Erases trials that are more than a day old; how many."""
    with Session(engine) as session:
        statement = select(Conversation.id).where(
            col(Conversation.trying).is_not(None), Conversation.created_at < now() - KEPT
        )
        found = list(session.exec(statement))
    for conversation_id in found:
        store.erase(engine, conversation_id)
    return len(found)
