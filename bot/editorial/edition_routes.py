"""One edition of a text: its author writes it, others read it, and it goes its way until it is live."""

from __future__ import annotations

import asyncio
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from bot.accounts.access import Missing
from bot.accounts.pages import go
from bot.channels.web.api import said
from bot.channels.web.page import HEADERS, page
from bot.content.errors import UnknownKey
from bot.content.source import put_together, signed
from bot.editorial import preview, suite, trial, workflow
from bot.editorial.edition_form import Given, GivenDep, from_json, posted
from bot.editorial.edition_pages import find, page_of, path
from bot.editorial.edition_steps import as_editor, must_be_shown, pass_quick, start_suite, take, with_words, written
from bot.editorial.pages import Here, HereDep
from bot.editorial.workflow import Desk, Refused, is_safety
from bot.store.editorial_models import IN_REVIEW, Edition
from bot.store.staff_models import User

router = APIRouter()
TELEGRAM = "telegram"


@router.post("/editor/text/{language}/{key:path}/edit")
def begin(here: HereDep, language: str, key: str) -> Response:
    """The editor's own draft of a text, begun now or before."""
    as_editor(here)
    try:
        return go(path(workflow.begin(here.desk, here.user, key, language)))
    except UnknownKey:
        raise Missing from None


@router.get("/editor/edition/{edition_id}")
def show(here: HereDep, edition_id: str) -> HTMLResponse:
    """An edition: the author of a draft writes, everybody else reads."""
    return page_of(here, find(here, edition_id))


@router.get("/editor/edition/{edition_id}/{step}")
def back(here: HereDep, edition_id: str, step: str) -> Response:
    """Where a refused step was shown, and the page is asked for again."""
    return go(path(find(here, edition_id)))


# ---------------------------------------------------------------- the author


@router.post("/editor/edition/{edition_id}/save")
def save(request: Request, here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """Keeps what the author wrote, faulty or not. The script is told the new revision, or to send the form itself."""
    as_editor(here)
    by_script = "application/json" in request.headers.get("accept", "")
    answer = take(here, edition_id, given, lambda *_: None, "saved")
    if not by_script:
        return answer
    if answer.status_code != 303:
        return JSONResponse({"conflict": True}, 409, HEADERS)
    return JSONResponse({"revision": find(here, edition_id).revision}, 200, HEADERS)


@router.post("/editor/edition/{edition_id}/preview")
def preview_without_script(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """The page with what is written, not saved, and how patients would see it."""
    edition = find(here, edition_id)
    return page_of(here, edition, mine=written(here, edition, given), not_saved=given.written)


@router.post("/editor/edition/{edition_id}/submit")
def submit(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """Saves, and sends the draft to review; of a safety text the suite begins."""
    as_editor(here)

    def step(desk: Desk, user: User, edition: Edition) -> None:
        workflow.submit(desk, user, edition)
        if is_safety(edition.key):
            start_suite(here, edition)

    return take(here, edition_id, given, step, "submitted")


@router.post("/editor/edition/{edition_id}/withdraw")
def withdraw(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """Back from review to the author's draft."""
    return take(here, edition_id, given, workflow.withdraw, "withdrawn")


@router.post("/editor/edition/{edition_id}/drop")
def drop(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """The author gives the draft up."""
    return take(here, edition_id, given, workflow.drop, "dropped")


@router.post("/editor/edition/{edition_id}/rebase")
def rebase(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """The author has taken into account what went live meanwhile."""
    return take(here, edition_id, given, workflow.rebase, "rebased")


@router.post("/editor/edition/{edition_id}/emergency")
def emergency(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """Live at once, unapproved; a safety text only when the words alone pass the suite."""
    as_editor(here)
    reason = given.words("reason")

    def step(desk: Desk, user: User, edition: Edition) -> None:
        pass_quick(here, edition)
        workflow.emergency(desk, user, edition, reason)

    return take(here, edition_id, given, step, "emergency", reason=reason, opened="emergency")


@router.post("/editor/edition/{edition_id}/try")
async def try_it(request: Request, here: HereDep, edition_id: str) -> Response:
    """The chat with the whole assistant, in which this text is the edition's as it is saved."""
    edition = await asyncio.to_thread(find, here, edition_id)
    if not await asyncio.to_thread(here.desk.live.read, edition.key, edition.language, edition.source):
        error = here.refusal(Refused("unreadable"))
        return await asyncio.to_thread(partial(page_of, here, edition, error=error, status=409))
    channel = TELEGRAM if edition.key.startswith(f"{TELEGRAM}/") else "web"
    token, conversation = await asyncio.to_thread(trial.start, here.service, edition, channel)
    messages = await said(here.service, conversation)
    served = here.service.serving(conversation)  # the page's own words may be what is tried
    return page(request, served, edition.language, messages, token=token)


@router.post("/editor/preview")
async def live_preview(request: Request, here: HereDep) -> Response:
    """How patients would see what is being written, and what is wrong with it: HTML in parts, for the script."""
    sent_json = request.headers.get("content-type", "").startswith("application/json")
    given = from_json(await request.body()) if sent_json else None
    if given is None:
        return Response(status_code=422)
    return HTMLResponse(await asyncio.to_thread(_preview, here, given), headers=HEADERS)


def _preview(here: Here, given: Given) -> str:
    """The parts in the place of a draft's own (`edition`), or else of the text that is live (`key`, `language`)."""
    live = here.desk.live
    if given.one("edition"):
        edition = find(here, given.one("edition"))
        place, source = workflow.place(edition), edition.source
    else:
        place = given.one("key"), given.one("language")
        if place not in live.texts:
            raise Missing
        source = signed(live.get(*place).source, None, None)
    changed = posted(given, source, live.sources[place[1]])
    found = preview.look(live, *place, put_together(source, changed), here.language)
    return str(preview.fragment(live, found, here.language))


# ---------------------------------------------------------------- the reviewer


@router.post("/editor/edition/{edition_id}/approve")
def approve(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """Approves these words: live, or waiting for the other language."""

    def step(desk: Desk, user: User, edition: Edition) -> str:
        must_be_shown(edition, given)
        return "live" if workflow.approve(desk, user, edition) else "waiting"

    return take(here, edition_id, given, step)


@router.post("/editor/edition/{edition_id}/send-back")
def send_back(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """Back to the author, with the reason."""
    step = partial(workflow.send_back, words=given.words("words"))
    return take(here, edition_id, given, with_words(given, step), "sent_back", opened="send_back")


@router.post("/editor/edition/{edition_id}/remark")
def remark(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """Says something about the edition."""
    step = partial(workflow.remark, words=given.words("words"))
    return take(here, edition_id, given, with_words(given, step), "remarked", opened="remark")


@router.post("/editor/edition/{edition_id}/look-over")
def look_over(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """A reviewer has read an emergency publication, and it stands."""
    return take(here, edition_id, given, workflow.look_over, "looked_over")


@router.post("/editor/edition/{edition_id}/suite")
def run_suite(here: HereDep, edition_id: str, given: GivenDep) -> Response:
    """Runs the safety suite again."""

    def step(_: Desk, __: User, edition: Edition) -> None:
        if edition.state != IN_REVIEW or not is_safety(edition.key):
            raise Refused("not_in_review")
        if not (suite.result(edition) or {}).get("running"):
            start_suite(here, edition)

    return take(here, edition_id, given, step)
