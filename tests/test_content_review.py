"""The clinical reader's table covers every topic and names texts that exist."""

from __future__ import annotations

import re

import pytest

from bot.content.store import load
from bot.settings import ROOT

ROWS = re.findall(
    r"^\| (\w+) \| (.+?) \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "content-review.md").read_text(), re.M
)
TOPICS = sorted({key.split("/")[1] for key in load().keys() if key.startswith("topic/")} - {"unavailable"})


@pytest.mark.parametrize("topic", TOPICS)
def test_every_form_of_a_topic_has_its_claims_listed(topic: str) -> None:
    places = " ".join(where for name, _, _, where in ROWS if name == topic)
    assert re.search(r"\bmain\b", places) and re.search(r"\bmore\b", places) and re.search(r"\bshort\b", places)


def test_every_row_names_a_topic_of_ours_and_what_carries_the_claim() -> None:
    rows = [row for row in ROWS if row[0] != "topic"]
    assert len(rows) > 400 and {topic for topic, *_ in rows} == set(TOPICS)
    assert sum(bool(re.search("nkr|vaelg-klogt|forloeb|irf|glad", source)) for _, _, source, _ in rows) > 0.7 * len(
        rows
    )
