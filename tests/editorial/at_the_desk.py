"""What tests let editors do: write a text, have it go live, and start again with a file that has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Engine

from bot.content.source import parts
from bot.content.store import ContentStore, load
from bot.content.texts import parse
from bot.editorial import workflow
from bot.editorial.live import LiveContent
from bot.editorial.workflow import Desk
from bot.store import editions
from bot.store.database import open_database
from bot.store.editorial_models import Edition
from bot.store.staff_models import User
from bot.supervisor import Parts
from tests.accounts.staff import make_user


def furnished(engine: Engine, content: ContentStore) -> Desk:
    """A desk with files of its own, which a test may change."""
    live = LiveContent(replace(content, texts=dict(content.texts)), engine)
    live.begin()
    return Desk(engine, live)


def beside(parts: Parts) -> Iterator[Desk]:
    """A desk at the database of a running gateway; what it puts live the gateway sees within seconds."""
    engine = open_database(parts.settings)
    try:
        live = LiveContent(load(), engine)
        live.begin()
        yield Desk(engine, live)
    finally:
        engine.dispose()


def editor(desk: Desk, name: str) -> User:
    return make_user(desk.engine, roles=["editor", "reviewer"], name=name, signs_off=True)


def drafted(desk: Desk, author: User, key: str, words: str, language: str = "da") -> Edition:
    """A draft whose first words are these."""
    draft = workflow.begin(desk, author, key, language)
    was = parts(draft.source)
    return workflow.save(desk, author, draft, draft.revision, replace(was, body=f"{words} {was.body}"))


def published(desk: Desk, author: User, approver: User, key: str, words: str) -> str:
    """The version of a text that goes live with these first words."""
    draft = drafted(desk, author, key, words)
    workflow.submit(desk, author, draft)
    found = editions.edition(desk.engine, draft.id or 0)
    assert found and workflow.approve(desk, approver, found)
    return desk.live.get(key, "da").version


def file_changes(desk: Desk, key: str, words: str) -> str:
    """The version of a file that has these first words at the next start."""
    old = desk.live.files.get(key, "da")
    body = parts(old.source).body
    source = old.source.replace(body, f"{words} {body}")
    return file_is(desk, key, source)


def file_is(desk: Desk, key: str, source: str) -> str:
    files = desk.live.files
    text = parse(source, key, "da", files.titles["da"], files.get(key, "da").path)
    files.texts[key, "da"] = text
    desk.live.begin()
    desk.live.serial = -1
    desk.live.refresh()
    return text.version
