"""Telegram while processes are killed; `make telegram-kills` does it 50 times."""

from __future__ import annotations

from pathlib import Path

from tests.kills import Kills


def test_nothing_is_lost_nothing_counts_twice_and_at_most_one_message_a_kill_arrives_twice(tmp_path: Path) -> None:
    figures = Kills(tmp_path, people=3, kills=6, seed=7).run()
    assert sum(figures["killed"].values()) == 6
    assert figures["lost"] == 0 and figures["twice"] <= 6
    assert figures["written"] > 40
