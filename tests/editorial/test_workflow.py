"""From a draft to what patients read: who may take which step, and what two at once cannot do to each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.content.source import parts
from bot.content.texts import version_of
from bot.editorial import workflow
from bot.editorial.workflow import Desk, Refused
from bot.store import editions, staff
from bot.store.editions import Stale
from bot.store.editorial_models import APPROVED, DRAFT, DROPPED, IN_REVIEW, LIVE, SUPERSEDED
from bot.store.staff_models import User
from tests.editorial.steps import (
    CARD,
    KEY,
    MORE,
    REASON,
    draft,
    fresh,
    longer,
    passed,
    published,
    says,
    submitted,
)

BOTH_WITH_A_VALUE = longer("{operator}.")  # a placeholder must be in both languages


def refused(code: str, step: Callable[..., object], *args: Any) -> Refused:
    """The step is refused for this reason."""
    with pytest.raises(Refused) as found:
        step(*args)
    assert found.value.code == code
    return found.value


# ---------------------------------------------------------------- the way of a text


def test_a_draft_holds_what_is_live_without_its_signature(desk: Desk, anna: User, karen: User) -> None:
    published(desk, anna, karen)
    assert desk.live.get(KEY, "da").signed
    edition = workflow.begin(desk, anna, KEY, "da")
    assert "reviewed_by: null" in edition.source and MORE["da"] in edition.source
    assert edition.base_version == desk.live.get(KEY, "da").version != version_of(edition.source)


def test_only_an_editor_begins_and_only_the_author_writes(desk: Desk, anna: User, erik: User, bo: User) -> None:
    refused("not_an_editor", workflow.begin, desk, bo, KEY, "da")
    edition = draft(desk, anna)
    for step in (workflow.submit, workflow.withdraw, workflow.drop, workflow.rebase):
        refused("not_the_author", step, desk, erik, edition)
    refused("not_the_author", workflow.save, desk, erik, edition, edition.revision, parts(edition.source))
    refused("not_the_author", workflow.emergency, desk, erik, edition, REASON)
    assert fresh(desk, edition).state == DRAFT


def test_a_text_is_approved_by_another_and_live_at_once(desk: Desk, anna: User, bo: User) -> None:
    edition = submitted(desk, anna)
    assert not says(desk, MORE["da"])
    assert workflow.approve(desk, bo, edition)
    assert says(desk, MORE["da"]) and fresh(desk, edition).state == LIVE
    assert fresh(desk, edition).version == desk.live.get(KEY, "da").version


def test_nobody_approves_their_own_text_whatever_their_roles(desk: Desk, karen: User) -> None:
    edition = submitted(desk, karen)
    refused("own_text", workflow.approve, desk, karen, edition)
    assert not says(desk, MORE["da"])


def test_who_does_not_review_does_not_approve(desk: Desk, anna: User, erik: User) -> None:
    refused("not_a_reviewer", workflow.approve, desk, anna, submitted(desk, erik))


def test_a_draft_is_not_approved(desk: Desk, anna: User, bo: User) -> None:
    refused("not_in_review", workflow.approve, desk, bo, draft(desk, anna))


def test_a_text_without_a_change_or_with_a_fault_is_not_submitted(desk: Desk, anna: User) -> None:
    same = workflow.begin(desk, anna, KEY, "da")
    refused("unchanged", workflow.submit, desk, anna, same)
    faulty = workflow.save(desk, anna, same, same.revision, replace(parts(same.source), body="x" * 501))
    refused("faults", workflow.submit, desk, anna, faulty)
    too_long = replace(parts(same.source), body="x" * workflow.LONGEST_SOURCE)
    assert refused("too_long", workflow.save, desk, anna, faulty, faulty.revision, too_long).values == {"most": 8000}


def test_a_save_from_an_older_page_is_refused_and_nothing_is_lost(desk: Desk, anna: User) -> None:
    edition = workflow.begin(desk, anna, KEY, "da")
    was = parts(edition.source)
    workflow.save(desk, anna, edition, edition.revision, replace(was, title="Fra den ene fane"))
    with pytest.raises(Stale):
        workflow.save(desk, anna, edition, edition.revision, replace(was, title="Fra den anden"))
    assert parts(fresh(desk, edition).source).title == "Fra den ene fane"


def test_a_reviewer_sends_back_with_a_reason_and_the_author_goes_on(desk: Desk, anna: User, bo: User) -> None:
    edition = submitted(desk, anna)
    refused("no_reason", workflow.send_back, desk, bo, edition, "  ")
    refused("not_a_reviewer", workflow.send_back, desk, anna, edition, "fordi")
    workflow.send_back(desk, bo, edition, "Sig det kortere.")
    assert fresh(desk, edition).state == DRAFT
    said = [(each.kind, each.words) for each in editions.remarks(desk.engine, edition.id or 0)]
    assert (DRAFT, "Sig det kortere.") in said
    workflow.submit(desk, anna, fresh(desk, edition))
    assert fresh(desk, edition).state == IN_REVIEW


def test_what_the_author_takes_back_can_no_longer_be_approved(desk: Desk, anna: User, bo: User) -> None:
    edition = submitted(desk, anna)
    workflow.withdraw(desk, anna, edition)
    refused("changed_meanwhile", workflow.approve, desk, bo, edition)
    assert fresh(desk, edition).state == DRAFT and not says(desk, MORE["da"])
    workflow.drop(desk, anna, fresh(desk, edition))
    assert fresh(desk, edition).state == DROPPED


def test_every_step_is_in_the_audit_log_with_names_and_no_words(desk: Desk, anna: User, bo: User) -> None:
    edition = published(desk, anna, bo)
    lines = [(each.who, each.action, each.object) for each in reversed(staff.audit(desk.engine))]
    steps = ["edition_begun", "edition_in_review", "edition_approved", "edition_live_approved"]
    assert [action for _, action, _ in lines] == steps
    assert {who for who, _, _ in lines} == {anna.email, bo.email} and {at for _, _, at in lines} == {f"da/{KEY}"}
    assert all(each.details == {"edition": edition.id} for each in staff.audit(desk.engine))


# ---------------------------------------------------------------- safety texts


def test_a_safety_text_needs_a_clinician_and_the_suite_on_these_very_words(
    desk: Desk, anna: User, bo: User, karen: User
) -> None:
    edition = submitted(desk, anna, CARD)
    refused("needs_sign_off", workflow.approve, desk, bo, edition)
    refused("suite_not_passed", workflow.approve, desk, karen, edition)
    for found in ({"running": True}, {"passed": False}):
        editions.note_suite(desk.engine, edition.id or 0, edition.revision, found)
        refused("suite_not_passed", workflow.approve, desk, karen, fresh(desk, edition))
    edition = passed(desk, edition)
    workflow.withdraw(desk, anna, edition)
    workflow.submit(desk, anna, fresh(desk, edition))
    refused("suite_not_passed", workflow.approve, desk, karen, fresh(desk, edition))  # it passed on an earlier one
    assert workflow.approve(desk, karen, passed(desk, fresh(desk, edition)))
    text = desk.live.get(CARD, "da")
    assert text.signed and text.reviewed_by == "Karen Holm"


def test_a_signature_is_the_clinicians_only(desk: Desk, anna: User, bo: User) -> None:
    published(desk, anna, bo)
    assert not desk.live.get(KEY, "da").signed


# ---------------------------------------------------------------- two languages, and what went live meanwhile


def test_languages_that_need_each_other_go_live_together(desk: Desk, second: Desk, anna: User, bo: User) -> None:
    danish = submitted(desk, anna, change=BOTH_WITH_A_VALUE)
    english = submitted(desk, anna, language="en", change=BOTH_WITH_A_VALUE)
    assert not workflow.approve(desk, bo, danish)
    assert fresh(desk, danish).state == APPROVED and not says(desk, "{operator}")
    assert workflow.approve(second, bo, english)  # at another gateway
    desk.live.refresh()
    for edition in (danish, english):
        assert fresh(desk, edition).state == LIVE and says(desk, "{operator}", language=edition.language)


def test_a_language_that_stands_by_itself_does_not_wait(desk: Desk, anna: User, bo: User) -> None:
    waiting = submitted(desk, anna, change=BOTH_WITH_A_VALUE)
    assert not workflow.approve(desk, bo, waiting)
    assert workflow.approve(desk, bo, submitted(desk, anna, language="en"))
    assert says(desk, MORE["en"], language="en") and fresh(desk, waiting).state == APPROVED


def test_a_text_begun_before_another_went_live_must_take_it_into_account(
    desk: Desk, anna: User, erik: User, bo: User
) -> None:
    later, in_review = draft(desk, anna), submitted(desk, erik, change=longer("Det er helt fint."))
    third = staff.add_user(desk.engine, email="c@klinik.example", name="C", roles=["editor"])
    published(desk, third, bo, change=longer("Det går nok."))
    assert workflow.behind(desk, later)
    refused("live_changed", workflow.submit, desk, anna, later)
    refused("live_changed", workflow.approve, desk, bo, in_review)
    refused("live_changed", workflow.emergency, desk, anna, later, REASON)
    workflow.rebase(desk, anna, later)
    workflow.submit(desk, anna, fresh(desk, later))
    assert workflow.approve(desk, bo, fresh(desk, later))
    assert says(desk, MORE["da"]) and not says(desk, "Det går nok.")


def at_once(monkeypatch: pytest.MonkeyPatch, meet_in: str, *steps: Callable[[], object]) -> list[object]:
    """Takes steps that meet in a function of bot.store.editions, having looked at the same: what each gives."""
    ready, step_into = threading.Barrier(len(steps), timeout=20), getattr(editions, meet_in)

    def meeting(*args: Any, **kwargs: Any) -> Any:
        ready.wait()
        return step_into(*args, **kwargs)

    def outcome(step: Callable[[], object]) -> object:
        try:
            return step()
        except Refused as error:
            return error.code

    with monkeypatch.context() as patch, ThreadPoolExecutor(len(steps)) as pool:
        patch.setattr(editions, meet_in, meeting)
        return list(pool.map(outcome, steps))


def test_of_two_who_approve_the_same_text_at_once_one_does(
    desk: Desk, second: Desk, anna: User, bo: User, erik: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = submitted(desk, anna)
    approvals = (lambda: workflow.approve(desk, bo, edition), lambda: workflow.approve(second, erik, edition))
    assert sorted(map(str, at_once(monkeypatch, "move", *approvals))) == ["True", "changed_meanwhile"]
    assert len(editions.history(desk.engine, KEY, "da")) == 1
    approved = [each for each in editions.remarks(desk.engine, edition.id or 0) if each.kind == APPROVED]
    assert [each.user_id for each in approved] == [fresh(desk, edition).approved_by]


def test_of_two_texts_approved_at_once_one_goes_live_and_the_other_is_kept(
    desk: Desk, second: Desk, anna: User, erik: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = submitted(desk, anna), submitted(desk, erik, change=longer("Det går nok."))
    approvals = (lambda: workflow.approve(desk, bo, one), lambda: workflow.approve(second, bo, other))
    assert sorted(map(str, at_once(monkeypatch, "go_live", *approvals))) == ["True", "live_changed"]
    assert sorted(fresh(desk, each).state for each in (one, other)) == [APPROVED, LIVE]
    assert [fresh(desk, each).source for each in (one, other)] == [one.source, other.source]
    left = next(each for each in (one, other) if fresh(desk, each).state == APPROVED)
    author = anna if left.author_id == anna.id else erik
    desk.live.refresh()
    workflow.withdraw(desk, author, fresh(desk, left))  # and the author goes on from there
    workflow.rebase(desk, author, fresh(desk, left))
    workflow.submit(desk, author, fresh(desk, left))
    assert workflow.approve(desk, bo, fresh(desk, left))


def test_of_two_emergencies_at_once_one_goes_live_and_the_other_stays_a_draft(
    desk: Desk, second: Desk, anna: User, erik: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = draft(desk, anna), draft(second, erik, change=longer("Det går nok."))
    steps = (
        lambda: workflow.emergency(desk, anna, one, REASON),
        lambda: workflow.emergency(second, erik, other, REASON),
    )
    assert sorted(map(str, at_once(monkeypatch, "go_live", *steps))) == ["None", "live_changed"]
    assert sorted(fresh(desk, each).state for each in (one, other)) == [DRAFT, LIVE]
    left = next(each for each in (one, other) if fresh(desk, each).state == DRAFT)
    assert fresh(desk, left).source == left.source and fresh(desk, left).emergency_reason is None
    assert len(editions.history(desk.engine, KEY, "da")) == 1 == len(workflow.flagged(desk))


# ---------------------------------------------------------------- emergencies


def test_an_emergency_is_live_at_once_and_flagged_until_another_has_looked(desk: Desk, erik: User, bo: User) -> None:
    edition = draft(desk, erik)
    assert refused("no_reason", workflow.emergency, desk, erik, edition, "hastesag").values == {"least": 10}
    workflow.emergency(desk, erik, edition, REASON)
    assert says(desk, MORE["da"]) and [each.id for each in workflow.flagged(desk)] == [edition.id]
    assert fresh(desk, edition).emergency_reason == REASON and fresh(desk, edition).approved_by is None
    refused("own_text", workflow.look_over, desk, erik, fresh(desk, edition))
    workflow.look_over(desk, bo, fresh(desk, edition))
    assert workflow.flagged(desk) == [] and fresh(desk, edition).reviewed_by == bo.id
    assert fresh(desk, edition).state == LIVE


def test_an_emergency_stays_flagged_when_another_text_follows_it(
    desk: Desk, erik: User, anna: User, bo: User
) -> None:
    edition = draft(desk, erik)
    workflow.emergency(desk, erik, edition, REASON)
    published(desk, anna, bo, change=longer("Det går nok."))
    assert fresh(desk, edition).state == SUPERSEDED and [each.id for each in workflow.flagged(desk)] == [edition.id]


def test_an_emergency_in_a_safety_text_is_looked_over_by_a_clinician(
    desk: Desk, anna: User, bo: User, karen: User
) -> None:
    edition = draft(desk, anna, CARD)
    workflow.emergency(desk, anna, edition, REASON)
    refused("needs_sign_off", workflow.look_over, desk, bo, fresh(desk, edition))
    workflow.look_over(desk, karen, fresh(desk, edition))
    assert workflow.flagged(desk) == []


def test_there_is_nothing_to_look_over_in_what_was_approved(desk: Desk, anna: User, erik: User, bo: User) -> None:
    refused("not_flagged", workflow.look_over, desk, erik, published(desk, anna, bo))


def test_a_faulty_text_goes_live_in_no_emergency(desk: Desk, anna: User) -> None:
    refused("faults", workflow.emergency, desk, anna, draft(desk, anna, change=BOTH_WITH_A_VALUE), REASON)
    assert not says(desk, "{operator}")


def test_an_emergency_from_an_older_page_is_refused_and_leaves_no_flag(desk: Desk, anna: User, bo: User) -> None:
    old = draft(desk, anna)
    saved = workflow.save(desk, anna, fresh(desk, old), old.revision, replace(parts(old.source), title="Et billede"))
    refused("changed_meanwhile", workflow.emergency, desk, anna, old, REASON)
    assert fresh(desk, old).source == saved.source and editions.history(desk.engine, KEY, "da") == []
    workflow.submit(desk, anna, saved)
    assert workflow.approve(desk, bo, fresh(desk, old)) and workflow.flagged(desk) == []


# ---------------------------------------------------------------- going back


def test_going_back_to_an_earlier_version_and_to_the_files_own(desk: Desk, anna: User, bo: User) -> None:
    file = desk.live.files.get(KEY, "da").version
    first = published(desk, anna, bo)
    published(desk, anna, bo, change=longer("Det går nok."))
    back = workflow.roll_back(desk, bo, KEY, "da", first.version or "")
    assert desk.live.get(KEY, "da").version == first.version and not says(desk, "Det går nok.")
    assert (back.restores, fresh(desk, back).state, fresh(desk, first).state) == (first.version, LIVE, SUPERSEDED)
    workflow.roll_back(desk, anna, KEY, "da", file)
    assert desk.live.get(KEY, "da").source == desk.live.files.get(KEY, "da").source
    assert [each.kind for each in editions.history(desk.engine, KEY, "da")] == [
        "rollback", "rollback", "approved", "approved",
    ]  # fmt: skip


def test_going_back_is_refused_where_it_cannot_be(desk: Desk, anna: User, bo: User) -> None:
    file = desk.live.files.get(KEY, "da").version
    refused("is_live", workflow.roll_back, desk, bo, KEY, "da", file)
    refused("no_such_version", workflow.roll_back, desk, bo, KEY, "da", "0" * 12)
    clinician = staff.add_user(desk.engine, email="e@klinik.example", name="E", roles=["clinician"])
    published(desk, anna, bo)
    refused("not_an_editor", workflow.roll_back, desk, clinician, KEY, "da", file)


def test_a_language_does_not_go_back_without_the_other_where_they_need_each_other(
    desk: Desk, anna: User, bo: User
) -> None:
    file = desk.live.files.get(KEY, "da").version
    workflow.approve(desk, bo, submitted(desk, anna, change=BOTH_WITH_A_VALUE))
    workflow.approve(desk, bo, submitted(desk, anna, language="en", change=BOTH_WITH_A_VALUE))
    assert says(desk, "{operator}")
    refused("between", workflow.roll_back, desk, bo, KEY, "da", file)


def test_a_safety_text_goes_back_by_a_clinicians_hand_only(desk: Desk, anna: User, erik: User, karen: User) -> None:
    file = desk.live.files.get(CARD, "da").version
    published(desk, anna, karen, CARD)
    for user in (anna, erik):
        refused("needs_sign_off", workflow.roll_back, desk, user, CARD, "da", file)
    assert says(desk, MORE["da"], CARD)
    workflow.roll_back(desk, karen, CARD, "da", file)
    assert desk.live.get(CARD, "da").version == file


def test_of_two_who_go_back_at_once_one_does_and_no_draft_is_left(
    desk: Desk, second: Desk, anna: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.live.files.get(KEY, "da").version
    first = published(desk, anna, bo)
    published(desk, anna, bo, change=longer("Det går nok."))
    second.live.refresh()
    steps = (
        lambda: workflow.roll_back(desk, bo, KEY, "da", file).version,
        lambda: workflow.roll_back(second, anna, KEY, "da", first.version or "").version,
    )
    assert "live_changed" in at_once(monkeypatch, "go_live", *steps)
    assert len(editions.history(desk.engine, KEY, "da")) == 3
    assert editions.editions(desk.engine, states=[DRAFT]) == []


# ---------------------------------------------------------------- what is due


def test_texts_to_look_at_again_come_the_most_urgent_first(desk: Desk, anna: User, bo: User) -> None:
    day = date(2035, 12, 1)
    edition = workflow.begin(desk, anna, KEY, "da")
    workflow.save(desk, anna, edition, edition.revision, replace(parts(edition.source), review_due=day))
    workflow.submit(desk, anna, fresh(desk, edition))
    workflow.approve(desk, bo, fresh(desk, edition))
    found = workflow.due(desk, date(2035, 11, 1))
    assert found[-1] == (day, KEY, "da") and found == sorted(found) and len(found) > 1000
    assert (day, KEY, "da") not in workflow.due(desk, date(2035, 10, 1))
