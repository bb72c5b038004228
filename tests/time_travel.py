"""Days that pass between two messages: everything stored becomes that much older, Rasa's events too."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.store.models import Conversation, DialogueState, Inbound, Outbound


def let_days_pass(engine: Engine, days: int) -> None:
    """Makes all conversations `days` older."""
    gone = timedelta(days=days)
    with Session(engine) as session:
        for state in session.exec(select(DialogueState)):
            state.events = [
                event | {"timestamp": event["timestamp"] - gone.total_seconds()} for event in state.events
            ]
        for conversation in session.exec(select(Conversation)):
            conversation.created_at -= gone
        for inbound in session.exec(select(Inbound)):
            inbound.received_at -= gone
        for outbound in session.exec(select(Outbound)):
            outbound.created_at -= gone
        session.commit()
