"""What came of the invites, in numbers that tell on nobody.

A number under 5 is never shown, and nothing that is shown lets it be worked out:
- a part of a sum does not stand out as the only one that is missing;
- a link for a single person has no numbers at all, since they would be about that person. All such links are counted
  as one, and what all of these people did is not told either;
- the totals are made of numbers that are shown, and of nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Engine

from bot.screening.flags import load_flags
from bot.store import invites
from bot.store.staff_models import Invite

FEW = 5  # the smallest number that is shown
LEVELS = ("emergency", "urgent", "soon", "clear")  # what the latest safety check came to, gravest first
MEASURES = ("opened", "began", "consented", "checked", *LEVELS, "topic", "path", "active")
STAYS = timedelta(days=30)

Row = Mapping[str, int]
Cell = int | Literal["few", "hidden"]  # "few": under 5; "hidden": it would give another number away
Shown = dict[str, Cell]


@dataclass(frozen=True)
class Total:
    """A total as it is shown: a number, or at least a number; None when there is none to show."""

    count: int | None
    at_least: bool = False


def gather(engine: Engine, user_id: str) -> dict[str, dict[str, int]]:
    """The true numbers of each of a clinician's invites, by its id."""
    own = invites.of_user(engine, user_id)
    rows = {each.code_hash: _none() | {"opened": each.opened, "began": each.used} for each in own}
    answers, heard = invites.safety_answers(engine, user_id), invites.last_heard(engine, user_id)
    came: Counter[str] = Counter()
    for person in invites.people(engine, user_id):
        came[person.invite_hash] += 1
        for measure in _reached(person, answers.get(person.id), heard.get(person.id)):
            rows[person.invite_hash][measure] += 1
    for code_hash, row in rows.items():
        row["began"] = max(row["began"], came[code_hash])  # nobody consents without having begun
    return {each.id: rows[each.code_hash] for each in own}


def _none() -> dict[str, int]:
    return dict.fromkeys(MEASURES, 0)


def _reached(person: Any, answers: Mapping[str, str] | None, heard: datetime | None) -> Iterable[str]:
    """The measures that count this person."""
    if not person.consented_at:
        return
    yield "consented"
    if answers is not None:
        yield "checked"
        yield level(answers)
    journey = person.journey or {}
    if journey.get("at"):
        yield "topic"
        if journey["at"] >= len(journey["topics"]):
            yield "path"
    if heard and heard - person.created_at >= STAYS:
        yield "active"


def level(answers: Mapping[str, str]) -> str:
    """The gravest level among the alarm signs that were answered with yes; "clear" when there were none."""
    flags = load_flags().flags
    told = {flags[flag].level for flag, answer in answers.items() if answer == "yes" and flag in flags}
    return next((each for each in LEVELS if each in told), "clear")


def for_one(most: int) -> bool:
    """Whether an invite lets in so few that its numbers would be about them."""
    return most < FEW


def shown(row: Row) -> Shown:
    """What the page of one invite for many shows."""
    return _guarded(row, {measure for measure in MEASURES if row[measure] < FEW})


def together(rows: Mapping[str, Row], own: Iterable[Invite]) -> dict[str, Total]:
    """What the overview shows of all: the sum of what their own pages show, and of the links for one as a whole."""
    own = list(own)
    small = [each for each in own if for_one(each.most)]
    pages = [shown(rows[each.id]) for each in own if each not in small]
    pages += [_shown_as_one([rows[each.id] for each in small], sum(each.most for each in small))] if small else []
    return {measure: _total([page[measure] for page in pages]) for measure in MEASURES}


def _total(cells: list[Cell]) -> Total:
    numbers = [cell for cell in cells if isinstance(cell, int)]
    return Total(sum(numbers) if numbers else None, at_least=len(numbers) < len(cells))


def _shown_as_one(rows: list[Row], people: int) -> Shown:
    """The links for one, as if they were one link; a number that everybody is in would tell it of each of them."""
    row = {measure: sum(each[measure] for each in rows) for measure in MEASURES}
    told = {measure for measure in MEASURES if measure != "opened" and row[measure] >= people}
    if "checked" in told:
        told |= set(LEVELS)
    return _guarded(row, told | {measure for measure in MEASURES if row[measure] < FEW})


def _guarded(row: Row, hidden: set[str]) -> Shown:
    """The row without what is hidden and what would give that away: the next smallest part, at last the whole."""
    while _given_away(row, hidden):
        parts = [each for each in LEVELS if each not in hidden] or ["checked"]
        hidden = hidden | {min(parts, key=lambda each: row[each])}
    company = _keep_company(row, hidden)
    return {measure: row[measure] if measure not in hidden else _word(row, measure, company) for measure in MEASURES}


def _word(row: Row, measure: str, company: bool) -> Literal["few", "hidden"]:
    return "few" if row[measure] < FEW and not (measure in LEVELS and company) else "hidden"


def _keep_company(row: Row, hidden: set[str]) -> bool:
    """Whether a part is hidden for another's sake. Then all hidden parts look alike, or it would be known which."""
    return any(row[each] >= FEW for each in hidden.intersection(LEVELS))


def _given_away(row: Row, hidden: set[str]) -> bool:
    """Whether the whole and the parts that are shown leave only one value for a part that is hidden."""
    parts = hidden.intersection(LEVELS)
    if not parts or "checked" in hidden:
        return False
    left = sum(row[each] for each in parts)
    full = not _keep_company(row, hidden) and left == (FEW - 1) * len(parts)
    return len(parts) == 1 or left == 0 or full
