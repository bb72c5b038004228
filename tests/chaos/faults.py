"""What is done to the world, in an order that the seed decides."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from tests.chaos.emergencies import Emergencies
from tests.chaos.world import PARTS, World
from tests.running import wait_until

# How often each of the small ones, in proportion; the long ones come so many times in a run of the full size.
SMALL = {
    "kill gateway": 6, "kill rasa": 3, "kill actions": 3, "stop gateway": 2, "stop rasa": 2, "stop actions": 2,
    "restart gateway": 2, "restart rasa": 1, "restart actions": 1, "clock": 1,
}  # fmt: skip
LONG = [
    "postgres gone", "redis gone", "postgres hangs", "redis hangs", "disk full", "both rasas gone",
    "both actions gone", "both gateways gone",
]  # fmt: skip
GONE, HANGS, FULL, BOTH = 30.0, (5.0, 12.0), 15.0, (8.0, 15.0)  # seconds
FARTHEST = 10  # hours the clock goes ahead at most
EVERY = 7.0  # seconds between people in need during a long outage


def plan(seed: int, faults: int) -> list[str]:
    """The kinds of fault in their order; the long ones are spread among the small."""
    dice = random.Random(f"{seed} plan")
    times = 2 if faults >= 60 else 1
    long = [kind for kind in LONG for _ in range(times)]
    long = long if faults >= 2 * len(long) else dice.sample(long, min(len(long), faults // 3))
    small = dice.choices([*SMALL], [*SMALL.values()], k=faults - len(long))
    planned = long + small
    dice.shuffle(planned)
    return planned


class Faults:
    """Does them one after the other; while each lasts, somebody is in need."""

    def __init__(self, world: World, emergencies: Emergencies, seed: int, *, gone: float = GONE) -> None:
        self.world, self.need, self.gone = world, emergencies, gone
        self.dice = random.Random(f"{seed} faults")
        self.done: Counter[str] = Counter()
        self.killed: Counter[str] = Counter()  # what a message to Telegram may be under way in
        self.ahead = 0  # hours
        self.skipped: Counter[str] = Counter()

    def do(self, kind: str) -> None:
        """One fault, when the world can bear it."""
        words = kind.split()
        self.world.closing.wait(self.dice.uniform(0.2, 2.0))
        if words[0] in ("kill", "stop", "restart"):
            side = self.dice.randrange(2)
            # The other one of the two must be there to take over.
            wait_until(lambda: self.world.sides[1 - side].is_up(words[1]), 120)
            wait_until(lambda: self.world.sides[side].children[words[1]].poll() is None, 60)
            getattr(self, f"_{words[0]}")(kind, side, words[1])
        else:
            wait_until(lambda: all(each.is_up("gateway") for each in self.world.sides), 120)
            if getattr(self, "_" + kind.replace(" ", "_"))(kind) is False:
                self.skipped[kind] += 1
                return
        self.done[kind] += 1

    def _in_need(self, kind: str, side: int | None = None) -> None:
        """Somebody writes, mostly to the side that is about to be hit."""
        side = side if side is not None and self.dice.random() < 0.7 else self.dice.randrange(2)
        self.need.cry(kind, side)

    def _last(self, kind: str, seconds: float) -> None:
        """Lets it last, with people in need all the while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._in_need(kind)
            self.world.closing.wait(min(EVERY, max(0.1, end - time.monotonic())))

    def _note_kill(self, side: int, part: str) -> None:
        """A message to Telegram may have been under way: it is the first gateway that sends them."""
        self.killed[part] += part == "gateway" and side == 0

    # -- one part ------------------------------------------------------------------------------------

    def _kill(self, kind: str, side: int, part: str) -> None:
        before = self.dice.random() < 0.6  # with the message in hand, or already gone
        if before:
            self._in_need(kind, side)
            time.sleep(self.dice.uniform(0.0, 0.15))
        self._note_kill(side, part)
        self.world.send(side, part, signal.SIGKILL)
        if not before:
            self._in_need(kind, side)

    def _stop(self, kind: str, side: int, part: str) -> None:
        self._in_need(kind, side)
        time.sleep(self.dice.uniform(0.0, 0.15))
        self.world.hold(side, part, self.dice.uniform(1, 6))

    def _restart(self, kind: str, side: int, part: str) -> None:
        self._in_need(kind, side)
        time.sleep(self.dice.uniform(0.0, 0.15))
        self._note_kill(side, part)
        self.world.send(side, part, signal.SIGTERM)

    def _both(self, kind: str, part: str) -> None:
        for side in (0, 1):
            self.world.away.add((side, part))
            self._note_kill(side, part)
            self.world.send(side, part, signal.SIGKILL)
        try:
            self._last(kind, self.dice.uniform(*BOTH))
        finally:
            self.world.away.clear()

    def _both_rasas_gone(self, kind: str) -> None:
        self._both(kind, PARTS[1])

    def _both_actions_gone(self, kind: str) -> None:
        self._both(kind, PARTS[2])

    def _both_gateways_gone(self, kind: str) -> None:
        self._both(kind, PARTS[0])

    # -- what all of them need -----------------------------------------------------------------------

    def _postgres_gone(self, kind: str) -> None:
        self.killed["postgres"] += 1
        self.world.postgres.end(at_once=self.dice.random() < 0.5)
        try:
            self._last(kind, self.gone)
        finally:
            self._postgres_back()

    def _postgres_back(self) -> None:
        self.world.postgres.wanted = True  # whoever watches starts it
        wait_until(self.world.postgres.answers, 90)

    def _postgres_hangs(self, kind: str) -> None:
        self.world.postgres.signal(signal.SIGSTOP)
        try:
            self._last(kind, self.dice.uniform(*HANGS))
        finally:
            self.world.postgres.signal(signal.SIGCONT)

    def _disk_full(self, kind: str) -> bool:
        if not self.world.postgres.mounted:
            return False
        self.killed["postgres"] += 1
        make_room: Callable[[], None] = self.world.postgres.fill()
        try:
            self._last(kind, min(FULL, self.gone))
        finally:
            make_room()
            self._postgres_back()
        return True

    def _redis_gone(self, kind: str) -> None:
        self.world.redis.stop()
        try:
            self._last(kind, self.gone)
        finally:
            self.world.redis.start()

    def _redis_hangs(self, kind: str) -> None:
        child = self.world.redis.child
        assert child
        child.send_signal(signal.SIGSTOP)
        try:
            self._last(kind, self.dice.uniform(*HANGS))
        finally:
            child.send_signal(signal.SIGCONT)

    def _clock(self, kind: str) -> None:
        hours = self.dice.randint(1, FARTHEST - self.ahead) if self.ahead < 5 else -self.dice.randint(1, self.ahead)
        self.ahead += hours
        self.world.clock.forward(timedelta(hours=hours))
        self._in_need(kind)
