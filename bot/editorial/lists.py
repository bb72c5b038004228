"""The editors' lists: texts to be looked at again, the log, and the questions nobody could answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from bot.accounts.access import Missing
from bot.accounts.pages import go
from bot.clock import danish, now
from bot.content.source import cleaned
from bot.editorial import catalogue, workflow
from bot.editorial.pages import HereDep
from bot.store import unanswered

router = APIRouter()
LINES = 50
T = TypeVar("T")
Number = Annotated[int, Field(ge=0, lt=2**31)]  # as a database counts its rows


@dataclass(frozen=True)
class Pager:
    """Which page this is, from 1, and how many there are."""

    number: int
    last: int


def paged(items: Sequence[T], number: int, size: int = LINES) -> tuple[Sequence[T], Pager]:
    """The items of a page, and where that page is among all; a page there is not is the nearest there is."""
    last = max(1, -(-len(items) // size))
    number = min(max(1, number), last)
    return items[(number - 1) * size : number * size], Pager(number, last)


@router.get("/editor/due")
def due(here: HereDep, page: int = 1) -> HTMLResponse:
    """Texts to be looked at again within 30 days, or overdue."""
    today = danish(now()).date()
    found = workflow.due(here.desk, today)
    shown, pager = paged(found, page)
    rows = [(day, here.desk.live.get(key, language)) for day, key, language in shown]
    overdue = sum(day < today for day, _, _ in found)
    return here.page("due.html", due=rows, pager=pager, count=len(found), overdue=overdue, today=today)


@router.get("/editor/log")
def log(here: HereDep, before: Number | None = None) -> HTMLResponse:
    """Who did what with which text, newest first."""
    found = catalogue.log(here.desk.engine, before=before, limit=LINES + 1)
    older = found[LINES - 1].id if len(found) > LINES else None
    return here.page(
        "log.html", lines=found[:LINES], older=older, later=before is not None,
        names=catalogue.names(here.desk.engine),
    )  # fmt: skip


@router.get("/editor/questions")
def questions(here: HereDep, page: int = 1, settled: int = 0, undo: Number = 0) -> HTMLResponse:
    """What patients asked and got no answer to: what waits, or what is settled. `undo`: what was settled just now."""
    since = now() - timedelta(days=here.service.settings.retention_days)
    found = unanswered.worklist(here.desk.engine, since, settled=bool(settled))
    shown, pager = paged(found, page)
    return here.page(
        "questions.html",
        questions=[row | {"text": cleaned(row["text"])} for row in shown], pager=pager,
        settled=bool(settled), undo=undo, days=here.service.settings.retention_days,
    )  # fmt: skip


@router.post("/editor/questions/{question_id}/settle")
def settle(here: HereDep, question_id: Number, how: Annotated[str, Form()] = "") -> Response:
    """A text answers it now, or it is not for us; the same for all who asked it in the same words."""
    if how not in (unanswered.BY_TEXT, unanswered.NOT_OURS):
        raise Missing
    if not unanswered.settle(here.desk.engine, question_id, how):
        return go("/editor/questions?done=question_gone")
    return go(f"/editor/questions?done=question_{how}&undo={question_id}")


@router.post("/editor/questions/{question_id}/reopen")
def reopen(here: HereDep, question_id: Number) -> Response:
    """Takes that back."""
    done = "question_back" if unanswered.reopen(here.desk.engine, question_id) else "question_gone"
    return go(f"/editor/questions?done={done}")
