"""The audit log: to read, page by page, and to take away as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from sqlalchemy import Engine

from bot.accounts import fields
from bot.accounts.access import Staff, needs
from bot.accounts.pages import work_page
from bot.channels.web.api import TurnsDep
from bot.store import staff
from bot.store.staff_models import ADMIN, Audit

router = APIRouter()
Admin = Annotated[Staff, Depends(needs(ADMIN))]
PAGE = 50  # lines on a page
PIECE = 1000  # lines of the file at a time
COLUMNS = ("id", "at", "who", "action", "object", "details")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for a formula


@router.get("/audit")
def audit(request: Request, service: TurnsDep, who: Admin, before: str = "", action: str = "") -> HTMLResponse:
    """The newest lines, or those before an id; of one person or action if one is chosen."""
    chosen = _chosen(request)
    last = _id(before)
    lines = staff.audit(service.engine, before=last, limit=PAGE + 1, **chosen)
    older = lines[PAGE - 1].id if len(lines) > PAGE else None
    people, actions = staff.audited(service.engine)
    words = service.content.work[who.user.language]["accounts"]
    context: dict[str, Any] = {"people": people, "actions": actions, "chosen": chosen}
    context |= {"later": last is not None, "older": older}

    context |= {"named": lambda action: words.get(f"action_{action}", action), "told": lambda line: told(line, words)}
    return work_page(request, service, who, "accounts/audit.html", lines=lines[:PAGE], **context)


def told(line: Audit, words: dict[str, str]) -> list[str]:
    """The details of a line in words, as far as there are any; otherwise as they were written."""

    def value(each: Any) -> str:
        if isinstance(each, list):
            return ", ".join(map(value, each)) or words["none"]
        if isinstance(each, bool) or each is None:
            return words["yes" if each else "none" if each is None else "no"]
        return words.get(f"role_{each}") or words.get(f"detail_{each}") or str(each)

    return [f"{words.get(f'detail_{name}', name)}: {value(each)}" for name, each in line.details.items()]


@router.get("/audit.csv")
def download(request: Request, service: TurnsDep, _: Admin) -> StreamingResponse:
    """All of it, or what was chosen, as a file that a spreadsheet reads without running anything in it."""
    headers = {"Content-Disposition": 'attachment; filename="rygraad-log.csv"', "Cache-Control": "no-store"}
    body = written(service.engine, **_chosen(request))
    return StreamingResponse(body, media_type="text/csv; charset=utf-8", headers=headers)


def _chosen(request: Request) -> dict[str, str]:
    return {name: fields.line(request.query_params.get(name, ""))[:254] for name in ("who", "action")}


def _id(text: str) -> int | None:
    """The id of a line; None for anything that is none."""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else None


def written(engine: Engine, *, who: str = "", action: str = "") -> Iterator[str]:
    """The lines of the file, newest first, piece by piece; the mark at the start tells Excel that æ is an æ."""
    yield "\ufeff" + _rows([list(COLUMNS)])
    before: int | None = None
    while lines := staff.audit(engine, before=before, limit=PIECE, who=who, action=action):
        yield _rows([_cells(line) for line in lines])
        before = lines[-1].id


def _cells(line: Audit) -> list[str]:
    details = json.dumps(line.details, ensure_ascii=False) if line.details else ""
    return [str(line.id), line.at.isoformat(), *map(harmless, (line.who, line.action, line.object, details))]


def harmless(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _rows(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
