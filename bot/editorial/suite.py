"""What must hold before a clinician may approve a changed safety text, and what the reviewer's eye may pass over.

A check has a stable name; the words for it are `suite_<name>` in content/*/workplaces/editing.yml. `detail` is what
was found: words, numbers and names of the text itself, "2 → 1". A check with `warn` only tells, and never blocks.

Of the words alone (`quick`):
  content           the content check finds no fault
  level_first       a care card begins with the bold phrase of its level
  what_to_say       a care card says what to say on the telephone
  contacts_named    a care card names those it tells the person to call
  must_say          what such a text must always say is there, and what it must not say is not
  bubbles           a care card or a question is one bubble, an explanation two at most
  questions         every phrasing of a screening question ends by asking, with yes, no and not sure below it
  buttons           the buttons, their order and where they lead are as before
  typed_words       typing a button's words, or a plain yes or no, means the same button as before
  phones            no telephone number came, went, or is missing in some phrasing
  numbers           no number that could be called stands in the text but 112
  values            the values the program fills in, as {total}, are as before
  links             no address on the web came or went
  doses             no dose of a medicine
  sentences         no sentence is too long to read when frightened
  marks             only marks that the channels know
  letters           no letters of other scripts that look like ours
  language          the text is in its own language
  channels          the page and Telegram can say it, and every word comes through
and these only tell:
  other_language    the other language must change as well, or has another number of bubbles
  other_forms       another form of the text stands unchanged: Telegram's, the one for relatives, the main one
  shape             the number of phrasings or bubbles changed
  items             the number of points in a list, or of questions, changed: a sign may have been left out
  negations         the number of not, no, never, without … changed
  strength          the number of must, may, before, after, more, less … changed
  figures           figures, or words of time, changed
Of whole conversations with the words that are tried (`run`; bot/editorial/walks.py):
  ready             the assistant answers, and the kill switch is open
  walk_yes          yes to the question about a sign gives its card, in both languages
  walk_told         a sign told in own words after consent gives its card, on the page and in Telegram
  walk_told_before  and before consent
  walk_unsure       "not sure" explains, with the same buttons
  walk_clear        no to everything ends the safety check
  finished          the suite came to its end; `detail` says why it did not
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import now
from bot.content.texts import Text
from bot.dialogue.turns import Turns
from bot.editorial.quick import SuiteCheck, quick
from bot.editorial.walks import WALKS, walked
from bot.editorial.workflow import Desk, place
from bot.store import editions
from bot.store.editorial_models import Edition
from bot.store.models import Conversation

__all__ = ["LEFT_BEHIND", "LONGEST", "SuiteCheck", "quick", "result", "run", "start"]

LONGEST = 90.0  # seconds
LEFT_BEHIND = timedelta(minutes=3)  # after which a suite that still says "running" has died with its process
Result = dict[str, Any]

log = structlog.get_logger()
_tasks: set[asyncio.Task[None]] = set()  # kept here, for the event loop keeps no task alive
_starting: set[int] = set()  # editions whose suite has been started and not noted yet
_under_way: set[tuple[int, int]] = set()  # (edition, revision)


async def run(turns: Turns, desk: Desk, edition: Edition) -> Result:
    """Runs the whole suite on an edition: {"passed", "checks", "revision", "at"}; the texts that are live come from
    `desk`. It takes some seconds, 90 at most."""
    checks: list[SuiteCheck] = []
    try:
        async with asyncio.timeout(LONGEST):
            await _run(turns, desk, edition, checks)
    except TimeoutError:
        checks.append(SuiteCheck("finished", False, f"{LONGEST:.0f} s"))
    return _result(edition.revision, checks)


async def _run(turns: Turns, desk: Desk, edition: Edition, checks: list[SuiteCheck]) -> None:
    before = desk.live.with_texts({})
    text = desk.live.read(*place(edition), edition.source)
    if text is None:
        checks.append(SuiteCheck("content", False))
        return
    after = desk.live.with_texts({place(edition): text})
    checks += await asyncio.to_thread(quick, before, after, [place(edition)])
    served = turns.serving(Conversation(id="", token_hash="", trying=edition.id))
    hindered = await _hindered(served, text)
    checks.append(SuiteCheck("ready", not hindered, hindered))
    if hindered:
        return
    for name in WALKS:
        many, strayed = await walked(served, edition.id or 0, name)
        checks.append(SuiteCheck(name, not strayed, "; ".join(strayed) if strayed else str(many)))
    checks.append(SuiteCheck("finished", True))


async def _hindered(served: Turns, text: Text) -> str:
    """What stands in the way of walking; nothing when all is ready."""
    if served.switch.closed():
        return "kill switch"
    if served.content.get(text.key, text.language).version != text.version:
        return "trial"
    return "" if await served.rasa.alive() else "Rasa"


def _result(revision: int, checks: list[SuiteCheck]) -> Result:
    came_to_its_end = SuiteCheck("finished", True) in checks
    return {
        "passed": came_to_its_end and all(check.passed or check.warn for check in checks),
        "checks": [check._asdict() for check in checks],
        "revision": revision,
        "at": now().isoformat(),
    }


def start(turns: Turns, desk: Desk, edition_id: int) -> asyncio.Task[None]:
    """Runs the suite in the background of the running event loop, and stores what it found with the edition.

    Until then the edition's `suite` is {"running": true, "revision", "at"}. What was found is kept only if the
    edition has not changed since. The task never fails.
    """
    _starting.add(edition_id)
    task = asyncio.create_task(_keep(turns, desk, edition_id))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return task


async def _keep(turns: Turns, desk: Desk, edition_id: int) -> None:
    try:
        edition = await asyncio.to_thread(editions.edition, desk.engine, edition_id)
        if edition and (edition_id, edition.revision) not in _under_way:
            await _once(turns, desk, edition)
    except SQLAlchemyError as error:  # `result` gives it up after a while
        log.error("suite_not_kept", edition=edition_id, error=type(error).__name__)
    finally:
        _starting.discard(edition_id)


async def _once(turns: Turns, desk: Desk, edition: Edition) -> None:
    words = (edition.id or 0, edition.revision)
    _under_way.add(words)
    try:
        await _note(desk, edition, _running(edition))
        _starting.discard(edition.id or 0)
        await _note(desk, edition, await _whatever_happens(turns, desk, edition))
    finally:
        _under_way.discard(words)


def _running(edition: Edition) -> Result:
    return {"running": True, "revision": edition.revision, "at": now().isoformat()}


async def _note(desk: Desk, edition: Edition, found: Result) -> None:
    await asyncio.to_thread(editions.note_suite, desk.engine, edition.id or 0, edition.revision, found)


async def _whatever_happens(turns: Turns, desk: Desk, edition: Edition) -> Result:
    try:
        return await run(turns, desk, edition)
    except Exception as error:
        log.error("suite_failed", edition=edition.id, error=type(error).__name__)
        return _result(edition.revision, [SuiteCheck("finished", False, type(error).__name__)])


def result(edition: Edition) -> Result | None:
    """What the suite found of this edition, as stored; one that died with its process counts as failed, so that it
    can be started again."""
    found = _running(edition) if edition.id in _starting else edition.suite
    if found and found.get("running") and now() - datetime.fromisoformat(found["at"]) > LEFT_BEHIND:
        return _result(found["revision"], [SuiteCheck("finished", False, "stopped")])
    return found
