"""A gateway in process with something of everything in its database, for whoever asks it anything."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from schemathesis.python import asgi
from sqlalchemy import Engine, event

from bot.accounts.access import COOKIE
from bot.accounts.sign_in import SignInLimits
from bot.channels.limits import RateLimits
from bot.channels.telegram.channel import Telegram
from bot.clock import now
from bot.content.source import parts
from bot.content.store import ContentStore
from bot.dialogue.turns import CONSENT_VERSION, Turns
from bot.editorial import workflow
from bot.gateway import create_app
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store import conversations, editions, invites, records, reminders, staff, transfer, unanswered
from bot.store.database import open_database
from bot.store.editorial_models import IN_REVIEW, Edition
from bot.store.staff_models import EDITOR, REVIEWER, ROLES, Clinic, User
from tests.accounts.staff import make_user
from tests.fake_rasa import FakeRasa

TOPIC, LANGUAGE = "topic/bed_rest", "da"  # a text that needs no safety suite
MORE = "Godt at vide."
SITE = "https://www.klinik.example"
Headers = dict[str, str]


class World:
    """The gateway, and what exists in it. What a request has used up is there again when it is next asked for."""

    def __init__(self, settings: Settings, content: ContentStore, *, rasa: FakeRasa | None = None) -> None:
        self.settings = settings
        self.engine: Engine = open_database(settings)
        if self.engine.dialect.name == "sqlite":  # a power cut is not what these tests are about
            event.listen(self.engine, "connect", lambda found, _: found.execute("PRAGMA synchronous=OFF"))
        self.rasa = rasa or FakeRasa()
        self.turns = Turns(self.engine, content, Screener.load(None), self.rasa, settings)  # type: ignore[arg-type]
        self.app = create_app(settings, self.turns)
        self.client = asgi.get_client(self.app)
        self.client.__enter__()
        self.clinic = Clinic(id="torvet", name="Lægerne på Torvet", phone="12 34 56 78", origins=[SITE])
        invites.keep_clinic(self.engine, self.clinic)
        self.users = {role: self._user([role]) for role in ROLES} | {"all": self._user(list(ROLES))}
        self.colleague = self._user([EDITOR, REVIEWER], signs_off=True)
        self.token, self.conversation = "", ""

    def _user(self, roles: list[str], **fields: Any) -> User:
        return make_user(self.engine, roles=roles, clinic_id=self.clinic.id, **fields)

    def close(self) -> None:
        """Ends the gateway."""
        asgi.shutdown_lifespans()
        self.engine.dispose()

    def open_doors(self) -> None:
        """As if nobody had knocked before: these limits hold even where RATE_LIMIT=off."""
        self.app.state.sign_in_limits = SignInLimits()

    def telegram(self) -> str:
        """A webhook that takes updates and hands them to nobody; the secret that Telegram sends along."""
        bot = {"telegram_token": SecretStr(f"1:{'a' * 35}"), "telegram_api": "http://127.0.0.1:9"}
        self.turns.settings = self.settings.model_copy(update=bot | {"telegram_mode": "webhook"})
        channel = self.app.state.telegram = Telegram(self.turns, RateLimits("off", "off"))
        self.turns.settings = self.settings
        return channel.secret

    # -- who asks ---------------------------------------------------------------------------------------------------

    def patient(self) -> str:
        """The session token of somebody who has a plan, a check-in, an agreement and a question put aside."""
        if not conversations.find(self.engine, self.token):
            self.token, self.conversation = self._somebody()
        return self.token

    def _somebody(self) -> tuple[str, str]:
        token, found = conversations.create(self.engine, language=LANGUAGE)
        conversations.change(self.engine, found.id, consent_version=CONSENT_VERSION, consented_at=now())
        records.keep_plan(self.engine, found.id, {"activity": "gå tur", "step": "ti minutter"})
        records.add_check_in(self.engine, found.id, {"pain": 4, "hindrance": 3, "confidence": 7, "step": "done"})
        records.add_safety_check(self.engine, found.id, {"cauda_equina": "no"})
        reminders.agree(self.engine, found.id, lambda *_: ("check_in", now()), rhythm="weekly", hour=17)
        unanswered.note(self.engine, found.id, language=LANGUAGE, reason="not_understood", text="må jeg cykle?")
        return token, found.id

    def session(self, who: str, *, csrf: bool = True, passed: bool = True) -> Headers:
        """The headers of a browser with a new session of the user with this role, or with "all"."""
        token = staff.open_session(self.engine, self.users[who].id, passed=passed)
        found = staff.session_of(self.engine, token)
        assert found
        return {"Cookie": f"{COOKIE}={token}"} | ({"X-CSRF": found[0].csrf} if csrf else {})

    # -- what there is ----------------------------------------------------------------------------------------------

    def real(self, path: str, name: str) -> str:
        """Something that exists, for a place in a path: whoever guesses at random never meets it."""
        made = {
            "code": lambda: self._code(path),
            "edition_id": lambda: str(secrets.choice([self._draft(), self._in_review()]).id),
            "user_id": lambda: self.colleague.id,
            "clinic_id": lambda: self.clinic.id,
            "invite_id": lambda: self.invite()[1],
            "question_id": lambda: str(self._question()),
            "key": lambda: TOPIC,
            "language": lambda: LANGUAGE,
            "version": lambda: self.desk.live.get(TOPIC, LANGUAGE).version,
            "kind": lambda: secrets.choice(["svg", "png"]),
            "step": lambda: "save",
        }
        return made[name]()

    @property
    def desk(self) -> workflow.Desk:
        """The editors' desk of this gateway."""
        found: workflow.Desk = self.app.state.desk
        return found

    def _code(self, path: str) -> str:
        start = path.split("/")[1]
        if start in ("i", "embed"):
            return self.invite()[0]
        if start == "password":
            return staff.password_link(self.engine, self.colleague.id)
        self.patient()
        if start == "move":
            return transfer.offer(self.engine, self.conversation)
        return records.share(self.engine, self.conversation, LANGUAGE, now() + timedelta(days=1))

    def invite(self) -> tuple[str, str]:
        """The code and the id of a new invite of the clinician with every role."""
        until = now() + timedelta(days=30)
        owner, place = self.users["all"].id, self.clinic.id
        code, made = invites.make(self.engine, user_id=owner, clinic_id=place, most=200, expires_at=until)
        return code, made.id

    def _draft(self) -> Edition:
        return workflow.begin(self.desk, self.users["all"], TOPIC, LANGUAGE)

    def _in_review(self) -> Edition:
        waiting = editions.editions(self.engine, states=(IN_REVIEW,), key=TOPIC, language=LANGUAGE)
        for found in waiting:
            if found.author_id == self.colleague.id and not workflow.behind(self.desk, found):
                return found
        draft = workflow.begin(self.desk, self.colleague, TOPIC, LANGUAGE)
        workflow.rebase(self.desk, self.colleague, draft)
        draft = editions.edition(self.engine, draft.id or 0) or draft
        was = parts(self.desk.live.files.get(TOPIC, LANGUAGE).source)
        words = was.body if MORE in self.desk.live.get(TOPIC, LANGUAGE).source else f"{MORE} {was.body}"
        draft = workflow.save(self.desk, self.colleague, draft, draft.revision, replace(was, body=words))
        workflow.submit(self.desk, self.colleague, draft)
        return editions.edition(self.engine, draft.id or 0) or draft

    def _question(self) -> int:
        self.patient()
        rows = unanswered.worklist(self.engine, now() - timedelta(days=30))
        return int(rows[0]["id"]) if rows else 1
