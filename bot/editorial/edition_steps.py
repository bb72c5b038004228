"""The steps of an edition: saving what a form holds, taking the step, and showing what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio.from_thread
from fastapi.responses import Response

from bot.accounts.access import Forbidden
from bot.accounts.pages import go
from bot.content.source import Parts
from bot.editorial import suite, workflow
from bot.editorial.edition_form import Given, posted
from bot.editorial.edition_pages import conflict_page, find, page_of, path
from bot.editorial.pages import Here, address
from bot.editorial.workflow import Desk, Refused, is_safety
from bot.store import editions
from bot.store.editions import Stale
from bot.store.editorial_models import Edition
from bot.store.staff_models import EDITOR, User

MOST_LOOKS, LOOK = 20, 0.05  # seconds
Step = Callable[[Desk, User, Edition], object]


def take(here: Here, edition_id: str, given: Given, step: Step, done: str = "", **more: object) -> Response:
    """Saves what a form holds, takes a step, and shows the edition again: what was done, or why it was not."""
    edition = find(here, edition_id)
    mine = written(here, edition, given) if given.written else None
    try:
        if mine:
            edition = workflow.save(here.desk, here.user, edition, given.revision, mine)
        found = step(here.desk, here.user, edition)
    except Stale as stale:
        now = stale.edition or edition
        if mine and now.author_id == here.user.id:
            return conflict_page(here, now, mine)
        return page_of(here, now, error=here.refusal(Refused("changed_meanwhile")), status=409)
    except Refused as refused:
        now = editions.edition(here.desk.engine, edition.id or 0) or edition
        return page_of(here, now, mine=mine, error=here.refusal(refused), code=refused.code, status=409, **more)
    if done == "dropped":
        return go(address(edition.language, edition.key))
    done = found if isinstance(found, str) else done
    return go(f"{path(edition)}?done={done}" if done else path(edition))


def as_editor(here: Here) -> None:
    """Raises Forbidden for whoever only reviews."""
    if not here.who.has(EDITOR):
        raise Forbidden


def written(here: Here, edition: Edition, given: Given) -> Parts:
    """The parts as a form has them."""
    return posted(given, edition.source, here.desk.live.sources[edition.language])


def with_words(given: Given, step: Step) -> Step:
    """The step, refused when nothing is said."""

    def checked(desk: Desk, user: User, edition: Edition) -> object:
        if not given.words("words"):
            raise Refused("no_words")
        return step(desk, user, edition)

    return checked


def must_be_shown(edition: Edition, given: Given) -> None:
    """Nobody approves other words than those that were on the page. Raises Refused."""
    if edition.revision != given.revision:
        raise Refused("changed_meanwhile")


def pass_quick(here: Here, edition: Edition) -> None:
    """Raises Refused when what the words of a safety text alone show is wrong."""
    live, place = here.desk.live, workflow.place(edition)
    text = live.read(*place, edition.source) if is_safety(edition.key) else None
    if not text:
        return
    words = here.service.content.work[here.language]["editing"]
    checks = suite.quick(live, live.with_texts({place: text}), [place])
    failed = [words.get(f"suite_{each.name}", each.name) for each in checks if not each.passed and not each.warn]
    if failed:
        raise Refused("quick_failed", checks=", ".join(failed))


def start_suite(here: Here, edition: Edition) -> None:
    """Begins the suite in the event loop, from a thread beside it, and waits until the page will say so."""
    anyio.from_thread.run_sync(suite.start, here.service, here.desk, edition.id or 0)
    for _ in range(MOST_LOOKS):
        found = editions.edition(here.desk.engine, edition.id or 0)
        if not found or found.suite != edition.suite:
            return
        time.sleep(LOOK)
