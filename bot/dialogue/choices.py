"""A button pressed, or its words typed: which reply offered it, and what it means to Rasa."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.content.store import ContentStore
from bot.dialogue.form_answers import ASK, expected, form_answer, set_aside
from bot.screening.answers import interpret
from bot.screening.normalise import without_command
from bot.screening.result import Outcome, Screening
from bot.screening.screener import Screener
from bot.store.models import Conversation, Inbound

SHORT_ANSWER = 3  # words; "no thanks" to a question that takes any words
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
    value: str = ""


CONSENTED = Picked("consent_given", "", None, "", True)
COMMAND = "/"  # begins what is stored as the choice of a command; no button's value can


def commanded(name: str | None) -> Picked | None:
    """A button that is always there, by its name. Raises UnknownChoice for an answer: that needs its question."""
    if name in ANSWERS:
        raise UnknownChoice
    return Picked(name, "", None, f"{COMMAND}{name}", True) if name else None


@lru_cache
def yes_no() -> dict[str, dict[str, str]]:
    """bot/dialogue/yes_no.yml"""
    return dict(yaml.safe_load((Path(__file__).parent / "yes_no.yml").read_text(encoding="utf-8")))


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
        plain = interpret(text) if text and place == 0 and len(text.split()) <= SHORT_ANSWER else None
        meant = yes_no().get(reply["key"], {}).get(plain or "")
        for offered in reply["choices"]:
            same = text is not None and place == 0 and text.strip().casefold() == offered["title"].casefold()
            typed = same or (meant is not None and meant == offered["name"])
            if offered["value"] == choice or typed:
                leads_to = _leads_to(content, language, reply["key"], offered["name"])
                return Picked(offered["name"], reply["key"], leads_to, offered["title"], place == 0, offered["value"])
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
    if picked and (text is None or text.strip().casefold() == picked.title.casefold()):
        return CLEAR  # pressed, or its very words typed: they are ours
    return screener.screen(text or "", question_flag(question))


def question_flag(open_question: str | None) -> str | None:
    """The flag that the open question asks about; none for a question that is not about an alarm sign."""
    kind, _, rest = (open_question or "").removeprefix("clarify:").partition("/")
    return rest.split("/")[0] if kind == "screening" else None


def option(picked: Picked) -> str | None:
    """The answer a button gives to the form's question it stands under; None for any other button."""
    slot = picked.key.partition(ASK)[2]
    return picked.name.removeprefix(f"{slot}_") if slot and picked.name.startswith(f"{slot}_") else None


def is_stale(picked: Picked, open_question: str | None) -> bool:
    """Whether the button answers a question that is not open any more."""
    if picked.name in ANSWERS:
        return not picked.current
    return option(picked) is not None and picked.key != open_question


def turn_body(
    conversation: Conversation,
    inbound: Inbound,
    picked: Picked | None,
    screening: Screening,
    known: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What Rasa gets: the words for its NLU, or the intent a choice stands for; never a typed command.

    `known` is what the store knows of the patient's plan, course and reminders.
    """
    metadata: dict[str, Any] = {
        "screening": screening.to_dict(),
        "language": conversation.language,
        "about": conversation.about,
        "said": {key: times for key, times in conversation.said.items() if key.startswith("topic/")},
        "journey": conversation.journey,
        "movements": conversation.movements,
        **(known or {}),
    }
    body: dict[str, Any] = {"conversation": conversation.id, "message": str(inbound.id), "metadata": metadata}
    if screening.outcome is Outcome.ALARM:
        return body | {"intent": "alarm"}
    if screening.outcome is Outcome.ASK:
        return body | {"intent": "clarify"}
    if picked is None:
        return body | _written(conversation.open_question or "", inbound.text or "", metadata)
    return body | _pressed(picked, conversation.open_question or "")


def _written(question: str, text: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """An answer to the open question, else words for NLU; `metadata` then says what the question expects."""
    if wish := set_aside(question, text):
        return _intent(wish)
    if (answer := form_answer(question, text)) is not None:
        return _intent("answer", answer=answer)
    metadata["expects"] = expected(question)
    any_words = {"words", "questions"} & set(metadata["expects"])
    if question and (not any_words or len(text.split()) <= SHORT_ANSWER):
        answered = interpret(text)
        metadata["answer"] = "clarified_no" if question.startswith("clarify:") and answered == "no" else answered
    return {"text": without_command(text)}


def _pressed(picked: Picked, question: str) -> dict[str, Any]:
    if picked.leads_to:
        return _intent("check_answer", leads_to=picked.leads_to)
    if picked.name == "no" and question.startswith("clarify:"):
        return _intent("clarified_no")
    if (answer := option(picked)) is not None:
        return _intent("answer", answer=answer)
    if picked.name.startswith("change_") and picked.name != "change_language":
        return _intent("change_part", part=picked.name.removeprefix("change_"))
    meaning = choice_intents().get(picked.name, {"intent": picked.name.removeprefix("topic_")})
    return _intent(meaning["intent"], **meaning.get("entities", {}))


def _intent(intent: str, **entities: str) -> dict[str, Any]:
    return {"intent": intent, "entities": [{"entity": name, "value": value} for name, value in entities.items()]}
