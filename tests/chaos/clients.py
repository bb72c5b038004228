"""People who chat on the web through either gateway, each with a history of their own.

A message is acknowledged (200), refused (4xx) or unknown (no answer, or 5xx); an unknown one is sent again under the
same id, at the other gateway, as the page and a proxy would.
"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.chaos.world import World
from tests.running import ALARM

ALARM_EN = "I cannot pee and I am numb between my legs"
HOLDING, STALE = "system/holding", "system/stale_choice"
PATIENCE = 180.0  # seconds after which a message that nobody acknowledges counts as lost
TIMEOUT, URGENT = 8.0, 4.0  # seconds for one try
Replies = list[dict[str, Any]]


@dataclass
class Try:
    """One delivery of a message: when, where, and what came of it."""

    began: float
    side: int
    result: str
    replies: Replies | None = None


@dataclass
class Sent:
    """One message with all its tries."""

    id: str
    body: dict[str, str]
    consented: bool
    expected: str = ""  # the beginning of a content key that must be in its answer
    tries: list[Try] = field(default_factory=list)
    settled: float = 0.0  # when it was first acknowledged or refused
    card_after: float | None = None  # seconds until a card of level emergency was seen

    @property
    def alarm(self) -> bool:
        return self.body.get("text") in (ALARM, ALARM_EN)

    @property
    def answers(self) -> list[Replies]:
        """What was said to each try that was acknowledged."""
        return [each.replies for each in self.tries if each.replies is not None]

    @property
    def refused(self) -> bool:
        return any(each.result.startswith("4") for each in self.tries)


def is_emergency(reply: dict[str, Any]) -> bool:
    """Whether it is the card that says: call now."""
    return bool(reply["care"]) and reply["care"]["level"] == "emergency"


class Talk:
    """One conversation on the web."""

    numbers = count(1)

    def __init__(self, world: World, dice: random.Random, language: str = "da") -> None:
        self.world, self.dice, self.language = world, dice, language
        self.name = f"talk-{next(self.numbers)}"
        self.http = httpx.Client(timeout=TIMEOUT)
        self.ids = count(1)
        self.sent: list[Sent] = []
        self.guard = threading.Lock()
        self.known: set[str] = set()  # ids of the replies seen
        self.offered: dict[str, str] = {}
        self.consented = self.checked = False
        self.token = ""

    def begin(self) -> None:
        """Opens it, at whichever gateway answers."""
        while not self.token and not self.world.closing.is_set():
            answer = self._ask("POST", "/api/chat", self.dice.randrange(2), {"language": self.language})
            if isinstance(answer, httpx.Response) and answer.status_code == 201:
                self.token = answer.json()["token"]
                self._see(answer.json()["messages"])
            else:
                time.sleep(0.5)

    def _ask(
        self, method: str, path: str, side: int, body: dict[str, Any] | None = None, timeout: float = TIMEOUT
    ) -> httpx.Response | str:
        """One request; in place of an answer the name of what went wrong."""
        url = f"{self.world.sides[side].gateway_url}{path}"
        headers = {"Accept-Language": self.language}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        limits = httpx.Timeout(timeout, connect=1.5)
        try:
            return self.http.request(method, url, json=body, headers=headers, timeout=limits)
        except httpx.HTTPError as error:
            return type(error).__name__

    def _see(self, replies: Replies) -> None:
        self.known |= {reply["id"] for reply in replies}
        for reply in replies:
            if reply["choices"]:
                self.offered = {choice["name"]: choice["value"] for choice in reply["choices"]}

    # -- sending -------------------------------------------------------------------------------------

    def compose(self, body: dict[str, str], expected: str = "") -> Sent:
        """A message with the next id, not sent yet."""
        return Sent(f"m{next(self.ids)}", body, self.consented, expected)

    def deliver(self, sent: Sent, side: int, timeout: float = TIMEOUT) -> Try:
        """One try of a message."""
        began = time.monotonic()
        answer = self._ask("POST", "/api/chat/messages", side, {"id": sent.id} | sent.body, timeout)
        tried = Try(began, side, answer if isinstance(answer, str) else str(answer.status_code))
        if isinstance(answer, httpx.Response) and answer.status_code == 200:
            tried.replies = answer.json()["messages"]
        with self.guard:
            sent.tries.append(tried)
            if not sent.settled and tried.result[0] in "24":
                sent.settled = time.monotonic()
            self._see(tried.replies or [])
        return tried

    def send(self, sent: Sent, side: int | None = None, timeout: float = TIMEOUT) -> Sent:
        """Sends a message until it is acknowledged or refused."""
        side = self.dice.randrange(2) if side is None else side
        self.sent.append(sent)
        began = time.monotonic()
        while not sent.settled and not self.world.closing.is_set() and time.monotonic() - began < PATIENCE:
            self.deliver(sent, side, timeout)
            side = 1 - side
            if not sent.settled:
                time.sleep(self.dice.uniform(0.1, 0.6) * min(len(sent.tries), 4))
        return sent

    def send_at_both(self, sent: Sent) -> Sent:
        """Sends a message to both gateways at the same moment; then, as any, until it is acknowledged."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda side: self.deliver(sent, side), (0, 1)))
        return self.send(sent)

    def cry(self, side: int | None = None) -> Sent:
        """Writes an alarm sign, and tries until there is a card."""
        sent = self.compose({"text": ALARM if self.language == "da" else ALARM_EN})
        side = self.dice.randrange(2) if side is None else side
        self.sent.append(sent)
        began = time.monotonic()
        while sent.card_after is None and time.monotonic() - began < PATIENCE and not self.world.closing.is_set():
            replies = self.deliver(sent, side, URGENT).replies
            if replies is not None and not any(map(is_emergency, replies)):  # said yes without a card: look for it
                replies = [reply for reply in self.look(1 - side) or [] if reply["id"] not in self.known]
            if any(map(is_emergency, replies or [])):
                sent.card_after = time.monotonic() - began
            else:
                time.sleep(0.2)
            side = 1 - side
        return sent

    # -- looking -------------------------------------------------------------------------------------

    def look(self, side: int | None = None) -> Replies | None:
        """The whole conversation as a gateway shows it; None when it does not."""
        answer = self._ask("GET", "/api/chat/messages", self.dice.randrange(2) if side is None else side)
        if isinstance(answer, httpx.Response) and answer.status_code == 200:
            return list(answer.json()["messages"])
        return None

    def wait_for_answer(self, sent: Sent, seconds: float = 90) -> None:
        """Waits for what comes after a holding reply."""
        end = time.monotonic() + seconds
        last = sent.answers[-1] if sent.answers else []
        waits = not any(reply["key"] != HOLDING for reply in last)
        while waits and time.monotonic() < end and not self.world.closing.is_set():
            fresh = [entry for entry in self.look() or [] if entry["id"] not in self.known]
            said = [entry for entry in fresh if entry["key"] not in (HOLDING, "patient")]
            self._see(said)
            waits = not said
            time.sleep(0.4)
