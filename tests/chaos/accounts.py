"""The verdict: what every client knows of its messages, held against the database and against what is shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.store.conversations import find
from bot.store.models import Inbound, Outbound, SafetyCheck
from tests.chaos.clients import HOLDING, STALE, Sent, Talk, is_emergency

LONG = 10.0  # seconds
EXPIRED = "system/expired"  # said instead of an answer that failed, or came half an hour late
# What must not happen, not once.
BARS = (
    "lost", "never acknowledged", "without an answer", "given up on", "answered twice", "wrong answer",
    "out of order", "answers out of order", "places taken twice", "another answer to a replay", "shown twice",
    "not shown", "shown out of order", "effects twice", "alarms acknowledged without a card",
    "alarms without a card",
)  # fmt: skip
# What may happen by design, worth seeing: before consent nothing is stored, and without a database nothing can be.
NOTES = (
    "refused", "stale choices", "cards without the database", "holding replies", "acknowledged without a word",
    "alarms that waited for more than 10 s",
)  # fmt: skip


@dataclass
class Verdict:
    """How often what happened, and which conversations are to be looked at."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # talk: what is wrong
    histories: dict[str, str] = field(default_factory=dict)

    def wrong(self, bar: str, talk: Talk, what: str) -> None:
        assert bar in BARS, bar
        self.counts[bar] += 1
        self.faults[talk.name].append(f"{bar}: {what}")

    @property
    def passed(self) -> bool:
        return not any(self.counts[bar] for bar in BARS)


def judge(engine: Engine, talks: list[Talk]) -> Verdict:
    """Accounts for every message of every conversation."""
    verdict = Verdict()
    for talk in talks:
        found = find(engine, talk.token) if talk.token else None
        if not found:
            continue
        with Session(engine) as session:
            mine = Inbound.conversation_id == found.id
            inbound = list(session.exec(select(Inbound).where(mine).order_by(col(Inbound.id))))
            of_talk = Outbound.conversation_id == found.id
            outbound = list(session.exec(select(Outbound).where(of_talk).order_by(col(Outbound.position))))
            checks = len(session.exec(select(SafetyCheck).where(SafetyCheck.conversation_id == found.id)).all())
        replies: dict[int | None, list[Outbound]] = defaultdict(list)
        for row in outbound:
            replies[row.inbound_id].append(row)
        for sent in talk.sent:
            _message(verdict, talk, sent, [row for row in inbound if row.client_id == sent.id], replies)
        _order(verdict, talk, inbound, replies)
        if twice := [place for place, times in Counter(row.position for row in outbound).items() if times > 1]:
            verdict.wrong("places taken twice", talk, str(twice))
        astray = any(fault.startswith("wrong answer") for fault in verdict.faults.get(talk.name, []))
        if checks > 1 or (talk.checked and not astray and checks != 1):
            verdict.wrong("effects twice", talk, f"{checks} safety checks")
        _shown(verdict, talk, inbound, outbound)
        if talk.name in verdict.faults:
            verdict.histories[talk.name] = history(talk, inbound, replies)
    return verdict


def _message(
    verdict: Verdict, talk: Talk, sent: Sent, rows: list[Inbound], replies: dict[int | None, list[Outbound]]
) -> None:
    verdict.counts["messages"] += 1
    verdict.counts["acknowledged"] += bool(sent.answers)
    verdict.counts["retried"] += len(sent.tries) > 1 and not sent.tries[0].result.startswith("2")
    verdict.counts["tries"] += len(sent.tries)
    if sent.alarm:
        _alarm(verdict, talk, sent)
    if sent.refused:
        verdict.counts["refused"] += 1
    if not sent.settled:
        verdict.wrong("never acknowledged", talk, sent.id)
    if not sent.consented or not sent.answers:
        return
    verdict.counts["acknowledged without a word"] += any(not said for said in sent.answers)
    if not rows:
        said = [reply for answer in sent.answers for reply in answer]
        if said and all(reply["key"] == STALE for reply in said):
            verdict.counts["stale choices"] += 1
        elif said and sent.alarm and all(map(is_emergency, said)):
            verdict.counts["cards without the database"] += 1
        else:
            verdict.wrong("lost", talk, f"{sent.id}: {[reply['key'] for reply in said]}")
        return
    if len(rows) > 1:
        verdict.wrong("answered twice", talk, f"{sent.id} is stored {len(rows)} times")
    _answer(verdict, talk, sent, rows[0], replies[rows[0].id])


def _alarm(verdict: Verdict, talk: Talk, sent: Sent) -> None:
    verdict.counts["alarms"] += 1
    if sent.card_after is None:
        verdict.wrong("alarms without a card", talk, sent.id)
    verdict.counts["alarms that waited for more than 10 s"] += (sent.card_after or 0) > LONG
    if any(not any(map(is_emergency, said)) for said in sent.answers):
        keys = [[reply["key"] for reply in said] for said in sent.answers]
        verdict.wrong("alarms acknowledged without a card", talk, f"{sent.id}: {keys}")


def _answer(verdict: Verdict, talk: Talk, sent: Sent, row: Inbound, stored: list[Outbound]) -> None:
    """One message has one answer; a holding reply and what follows it are one."""
    answer = [one.reply for one in stored if one.reply["key"] != HOLDING]
    holding = len(stored) - len(answer)
    verdict.counts["holding replies"] += bool(holding)
    keys = [reply["key"] for reply in answer]
    if not row.done_at or not answer:
        verdict.wrong("without an answer", talk, f"{sent.id} (row {row.id})")
        return
    if EXPIRED in keys:
        verdict.wrong("given up on", talk, sent.id)
    same = Counter((reply["key"], reply["text"]) for reply in answer)
    if holding > 1 or max(same.values()) > 1 or sum(bool(reply["care"]) for reply in answer) > 1:
        verdict.wrong("answered twice", talk, f"{sent.id}: {keys}, {holding} holding")
    known = any(fault.startswith("wrong answer") for fault in verdict.faults.get(talk.name, []))
    # Once a question was skipped or asked again all that follow are: it counts once.
    if sent.expected and not known and not any(key.startswith(sent.expected) for key in keys):
        verdict.wrong("wrong answer", talk, f"{sent.id}: {sent.expected} is not in {keys}")
    ids = [reply["id"] for reply in answer]
    for said in sent.answers:
        of_said = [reply["id"] for reply in said if reply["key"] != HOLDING]
        # A card may be said by a gateway that could not store it, or came second: it is then nobody's to keep.
        by_itself = all(map(is_emergency, said)) and not set(of_said) & set(ids)
        if of_said != ids[: len(of_said)] and not by_itself:
            other = [reply["key"] for reply in said]
            verdict.wrong("another answer to a replay", talk, f"{sent.id}: {other} for {keys}")


def _order(verdict: Verdict, talk: Talk, inbound: list[Inbound], replies: dict[int | None, list[Outbound]]) -> None:
    """Each message was sent when the one before it was acknowledged: so they are stored, and so they are answered."""
    place = {sent.id: number for number, sent in enumerate(talk.sent)}
    sent_as = [place[row.client_id] for row in inbound if row.client_id in place]
    if sent_as != sorted(sent_as):
        verdict.wrong("out of order", talk, str(sent_as))
    alarms = {sent.id for sent in talk.sent if sent.alarm}
    last = (0, "")
    for row in inbound:
        answer = [one.position for one in replies[row.id] if one.reply["key"] != HOLDING]
        if not answer or row.client_id in alarms:  # a card waits for nobody
            continue
        if min(answer) < last[0]:
            verdict.wrong("answers out of order", talk, f"{row.client_id} was answered before {last[1]}")
        last = max(last, (min(answer), row.client_id))


def _shown(verdict: Verdict, talk: Talk, inbound: list[Inbound], outbound: list[Outbound]) -> None:
    """What the page shows, at either gateway."""
    for side in (0, 1):
        shown = talk.look(side)
        if shown is None:
            verdict.wrong("not shown", talk, f"gateway {side} shows nothing")
            continue
        times = Counter(entry["id"] for entry in shown)
        if twice := [entry for entry, many in times.items() if many > 1]:
            verdict.wrong("shown twice", talk, f"gateway {side}: {twice}")
        if missing := {row.id for row in outbound} - set(times):
            verdict.wrong("not shown", talk, f"gateway {side}: {missing}")
        stored = [f"patient-{row.id}" for row in inbound]
        order = [stored.index(entry["id"]) for entry in shown if entry["id"] in stored]
        if order != sorted(order):
            verdict.wrong("shown out of order", talk, f"gateway {side}: {order}")


def history(talk: Talk, inbound: list[Inbound], replies: dict[int | None, list[Outbound]]) -> str:
    """All that happened in a conversation, for whoever must find out why."""
    lines = [f"{talk.name} ({talk.language})"]
    for sent in talk.sent:
        lines.append(f"  {sent.id} {sent.body}")
        for before, each in zip([None, *sent.tries], sent.tries, strict=False):
            if before and before.result == each.result and each.replies is None:
                continue  # one more of the same
            keys = "" if each.replies is None else [f"{reply['key']} {reply['id']}" for reply in each.replies]
            lines.append(f"    at {each.began:.2f} gateway {each.side}: {each.result} {keys}")
    for row in inbound:
        moments = f"received {row.received_at:%H:%M:%S.%f}, done {row.done_at and f'{row.done_at:%H:%M:%S.%f}'}"
        lines.append(f"  row {row.id} {row.client_id} held={row.held} carded={row.carded} {moments}")
        for one in replies[row.id]:
            lines.append(f"    {one.position} {one.reply['key']} {one.id} {one.created_at:%H:%M:%S.%f}")
    return "\n".join(lines)
