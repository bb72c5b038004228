"""Steps of editing, as short as a test wants them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.content.source import parts
from bot.editorial import workflow
from bot.editorial.workflow import Desk
from bot.store import editions
from bot.store.editorial_models import Edition
from bot.store.staff_models import User

KEY = "topic/imaging"
CARD = "care/trauma"
MORE = {"da": "Det er godt at vide.", "en": "That is good to know."}
REASON = "Der stod noget forkert."
PASSED: dict[str, Any] = {"passed": True, "checks": []}


def fresh(desk: Desk, edition: Edition) -> Edition:
    """The edition as it stands now."""
    found = editions.edition(desk.engine, edition.id or 0)
    assert found
    return found


def longer(words: str) -> Callable[[str], str]:
    """A body with these words at its end."""
    return lambda body: f"{body} {words}"


def draft(
    desk: Desk, user: User, key: str = KEY, language: str = "da", change: Callable[[str], str] | None = None
) -> Edition:
    """A saved draft whose body was changed; by one sentence more unless told otherwise."""
    edition = workflow.begin(desk, user, key, language)
    was = parts(edition.source)
    body = (change or longer(MORE[language]))(was.body)
    return workflow.save(desk, user, edition, edition.revision, replace(was, body=body))


def submitted(desk: Desk, user: User, *args: Any, **kwargs: Any) -> Edition:
    """A changed text in review."""
    edition = draft(desk, user, *args, **kwargs)
    workflow.submit(desk, user, edition)
    return fresh(desk, edition)


def passed(desk: Desk, edition: Edition) -> Edition:
    """The edition after the safety suite has passed on it."""
    assert editions.note_suite(
        desk.engine, edition.id or 0, edition.revision, PASSED | {"revision": edition.revision}
    )
    return fresh(desk, edition)


def published(desk: Desk, author: User, reviewer: User, *args: Any, **kwargs: Any) -> Edition:
    """A changed text that is live."""
    edition = submitted(desk, author, *args, **kwargs)
    if workflow.is_safety(edition.key):
        edition = passed(desk, edition)
    assert workflow.approve(desk, reviewer, edition)
    return fresh(desk, edition)


def says(desk: Desk, words: str, key: str = KEY, language: str = "da") -> bool:
    """Whether the text that is live says these words."""
    return any(words in bubble for bubble in desk.live.get(key, language).bubbles)
