"""People in need, one with consent and one before it, who write while something is broken."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass

from tests.chaos.clients import Sent, Talk
from tests.chaos.patients import enter
from tests.chaos.world import World


@dataclass
class Cry:
    """An alarm sign written while something was broken."""

    kind: str
    talk: Talk
    sent: Sent | None = None


class Emergencies:
    """Those who wait for their turn to be in need; `cries` is what they wrote."""

    def __init__(self, world: World, seed: int, each: int) -> None:
        self.dice = random.Random(f"{seed} emergencies")
        self.cries: list[Cry] = []
        self.threads: list[threading.Thread] = []
        self.guard = threading.Lock()
        self.free: dict[bool, list[Talk]] = defaultdict(list)
        self.talks: list[Talk] = []
        for number in range(2 * each):
            language = "da" if number % 4 < 2 else "en"
            talk = Talk(world, random.Random(f"{seed} need {number}"), language)
            talk.begin()
            if number % 2:
                enter(talk, threading.Event())
            self.free[talk.consented].append(talk)
            self.talks.append(talk)

    def cry(self, kind: str, side: int | None) -> None:
        """Two write an alarm sign now, first to the gateway of this side: one with consent, one without."""
        for consented in (True, False):
            with self.guard:
                if not self.free[consented]:
                    continue
                talk = self.free[consented].pop(0)
                cry = Cry(kind, talk)
                self.cries.append(cry)
            thread = threading.Thread(target=self._write, args=(cry, consented, side), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _write(self, cry: Cry, consented: bool, side: int | None) -> None:
        cry.sent = cry.talk.cry(side)
        with self.guard:
            self.free[consented].append(cry.talk)

    def finish(self, seconds: float) -> None:
        """Waits for those who still wait for their card."""
        end = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.1, end - time.monotonic()))

    def seconds(self) -> dict[str, list[float]]:
        """How long they waited for their card, by what was broken."""
        found: dict[str, list[float]] = defaultdict(list)
        for cry in self.cries:
            if cry.sent is not None and cry.sent.card_after is not None:
                found[cry.kind].append(cry.sent.card_after)
        return found
