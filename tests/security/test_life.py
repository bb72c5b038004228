"""Lives of conversations in any order: consent, invites, messages and the same ones again, links, and erasure."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)  # fmt: skip
from sqlmodel import Session, SQLModel, select

from bot.store import conversations, transfer
from tests.security.fuzz import QUIET
from tests.security.world import World

MODELS = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
WORDS = ("{} må jeg løbe?", "{} jeg kan ikke tisse", "{}", "mit cpr er 010190-1234 {}", "{}\n{}", "/restart {}")
MENU = {"key": "control/menu"}
KEPT = [
    MENU,
    {"key": "plan/kept", "plan": {"activity": "{}", "step": "{}"}},
    {"key": "control/my_data"},
]
LINKS = ({"key": "summary/shared", "share": "link"}, {"key": "summary/shared_staff", "share": "staff"})


def everything(world: World) -> dict[str, str]:
    """All that the database holds, read with the key, by table."""
    with Session(world.engine) as session:
        return {
            model.__tablename__: repr([row.model_dump() for row in session.exec(select(model))]) for model in MODELS
        }


class Person:
    """Somebody in a browser, and the words that only they write."""

    def __init__(self, world: World, invite: str | None) -> None:
        started = world.client.post("/api/chat", json={"language": "da", "invite": invite})
        assert started.status_code == 201
        self.world, self.consented, self.secret = world, False, f"kanariefugl{secrets.token_hex(6)}"
        self.token = started.json()["token"]
        self.id = conversations.find(world.engine, self.token).id  # type: ignore[union-attr]
        self.offered: dict[str, str] = {}
        self.sent: dict[str, tuple[dict[str, Any], Any, bool]] = {}
        self.links: list[str] = []
        self.look(started.json()["messages"])

    def ask(self, method: str, path: str, **more: Any) -> Any:
        more.setdefault("headers", {"Authorization": f"Bearer {self.token}"})
        answer = self.world.client.request(method, path, allow_redirects=False, timeout=20, **more)
        assert answer.status_code < 500
        return answer

    def look(self, replies: list[dict[str, Any]]) -> None:
        self.offered |= {choice["name"]: choice["value"] for reply in replies for choice in reply["choices"]}

    def send(self, body: dict[str, Any], says: dict[str, Any] = MENU) -> Any:
        """Sends a text or a choice; what Rasa says to it."""
        self.world.rasa.says = [says]
        body = {"id": secrets.token_hex(6)} | body
        answer = self.ask("POST", "/api/chat/messages", json=body)
        assert answer.status_code == 200, answer.text
        self.sent[body["id"]] = (body, answer.json(), self.consented)
        self.look(answer.json()["messages"])
        return answer.json()["messages"]

    def stands(self) -> dict[str, str]:
        """All that is kept of this conversation, as the person would take it away."""
        return {path: self.ask("GET", f"/api/chat/{path}").text for path in ("messages", "export")}


class Lives(RuleBasedStateMachine):
    """Every step over the gateway; what must hold is looked for in every table."""

    world: World
    people, links = Bundle("people"), Bundle("links")

    @initialize(target=people)
    def somebody_else(self) -> Any:
        """Who says a few things and then only watches."""
        self.invites: list[str] = []
        self.gone: list[Person] = []
        self.here: list[Person] = []
        self.watcher = Person(self.world, None)
        self.watcher.consented = True
        self.watcher.send({"choice": self.watcher.offered["consent_yes"]})
        self.watcher.send({"text": f"jeg har ondt i ryggen {self.watcher.secret}"})
        self.before = self.watcher.stands()
        return multiple()

    @rule(target=people, invited=st.booleans())
    def begin(self, invited: bool) -> Person:
        code = self.world.invite()[0] if invited else None
        self.invites += [code] if code else []
        found = Person(self.world, code)
        self.here.append(found)
        return found

    @rule(person=people, words=st.sampled_from(WORDS), says=st.sampled_from(KEPT))
    def write(self, person: Person, words: str, says: dict[str, Any]) -> None:
        filled = {name: part.replace("{}", person.secret) for name, part in says.get("plan", {}).items()}
        person.send({"text": words.replace("{}", person.secret)}, says | ({"plan": filled} if filled else {}))

    @rule(person=people)
    def agree(self, person: Person) -> None:
        if not person.consented:
            person.consented = True
            person.send({"choice": person.offered["consent_yes"]})

    @rule(person=people)
    def decline(self, person: Person) -> None:
        if not person.consented:
            person.send({"choice": person.offered["consent_no"]})

    @rule(person=people, which=st.integers(0, 50))
    def say_it_again(self, person: Person, which: int) -> None:
        """The same answer; but nothing said before consent is stored, so afterwards it is said anew."""
        if not person.sent:
            return
        body, answered, consented = list(person.sent.values())[which % len(person.sent)]
        if consented == person.consented:
            self.world.rasa.says = [{"key": "control/goodbye"}]
            assert person.ask("POST", "/api/chat/messages", json=body).json() == answered

    @rule(person=people)
    def switch_language(self, person: Person) -> None:
        assert person.ask("PUT", "/api/chat/language", json={"language": "da"}).status_code == 200

    @rule(target=links, person=people, how=st.sampled_from(LINKS))
    def share(self, person: Person, how: dict[str, Any]) -> Any:
        if not person.consented:
            return multiple()
        said = person.send({"text": "del mit overblik"}, how)
        code = said[-1]["text"].partition("/s/")[2].split()[0].strip(".)*")
        person.links.append(f"/s/{code}")
        assert person.ask("GET", f"/s/{code}", headers={}).status_code == (200 if how["share"] == "link" else 403)
        return person, f"/s/{code}"

    @rule(person=people)
    def offer_to_move(self, person: Person) -> None:
        person.links.append(f"/move/{transfer.offer(self.world.engine, person.id)}")
        assert person.ask("GET", person.links[-1], headers={}).status_code == 200

    @rule(person=people)
    def move(self, person: Person) -> None:
        """The code works once, and the token before it no more."""
        code = transfer.offer(self.world.engine, person.id)
        page = person.ask("POST", f"/move/{code}", headers={})
        assert person.ask("GET", "/api/chat/messages").status_code == 401
        person.token = page.text.partition('name="token" value="')[2].partition('"')[0]
        assert person.ask("GET", "/api/chat/messages").status_code == 200
        assert person.ask("POST", f"/move/{code}", headers={}).status_code == 404

    @rule(person=consumes(people), way=st.sampled_from(["api", "page", "chat"]))
    def erase(self, person: Person, way: str) -> None:
        if way == "api":
            assert person.ask("DELETE", "/api/chat").status_code == 204
        elif way == "page" or not person.consented:
            form = {"token": person.token, "sure": "yes"}
            assert person.ask("POST", "/me/erase", data=form, headers={}).status_code == 200
        else:
            assert person.send({"text": "slet alt"}, {"key": "control/deleted"})[0]["key"] == "control/deleted"
        self.here.remove(person)
        self.gone.append(person)
        self.all_doors_are_shut(person)

    def all_doors_are_shut(self, person: Person) -> None:
        """The token, the links and the codes open nothing, and a message sent again says nothing."""
        for path in ("messages", "export", "events"):
            assert person.ask("GET", f"/api/chat/{path}").status_code == 401
        for link in person.links:
            assert person.ask("GET", link, headers={}).status_code == 404
        for body, *_ in list(person.sent.values())[:3]:
            assert person.ask("POST", "/api/chat/messages", json=body).status_code == 401
        for page in ("plan", "data", "data.json", "summary", "link", "calendar.ics"):
            answer = person.ask("POST", f"/me/{page}", data={"token": person.token}, headers={})
            assert answer.status_code == 401 and person.secret not in answer.text
        assert person.ask("POST", "/chat", data={"token": person.token}, headers={}).status_code == 401

    @invariant()
    def nothing_is_kept_that_must_not_be(self) -> None:
        tables = everything(self.world)
        for person in self.here:
            if not person.consented:
                assert [name for name, rows in tables.items() if person.secret in rows] == []
        for person in self.gone:
            assert [name for name, rows in tables.items() if person.secret in rows or person.id in rows] == []
            assert not self.world.turns.doorstep.said(person.id)
        assert not any("010190-1234" in rows for rows in tables.values())

    @invariant()
    def nobody_else_notices(self) -> None:
        if hasattr(self, "watcher"):
            assert self.watcher.stands() == self.before

    def teardown(self) -> None:
        """What the next life does not need."""
        for person in [*self.here, self.watcher]:
            person.ask("DELETE", "/api/chat")
        for code in self.invites:  # an invite goes on for others
            assert self.world.client.get(f"/i/{code}").status_code == 200


def test_lives_in_any_order_keep_what_was_promised(world: World) -> None:
    Lives.world = world
    quiet = settings(QUIET, stateful_step_count=25, phases=(Phase.generate,))
    run_state_machine_as_test(Lives, settings=quiet)


@pytest.mark.parametrize("way", ["api", "page"])
def test_what_is_on_its_way_when_somebody_erases_is_nowhere_afterwards(world: World, way: str) -> None:
    person = Person(world, None)
    person.consented = True
    person.send({"choice": person.offered["consent_yes"]})
    world.rasa.delay = 0.4
    try:
        with ThreadPoolExecutor(1) as beside:
            late = beside.submit(person.ask, "POST", "/api/chat/messages", json={"id": "x", "text": person.secret})
            sleep(0.2)
            form = {"data": {"token": person.token, "sure": "yes"}, "headers": {}}
            person.ask("DELETE", "/api/chat") if way == "api" else person.ask("POST", "/me/erase", **form)
            late.result()
    finally:
        world.rasa.delay = 0.0
    tables = everything(world)
    assert [name for name, rows in tables.items() if person.secret in rows or person.id in rows] == []
