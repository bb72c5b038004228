"""A path always holds the four core messages, whoever takes it and whatever they believe."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.journeys import QUESTIONS, belief_topic, neighbours, path, reordered, rules, unfinished
from bot.content.store import ContentStore, load

TOPICS = sorted(
    key.removeprefix("topic/") for key in load().keys() if key.startswith("topic/") and key.count("/") == 1
)
TOPICS.remove("unavailable")
ANSWERS = st.fixed_dictionaries(
    {question: st.sampled_from([None, "skipped", "nonsense", *rules()[question]]) for question in QUESTIONS}
)
FIRST = st.sampled_from([None, *TOPICS])


@given(first=FIRST, answers=ANSWERS)
def test_a_path_has_four_to_six_topics_with_the_core_and_begins_with_the_worry(
    first: str | None, answers: dict[str, str | None]
) -> None:
    topics = path(first, answers)
    assert set(rules()["core"]) <= set(topics) <= set(TOPICS)
    assert 4 <= len(topics) <= 6 and len(set(topics)) == len(topics)
    assert first is None or topics[0] == first


@given(first=FIRST, answers=ANSWERS, at=st.integers(0, 6), seen=st.sampled_from(TOPICS))
def test_a_belief_reorders_what_is_left_and_loses_nothing(
    first: str | None, answers: dict[str, str | None], at: int, seen: str
) -> None:
    topics = path(first, answers)
    journey: dict[str, Any] = {"topics": topics, "at": min(at, len(topics))}
    changed = reordered(journey, seen)
    if changed:
        assert sorted(changed["topics"]) == sorted(topics)
        assert changed["topics"][: journey["at"]] == topics[: journey["at"]]
        assert changed["topics"][changed["at"]] == belief_topic(seen)


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        ({"duration": "short"}, "bed_rest"),
        ({"duration": "long"}, "pain_and_brain"),
        ({"duration": "returning"}, "flare_up"),
        ({"leg": "yes"}, "sciatica"),
        ({"work": "sick"}, "work"),
        ({"work": "hard"}, "work"),
    ],
)
def test_what_the_patient_answers_is_in_the_path(answers: dict[str, str], holds: str) -> None:
    assert holds in path("pain_not_damage", answers)


def test_nothing_comes_after_the_last() -> None:
    assert unfinished({"topics": ["sleep"], "at": 0}) and not unfinished({"topics": ["sleep"], "at": 1})
    assert not unfinished(None)


def test_every_name_in_the_rules_is_a_text(content: Any) -> None:
    store: ContentStore = load()
    data = rules()
    named = [*data["core"], *data["worries"].values(), *(belief["next"] for belief in data["beliefs"].values())]
    named += [topic for question in QUESTIONS for topics in data[question].values() for topic in topics]
    assert set(named) <= set(TOPICS)
    for belief in data["beliefs"].values():
        for seen in belief["seen_in"]:
            assert store.has(seen if "/" in seen else f"topic/{seen}"), seen
    for worry in data["worries"]:
        assert all(worry in titles for titles in store.titles.values())


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_two_neighbours(topic: str) -> None:
    found = neighbours(f"topic/{topic}/more")
    assert len(found) == len(set(found)) == 2 and set(found) <= set(TOPICS) - {topic}
    assert neighbours(f"topic/{topic}/right") == neighbours(f"topic/{topic}/wrong_2") == found


@pytest.mark.parametrize("key", ["topic/sleep", "topic/sleep/check", "topic/unavailable", "care/infection", ""])
def test_nothing_else_has_neighbours(key: str) -> None:
    assert neighbours(key) == []


def test_every_topic_is_a_neighbour_of_some_other() -> None:
    assert {topic for key in TOPICS for topic in neighbours(f"topic/{key}/more")} >= set(TOPICS) - {
        "lifestyle", "sexuality", "balance_model"
    }  # fmt: skip
