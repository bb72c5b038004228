"""The path through the topics: made from a worry and three answers, reordered by beliefs. Data: content/journeys.yml.

A journey is JSON: {"topics": [name, ...], "at": how many of them have been given}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import yaml

from bot.content.store import CONTENT

QUESTIONS = ("duration", "leg", "work")
Journey = dict[str, Any]


@lru_cache
def rules() -> dict[str, Any]:
    """content/journeys.yml"""
    return dict(yaml.safe_load((CONTENT / "journeys.yml").read_text(encoding="utf-8")))


def path(first: str | None, answers: Mapping[str, str | None], stress: Iterable[str] = ()) -> list[str]:
    """Four to six topics: the one asked about, the four core messages, and what suits the answers.

    `answers` has for each of QUESTIONS an answer that content/journeys.yml knows, or None; `stress` are topics that
    the patient's clinician wants told, which come before what suits.
    """
    data = rules()
    core = [topic for topic in data["core"] if topic != first]
    chosen = [first] if first else []
    room = data["longest"] - len(chosen) - len(core)
    wanted = [topic for topic in dict.fromkeys(stress) if topic not in {*chosen, *core}]
    suited = [*wanted, *_suited(answers, {*chosen, *core, *wanted})][:room]
    # What was asked about, what suits, then the rest; the alarm signs come last, just after the check of them.
    return [*chosen, *core[:1], *suited, *core[1:]]


def _suited(answers: Mapping[str, str | None], taken: Iterable[str]) -> list[str]:
    """The first choice of every question before the second choice of any."""
    # The last answers tell most of what the patient needs: work and leg come before how long it has been.
    lists = [rules()[question].get(answers.get(question) or "", []) for question in reversed(QUESTIONS)]
    taken, found = set(taken), []
    for place in range(max(map(len, lists))):
        for topics in lists:
            if place < len(topics) and topics[place] not in taken:
                taken.add(topics[place])
                found.append(topics[place])
    return found


def stressed(names: Iterable[str]) -> list[str]:
    """The topics of what a clinician stresses; a name that is no longer known brings none."""
    known = rules().get("stress", {})
    return [topic for name in names for topic in known.get(name, ())]


def belief_topic(seen: str) -> str | None:
    """The topic to take next when the patient asks about a topic, or picks an answer, that shows a belief."""
    return next((belief["next"] for belief in rules()["beliefs"].values() if seen in belief["seen_in"]), None)


def reordered(journey: Journey, seen: str) -> Journey | None:
    """The journey with the topic that meets this belief next; None when it is next already, past, or not in it."""
    topics, at = journey["topics"], journey["at"]
    wanted = belief_topic(seen)
    if wanted not in topics[at + 1 :]:
        return None
    rest = [topic for topic in topics[at:] if topic != wanted]
    return journey | {"topics": [*topics[:at], wanted, *rest]}


def neighbours(key: str) -> list[str]:
    """The topics to offer after the answer to a topic's check question, or after its longer form."""
    kind, _, rest = key.partition("/")
    topic, _, form = rest.partition("/")
    after = kind == "topic" and form.startswith(("right", "wrong", "more"))
    return list(rules()["neighbours"].get(topic, [])) if after else []


def guide(key: str) -> str | None:
    """The button for what can be done at once about a topic, with its check question and what follows that."""
    kind, _, rest = key.partition("/")
    topic, _, form = rest.partition("/")
    return rules()["guides"].get(topic) if kind == "topic" and form else None


def progress(journey: Journey) -> dict[str, int]:
    """How far it is, as texts say it: {"step", "total"}."""
    return {"step": journey["at"], "total": len(journey["topics"])}


def unfinished(journey: Journey | None) -> bool:
    """Whether there is a next topic."""
    return journey is not None and journey["at"] < len(journey["topics"])
