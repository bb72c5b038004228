"""Numbers that tell on nobody: none under 5, none that can be worked out, and right for everything else."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.clinic.counts import FEW, LEVELS, MEASURES, Row, Shown, Total, for_one, gather, level, shown, together
from bot.clock import now
from bot.screening.flags import load_flags
from bot.store import conversations, invites
from bot.store.staff_models import Invite
from tests.clinic.conftest import Clinician, checked, person
from tests.time_travel import Clock

PARTS = st.lists(st.integers(0, 9), min_size=4, max_size=4)


def row(*levels: int, **fields: int) -> dict[str, int]:
    """A row with these levels; everybody has done everything unless something else is given."""
    total = sum(levels)
    return dict.fromkeys(MEASURES, total) | dict(zip(LEVELS, levels, strict=True)) | fields


def parts(page: Shown) -> list[Any]:
    return [page[each] for each in LEVELS]


def links(*mosts: int) -> list[Invite]:
    at = now()
    return [
        Invite(id=str(n), code_hash=str(n), user_id="u", most=most, expires_at=at) for n, most in enumerate(mosts)
    ]


# -- one invite -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(8))
def test_a_number_under_five_is_never_shown(number: int) -> None:
    page = shown(row(10, 10, 10, 10, active=number))
    assert page["active"] == ("few" if number < 5 else number)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ((5, 6, 7, 8), [5, 6, 7, 8]),
        ((1, 2, 3, 30), ["few", "few", "few", 30]),
        ((2, 6, 10, 20), ["hidden", "hidden", 10, 20]),  # the only one under five would be the rest of the sum
        ((0, 0, 7, 30), ["hidden", "hidden", "hidden", 30]),  # two that add up to nothing are both nothing
        ((4, 4, 9, 30), ["hidden", "hidden", "hidden", 30]),  # two that add up to eight are both four
        ((0, 0, 0, 30), ["hidden"] * 4),
        ((0, 0, 0, 3), ["few"] * 4),
        ((0, 0, 0, 0), ["few"] * 4),
    ],
)
def test_a_part_does_not_stand_out_as_the_one_that_is_missing(levels: tuple[int, ...], expected: list[Any]) -> None:
    assert parts(shown(row(*levels))) == expected


def test_the_sum_of_the_parts_goes_too_when_nothing_else_helps() -> None:
    page = shown(row(4, 4, 4, 4))
    assert page["checked"] == "hidden" and parts(page) == ["few"] * 4


def readings(page: Shown, highest: int) -> list[tuple[int, ...]]:
    """Every set of parts that the page leaves possible for somebody who reads it."""

    def possible(cell: Any) -> range:
        return range(cell, cell + 1) if isinstance(cell, int) else range(FEW if cell == "few" else highest + 1)

    total = possible(page["checked"] if page["checked"] != "hidden" else "few")
    sums = range(4 * highest + 1) if page["checked"] == "hidden" else total
    return [found for found in product(*map(possible, parts(page))) if sum(found) in sums]


@given(PARTS)
def test_nobody_can_work_out_a_hidden_part(levels: list[int]) -> None:
    page = shown(row(*levels))
    left = readings(page, sum(levels))
    for place, true in enumerate(levels):
        if true < FEW:
            assert len({found[place] for found in left}) > 1, (page, LEVELS[place])
        else:
            assert page[LEVELS[place]] in (true, "hidden")


# -- all invites ----------------------------------------------------------------------------------------------------


@given(st.lists(PARTS, min_size=1, max_size=5))
def test_the_totals_say_nothing_that_the_pages_do_not_say(rows: list[list[int]]) -> None:
    own = links(*[200] * len(rows))
    true = {each.id: row(*levels) for each, levels in zip(own, rows, strict=True)}
    totals = together(true, own)
    for measure in MEASURES:
        cells = [shown(each)[measure] for each in true.values()]
        numbers = [cell for cell in cells if isinstance(cell, int)]
        assert totals[measure] == Total(sum(numbers) if numbers else None, len(numbers) < len(cells))


def ones(*began: int, **fields: list[int]) -> tuple[dict[str, Row], list[Invite]]:
    """Links for one, of which these began; a field has a number for each."""
    own = links(*[1] * len(began))
    rows: dict[str, Row] = {}
    for place, (each, number) in enumerate(zip(own, began, strict=True)):
        rows[each.id] = dict.fromkeys(MEASURES, 0) | {"began": number} | {k: v[place] for k, v in fields.items()}
    return rows, own


@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_link_for_one_has_no_page_of_numbers(most: int) -> None:
    assert for_one(most) and not for_one(5)


def test_links_for_one_are_counted_together() -> None:
    totals = together(*ones(*[1] * 8 + [0] * 4, consented=[1] * 6 + [0] * 6))
    assert totals["began"] == Total(8) and totals["consented"] == Total(6) and totals["topic"] == Total(None, True)


def test_what_everybody_did_is_not_told_of_links_for_one() -> None:
    totals = together(*ones(*[1] * 8, checked=[1] * 8, clear=[1] * 6 + [0] * 2, soon=[0] * 6 + [1] * 2))
    assert totals["began"].count is None and totals["checked"].count is None
    assert {totals[each].count for each in LEVELS} == {None}  # they would add up to everybody
    assert together(*ones(*[1] * 8, opened=[3] * 8))["opened"] == Total(24)  # openings are not people


def test_links_for_one_and_for_many_add_up() -> None:
    rows, own = ones(*[1] * 6 + [0] * 2)
    many = Invite(id="many", code_hash="many", user_id="u", most=200, expires_at=now())
    few = Invite(id="few", code_hash="few", user_id="u", most=200, expires_at=now())
    true = rows | {"many": row(5, 5, 5, 5), "few": row(1, 1, 1, 0)}
    assert together(true, [*own, many])["began"] == Total(26)
    assert together(true, [*own, many, few])["began"] == Total(26, at_least=True)
    assert together({}, [])["began"] == Total(None)


# -- what is counted ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, "clear"),
        ({"cauda_equina": "no", "infection": "no"}, "clear"),
        ({"cancer_history": "yes"}, "soon"),
        ({"cancer_history": "yes", "infection": "yes"}, "urgent"),
        ({"infection": "yes", "motor_loss": "yes", "cancer_history": "yes"}, "emergency"),
        ({"a sign of long ago": "yes"}, "clear"),
    ],
)
def test_the_gravest_answer_counts(answers: dict[str, str], expected: str) -> None:
    assert level(answers) == expected


def test_every_level_there_is_has_a_place() -> None:
    assert {flag.level for flag in load_flags().flags.values()} < set(LEVELS)


def test_everything_is_counted_once_for_each_person(on_either: Clinician, clock: Clock) -> None:
    engine, invite, other = on_either.engine, on_either.stored(), on_either.stored()
    for _ in range(3):
        invites.note_opened(engine, invite.id)
    stranger = person(engine, invite)
    new = person(engine, invite, consented_at=now())
    halfway = person(engine, invite, consented_at=now(), journey={"topics": ["work", "sleep"], "at": 1})
    done = person(engine, invite, consented_at=now(), journey={"topics": ["work", "sleep"], "at": 2})
    begun = person(engine, invite, consented_at=now(), journey={"topics": ["work", "sleep"], "at": 0})
    person(engine, other, consented_at=now())
    checked(engine, new, infection="yes")
    checked(engine, new, cancer_history="yes")  # the latest counts
    checked(engine, done)
    clock.go(days=29)
    wrote(engine, new)
    wrote(engine, stranger)
    clock.go(days=2)
    wrote(engine, halfway)
    wrote(engine, begun)
    assert gather(engine, on_either.user.id)[invite.id] == {
        "opened": 3, "began": 5, "consented": 4, "checked": 2, "emergency": 0, "urgent": 0, "soon": 1, "clear": 1,
        "topic": 2, "path": 1, "active": 2,
    }  # fmt: skip
    assert gather(engine, on_either.user.id)[other.id]["consented"] == 1


def wrote(engine: Any, found: Any) -> None:
    """They send a message."""
    conversations.accept(engine, found.id, client_id=f"m{now()}", text="hej", choice=None, screening={})


def test_somebody_elses_patients_are_not_counted(on_either: Clinician) -> None:
    invite = on_either.stored()
    person(on_either.engine, invite, consented_at=now())
    assert gather(on_either.engine, "somebody else") == {}


def test_whoever_erased_themselves_has_still_begun_and_is_nowhere_else(on_either: Clinician) -> None:
    code, invite = invites.make(
        on_either.engine, user_id=on_either.user.id, most=200, expires_at=now() + timedelta(days=1)
    )
    invites.use(on_either.engine, code)
    found = person(on_either.engine, invite, consented_at=now())
    checked(on_either.engine, found)
    conversations.erase(on_either.engine, found.id)
    counted = gather(on_either.engine, on_either.user.id)[invite.id]
    assert counted.pop("began") == 1 and set(counted.values()) == {0}


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4), st.integers(0, 40))
def test_a_page_says_either_the_truth_or_nothing(levels: list[int], active: int) -> None:
    assume(sum(levels) >= active)
    true = row(*levels, active=active)
    page = shown(true)
    assert all(cell == true[measure] for measure, cell in page.items() if isinstance(cell, int))
    assert all(true[measure] < FEW for measure, cell in page.items() if cell == "few")
    assert not any(isinstance(cell, int) and cell < FEW for cell in page.values())
