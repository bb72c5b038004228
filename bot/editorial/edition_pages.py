"""The pages of an edition: where its author writes, where others read and decide, and where two saves met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import HTMLResponse

from bot.accounts.access import Missing
from bot.accounts.pages import moment
from bot.content.shared_words import MOST, is_shared
from bot.content.source import Parts, parts, put_together, signed
from bot.content.store import fill
from bot.editorial import catalogue, preview, suite, workflow
from bot.editorial.as_patients import as_patients
from bot.editorial.difference import Change, changes
from bot.editorial.edition_form import number
from bot.editorial.pages import Here
from bot.editorial.preview import other_of
from bot.store import editions
from bot.store.editions import OPEN
from bot.store.editorial_models import APPROVED, DRAFT, DROPPED, IN_REVIEW, LIVE, SUPERSEDED, Edition
from bot.store.staff_models import EDITOR, REVIEWER

ONLY_THE_AUTHORS = (DRAFT, DROPPED)
GONE_LIVE = (LIVE, SUPERSEDED)
MOST_TITLE = 40  # characters that a button shows


def find(here: Here, edition_id: str) -> Edition:
    """The edition of an address. Raises Missing for none, for another's draft, and for a text that is no more."""
    edition = editions.edition(here.desk.engine, number(edition_id)) if number(edition_id) else None
    if not edition or workflow.place(edition) not in here.desk.live.texts:
        raise Missing
    if edition.author_id != here.user.id and edition.state in ONLY_THE_AUTHORS:
        raise Missing
    return edition


def path(edition: Edition, step: str = "") -> str:
    """The address of an edition, or of a step with it."""
    return f"/editor/edition/{edition.id}{'/' if step else ''}{step}"


def page_of(
    here: Here, edition: Edition, *, mine: Parts | None = None, status: int = 200, **more: Any
) -> HTMLResponse:
    """The page of an edition for whoever looks: to write on for the author of a draft, else to read. `mine` is what
    the author has written and not saved."""
    writes = edition.state == DRAFT and edition.author_id == here.user.id and here.who.has(EDITOR)
    if writes:
        return _write_page(here, edition, mine or parts(edition.source), status, **more)
    return _read_page(here, edition, status, **more)


def _write_page(here: Here, edition: Edition, written: Parts, status: int, **more: Any) -> HTMLResponse:
    found = _look(here, edition, put_together(edition.source, written))
    given = _known(here, edition) | {
        "parts": written,
        "seen": found,
        "shown": preview.pieces(here.desk.live, found, here.language, writing=True),
        "most_title": MOST_TITLE,
        "most": workflow.LONGEST_SOURCE,
        "least": workflow.SHORTEST_REASON,
        "behind": _behind(here, edition),
    }
    return here.page("edition_write.html", status=status, **given | more)


def _read_page(here: Here, edition: Edition, status: int, **more: Any) -> HTMLResponse:
    found = _look(here, edition, edition.source)
    live, user = here.desk.live, here.user
    given = _known(here, edition) | {
        "seen": found,
        "shown": preview.pieces(live, found, here.language),
        "changed": _difference(here, _before(here, edition), edition.source),
        "behind": _behind(here, edition) if edition.state in (IN_REVIEW, APPROVED) else None,
        "suite": suite.result(edition),
        "refusal": _may_not_approve(here, edition),
        "reviews": REVIEWER in user.roles and edition.author_id != user.id,
        "flagged": bool(edition.emergency_reason) and not edition.reviewed_by and edition.state in GONE_LIVE,
    }
    return here.page("edition.html", status=status, **given | more)


def conflict_page(here: Here, now: Edition, mine: Parts) -> HTMLResponse:
    """Two saves met: what is saved now, what was written here, and the difference. Nothing is lost."""
    given = _known(here, now) | {
        "parts": mine,
        "changed": _difference(here, now.source, put_together(now.source, mine)),
        "saved": parts(now.source),
        "most_title": MOST_TITLE,
        "most": workflow.LONGEST_SOURCE,
        "seen": _look(here, now, put_together(now.source, mine)),
    }
    return here.page("edition_conflict.html", status=409, **given)


def look_of(here: Here, edition: Edition, written: Parts) -> preview.Look:
    """What there is to see of these parts in the place of the edition's own."""
    return _look(here, edition, put_together(edition.source, written))


def _look(here: Here, edition: Edition, source: str) -> preview.Look:
    return preview.look(here.desk.live, edition.key, edition.language, source, here.language)


def _known(here: Here, edition: Edition) -> dict[str, Any]:
    """What every page of an edition shows."""
    other = other_of(edition.language)
    live = here.desk.live
    words = here.service.content.work[here.language]["editing"]
    names = catalogue.names(here.desk.engine)
    beside = editions.editions(here.desk.engine, states=OPEN, key=edition.key, language=edition.language)
    done = words.get(f"done_{here.request.query_params.get('done', '')}")
    standing = live.texts.get((edition.key, other))
    return {
        "F": words,
        "edition": edition,
        "spoken": edition.language,
        "other": other,
        "title": live.get(edition.key, edition.language).title,
        "safety": workflow.is_safety(edition.key),
        "shared": is_shared(edition.key),
        "most_shared": MOST.get(edition.key.partition("/")[0], 0),
        "author": names.get(edition.author_id, ""),
        "names": names,
        "remarks": editions.remarks(here.desk.engine, edition.id or 0),
        "beside": [each for each in beside if each.id != edition.id],  # their names; a draft's words are not shown
        "other_live": as_patients(live, edition.key, other) if standing else None,
        "other_title": standing.title if standing else "",
        "all_sources": live.sources[here.language],
        "notice": fill(done, {"at": moment(here.language)(edition.live_at)}) if done else None,
        "path": path,
    }


def _before(here: Here, edition: Edition) -> str:
    """What the edition is compared with: what is live, or for one that went live what was before it."""
    live = here.desk.live.get(edition.key, edition.language)
    if edition.state not in GONE_LIVE:
        return live.source
    return _base(here, edition)


def _behind(here: Here, edition: Edition) -> list[Change] | None:
    """What went live since the edition began, as a difference; None when it is up to date."""
    if not workflow.behind(here.desk, edition):
        return None
    return _difference(here, _base(here, edition), here.desk.live.get(*workflow.place(edition)).source)


def _base(here: Here, edition: Edition) -> str:
    """What was live when the edition began; every version that ever was live is kept."""
    kept = editions.version(here.desk.engine, edition.key, edition.language, edition.base_version)
    return kept.source if kept else here.desk.live.files.get(*workflow.place(edition)).source


def _difference(here: Here, before: str, after: str) -> list[Change]:
    titles: Mapping[str, str] = {name: each.title for name, each in here.desk.live.sources[here.language].items()}
    return changes(parts(signed(before, None, None)), parts(signed(after, None, None)), titles)


def _may_not_approve(here: Here, edition: Edition) -> str:
    """Why the one who looks may not approve, in words; empty when they may."""
    why = workflow.may_approve(here.user, edition)
    return here.refusal(workflow.Refused(why)) if why else ""
