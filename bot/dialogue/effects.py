"""What some answers do besides being said: a plan is kept, a check-in noted, a time agreed, a link made.

Actions hold no database: what they want kept stands as parameters beside a content key. Each effect gives the values
that its text needs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from bot.clock import danish, now
from bot.self_management import schedule
from bot.settings import Settings
from bot.store import conversations, records, reminders, unanswered
from bot.store.models import Conversation, Schedule

Item = dict[str, Any]
SHARED = timedelta(days=30)
REGION, FORGOTTEN = "region/set", "understanding/forgotten"  # keys that have an effect of themselves


def following(agreed: Schedule, made: datetime | None) -> tuple[str, datetime]:
    """Kind and time of the contact after now, on another day than the latest one made."""
    choice = schedule.Agreement(agreed.rhythm, agreed.hour, agreed.began_at, agreed.paused_until)
    contact = schedule.next_contact(choice, now())
    if made and danish(made).date() == danish(contact.due_at).date():
        contact = schedule.next_contact(choice, contact.due_at)
    return contact.kind, contact.due_at


class Effects:
    """Applies the effects of an answer's items for one conversation."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.records: dict[str, Callable[[Engine, str, Any, int | None], None]] = {
            "plan": records.keep_plan,
            "check_in": records.add_check_in,
            "safety_check": records.add_safety_check,
        }
        self.by_parameter: dict[str, Callable[[Conversation, Item], Item]] = {
            "reminders": self._reminders,
            "movements": self._movements,
            "questions": self._questions,
            "share": self._share,
            "journey": self._journey,
        }

    def has(self, item: Item) -> bool:
        """Whether the item asks for anything but being said."""
        asked = {*self.records, *self.by_parameter} & {name for name, value in item.items() if value is not None}
        return bool(asked) or item["key"] in (REGION, FORGOTTEN)

    def apply(self, conversation: Conversation, item: Item, inbound_id: int | None = None) -> Item:
        """Does what the item asks for, records once for each message; the values for its text."""
        for name, keep in self.records.items():
            if item.get(name) is not None:
                keep(self.engine, conversation.id, item[name], inbound_id)
        found: Item = {}
        for name, effect in self.by_parameter.items():
            if item.get(name) is not None:
                found |= effect(conversation, item)
        if item["key"] == REGION and item.get("region"):
            self._change(conversation, region=item["region"])
        if item["key"] == FORGOTTEN:
            unanswered.forget(self.engine, conversation.id)
        return found

    def _change(self, conversation: Conversation, **fields: Any) -> Item:
        for name, value in fields.items():
            setattr(conversation, name, value)
        conversations.change(self.engine, conversation.id, **fields)
        return {}

    def _journey(self, conversation: Conversation, item: Item) -> Item:
        return self._change(conversation, journey=item["journey"])

    def _movements(self, conversation: Conversation, item: Item) -> Item:
        return self._change(conversation, movements=item["movements"])

    def _questions(self, conversation: Conversation, item: Item) -> Item:
        return self._change(conversation, questions=item["questions"])

    def _share(self, conversation: Conversation, item: Item) -> Item:
        if item["share"] == "withdraw":
            records.withdraw_shares(self.engine, conversation.id)
            return {}
        until, staff_only = now() + SHARED, item["share"] == "staff"
        code = records.share(self.engine, conversation.id, conversation.language, until, staff_only=staff_only)
        return {"link": f"{self.settings.address}/s/{code}", "until": until}

    def _reminders(self, conversation: Conversation, item: Item) -> Item:
        """Sets, pauses, resumes, stops or tells the agreement: rhythm, hour, first, next and until for texts."""
        wish, fields = item["reminders"], {}
        if wish == "set":
            # Another time keeps the beginning, from which the look backs count.
            fields = {**item["chosen"], "stopped": False, "paused_until": None}
        elif wish == "pause":
            fields = {"paused_until": now() + timedelta(weeks=item["weeks"])}
        elif wish == "resume":
            fields = {"paused_until": None}
        elif wish == "stop":
            fields = {"stopped": True}
        agreed = reminders.schedule(self.engine, conversation.id)
        if wish == "stop" and not agreed:
            return {}
        following_at = reminders.agree(self.engine, conversation.id, following, **fields)
        agreed = reminders.schedule(self.engine, conversation.id)
        assert agreed
        values = {"rhythm": agreed.rhythm, "hour": agreed.hour, "first": following_at, "next": following_at}
        return values | {"until": agreed.paused_until}
