"""How fast Rygråd answers while many type at once: `make load` starts it, lets patients chat, and prints a table.

Patients answer the safety check, ask about topics, and now and then one writes of an alarm sign. Between a reply and
the next message each thinks for some seconds, as people do; at saturation nobody thinks. Figures are of this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from bot.rasa.project import train
from bot.settings import Settings
from bot.store.database import migrate
from bot.supervisor import Parts, free_port
from tests.databases import postgres
from tests.running import ALARM, wait_until

QUESTIONS = {
    "da": ["må jeg gå en tur?", "skal jeg scannes?", "hvad gør ondt?", "hjælper det at træne?", "går det over?"],
    "en": ["can I go for a walk?", "do I need a scan?", "why does it hurt?", "does exercise help?", "will it pass?"],
}
ALARMS = {"da": ALARM, "en": "I cannot pee and I am numb between my legs"}
THINKING = (2.0, 6.0)  # seconds
ONE_IN = 12  # messages is of an alarm sign, in a conversation of its own


class Figures:
    """Seconds by kind of message, and what went wrong."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)
        self.odd: dict[str, int] = defaultdict(int)

    def row(self, kind: str) -> str:
        """One line of the table."""
        times = sorted(self.took[kind])
        if not times:
            return f"| {kind} | 0 | | | |"
        cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
        return f"| {kind} | {len(times)} | {cuts[49] * 1000:.0f} | {cuts[94] * 1000:.0f} | {cuts[98] * 1000:.0f} |"


class Chatting:
    """One patient after another on one line."""

    def __init__(self, http: httpx.AsyncClient, figures: Figures, dice: random.Random, think: bool) -> None:
        self.http, self.figures, self.dice, self.think = http, figures, dice, think
        self.language = dice.choice(["da", "en"])

    async def begin(self) -> None:
        """A new conversation, with consent."""
        body = {"language": self.language, "invite": None}
        started = (await self.http.post("/api/chat", json=body)).json()
        self.headers, self.offered, self.number = {"Authorization": f"Bearer {started['token']}"}, {}, 0
        self.look(started["messages"])
        await self.send("consent", choice=self.offered["consent_yes"])

    def look(self, replies: list[dict[str, Any]]) -> None:
        self.last = {choice["name"]: choice["value"] for reply in replies for choice in reply["choices"]}
        self.offered |= self.last

    async def send(self, kind: str, **message: str) -> None:
        """Sends a message and notes how long its answer took."""
        self.number += 1
        if self.think:
            await asyncio.sleep(self.dice.uniform(*THINKING))
        began = time.perf_counter()
        answer = await self.http.post(
            "/api/chat/messages", json={"id": f"m{self.number}"} | message, headers=self.headers
        )
        self.figures.took[kind].append(time.perf_counter() - began)
        if answer.status_code != 200:
            self.figures.odd[f"status {answer.status_code}"] += 1
            return
        replies = answer.json()["messages"]
        if any(reply["key"] == "system/holding" for reply in replies):
            self.figures.odd["held"] += 1
        if kind == "alarm sign" and not any(reply["care"] for reply in replies):
            self.figures.odd["NO CARD"] += 1
        self.look(replies)

    async def chat(self, until: float) -> None:
        """Chats until then (time.perf_counter)."""
        await self.begin()
        while time.perf_counter() < until:
            if self.dice.randrange(ONE_IN) == 0:
                await self.begin()
                await self.send("alarm sign", text=ALARMS[self.language])
                await self.begin()
            elif "no" in self.last:
                await self.send("button", choice=self.last["no"])
            else:
                await self.send("question", text=self.dice.choice(QUESTIONS[self.language]))


async def crowd(url: str, patients: int, seconds: float, think: bool) -> tuple[Figures, float]:
    """So many at once for so long; the figures, and messages a second."""
    figures = Figures()
    limits = httpx.Limits(max_connections=patients + 10, max_keepalive_connections=patients + 10)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        began = time.perf_counter()
        each = [Chatting(http, figures, random.Random(seed), think) for seed in range(patients)]
        await asyncio.gather(*(one.chat(began + seconds) for one in each))
        took = time.perf_counter() - began
    return figures, sum(map(len, figures.took.values())) / took


async def long_conversation(url: str, messages: int) -> tuple[float, float]:
    """Median seconds of messages 6 to 25, and of the last twenty, of one conversation of so many."""
    figures = Figures()
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        one = Chatting(http, figures, random.Random(0), think=False)
        one.language = "da"
        await one.begin()
        for number in range(messages):
            await one.send("question", text=QUESTIONS["da"][number % len(QUESTIONS["da"])])
    times = figures.took["question"]
    return statistics.median(times[5:25]), statistics.median(times[-20:])


def main() -> None:
    """Prints what was measured."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--patients", type=int, nargs="*", default=[1, 10, 50, 200])
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--messages", type=int, default=1000, help="of the long conversation; 0 for none")
    asked.add_argument("--postgres", action="store_true")
    given = asked.parse_args()
    train()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = postgres() if given.postgres else iter([""])
        url = next(database)
        stack.callback(lambda: next(database, None))
        settings = Settings(data_dir=folder, port=free_port(), rate_limit="off", database_url=url)
        migrate(settings)
        parts = Parts(settings)
        parts.env |= {"RYGRAAD_DATA_DIR": str(folder), "RYGRAAD_RATE_LIMIT": "off", "RYGRAAD_DATABASE_URL": url}
        parts.start_all()
        stack.callback(parts.stop_all)
        wait_until(parts.ready, 120)
        asyncio.run(crowd(parts.gateway_url, 2, 5, think=False))  # warm
        _measure(parts.gateway_url, given)


def _measure(url: str, given: argparse.Namespace) -> None:
    for patients in given.patients:
        figures, rate = asyncio.run(crowd(url, patients, given.seconds, think=True))
        say(f"\n{patients} patients typing, {rate:.1f} messages a second; odd: {dict(figures.odd) or 'none'}\n")
        say("| message | sent | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|")
        for kind in ("button", "question", "alarm sign", "consent"):
            say(figures.row(kind))
    figures, rate = asyncio.run(crowd(url, 32, given.seconds / 2, think=False))
    say(f"\nAt saturation (32 who never think): {rate:.1f} messages a second; odd: {dict(figures.odd) or 'none'}")
    if given.messages:
        early, late = asyncio.run(long_conversation(url, given.messages))
        say(f"One conversation: message 10 {early * 1000:.0f} ms, message {given.messages} {late * 1000:.0f} ms, "
            f"ratio {late / early:.2f}")  # fmt: skip


def say(words: str) -> None:
    """A line for whoever measures."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
