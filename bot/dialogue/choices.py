"""A button pressed, or its words typed: which reply offered it, and what it means to Rasa."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.content.store import ContentStore
from bot.dialogue.free_answers import journey_answer
from bot.screening.answers import interpret
from bot.screening.normalise import without_command
from bot.screening.result import Outcome, Screening
from bot.screening.screener import Screener
from bot.store.models import Conversation, Inbound

ANSWERS = frozenset({"yes", "no", "unsure"})
CLEAR = Screening(Outcome.CLEAR, "none", (), ())


class UnknownChoice(Exception):
    """A choice this conversation was never offered."""


@dataclass(frozen=True)
class Picked:
    """A choice resolved to the reply that offered it; `current` when that is the newest reply."""

    name: str
    key: str
    leads_to: str | None
    title: str
    current: bool


CONSENTED = Picked("consent_given", "", None, "", True)


@lru_cache
def choice_intents() -> dict[str, Any]:
    """bot/dialogue/choices.yml"""
    return dict(yaml.safe_load((Path(__file__).parent / "choices.yml").read_text(encoding="utf-8")))


def pick(
    content: ContentStore, language: str, replies: Iterable[dict[str, Any]], text: str | None, choice: str | None
) -> Picked | None:
    """Finds the choice among the replies, newest first; typed words count for the newest only.

    Raises UnknownChoice when `choice` is none of them.
    """
    for place, reply in enumerate(replies):
        for offered in reply["choices"]:
            typed = text is not None and place == 0 and text.strip().casefold() == offered["title"].casefold()
            if offered["value"] == choice or typed:
                leads_to = _leads_to(content, language, reply["key"], offered["name"])
                return Picked(offered["name"], reply["key"], leads_to, offered["title"], place == 0)
    if choice is not None:
        raise UnknownChoice
    return None


def _leads_to(content: ContentStore, language: str, key: str, name: str) -> str | None:
    if not content.has(key):
        return None
    return next((choice.leads_to for choice in content.get(key, language).choices if choice.name == name), None)


def screen(screener: Screener, question: str | None, text: str | None, picked: Picked | None) -> Screening:
    """Screens what was said; a yes, no or not sure by the screening question that offered it."""
    if picked and picked.name in ANSWERS:
        parts = picked.key.split("/")
        if parts[0] != "screening":
            return CLEAR
        # "Not sure" after the explanation is read as the safer answer.
        answer = "yes" if picked.name == "unsure" and parts[-1] == "explain" else picked.name
        return screener.screen_answer(parts[1], answer)
    if picked and text is None:
        return CLEAR
    return screener.screen(text or "", question_flag(question))


def question_flag(open_question: str | None) -> str | None:
    """The flag that the open question asks about; none for a question that is not about an alarm sign."""
    kind, _, rest = (open_question or "").removeprefix("clarify:").partition("/")
    return rest.split("/")[0] if kind == "screening" else None


def turn_body(
    conversation: Conversation, inbound: Inbound, picked: Picked | None, screening: Screening
) -> dict[str, Any]:
    """What Rasa gets: the words for its NLU, or the intent a choice stands for; never a typed command."""
    metadata: dict[str, Any] = {
        "screening": screening.to_dict(),
        "language": conversation.language,
        "about": conversation.about,
        "said": {key: times for key, times in conversation.said.items() if key.startswith("topic/")},
        "journey": conversation.journey,
    }
    body: dict[str, Any] = {"conversation": conversation.id, "metadata": metadata}
    question = conversation.open_question or ""
    clarifying = question.startswith("clarify:")
    if screening.outcome is Outcome.ALARM:
        return body | {"intent": "alarm"}
    if screening.outcome is Outcome.ASK:
        return body | {"intent": "clarify"}
    if picked is None:
        if answered := journey_answer(question, inbound.text):
            return body | {"intent": "journey_answer", "entities": _entities(answered)}
        if question:
            answer = interpret(inbound.text)
            metadata["answer"] = "clarified_no" if clarifying and answer == "no" else answer
        return body | {"text": without_command(inbound.text)}
    if picked.leads_to:
        return body | {"intent": "check_answer", "entities": _entities({"leads_to": picked.leads_to})}
    if picked.name == "no" and clarifying:
        return body | {"intent": "clarified_no"}
    meaning = choice_intents().get(picked.name, {"intent": picked.name.removeprefix("topic_")})
    return body | {"intent": meaning["intent"], "entities": _entities(meaning.get("entities", {}))}


def _entities(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"entity": name, "value": value} for name, value in values.items()]
