"""The parameters of an answer as they stand in a text: titles for names, dates as the language writes them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from babel.dates import format_date, format_time

from bot.clock import danish
from bot.content.store import ContentStore
from bot.self_management import plan

LOCALES = {"da": "da_DK", "en": "en_GB"}
DATES = {"da": "EEEE 'den' d. MMMM", "en": "EEEE d MMMM"}
FROM_PLAN = ("helps", "step", "tell")  # placeholders that take a part of the plan


def values(content: ContentStore, language: str, item: dict[str, Any]) -> dict[str, Any]:
    """The values for the placeholders of an item's text; see the actions for what each item carries."""
    found = {name: value for name, value in item.items() if name != "key"}
    if "subject" in found:
        found["subject"] = content.get(f"topic/{found['subject']}", language).title
    if "path" in found:
        found["path"] = "\n".join(f"- {content.get(f'topic/{topic}', language).title}" for topic in found["path"])
    if "situation" in found:
        found["situation"] = content.situations[language].get(found["situation"], found["situation"])
    if parts := found.pop("plan_parts", None):
        found["plan"] = plan.read_back(content, language, parts)
        found |= {
            part: plan.told(content, language, f"plan/ask/{part}", parts[part]) for part in FROM_PLAN if part in parts
        }
    if "rhythm" in found:
        found["rhythm"] = plan.told(content, language, "reminders/ask/rhythm", found["rhythm"])
        found["hour"] = format_time(time(found["hour"]), "short", locale=LOCALES[language])
    return {name: on_day(value, language) if isinstance(value, datetime) else value for name, value in found.items()}


def on_day(moment: datetime, language: str) -> str:
    """The day in words, as Danish calendars have it at that moment."""
    return str(format_date(danish(moment), DATES[language], locale=LOCALES[language]))
