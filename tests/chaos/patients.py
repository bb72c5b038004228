"""What a web patient does: consents, takes the safety check, asks, doubts and repeats; then somebody else comes."""

from __future__ import annotations

import random
import threading
import time

from tests.chaos.clients import STALE, Sent, Talk
from tests.chaos.world import World
from tests.kills import FLAGS

WORDS = [
    "hvad er det?", "må jeg gå en tur?", "skal jeg scannes?", "hvornår går det over?", "må jeg løfte ting?",
    "må jeg arbejde?", "hvilke øvelser hjælper?", "hvorfor gør det ondt?", "kan jeg tage smertestillende?",
]  # fmt: skip
EXPECTED = [*(f"screening/{flag}" for flag in FLAGS), "safety_check/clear"]


class Patients:
    """Some who chat at once; `talks` are all their conversations."""

    def __init__(self, world: World, seed: int, people: int) -> None:
        self.world, self.people, self.seed = world, people, seed
        self.over = threading.Event()
        self.talks: list[Talk] = []
        self.threads = [threading.Thread(target=self._live, args=(number,), daemon=True) for number in range(people)]

    def begin(self) -> None:
        for thread in self.threads:
            thread.start()

    def finish(self, seconds: float) -> bool:
        """Lets everybody come to the end of what they are saying; whether all did."""
        self.over.set()
        end = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.1, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self.threads)

    def _live(self, number: int) -> None:
        dice = random.Random(f"{self.seed} {number}")
        while not self.over.is_set() and not self.world.closing.is_set():
            talk = Talk(self.world, dice)
            talk.begin()
            self.talks.append(talk)
            enter(talk, self.over)
            check(talk, self.over)
            chat(talk, self.over, dice.randint(10, 30))


def enter(talk: Talk, over: threading.Event) -> None:
    """Says something before consent, perhaps, and then consents."""
    if talk.dice.random() < 0.5:
        talk.send(talk.compose({"text": talk.dice.choice(WORDS)}))
    while not talk.consented and not over.is_set():
        value = talk.offered.get("consent_yes")
        if value is None:  # whoever remembered what was said before consent is gone: say something, and be asked
            talk.send(talk.compose({"text": "hej"}))
            continue
        sent = talk.compose({"choice": value})
        sent.consented = True  # it is stored, unlike what came before it
        talk.send(sent)
        if sent.refused:
            talk.offered.clear()
        elif sent.settled:
            talk.consented = True
            talk.wait_for_answer(sent)


def check(talk: Talk, over: threading.Event) -> None:
    """Answers no to every question of the safety check; one read twice would skip a question."""
    for expected in EXPECTED:
        while "no" in talk.offered and not over.is_set():
            sent = talk.compose({"choice": talk.offered["no"]}, expected)
            pause(talk)
            (talk.send_at_both if talk.dice.random() < 0.15 else talk.send)(sent)
            talk.wait_for_answer(sent)
            if not any(reply["key"] == STALE for said in sent.answers for reply in said):
                break
    talk.checked = any(sent.expected == EXPECTED[-1] and sent.answers for sent in talk.sent)


def chat(talk: Talk, over: threading.Event, messages: int) -> None:
    """Asks this and that, at times twice, out of order, or in need."""
    for _ in range(messages):
        if over.is_set():
            return
        pause(talk)
        what = talk.dice.random()
        if what < 0.06:
            talk.cry()
        elif what < 0.18:
            talk.send_at_both(question(talk))
        elif what < 0.26:
            sent = talk.send(question(talk))
            talk.deliver(sent, talk.dice.randrange(2))
        elif what < 0.32:  # a later id before an earlier one
            earlier, later = question(talk), question(talk)
            talk.send(later)
            talk.send(earlier)
        elif what < 0.42 and (old := repeatable(talk)):
            talk.deliver(talk.dice.choice(old), talk.dice.randrange(2))
        else:
            sent = talk.send(question(talk))
            if talk.dice.random() < 0.5:
                talk.wait_for_answer(sent)


def repeatable(talk: Talk) -> list[Sent]:
    """What was acknowledged and is stored; an alarm sign may have had its card without the database."""
    return [sent for sent in talk.sent if sent.consented and sent.answers and not sent.alarm]


def question(talk: Talk) -> Sent:
    return talk.compose({"text": talk.dice.choice(WORDS)})


def pause(talk: Talk) -> None:
    talk.world.closing.wait(talk.dice.uniform(0.3, 2.0))
