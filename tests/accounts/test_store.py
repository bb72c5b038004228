"""What is kept about those who work here, on each kind of database: also when two do the same at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from bot.accounts import totp
from bot.clock import now
from bot.content.store import ContentStore
from bot.dialogue.turns import Turns
from bot.gateway import create_app
from bot.screening.screener import Screener
from bot.settings import Settings
from bot.store import staff
from bot.store.staff_models import ADMIN, EDITOR, REVIEWER
from tests.accounts.staff import make_user
from tests.fake_rasa import FakeRasa
from tests.running import wait_until
from tests.time_travel import Clock


def both_at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each gave, or the exception it raised."""
    ready = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(at: int, call: Callable[[], Any]) -> None:
        ready.wait()
        try:
            results[at] = call()
        except Exception as error:
            results[at] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_last_active_admin_stays_one(engine: Engine) -> None:
    karen = make_user(engine, roles=[ADMIN])
    make_user(engine, roles=[EDITOR])
    for change in ({"active": False}, {"roles": [EDITOR]}, {"roles": []}):
        with pytest.raises(staff.LastAdmin):
            staff.change_user(engine, karen.id, **change)
    found = staff.user(engine, karen.id)
    assert found and found.active and found.roles == [ADMIN]


def test_an_admin_who_is_not_active_does_not_count(engine: Engine) -> None:
    karen, per = make_user(engine, roles=[ADMIN]), make_user(engine, roles=[ADMIN])
    staff.change_user(engine, per.id, active=False)
    with pytest.raises(staff.LastAdmin):
        staff.change_user(engine, karen.id, active=False)
    staff.change_user(engine, per.id, active=True)
    staff.change_user(engine, karen.id, active=False)


@pytest.mark.parametrize("_", range(3))
def test_of_two_admins_who_remove_each_other_at_once_one_stays(engine: Engine, _: int) -> None:
    karen, per = make_user(engine, roles=[ADMIN]), make_user(engine, roles=[ADMIN])
    found = both_at_once(
        lambda: staff.change_user(engine, karen.id, active=False),
        lambda: staff.change_user(engine, per.id, roles=[EDITOR]),
    )
    assert sorted(type(each).__name__ for each in found) == ["LastAdmin", "NoneType"]
    assert len([each for each in staff.users(engine) if each.active and ADMIN in each.roles]) == 1


def test_a_place_without_an_admin_can_still_change_its_users(engine: Engine) -> None:
    ulla = make_user(engine, roles=[EDITOR])
    staff.change_user(engine, ulla.id, roles=[REVIEWER])
    staff.change_user(engine, ulla.id, active=False)


def test_an_address_belongs_to_one_user(engine: Engine) -> None:
    make_user(engine, roles=[], email="Karen@Klinik.dk")
    with pytest.raises(staff.EmailTaken):
        make_user(engine, roles=[], email="karen@klinik.DK")


def test_a_link_sets_the_password_once_even_for_two_at_once(engine: Engine) -> None:
    karen = make_user(engine, roles=[])
    code = staff.password_link(engine, karen.id)
    found = both_at_once(*(lambda name=name: staff.use_link(engine, code, name) for name in ("a", "b")))
    used = [each for each in found if each]
    assert len(used) == 1 and used[0].id == karen.id
    after = staff.user(engine, karen.id)
    assert after and after.password_hash == ("a" if found[0] else "b")
    assert staff.use_link(engine, code, "c") is None


def test_a_link_signs_out_everywhere(engine: Engine) -> None:
    karen = make_user(engine, roles=[])
    token = staff.open_session(engine, karen.id, passed=True)
    staff.use_link(engine, staff.password_link(engine, karen.id), "hash")
    assert staff.session_of(engine, token) is None


def test_a_new_link_ends_the_one_before(engine: Engine) -> None:
    karen = make_user(engine, roles=[])
    first, second = staff.password_link(engine, karen.id), staff.password_link(engine, karen.id)
    assert staff.user_of_link(engine, first) is None
    assert staff.user_of_link(engine, second)


def test_a_link_works_for_two_days(engine: Engine, clock: Clock) -> None:
    code = staff.password_link(engine, make_user(engine, roles=[]).id)
    clock.forward(timedelta(hours=47))
    assert staff.user_of_link(engine, code)
    clock.forward(timedelta(hours=2))
    assert staff.user_of_link(engine, code) is None
    assert staff.use_link(engine, code, "hash") is None


def test_whoever_may_not_sign_in_any_more_has_no_link_either(engine: Engine) -> None:
    karen = make_user(engine, roles=[])
    code = staff.password_link(engine, karen.id)
    staff.change_user(engine, karen.id, active=False)
    assert staff.user_of_link(engine, code) is None
    staff.change_user(engine, karen.id, active=True)
    assert staff.user_of_link(engine, code) is None


def test_the_second_factor_changes_the_token_and_only_one_of_two_at_once_gets_it(engine: Engine) -> None:
    karen = make_user(engine, roles=[])
    half = staff.open_session(engine, karen.id, passed=False)
    found = both_at_once(lambda: staff.pass_second(engine, half), lambda: staff.pass_second(engine, half))
    tokens = [each for each in found if each]
    assert len(tokens) == 1 and tokens[0] != half
    assert staff.session_of(engine, half) is None
    opened = staff.session_of(engine, tokens[0])
    assert opened and opened[0].passed


def test_a_code_of_the_phone_is_spent_once_even_by_two_at_once(engine: Engine) -> None:
    karen = make_user(engine, roles=[])
    found = both_at_once(*[lambda: staff.spend_totp_step(engine, karen.id, 1000)] * 2)
    assert sorted(found) == [False, True]
    assert not staff.spend_totp_step(engine, karen.id, 999)
    assert staff.spend_totp_step(engine, karen.id, 1001)


def test_an_identity_elsewhere_belongs_to_one_user_for_good(engine: Engine) -> None:
    karen, per = make_user(engine, roles=[]), make_user(engine, roles=[])
    assert staff.bind_subject(engine, karen.id, "one")
    assert staff.bind_subject(engine, karen.id, "one")
    assert not staff.bind_subject(engine, karen.id, "two")
    assert not staff.bind_subject(engine, per.id, "one")
    found = both_at_once(*(lambda name=name: staff.bind_subject(engine, per.id, name) for name in ("x", "y")))
    assert sorted(found) == [False, True]


def test_a_session_ends_after_a_pause_and_after_a_day(engine: Engine, clock: Clock) -> None:
    karen = make_user(engine, roles=[])
    token = staff.open_session(engine, karen.id, passed=True)
    for _ in range(24):
        clock.forward(timedelta(minutes=29))
        assert staff.session_of(engine, token)
    clock.forward(timedelta(minutes=25))
    assert staff.session_of(engine, token) is None
    idle = staff.open_session(engine, karen.id, passed=True)
    clock.forward(timedelta(minutes=31))
    assert staff.session_of(engine, idle) is None


def test_what_has_ended_is_forgotten(engine: Engine, clock: Clock) -> None:
    karen = make_user(engine, roles=[])
    staff.open_session(engine, karen.id, passed=True)
    staff.password_link(engine, karen.id)
    clock.forward(timedelta(hours=49))
    fresh = staff.open_session(engine, karen.id, passed=True)
    staff.forget_sessions(engine)
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from staffsession")).scalar() == 1
        assert connection.execute(text("select count(*) from passwordlink")).scalar() == 0
    assert staff.session_of(engine, fresh)


def test_the_gateway_forgets_by_itself(
    either: Settings, engine: Engine, content: ContentStore, rasa: FakeRasa, clock: Clock
) -> None:
    staff.open_session(engine, make_user(engine, roles=[]).id, passed=True)
    clock.forward(timedelta(hours=13))

    def kept() -> Any:
        with engine.connect() as connection:
            return connection.execute(text("select count(*) from staffsession")).scalar()

    assert kept() == 1
    turns = Turns(engine, content, Screener.load(None), rasa, either)  # type: ignore[arg-type]
    with TestClient(create_app(either, turns)):
        wait_until(lambda: kept() == 0, 30)


@pytest.mark.parametrize("_", range(3))
def test_a_session_closed_while_another_request_uses_it_is_no_error(engine: Engine, clock: Clock, _: int) -> None:
    token = staff.open_session(engine, make_user(engine, roles=[]).id, passed=True)
    clock.forward(timedelta(minutes=1))
    found = both_at_once(lambda: staff.session_of(engine, token), lambda: staff.close_session(engine, token))
    assert not [each for each in found if isinstance(each, Exception)]
    assert staff.session_of(engine, token) is None


def test_no_secret_stands_in_the_database_as_it_is(engine: Engine) -> None:
    karen = make_user(engine, roles=[], password="tretten grønne heste")
    secret = totp.new_secret()
    staff.change_user(engine, karen.id, totp_secret=secret)
    token, code = staff.open_session(engine, karen.id, passed=True), staff.password_link(engine, karen.id)
    with engine.connect() as connection:
        tables = ("staffuser", "staffsession", "passwordlink")
        kept = " ".join(str(connection.execute(text(f"select * from {name}")).all()) for name in tables)
    assert not [each for each in (secret, token, code, "tretten") if each in kept]


def test_the_log_is_only_added_to(engine: Engine) -> None:
    karen = make_user(engine, roles=[])
    staff.note(engine, karen, "signed_in")
    for change in ("update audit set who = 'x'", "delete from audit"):
        with pytest.raises(DatabaseError), engine.begin() as connection:
            connection.execute(text(change))
    assert [line.who for line in staff.audit(engine)] == [karen.email]


def test_the_log_is_read_page_by_page_and_by_person_and_action(engine: Engine) -> None:
    karen, per = make_user(engine, roles=[]), make_user(engine, roles=[])
    for at in range(7):
        staff.note(engine, karen if at % 2 else per, "signed_in" if at < 5 else "signed_out", str(at))
    newest = staff.audit(engine, limit=3)
    assert [line.object for line in newest] == ["6", "5", "4"]
    assert [line.object for line in staff.audit(engine, limit=3, before=newest[-1].id)] == ["3", "2", "1"]
    assert [line.object for line in staff.audit(engine, who=karen.email)] == ["5", "3", "1"]
    assert [line.object for line in staff.audit(engine, who=karen.email, action="signed_out")] == ["5"]
    assert staff.audited(engine) == (sorted([karen.email, per.email]), ["signed_in", "signed_out"])
    assert newest[0].at <= now()
