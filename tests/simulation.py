"""Half a year of many patients in minutes: the real stack, a clock that is turned, parts that are killed.

`make simulation` runs it at full size and prints the figures; tests/stack/test_simulation.py at a small one. Patients
differ in rhythm, hour, course and faith: they answer or not, pause, stop, come back, meet alarm signs. Afterwards
every contact in the database is held against what each patient saw.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from bot.rasa.project import train
from bot.self_management.schedule import Agreement, next_contact
from bot.settings import Settings
from bot.store import conversations, reminders
from bot.store.database import migrate, open_database
from bot.store.models import Reminder
from bot.supervisor import Parts, free_port
from tests.running import HttpPatient, wait_until
from tests.time_travel import Clock

AT_ONCE = 6
PATIENCE = 60  # tries of a message while parts are down
COURSES = ("better", "worse", "same", "wave", "long")
HABITS = ("faithful", "now_and_then", "never", "stops", "pauses", "changes", "alarm")


@dataclass
class Person:
    """One simulated patient and what the harness knows of them."""

    number: int
    dice: random.Random
    course: str
    habit: str
    rhythm: str
    hour: str
    chat: HttpPatient
    token: str
    began: datetime | None = None
    answered: int = 0
    alarms: int = 0
    stopped: datetime | None = None
    paused: bool = False
    last: list[dict[str, Any]] = field(default_factory=list)

    def numbers(self) -> dict[str, int]:
        """Pain, hindrance and confidence at this check-in, by the course."""
        n = self.answered
        pain = {"better": 8 - n // 2, "worse": 3 + n // 2, "same": 5, "wave": (2, 4, 7, 8, 5, 3)[n % 6], "long": 7}
        level = min(10, max(0, pain[self.course] + self.dice.choice((-1, 0, 0, 1))))
        return {"pain": level, "hindrance": max(0, level - 1), "confidence": 10 - level, "strength": level}

    def do(self, name: str) -> None:
        """Presses a button, again and again while the stack is down; the id stays, so it counts once."""
        self._send({"choice": self.chat.offered[name]})

    def write(self, text: str) -> None:
        """Writes, likewise."""
        self._send({"text": text})

    def _send(self, body: dict[str, Any]) -> None:
        message = {"id": f"m{next(self.chat.numbers)}"} | body
        for _ in range(PATIENCE):
            try:
                answer = self.chat.http.post("/api/chat/messages", json=message)
                if answer.status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        else:
            raise TimeoutError("the stack did not come back")
        replies = answer.json()["messages"]
        if not replies or any(reply["key"] == "system/holding" for reply in replies):
            replies = self._later() or replies
        self.last = self.chat.look(replies)

    def _later(self) -> list[dict[str, Any]]:
        """What came after a holding reply."""
        for _ in range(PATIENCE):
            time.sleep(0.5)
            said = self.history()
            if said and said[-1]["key"] not in ("system/holding", "patient"):
                return [said[-1]]
        return []

    def history(self) -> list[dict[str, Any]]:
        """The whole conversation, asked for again while the stack is down."""
        for _ in range(PATIENCE):
            try:
                return list(self.chat.http.get("/api/chat/messages").json()["messages"])
            except (httpx.HTTPError, KeyError):
                time.sleep(0.5)
        raise TimeoutError("the stack did not come back")

    @property
    def offered(self) -> list[str]:
        """The buttons under the newest reply."""
        return [choice["name"] for choice in self.last[-1]["choices"]] if self.last else []

    def go_on(self, most: int = 40, alarm: bool = False) -> None:
        """Answers whatever is asked, until nothing of a form is open."""
        for _ in range(most):
            names = self.offered
            scale = next((name.rsplit("_", 1)[0] for name in names if name.endswith("_10")), None)
            if scale:
                self.do(f"{scale}_{self.numbers().get(scale, 5)}")
            elif "no" in names and self.last[-1]["key"].startswith("screening/"):
                if alarm:
                    self.alarms += 1
                    self.do("yes")
                    return
                self.do("no")
            elif "/ask/" in self.last[-1]["key"]:
                options = [name for name in names if name not in NO_OPTIONS]
                self.do(self.dice.choice(options)) if options else self.write("ti minutter i haven")
            else:
                return

    def begin(self, now: datetime) -> None:
        """Consents, makes a plan, agrees on reminders."""
        self.do("consent_yes")
        self.do("menu")
        self.do("my_back")
        self.do("show_plan")
        self.do("make_plan")
        self.go_on()
        self.do("menu")
        self.do("my_back")
        self.do("reminder")
        self.do(f"rhythm_{self.rhythm}")
        self.do(f"hour_{self.hour}")
        self.began = now

    def hear(self, now: datetime) -> None:
        """A contact has come: answers it as the habit has it."""
        said = self.history()
        self.last = self.chat.look([said[-1]])
        contacts = sum(entry["key"].startswith("reminders/") for entry in said)
        if self.habit == "never" or (self.habit == "now_and_then" and self.dice.random() < 0.6):
            return
        if self.habit == "stops" and contacts >= 4 and self.dice.random() < 0.4:
            self.do("reminder_stop")
            self.stopped = now
        elif self.habit == "pauses" and not self.paused and contacts >= 3:
            self.do("reminder_pause")
            self.do("pause_4")
            self.paused = True
        elif self.habit == "changes" and self.dice.random() < 0.2:
            self.do("reminder_time")
            self.go_on()
        elif self.dice.random() < 0.85:
            self.do("check_in")
            self.go_on(alarm=self.habit == "alarm" and self.dice.random() < 0.1)
            self.answered += 1


class Simulation:
    """The stack, the clock and the people."""

    def __init__(self, folder: Path, people: int, weeks: int, restarts: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.settings = Settings(data_dir=folder, port=free_port(), rate_limit="off")
        migrate(self.settings)
        self.clock = Clock(folder / "clock")
        self.clock.go(hour=9)
        self.parts = Parts(self.settings)
        self.parts.env |= {
            "RYGRAAD_DATA_DIR": str(folder), "RYGRAAD_RATE_LIMIT": "off", "RYGRAAD_REMINDER_SECONDS": "0.2",
            "RYGRAAD_CLOCK_FILE": str(self.clock.path),
        }  # fmt: skip
        self.people_wanted, self.weeks, self.restarts = people, weeks, restarts
        self.engine: Engine = open_database(self.settings)
        self.people: list[Person] = []
        self.killed: Counter[str] = Counter()
        self.restart_at: set[int] = set()

    def run(self) -> dict[str, Any]:
        """Lives through all of it; the figures. Raises AssertionError on any contact not accounted for."""
        started = time.monotonic()
        self.parts.start_all()
        try:
            wait_until(self.parts.ready, 90)
            self.people = [self._person(number) for number in range(self.people_wanted)]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(lambda person: person.begin(self.clock.now()), self.people))
                self._live(pool)
        finally:
            self.parts.stop_all()
        return self._figures() | {"minutes": round((time.monotonic() - started) / 60, 1)}

    def _person(self, number: int) -> Person:
        dice = random.Random(f"{self.dice.random()}{number}")
        chat = HttpPatient(self.parts, dice.choice(("da", "da", "en")))
        token = chat.http.headers["Authorization"].removeprefix("Bearer ")
        rhythm = dice.choice(("weekly", "weekly", "two_weeks", "monthly"))
        habit, hour = HABITS[number % len(HABITS)], dice.choice(("8", "12", "17", "20"))
        return Person(number, dice, dice.choice(COURSES), habit, rhythm, hour, chat, token)

    def _live(self, pool: ThreadPoolExecutor) -> None:
        end = self.clock.now() + timedelta(weeks=self.weeks)
        # About four hours of the day have contacts, on most days.
        expected = self.weeks * 7 * 3
        self.restart_at = {self.dice.randrange(expected) for _ in range(self.restarts)}
        while len(self.restart_at) < self.restarts:
            self.restart_at.add(self.dice.randrange(expected))
        moment = 0
        while (due := self._next_due()) and due < end:
            late = timedelta(seconds=self.dice.randrange(5, 3000))
            self.clock.forward(max(timedelta(), due - self.clock.now()) + late)
            if moment in self.restart_at or (moment >= expected and self.restarts > sum(self.killed.values())):
                self._kill()
            self._settle()
            self._answer(pool)
            moment += 1
        while sum(self.killed.values()) < self.restarts:
            self._kill()

    def _next_due(self) -> datetime | None:
        with Session(self.engine) as session:
            return session.exec(select(func.min(Reminder.due_at)).where(Reminder.state == reminders.WAITING)).one()

    def _kill(self) -> None:
        """Kills a part at a moment when contacts are being made, and starts it again."""
        name = self.dice.choice(("gateway", "gateway", "gateway", "rasa", "actions"))
        time.sleep(self.dice.random() * 0.4)
        self.parts.children[name].kill()
        self.parts.children[name].wait()
        self.killed[name] += 1
        if name == "gateway" and self.dice.random() < 0.3:
            self.clock.forward(timedelta(hours=self.dice.randrange(1, 30)))  # it stays down for a while
        self.parts.start(name)
        wait_until(self.parts.ready, 90)

    def _settle(self) -> None:
        """Waits until the gateway has seen to everything that is due."""
        wait_until(lambda: not reminders.due(self.engine, self.clock.now() - timedelta(seconds=2)), 60)

    def _answer(self, pool: ThreadPoolExecutor) -> None:
        heard = [person for person in self.people if self._has_news(person)]
        list(pool.map(lambda person: person.hear(self.clock.now()), heard))

    def _has_news(self, person: Person) -> bool:
        conversation = conversations.find(self.engine, person.token)
        assert conversation
        newest = conversations.latest_replies(self.engine, conversation.id, 1)
        return bool(newest) and newest[0]["key"].startswith("reminders/") and newest[0]["key"] not in CHOSEN

    # -- afterwards ----------------------------------------------------------------------------------

    def _figures(self) -> dict[str, Any]:
        found: Counter[str] = Counter()
        for person in self.people:
            found += self._account(person)
        return {
            "people": len(self.people), "weeks": self.weeks, "killed": dict(self.killed),
            "check_ins": sum(person.answered for person in self.people),
            "stopped": sum(person.stopped is not None for person in self.people),
            "alarms": sum(person.alarms for person in self.people), **found,
        }  # fmt: skip

    def _account(self, person: Person) -> Counter[str]:
        """Holds what the patient was told against what was planned."""
        conversation = conversations.find(self.engine, person.token)
        assert conversation
        rows = reminders.history(self.engine, conversation.id)
        with Session(self.engine) as session:
            from bot.store.models import Outbound

            statement = select(Outbound).where(Outbound.conversation_id == conversation.id)
            said = list(session.exec(statement.order_by(col(Outbound.position))))
        unasked = [row for row in said if row.inbound_id is None and row.reply["key"] in CONTACTS]
        delivered = [row for row in rows if row.state == reminders.DELIVERED]
        assert len(unasked) == len(delivered), f"{person.number}: {len(unasked)} said, {len(delivered)} noted"
        assert len({row.due_at for row in rows}) == len(rows), f"{person.number}: planned twice"
        for one, other in pairwise(row.created_at for row in unasked):
            assert other - one > timedelta(hours=20), f"{person.number}: twice within a day"
        for row in unasked:
            assert person.stopped is None or row.created_at <= person.stopped, f"{person.number}: after stop"
        waiting = [row for row in rows if row.state == reminders.WAITING]
        assert len(waiting) == (0 if person.stopped else 1), f"{person.number}: {len(waiting)} wait"
        if person.habit in ("faithful", "now_and_then", "never", "alarm"):
            assert [row.due_at for row in rows] == self._planned(person, conversation.id, len(rows)), person.number
        return Counter(row.state for row in rows)

    def _planned(self, person: Person, conversation_id: str, many: int) -> list[datetime]:
        """The times that follow from the agreement alone, the missed ones included, none left out while it was up."""
        agreed = reminders.schedule(self.engine, conversation_id)
        assert agreed
        rows = reminders.history(self.engine, conversation_id)
        found, at = [], agreed.began_at
        for row in rows:
            contact = next_contact(Agreement(agreed.rhythm, agreed.hour, agreed.began_at), at)
            found.append(contact.due_at)
            # What came due while everything was down is passed over: the next one follows the time of settling.
            at = max(contact.due_at, row.settled_at or contact.due_at)
        return found


NO_OPTIONS = {"skip", "back", "menu", "rhythm_none"}
CONTACTS = {"reminders/check_in", "reminders/look_back", "reminders/after_missed", "reminders/erase_warning"}
CHOSEN = {f"reminders/{name}" for name in ("set", "status", "paused", "resumed", "stopped", "none", "pause_ask")}


def main() -> None:
    """Runs at the size asked for and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, size in (("people", 200), ("weeks", 26), ("restarts", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=size)
    wanted = parser.parse_args()
    train()
    with tempfile.TemporaryDirectory() as folder:
        figures = Simulation(Path(folder), wanted.people, wanted.weeks, wanted.restarts, wanted.seed).run()
    for name, value in figures.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
