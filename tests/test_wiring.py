"""Content, domain, rules and actions hang together: every button does something, every text can be said."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from bot.content.store import LANGUAGES, load
from bot.content.texts import Text
from bot.dialogue.choices import choice_intents
from bot.dialogue.form_answers import kinds
from bot.settings import ROOT

STORE = load()
DOMAIN: list[dict[str, Any]] = [
    yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "domain").glob("*.yml"))
]
INTENTS = {intent for part in DOMAIN for intent in part.get("intents") or []}
BEFORE_CONSENT = {"consent_yes", "consent_no"}
# Keys that code builds from a flag, a level, a topic or an error: what stands for the part that varies.
BUILT = re.compile(
    r"(topic/\w+(/(check|short|more|right|wrong_\d))?|screening/\w+(/explain)?|care/\w+(/relative)?"
    r"|care/worse/(urgent|emergency)|system/\w+"
    r"|check_in/(first|better|same|worse|gap|unknown|(step|milestone|look_back|movement)_\w+)"
    r"|progress/(one|better|same|worse|mixed)|movement/(lying_first|easiest|hardest|\w+/[1-4])"
    r"|(flare_up|work_help|sleep_help|thoughts)/(begin|expected_\w+|(ease|step|call)(_own)?|[a-z]+_\w+))"
)


def is_option(key: str, name: str) -> bool:
    """Whether a button is the answer to the form's question it stands under."""
    form, _, slot = key.partition("/ask/")
    return bool(slot) and name.startswith(f"{slot}_") and f"{form}/{slot}" in kinds()


@cache
def code() -> str:
    """All that can name a key: domain, actions, gateway."""
    files = [*ROOT.glob("domain/*.yml"), *ROOT.glob("actions/*.py"), *ROOT.glob("bot/**/*.py")]
    files += ROOT.glob("bot/channels/**/*.yml")
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def texts() -> list[Text]:
    return [text for _, text in sorted(STORE.texts.items())]


@pytest.mark.parametrize("text", texts(), ids=lambda text: f"{text.language}/{text.key}")
def test_every_button_leads_somewhere(text: Text) -> None:
    for choice in text.choices:
        if choice.leads_to:
            assert STORE.has(choice.leads_to), choice.name
        elif choice.name not in BEFORE_CONSENT:
            if is_option(text.key, choice.name) or choice.name.startswith("change_"):
                continue
            meaning = choice_intents().get(choice.name, {"intent": choice.name.removeprefix("topic_")})
            assert meaning["intent"] in INTENTS, choice.name


@pytest.mark.parametrize("key", STORE.keys())
def test_no_text_is_an_orphan(key: str) -> None:
    if key.startswith("telegram/") and STORE.has(key.removeprefix("telegram/")):
        return  # Telegram's own words for a text
    led_to = {choice.leads_to for text in texts() for choice in text.choices}
    assert BUILT.fullmatch(key) or key in led_to or re.search(rf"\b{re.escape(key)}\b", code()), key


@pytest.mark.parametrize("part", DOMAIN, ids=[path.stem for path in sorted((ROOT / "domain").glob("*.yml"))])
def test_every_key_the_domain_names_is_a_text(part: dict[str, Any]) -> None:
    for name, variations in (part.get("responses") or {}).items():
        assert STORE.has(variations[0]["custom"]["key"]), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_stands_in_a_list_and_every_list_in_the_list_of_lists(language: str) -> None:
    lists = {choice.leads_to for choice in STORE.get("topics/list", language).choices if choice.leads_to}
    offered = {choice.name for key in lists for choice in STORE.get(key, language).choices}
    topics = {key.split("/")[1] for key in STORE.keys() if re.fullmatch(r"topic/\w+", key)} - {"unavailable"}
    assert {f"topic_{topic}" for topic in topics} <= offered
    assert lists == {key for key in STORE.keys() if key.startswith("topics/")} - {"topics/list"}


def test_every_intent_has_a_rule_or_is_the_safety_policys() -> None:
    rules = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("stories/*.yml"))
    policy = (ROOT / "bot" / "rasa" / "safety_policy.py").read_text(encoding="utf-8")
    named = set(re.findall(r"intent: (\w+)", rules)) | set(re.findall(r'"(\w+)"', policy))
    forms = set(re.findall(r"intent: \[?([\w, ]+)", "\n".join(p.read_text() for p in ROOT.glob("domain/*.yml"))))
    filling = {name.strip() for names in forms for name in names.split(",")}
    assert INTENTS - named - filling - {"answer"} == set()
