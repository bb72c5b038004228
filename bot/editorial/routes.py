"""The editors' workplace: what waits, and all texts by group or by what they say."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from bot.accounts.access import Missing
from bot.clock import danish, now
from bot.content.file_faults import SAFETY
from bot.editorial import catalogue, finding, lists, one_text
from bot.editorial.lists import paged
from bot.editorial.pages import HereDep

router = APIRouter()
router.include_router(lists.router)
router.include_router(one_text.router)
SHOWN = 25  # texts that were found, on a page


@router.get("/editor")
def overview(here: HereDep) -> HTMLResponse:
    """What waits for whoever is signed in."""
    switch, desk = here.service.switch, here.desk
    topics = [here.title_of(f"topic/{topic}", here.language) for topic in sorted(switch.lines())]
    return here.page(
        "overview.html",
        waits=catalogue.waiting(desk, here.user), groups=catalogue.groups(desk), names=catalogue.names(desk.engine),
        closed=topics, everything=switch.closed(), today=danish(now()).date(), safety_keys=SAFETY,
    )  # fmt: skip


@router.get("/editor/texts")
def texts(here: HereDep, q: str = "", group: str = "", page: int = 1) -> HTMLResponse:
    """All groups of texts, one group, or the texts that say what is looked for."""
    given: dict[str, Any] = {"q": q[: finding.LONGEST], "group": group, "groups": catalogue.groups(here.desk)}
    if q.strip():
        found = finding.search(here.desk.live, q)
        shown, given["pager"] = paged(found, page, SHOWN)
        hits = [finding.hit(here.desk.live, key, q) for key in shown]
        given |= {"hits": hits, "count": len(found), "rows": catalogue.rows(here.desk, shown)}
    elif group:
        if group not in given["groups"]:
            raise Missing
        given["sections"] = catalogue.sections(here.desk, group, here.language)
    return here.page("texts.html", **given)
