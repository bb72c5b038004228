"""A few patients over some weeks, with parts killed; `make simulation` does it with 200 over half a year."""

from __future__ import annotations

from pathlib import Path

from tests.simulation import Simulation


def test_every_contact_is_made_once_or_accounted_for(tmp_path: Path) -> None:
    figures = Simulation(tmp_path, people=7, weeks=5, restarts=3, seed=7).run()
    assert figures["people"] == 7 and sum(figures["killed"].values()) == 3
    assert figures["delivered"] >= 10 and figures["check_ins"] >= 4
