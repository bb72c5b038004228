"""A plan: clear steps, small steps, and the patient's own words shown harmlessly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.markdown import to_html
from bot.content.store import ContentStore
from bot.self_management.movements import START, adapted, chosen
from bot.self_management.plan import CHANGEABLE, as_words, is_clear, is_confident, lines, read_back, too_long
from bot.self_management.rules import rules


@pytest.mark.parametrize(
    "step",
    ["gå ti minutter", "gå 10 min", "to omgange om huset", "hen til postkassen", "et kvarters gåtur",
     "walk twice a week",
     "half an hour in the garden", "svømme to baner", "swim 2 laps", "gå op ad trappen en gang", "en tur om aftenen"],
)  # fmt: skip
def test_a_step_with_an_amount_is_clear(step: str) -> None:
    assert is_clear(step)


@pytest.mark.parametrize(
    "step", ["gå mere", "røre mig", "be more active", "noget med haven", "", "svømme", "try to move"]
)
def test_a_step_without_an_amount_is_asked_about(step: str) -> None:
    assert not is_clear(step)


@pytest.mark.parametrize(
    ("told", "sure"), [("7", True), ("10", True), ("6", False), ("0", False), ("skipped", True), ("", True)]
)
def test_below_seven_the_step_is_offered_smaller(told: str, sure: bool) -> None:
    assert is_confident(told) is sure


def test_a_part_has_a_length() -> None:
    most = rules()["plan"]["longest_part"]
    assert not too_long("a" * most) and too_long("a" * (most + 1))


@given(st.text(max_size=300))
def test_whatever_a_patient_writes_is_one_line_that_means_nothing_to_markdown(text: str) -> None:
    words = as_words(text)
    assert "\n" not in words and not set("*[]`_<>") & set(words)
    assert "<a " not in to_html(f"- **Plan:** {words}") and "<script" not in to_html(words)


def test_a_plan_reads_in_both_languages_with_titles_for_options(content: ContentStore) -> None:
    parts = {"activity": "gå tur", "days": "daily", "step": "ti minutter", "smaller": "half", "tell": "skipped"}
    for language in ("da", "en"):
        shown = dict(lines(content, language, parts))
        titles = content.titles[language]
        assert list(shown) == [titles["change_activity"], titles["change_step"], titles["change_days"]]
        assert shown[titles["change_step"]].startswith("ti minutter (")
        assert "daily" not in read_back(content, language, parts)


def test_every_part_that_can_be_changed_has_a_question_and_a_name(content: ContentStore) -> None:
    for part in CHANGEABLE:
        assert content.has(f"plan/ask/{part}")
        assert all(f"change_{part}" in content.titles[language] for language in ("da", "en"))


def test_who_has_seen_no_movement_begins_lying_down() -> None:
    shown, state, remark = chosen(None, "")
    assert shown == ["arch_round/1", "rolling/1", "rolling/2"] and state == START and remark == "lying_first"


@given(st.lists(st.sampled_from(["easier", "harder", "other", ""]), max_size=40))
def test_movements_come_three_at_a_time_and_all_of_them_exist(wishes: list[str]) -> None:
    from bot.content.store import CONTENT

    state = None
    for wish in wishes:
        shown, state, remark = chosen(state, wish)
        assert len(set(shown)) == 3 and 1 <= state["level"] <= 4
        assert all((CONTENT / "da" / "movement" / f"{name}.md").is_file() for name in shown)
        assert remark in (None, "lying_first", "easiest", "hardest")


def test_every_group_comes_round() -> None:
    state, seen = START, set()
    for _ in range(8):
        shown, state, _ = chosen(state, "other")
        seen |= {name.split("/")[0] for name in shown}
    assert seen == set(rules()["movements"]["groups"])


@pytest.mark.parametrize(
    ("state", "direction", "step", "expected"),
    [
        (None, "worse", None, None), ({"level": 2, "at": 0}, "worse", None, "easier"),
        ({"level": 1, "at": 0}, "worse", None, None), ({"level": 2, "at": 0}, "better", "done", "harder"),
        ({"level": 2, "at": 0}, "better", "not", None), ({"level": 4, "at": 0}, "better", "done", None),
        ({"level": 2, "at": 0}, "same", "done", None),
    ],
)  # fmt: skip
def test_check_ins_change_the_level_of_movements(
    state: object, direction: str, step: str, expected: str | None
) -> None:
    found = adapted(state, direction, step)  # type: ignore[arg-type]
    assert (found[1] if found else None) == expected
