"""Gives Rasa the live words of a content key.

For the gateway's own channel only the key travels, because the gateway renders it in the patient's language.
Other clients (`rasa shell`) get the words here, read from the same content store, so the answer is never silence.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy.exc import SQLAlchemyError

from bot.content.store import DEFAULT_LANGUAGE, load
from bot.editorial.live import LiveContent
from bot.rasa.safety_policy import requested_flag, screening_of
from bot.settings import get_settings
from bot.store.database import open_database


class ContentNLG(TemplatedNaturalLanguageGenerator):
    """Looks a response's content key up in the domain and its words in the content store.

    Rasa hands the model's responses only to subclasses of its own template generator, hence the base.
    """

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        super().__init__(domain.responses)
        self._content: LiveContent | None = None

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """The response as {"text", "custom": {"key", ...}}; None only for a name the domain does not have."""
        variations = self.responses.get(utter_action)
        if not variations:
            return None
        # Rasa also passes all of the domain's responses along; they would be stored with every reply.
        kwargs.pop("domain_responses", None)
        custom = {**variations[0].get("custom", {}), **kwargs}
        if utter_action == "utter_care":
            custom |= _care(tracker)
        elif utter_action == "utter_clarify":
            custom |= _clarify(tracker)
        if output_channel == "gateway":
            return {"custom": custom}
        return {"text": await asyncio.to_thread(self._words, custom["key"]), "custom": custom}

    def _words(self, key: str) -> str:
        """What is live now; the files' words while the database is down."""
        self._content = self._content or LiveContent(load(), open_database(get_settings()))
        with suppress(SQLAlchemyError):
            self._content.refresh()
        return "\n\n".join(self._content.get(key, DEFAULT_LANGUAGE).bubbles)


def _care(tracker: DialogueStateTracker) -> dict[str, Any]:
    screening = screening_of(tracker)
    flags = screening.get("flags") or ["cauda_equina"]
    return {"key": f"care/{flags[0]}", "level": screening.get("level", "emergency"), "flags": list(flags)}


def _clarify(tracker: DialogueStateTracker) -> dict[str, Any]:
    """Asks about the flag; explains instead when that very question was just answered with "not sure"."""
    flag = tracker.get_slot("clarifying") or "cauda_equina"
    asked = requested_flag(tracker) == flag and tracker.active_loop_name
    return {"key": f"screening/{flag}/explain" if asked else f"screening/{flag}", "clarifies": not asked}
