"""Conversations over Telegram while processes are killed at random moments and every update is delivered twice.

`make telegram-kills` kills 50 times and prints the figures; tests/stack/test_telegram_kills.py does it with a few.
Afterwards every message that was written is held against what it got: one answer, the right one, in its place.
Nothing written is lost, nothing counts twice, and at most one message a kill arrives twice.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from bot.channels.telegram.messages import messages
from bot.content.store import load
from bot.dialogue.replies import Reply
from bot.rasa.project import train
from bot.settings import Settings
from bot.store import telegram
from bot.store.database import migrate, open_database
from bot.store.models import TELEGRAM, CheckIn, Inbound, Outbound, SafetyCheck
from bot.supervisor import Parts, free_port
from tests.channels.telegram.bot_api import BotApi
from tests.channels.telegram.person import Person
from tests.running import wait_until

PATIENCE = 90.0  # seconds a person waits for an answer before it counts as lost
FLAGS = ["motor_loss", "vascular", "trauma", "infection", "spinal_puncture", "cancer_history"]
NUMBERS = ["check_in/ask/hindrance", "check_in/ask/confidence", "check_in/"]
# One round of a conversation: what is written, and the beginning of a content key that must be among its answers.
# Every no and every number counts for the question it answers: one read twice would skip a question.
ROUND = [
    ("/menu", "control/menu"),
    ("Plan, øvelser og opfølgning", "control/my_back"),
    ("Fortæl, hvordan det går nu", "screening/cauda_equina"),
    *(("nej", f"screening/{flag}") for flag in FLAGS),
    ("nej", "check_in/ask/pain"),
    *((number, key) for number, key in zip(("6", "5", "4"), NUMBERS, strict=True)),
]


class Kills:
    """The running stack before a Bot API, some people who chat, and somebody who kills."""

    def __init__(self, folder: Path, *, people: int, kills: int, seed: int) -> None:
        self.dice, self.kills = random.Random(seed), kills
        self.killed: Counter[str] = Counter()
        self.over = threading.Event()
        self.written: dict[int, list[tuple[int, str, str]]] = {}  # person: update, words, expected key
        train()
        self.api = BotApi().start()
        self.people = people
        self.settings = Settings(data_dir=folder, port=free_port(), rate_limit="off")
        migrate(self.settings)
        self.engine = open_database(self.settings)
        self.parts = Parts(self.settings)
        self.parts.env |= {
            "RYGRAAD_DATA_DIR": str(folder),
            "RYGRAAD_RATE_LIMIT": "off",
            "RYGRAAD_TELEGRAM_TOKEN": self.api.token,
            "RYGRAAD_TELEGRAM_API": self.api.base_url.removesuffix("/bot"),
        }

    def run(self) -> dict[str, Any]:
        """Lives through it; the figures. Raises AssertionError when something is lost, doubled or out of place."""
        self.parts.start_all()
        try:
            wait_until(self.parts.ready, 60)
            persons = [self.api.person() for _ in range(self.people)]
            for person in persons:
                self.enter(person)
            self.api.redeliver = True
            with ThreadPoolExecutor(self.people + 1) as pool:
                chats = [pool.submit(self.chat, person) for person in persons]
                pool.submit(self.kill).result()
                for chat in chats:
                    chat.result()
            wait_until(lambda: telegram.due(self.engine, []) is None, PATIENCE)
            return self.account(persons)
        finally:
            self.over.set()
            self.parts.stop_all()
            self.api.stop()

    def enter(self, person: Person) -> None:
        """Presses Start, consents and takes the safety check; nothing is killed yet."""
        person.start()
        wait_until(lambda: person.buttons(), PATIENCE)
        person.press("Ja, det er i orden")
        wait_until(lambda: person.messages and "tisse" in person.messages[-1].text, PATIENCE)
        for _ in range(7):
            self.write(person, "nej")
        self.written[person.id] = []

    def write(self, person: Person, words: str) -> int:
        """Writes, and waits until that is answered; a holding reply is no answer yet."""
        seen = len(person.messages)
        update_id = person.write(words)
        wait_until(lambda: len(person.messages) > seen and self.is_answered(update_id), PATIENCE)
        return update_id

    def is_answered(self, update_id: int) -> bool:
        """Whether this message has its answer."""
        with Session(self.engine) as session:
            mine = select(Inbound).where(Inbound.client_id == f"{TELEGRAM}-{update_id}")
            row = session.exec(mine).first()
            return row is not None and row.done_at is not None

    def chat(self, person: Person) -> None:
        """Talks in rounds until the killing is over, and then to the end of a round."""
        while not self.over.is_set():
            for words, expected in ROUND:
                self.written[person.id].append((self.write(person, words), words, expected))

    def kill(self) -> None:
        """Kills the gateway at random moments, now and then Rasa, and starts it again as `rygraad up` would."""
        for _ in range(self.kills):
            name = self.dice.choices(["gateway", "rasa"], [4, 1])[0]
            time.sleep(self.dice.uniform(0.1, 2.5))
            child = self.parts.children[name]
            child.send_signal(signal.SIGKILL)
            child.wait()
            self.killed[name] += 1
            self.parts.start(name)
            wait_until(self.parts.ready, 60)
        self.over.set()

    # -- accounting ----------------------------------------------------------------------------------

    def account(self, persons: list[Person]) -> dict[str, Any]:
        """Holds everything written and shown against the database."""
        twice = written = 0
        with Session(self.engine) as session:
            for person in persons:
                chat = telegram.chat(self.engine, person.chat_id)
                assert chat, "the chat is gone"
                of_chat = Inbound.conversation_id == chat.conversation_id
                inbound = list(session.exec(select(Inbound).where(of_chat).order_by(col(Inbound.id))))
                self.each_answered_once(session, person, inbound[8:])  # after consent and the first check
                twice += self.each_shown(session, person, chat.conversation_id)
                rounds = len(self.written[person.id]) // len(ROUND)
                for table, expected in ((CheckIn, rounds), (SafetyCheck, rounds + 1)):
                    found = session.exec(select(table).where(table.conversation_id == chat.conversation_id)).all()
                    assert len(found) == expected, f"{table.__name__}: {len(found)} of {expected}"
                written += len(inbound)
        assert twice <= sum(self.killed.values()), f"{twice} messages arrived twice"
        return {"people": len(persons), "written": written, "killed": dict(self.killed), "lost": 0, "twice": twice}

    def each_answered_once(self, session: Session, person: Person, inbound: list[Inbound]) -> None:
        """What was written is there once, in order, and got the answer that belongs to it."""
        written = self.written[person.id]
        assert [row.client_id for row in inbound] == [f"{TELEGRAM}-{update}" for update, _, _ in written]
        for row, (_, words, expected) in zip(inbound, written, strict=True):
            replies = session.exec(select(Outbound).where(Outbound.inbound_id == row.id)).all()
            keys = [reply.reply["key"] for reply in replies]
            assert row.done_at and any(key.startswith(expected) for key in keys), f"{words!r} got {keys}"

    def each_shown(self, session: Session, person: Person, conversation_id: str) -> int:
        """Every reply has arrived; how many messages arrived twice."""
        page = load().page["da"]
        rows = session.exec(
            select(Outbound).where(Outbound.conversation_id == conversation_id, Outbound.channel == TELEGRAM)
        ).all()
        assert all(row.sent_at for row in rows)
        expected = Counter(part.html for row in rows for part in messages(Reply.model_validate(row.reply), [], page))
        shown = Counter(sent.html for sent in person.messages)
        assert not expected - shown, f"never arrived: {list(expected - shown)}"
        return sum(count - expected[html] for html, count in shown.items() if html in expected)


def main() -> None:
    """The full size."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=4)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=6)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Kills(Path(folder), people=given.people, kills=given.kills, seed=given.seed)
        began = time.monotonic()
        figures = run.run()
        sys.stdout.write(f"{figures} in {(time.monotonic() - began) / 60:.1f} min\n")


if __name__ == "__main__":
    main()
