"""A clinician's invites as the pages show them: each with its state and the numbers that may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from bot.clinic import counts
from bot.clinic.counts import MEASURES, Row, Shown, Total
from bot.clock import danish, now
from bot.content.store import fill
from bot.store import invites
from bot.store.staff_models import Invite

NO_LIMIT = 1000  # an invite for more, as on a site, is for whoever comes


@dataclass(frozen=True)
class Line:
    """One invite. `cells` is None for a link for one: its numbers would be about that person."""

    invite: Invite
    state: str  # "open", "used_up", "expired" or "revoked"
    cells: Shown | None

    @property
    def limited(self) -> bool:
        """Whether it is worth saying how many may use it."""
        return self.invite.most <= NO_LIMIT


def ended(invite: Invite) -> bool:
    """Whether the clinician or time has ended it. That it is used up is about patients, and no matter here."""
    return bool(invite.revoked_at or invite.expires_at <= now())


def state(invite: Invite) -> str:
    """The state as a clinician may know it: a link for one never says that it was used."""
    if invite.revoked_at:
        return "revoked"
    if invite.expires_at <= now():
        return "expired"
    return "used_up" if invite.used >= invite.most and not counts.for_one(invite.most) else "open"


def line(invite: Invite, row: Row) -> Line:
    """The line of an invite with these true numbers."""
    return Line(invite, state(invite), None if counts.for_one(invite.most) else counts.shown(row))


def read(engine: Engine, user_id: str) -> tuple[list[Line], dict[str, Total]]:
    """A clinician's invites, newest first, and the numbers of all together."""
    own, rows = invites.of_user(engine, user_id), counts.gather(engine, user_id)
    own = [each for each in own if each.id in rows]  # not one that was made between the two looks
    return [line(each, rows[each.id]) for each in own], counts.together(rows, own)


def table(
    lines: Sequence[Line], totals: Mapping[str, Total], words: Mapping[str, str], ui: Mapping[str, str]
) -> list[list[Any]]:
    """The same as rows of a spreadsheet, a row of titles first and the totals last."""
    facts = ("label", "language", "made", "until", "most", "state")
    rows: list[list[Any]] = [[words[f"column_{name}"] for name in facts] + [words[f"count_{m}"] for m in MEASURES]]
    for each in lines:
        invite = each.invite
        dates = [danish(moment).date().isoformat() for moment in (invite.created_at, invite.expires_at)]
        most = invite.most if each.limited else ""
        told = [invite.label, ui[f"language_{invite.language}"], *dates, most, words[f"state_{each.state}"]]
        rows.append(told + [_cell(each.cells[m], words) if each.cells else "" for m in MEASURES])
    return rows + [[words["totals"], *[""] * (len(facts) - 1), *(_total(totals[m], words) for m in MEASURES)]]


def _cell(cell: counts.Cell, words: Mapping[str, str]) -> int | str:
    return cell if isinstance(cell, int) else words[cell]


def _total(total: Total, words: Mapping[str, str]) -> int | str:
    if total.count is None:
        return words["hidden"]
    return fill(words["at_least"], {"count": total.count}) if total.at_least else total.count
