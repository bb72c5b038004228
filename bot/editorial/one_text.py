"""One text: how patients see it, its history, earlier words and bringing them back, and what was read on a day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from bot.accounts.access import Missing
from bot.accounts.pages import go
from bot.clock import danish, now
from bot.content.source import parts
from bot.content.store import LANGUAGES
from bot.editorial import catalogue, chronicle, finding, workflow
from bot.editorial.as_patients import as_patients
from bot.editorial.difference import Change, changes, words
from bot.editorial.pages import Here, HereDep, address
from bot.editorial.workflow import Desk, Refused
from bot.store import editions
from bot.store.editions import OPEN
from bot.store.editorial_models import TextVersion
from bot.store.staff_models import User

router = APIRouter()
PLAIN = re.compile(r"[\w/-]{1,200}", re.ASCII)  # how keys and versions are written
STEPS = ("rollback", "take-file", "keep-edit", "edit")
SUGGESTED = 12  # texts whose words are like what was written instead of a key
Version = Annotated[str, Form()]


@router.get("/editor/text/{language}/{key:path}")
def text(here: HereDep, language: str, key: str) -> Response:
    """One text in both languages, its state and its history. Where a step was refused and the page is asked for
    again, this is the way back."""
    shown, _, step = key.rpartition("/")
    if step in STEPS and (shown, language) in here.desk.live.texts:
        return go(address(language, shown))
    return _page(here, key, language)


@router.post("/editor/text/{language}/{key:path}/rollback")
def roll_back(here: HereDep, language: str, key: str, version: Version = "") -> Response:
    """Brings an earlier version back, live at once."""

    def step(desk: Desk, user: User) -> None:
        if not PLAIN.fullmatch(version):
            raise Refused("no_such_version")
        workflow.roll_back(desk, user, key, language, version)

    return _step(here, key, language, step, "rolled_back")


@router.post("/editor/text/{language}/{key:path}/take-file")
def take_file(here: HereDep, language: str, key: str, version: Version = "") -> Response:
    """The file's text, as it was shown, takes the place of the edit."""

    def step(desk: Desk, user: User) -> None:
        _still_in_conflict(desk, key, language, version)
        workflow.take_file(desk, user, key, language)

    return _step(here, key, language, step, "file_taken")


@router.post("/editor/text/{language}/{key:path}/keep-edit")
def keep_edit(here: HereDep, language: str, key: str, version: Version = "") -> Response:
    """The edit stays, over the file's text as it was shown."""

    def step(desk: Desk, user: User) -> None:
        _still_in_conflict(desk, key, language, version)
        workflow.keep_edit(desk, user, key, language)

    return _step(here, key, language, step, "edit_kept")


@router.get("/editor/version/{language}/{version}/{key:path}")
def version(here: HereDep, language: str, version: str, key: str) -> HTMLResponse:
    """Exactly these words, and when patients read them."""
    plain = all(PLAIN.fullmatch(each) for each in (key, language, version))
    found = editions.version(here.desk.engine, key, language, version) if plain else None
    if not found:
        raise Missing
    live = here.desk.live.texts.get((key, language))
    other = live if live and live.version != version else None
    lines = chronicle.chronicle(here.desk, key, language)
    return here.page(
        "version.html",
        key=key, spoken=language, found=found, title=parts(found.source).title or key, live=live,
        shown=_shown(here, found), times=chronicle.times(lines, version),
        change=_difference(here.desk, live.source, found.source) if other and live else None,
        may_restore=other is not None and catalogue.may_restore(here.user, key),
    )  # fmt: skip


@router.get("/editor/seen")
def seen(here: HereDep, key: str = "", language: str = "da", day: str = "") -> HTMLResponse:
    """What patients read on a day: every version of a text that was in force then."""
    key, spoken = key.strip(), language if language in LANGUAGES else LANGUAGES[0]
    lines = chronicle.chronicle(here.desk, key, spoken) if PLAIN.fullmatch(key) else []
    given: dict[str, Any] = {
        "key": key, "spoken": spoken, "day_given": day, "keys": here.desk.live.keys(), "known": bool(lines),
        "alike": finding.search(here.desk.live, key)[:SUGGESTED] if not lines else [],
        "today": danish(now()).date(),
    }  # fmt: skip
    try:
        asked = date.fromisoformat(day) if day else None
    except ValueError:
        return here.page("seen.html", status=422, wrong_day=True, **given)
    if lines and asked:
        given |= _on_day(here, key, spoken, lines, asked)
    return here.page("seen.html", **given)


def _page(here: Here, key: str, spoken: str, **more: Any) -> HTMLResponse:
    live = here.desk.live
    if (key, spoken) not in live.texts:
        raise Missing
    both = [spoken, *(each for each in LANGUAGES if each != spoken and (key, each) in live.texts)]
    lines = chronicle.chronicle(here.desk, key, spoken)
    may_restore = catalogue.may_restore(here.user, key)
    return here.page(
        "text.html",
        key=key, spoken=spoken, text=live.get(key, spoken), group=catalogue.group_of(key),
        safety=workflow.is_safety(key), titles={each: live.get(key, each).title for each in both},
        shown={each: as_patients(live, key, each, words=here.words["or_so"]) for each in both},
        tags={each: catalogue.tags_of(here.desk, key, each) for each in both},
        said=catalogue.where_said(here.desk, key, spoken), lines=lines,
        uncertain=chronicle.uncertain_since(here.desk, key, spoken, lines), names=catalogue.names(here.desk.engine),
        open=editions.editions(here.desk.engine, states=OPEN, key=key, language=spoken),
        conflict=_conflict(here, key, spoken), may_restore=may_restore,
        may_settle=may_restore and here.who.has("reviewer"), today=danish(now()).date(), **more,
    )  # fmt: skip


def _conflict(here: Here, key: str, language: str) -> dict[str, Any] | None:
    """The edit, and the file that has changed since."""
    found, live = catalogue.conflict(here.desk, key, language), here.desk.live
    if not found:
        return None
    file = found[1]
    words = here.words["or_so"]
    return {
        "version": file.version,
        "file": as_patients(live.with_texts({(key, language): file}), key, language, card=False, words=words),
        "edit": as_patients(live, key, language, card=False, words=words),
        "change": _difference(here.desk, live.get(key, language).source, file.source),
    }


def _difference(desk: Desk, before: str, after: str) -> list[Change]:
    """The fields that changed; what is no field of an editor's, as it stands in the source."""
    titles = {name: source.title for name, source in desk.live.sources[LANGUAGES[0]].items()}
    found = changes(parts(before), parts(after), titles)
    return found or [Change("source", "", words(before, after))]


def _step(here: Here, key: str, language: str, step: Callable[[Desk, User], object], done: str) -> Response:
    """Takes a step, and shows the text again: with what was done, or why it was not."""
    if (key, language) not in here.desk.live.texts:
        raise Missing
    try:
        step(here.desk, here.user)
    except Refused as refused:
        return _page(here, key, language, error=here.refusal(refused), status=409)
    return go(f"{address(language, key)}?done={done}")


def _still_in_conflict(desk: Desk, key: str, language: str, version: str) -> None:
    """Raises Refused when the file is no longer the one that was shown, or somebody has decided."""
    found = catalogue.conflict(desk, key, language)
    if not found or found[1].version != version:
        raise Refused("changed_meanwhile")


def _shown(here: Here, found: TextVersion, *, card: bool = True) -> Markup | None:
    """A version as patients saw it; None when it cannot be shown any more."""
    live = here.desk.live
    read = live.read(found.key, found.language, found.source)
    if not read:
        return None
    content = live.with_texts({(found.key, found.language): read})
    try:
        return as_patients(content, found.key, found.language, card=card, words=here.words["or_so"])
    except KeyError:  # a source it names is no longer listed
        return None


def _on_day(here: Here, key: str, spoken: str, lines: list[chronicle.Line], day: date) -> dict[str, Any]:
    then = chronicle.on_day(lines, day)
    alone = len(then) == 1  # several cards of one alarm sign on a page could not be told apart by their names
    read = [
        {
            "line": line, "title": parts(found.source).title, "source": found.source,
            "shown": _shown(here, found, card=alone),
        }
        for line in then
        if (found := editions.version(here.desk.engine, key, spoken, line.version))
    ]  # fmt: skip
    since = chronicle.uncertain_since(here.desk, key, spoken, lines)
    doubt = since if since and day >= danish(since).date() else None
    return {"asked": day, "read": read, "first": lines[-1].at, "doubt": doubt}
