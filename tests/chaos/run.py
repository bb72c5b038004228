"""One run: the world begins, people chat, faults are done to it, it comes to rest, and all is accounted for."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.store.conversations import waiting
from tests.chaos.accounts import Verdict, judge
from tests.chaos.clients import Talk
from tests.chaos.emergencies import Emergencies
from tests.chaos.faults import GONE, Faults, plan
from tests.chaos.patients import Patients, repeatable
from tests.chaos.telegram import TelegramPeople
from tests.chaos.world import World
from tests.running import wait_until

REST = 150.0  # seconds everything has to come to rest in


@dataclass
class Size:
    """How big a run is."""

    seed: int = 1
    faults: int = 200
    minutes: float = 30.0
    people: int = 6
    telegram: int = 2
    gone: float = GONE  # seconds a database or a Redis stays away
    kinds: list[str] = field(default_factory=list)  # these faults, instead of the planned ones


@dataclass
class Result:
    """What came of a run."""

    size: Size
    faults: Faults
    emergencies: Emergencies
    telegram: dict[str, Any]
    verdict: Verdict
    wrong: list[str]  # what is wrong beside the conversations on the web
    minutes: float
    restarts: dict[str, int]

    @property
    def passed(self) -> bool:
        return self.verdict.passed and not self.wrong


def live(folder: Path, size: Size, say: Any = lambda _: None) -> Result:
    """Lives through it. Whatever happens, nothing is left running."""
    began = time.monotonic()
    world = World(folder, telegram=size.telegram > 0)
    try:
        world.open()
        return _live(world, size, began, say)
    finally:
        world.close()


def _live(world: World, size: Size, began: float, say: Any) -> Result:
    say(f"the world is there after {time.monotonic() - began:.0f} s; files in {world.folder}")
    assert world.engine
    patients, people = Patients(world, size.seed, size.people), TelegramPeople(world, size.telegram)
    emergencies = Emergencies(world, size.seed, each=8)
    people.begin()
    patients.begin()
    faults = Faults(world, emergencies, size.seed, gone=size.gone)
    wrong: list[str] = []
    planned = size.kinds or plan(size.seed, size.faults)
    for number, kind in enumerate(planned, start=1):
        if time.monotonic() - began > size.minutes * 60:
            say(f"the time is over after {number - 1} of {len(planned)} faults")
            break
        try:
            faults.do(kind)
        except TimeoutError as late:
            wrong.append(f"{kind}, as fault {number}: the world did not come back, {late}")
        say(f"{time.monotonic() - began:7.1f} s  {number}/{len(planned)} {kind}")
    wait_until(world.is_whole, 180)
    if not patients.finish(300):
        wrong.append("not everybody came to an end")
    emergencies.finish(200)
    figures, said = people.finish(faults.killed)
    wrong += said
    talks = patients.talks + emergencies.talks
    if left := _rest(world.engine):
        wrong.append(f"{left} messages were still waiting after {REST:.0f} s")
    _replay(talks, size.seed)
    verdict = judge(world.engine, talks)
    minutes = (time.monotonic() - began) / 60
    return Result(size, faults, emergencies, figures, verdict, wrong, minutes, dict(world.restarts))


def _rest(engine: Engine) -> int:
    """Waits until no message waits; how many still do."""

    def still() -> int:
        try:
            return len(waiting(engine))
        except SQLAlchemyError:
            return -1

    try:
        wait_until(lambda: still() == 0, REST)
    except TimeoutError:
        return still()
    return 0


def _replay(talks: list[Talk], seed: int) -> None:
    """Old messages once more, long after, at either gateway; the accounts must come out the same."""
    dice = random.Random(f"{seed} replay")
    for talk in talks:
        old = repeatable(talk)
        for sent in dice.sample(old, min(3, len(old))):
            talk.deliver(sent, dice.randrange(2))
