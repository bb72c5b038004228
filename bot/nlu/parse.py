"""What Rygråd understands of one message: the live chat's screening and model, without a conversation."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import structlog

from bot.rasa import launcher
from bot.screening.normalise import without_command

# Finer intents than the labels of the evaluation, and the label each belongs to.
# Rasa keeps `restart` and `back` for itself.
LABEL = {
    "start_over": "restart",
    "go_back": "back",
    "neck_pain": "out_of_scope",
    "under_18": "out_of_scope",
    "safety_check": "red_flags_info",
    "show_plan": "make_plan",
    "plan_change": "make_plan",
    "reminder_time": "reminder",
    "reminder_pause": "reminder",
    "reminder_stop": "reminder",
    "movements": "exercise",
}


class Parser:
    """Holds the loaded agent."""

    def __init__(self, agent: Any) -> None:
        self.agent = agent

    @classmethod
    def load(cls) -> Parser:
        """Loads the model that fits the inputs, training it first if need be."""
        from bot.rasa.project import train

        path = train()
        launcher.install()
        # Left alone, Rasa prints every message it parses to standard output.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        from rasa.core.agent import Agent

        return cls(Agent.load(str(path)))

    def parse(self, text: str) -> dict[str, Any]:
        """intent, topic, confidence of the NLU; outcome, level and flags of the screening."""
        return asyncio.run(self.parse_async(text))

    async def parse_async(self, text: str) -> dict[str, Any]:
        """The same, inside a running loop."""
        result = await self.agent.parse_message(without_command(text))
        screening = result["screening"]
        understood = result.get("understood") or result["intent"]
        name = understood["name"]
        return {
            "intent": result["intent"]["name"],
            "topic": None if name == "nlu_fallback" else LABEL.get(name, name),
            "confidence": round(float(understood["confidence"]), 4),
            "outcome": screening["outcome"],
            "level": screening["level"],
            "flags": list(screening["flags"]),
        }

    def topics(self, texts: list[str]) -> list[str | None]:
        """The topic of each text, None where nothing is understood."""

        async def all_of_them() -> list[str | None]:
            return [(await self.parse_async(text))["topic"] for text in texts]

        return asyncio.run(all_of_them())
