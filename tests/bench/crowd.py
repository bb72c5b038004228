"""Many patients at once, or one for long; a process of its own, so that it shares nothing with what it measures.

`python -m tests.bench.crowd JSON` does what the JSON says and prints the figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from itertools import cycle
from typing import Any

import aiohttp

from bot.settings import ROOT
from tests.bench.patients import PATIENTS, QUESTIONS, Figures, RygraadPatient

PATIENCE = 300  # seconds, for one answer


async def crowd(side: str, urls: list[str], patients: int, seconds: float, think: bool) -> dict[str, Any]:
    """So many at once for so long: seconds by kind of message, answers a second, what was odd."""
    figures, places = Figures(), cycle(urls)
    async with session() as http:
        each = [PATIENTS[side](http, places, figures, seed, think) for seed in range(patients)]
        began = time.perf_counter()
        await asyncio.gather(*(one.chat(began + seconds) for one in each))
        took = time.perf_counter() - began
    answered = sum(map(len, figures.took.values())) - sum(figures.odd[name] for name in figures.unanswered())
    return {"took": figures.took, "odd": figures.odd, "rate": answered / took}


async def long_conversation(side: str, urls: list[str], messages: int, count: int = 1) -> dict[str, Any]:
    """`count` conversations, one after another, of so many questions each: the seconds of each, in order."""
    figures = Figures()
    async with session() as http:
        one = PATIENTS[side](http, cycle(urls), figures, 0, False)
        one.language = "da"
        for _ in range(count):
            await (one.through_the_check() if isinstance(one, RygraadPatient) else one.begin())
            for number in range(messages):
                await one.say("question", QUESTIONS["da"][number % len(QUESTIONS["da"])])
    return {"took": figures.took, "odd": figures.odd}


def session() -> aiohttp.ClientSession:
    """As many connections as it takes."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=PATIENCE)
    )


def of_their_own(**asked: Any) -> dict[str, Any]:
    """Runs `crowd` or `long_conversation` (named by `what`) in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.crowd", json.dumps(asked)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    """What the process does."""
    asked = json.loads(sys.argv[1])
    what = {"crowd": crowd, "long": long_conversation}[asked.pop("what")]
    sys.stdout.write(json.dumps(asyncio.run(what(**asked))))


if __name__ == "__main__":
    main()
