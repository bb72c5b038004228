"""Somebody who types: at Rygråd's chat API, or at the REST channel of a plain Rasa. Both ask the same questions."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import aiohttp

from tests.running import ALARM

QUESTIONS = {
    "da": ["må jeg gå en tur?", "skal jeg scannes?", "hvad gør ondt?", "hjælper det at træne?", "går det over?"],
    "en": ["can I go for a walk?", "do I need a scan?", "why does it hurt?", "does exercise help?", "will it pass?"],
}
ALARMS = {"da": ALARM, "en": "I cannot pee and I am numb between my legs"}
KINDS = ("button", "question", "alarm sign", "consent")
NO_CARD = "NO CARD"
THINKING = (2.0, 6.0)  # seconds
ONE_IN = 12  # messages is of an alarm sign, in a conversation of its own


class Figures:
    """Seconds by kind of message, and what went wrong."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)
        self.odd: dict[str, int] = defaultdict(int)

    def unanswered(self) -> list[str]:
        """The oddities that mean no answer, or a holding answer only."""
        return [name for name in self.odd if name != NO_CARD]


class Patient:
    """One conversation after another on one line; `urls` are asked in turn, as a proxy would."""

    def __init__(
        self, http: aiohttp.ClientSession, urls: Iterator[str], figures: Figures, seed: int, think: bool
    ) -> None:
        self.http, self.urls, self.figures, self.think = http, urls, figures, think
        self.dice = random.Random(seed)
        self.language = self.dice.choice(["da", "en"])

    async def begin(self) -> None:
        """A new conversation, up to where questions can be asked."""
        raise NotImplementedError

    async def say(self, kind: str, words: str) -> None:
        """Writes something and waits for its answer."""
        raise NotImplementedError

    async def next(self) -> None:
        """What comes after the last answer."""
        await self.say("question", self.dice.choice(QUESTIONS[self.language]))

    async def post(self, kind: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
        """Thinks, sends, and notes how long the answer took; the answer, or None where it failed."""
        if self.think:
            await asyncio.sleep(self.dice.uniform(*THINKING))
        began = time.perf_counter()
        try:
            async with self.http.post(next(self.urls) + path, json=body, headers=headers) as answer:
                found = await answer.json() if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError) as failure:
            self.figures.odd[type(failure).__name__] += 1
            found = None
        else:
            if answer.status != 200:
                self.figures.odd[f"status {answer.status}"] += 1
        self.figures.took[kind].append(time.perf_counter() - began)
        return found

    async def chat(self, until: float) -> None:
        """Chats until then (time.perf_counter)."""
        if self.think:  # nobody begins at the very same moment
            await asyncio.sleep(self.dice.uniform(0, THINKING[0]))
        await self.begin()
        while time.perf_counter() < until:
            if self.dice.randrange(ONE_IN) == 0:
                await self.begin()
                await self.say("alarm sign", ALARMS[self.language])
                await self.begin()
            else:
                await self.next()


class RygraadPatient(Patient):
    """Consents, answers the safety check, asks."""

    async def begin(self) -> None:
        body = {"language": self.language, "invite": None}
        async with self.http.post(next(self.urls) + "/api/chat", json=body) as answer:
            started = await answer.json()
        self.headers, self.number = {"Authorization": f"Bearer {started['token']}"}, 0
        self.offered: dict[str, str] = {}
        self.look(started["messages"])
        await self.send("consent", choice=self.offered["consent_yes"])

    def look(self, replies: list[dict[str, Any]]) -> None:
        self.replies = replies
        self.last = {choice["name"]: choice["value"] for reply in replies for choice in reply["choices"]}
        self.offered |= self.last

    async def send(self, kind: str, **message: str) -> None:
        self.number += 1
        found = await self.post(kind, "/api/chat/messages", {"id": f"m{self.number}"} | message, self.headers)
        if found is None:
            return
        self.look(found["messages"])
        if any(reply["key"] == "system/holding" for reply in self.replies):
            self.figures.odd["held"] += 1
        if kind == "alarm sign" and not any(reply["care"] for reply in self.replies):
            self.figures.odd[NO_CARD] += 1

    async def say(self, kind: str, words: str) -> None:
        await self.send(kind, text=words)

    async def next(self) -> None:
        """While the safety check is open every other message is a question: it is answered, and the check goes on."""
        if "no" in self.last and self.dice.random() < 0.5:
            await self.send("button", choice=self.last["no"])
        else:
            await super().next()

    async def through_the_check(self) -> None:
        """Answers no until nothing more is asked."""
        await self.begin()
        while "no" in self.last:
            await self.send("button", choice=self.last["no"])


class PlainPatient(Patient):
    """Asks at once: a plain project knows neither consent nor a safety check."""

    async def begin(self) -> None:
        self.sender = secrets.token_hex(12)

    async def say(self, kind: str, words: str) -> None:
        body = {"sender": self.sender, "message": words}
        found = await self.post(kind, "/webhooks/rest/webhook", body, {})
        if found == []:
            self.figures.odd["silent"] += 1


PATIENTS: dict[str, type[Patient]] = {"rygraad": RygraadPatient, "plain": PlainPatient}
