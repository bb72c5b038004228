"""The people on Telegram: the rounds and the accounting of tests/kills.py, in this world."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.store import telegram
from tests.channels.telegram.person import Person
from tests.chaos.world import World
from tests.kills import Kills
from tests.running import wait_until


class TelegramPeople(Kills):
    """Some who chat in rounds; who kills, and what, is decided elsewhere."""

    def __init__(self, world: World, people: int) -> None:
        assert world.engine
        self.api, self.engine, self.people = world.api, world.engine, people
        self.killed: Counter[str] = Counter()
        self.over = threading.Event()
        self.written: dict[int, list[tuple[int, str, str]]] = {}
        self.persons: list[Person] = []
        self.chats: list[Future[None]] = []

    def begin(self) -> None:
        """Lets everybody enter and begin to chat."""
        self.persons = [self.api.person() for _ in range(self.people)]
        for person in self.persons:
            self.enter(person)
        pool = ThreadPoolExecutor(max(1, self.people))
        self.chats = [pool.submit(self.chat, person) for person in self.persons]

    def is_answered(self, update_id: int) -> bool:
        """Whether this message has its answer; nobody knows while the database is away."""
        try:
            return super().is_answered(update_id)
        except SQLAlchemyError:
            return False

    def finish(self, killed: Counter[str]) -> tuple[dict[str, Any], list[str]]:
        """Ends the rounds and accounts for them: figures, and what is wrong."""
        self.over.set()
        self.killed = killed
        try:
            for chat in self.chats:
                chat.result(240)
            wait_until(lambda: telegram.due(self.engine, []) is None, 90)
            return self.account(self.persons), []
        except (AssertionError, TimeoutError) as error:
            written = sum(map(len, self.written.values()))
            return {"written": written, "twice": "?", "killed": dict(killed)}, [f"Telegram: {error}"]
