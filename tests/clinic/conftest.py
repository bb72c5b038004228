"""A clinician before the gateway in process: what they can open and send."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.clock import now
from bot.content.store import ContentStore
from bot.dialogue.turns import Turns
from bot.gateway import create_app
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store import conversations, invites, records
from bot.store.models import Conversation
from bot.store.staff_models import CLINICIAN, Clinic, Invite, User
from tests.accounts.staff import make_user, sign_in
from tests.fake_rasa import FakeRasa

FORM = {
    "language": "da", "region": "sjaelland", "clinic_name": "Lægerne på Torvet", "clinic_phone": "12 34 56 78",
    "label": "Venteværelset", "most": "200", "days": "91", "once": "a form's own number",
}  # fmt: skip


@dataclass
class Clinician:
    """A signed-in clinician in a browser of their own."""

    browser: TestClient
    engine: Engine
    user: User
    csrf: str

    def get(self, path: str) -> Any:
        return self.browser.get(path)

    def post(self, path: str, **fields: Any) -> Any:
        sent = urlencode({"csrf": self.csrf, **fields}, doseq=True, errors="surrogatepass")
        return self.browser.post(path, content=sent, headers={"content-type": "application/x-www-form-urlencoded"})

    def send(self, **changed: Any) -> Any:
        """Sends the form that makes an invite."""
        return self.post("/clinic/invites/new", **FORM | changed)

    def own(self) -> list[Invite]:
        return invites.of_user(self.engine, self.user.id)

    def make(self, **changed: Any) -> tuple[Invite, str]:
        """Makes an invite by the form: it, and its code."""
        page = self.send(**changed)
        assert page.status_code == 200, page.text
        return self.own()[0], code_on(page.text)

    def stored(self, **fields: Any) -> Invite:
        """An invite in the database."""
        usual = {"most": 200, "expires_at": now() + timedelta(days=30)}
        return invites.make(self.engine, user_id=self.user.id, **usual | fields)[1]


def code_on(page: str) -> str:
    """The code of the invite whose link a page shows."""
    found = re.search(r"/i/([\w-]{22})\"", page)
    assert found
    return found[1]


def person(engine: Engine, invite: Invite, **fields: Any) -> Conversation:
    """Somebody who came by this invite."""
    _, found = conversations.create(engine, language="da", invite_hash=invite.code_hash, **fields)
    return found


def checked(engine: Engine, found: Conversation, **answers: str) -> None:
    """They finish a safety check with these answers."""
    records.add_safety_check(engine, found.id, {"cauda_equina": "no", **answers})


@pytest.fixture
def engine(client: TestClient) -> Engine:
    """The database of `client`."""
    found: Engine = client.app.state.turns.engine  # type: ignore[attr-defined]
    return found


@pytest.fixture
def clinician_of(client: TestClient, engine: Engine) -> Callable[..., Clinician]:
    """Makes clinicians, each in a browser of their own before the same gateway."""

    def of(**fields: Any) -> Clinician:
        browser = TestClient(client.app, follow_redirects=False)
        user = make_user(engine, **{"roles": [CLINICIAN]} | fields)
        return Clinician(browser, engine, user, sign_in(browser, engine, user))

    return of


@pytest.fixture
def clinician(clinician_of: Callable[..., Clinician], engine: Engine) -> Clinician:
    """A clinician of a clinic."""
    clinic = Clinic(id="torvet", name="Lægerne på Torvet", phone="12 34 56 78", region="sjaelland")
    invites.keep_clinic(engine, clinic)
    return clinician_of(clinic_id="torvet")


@pytest.fixture
def on_either(either: Settings, content: ContentStore, rasa: FakeRasa) -> Iterator[Clinician]:
    """A clinician before a gateway on a database of each kind."""
    from bot.store.database import open_database

    found = open_database(either)
    turns = Turns(found, content, Screener.load(None), rasa, either)  # type: ignore[arg-type]
    with TestClient(create_app(either, turns), follow_redirects=False) as browser:
        user = make_user(found, roles=[CLINICIAN])
        yield Clinician(browser, found, user, sign_in(browser, found, user))
    found.dispose()
