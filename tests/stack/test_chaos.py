"""A few faults of the chaos suite; `python -m tests.chaos` does two hundred."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.chaos.postgres_server import binaries
from tests.chaos.report import failures
from tests.chaos.run import Size, live


def test_what_dies_hangs_or_is_gone_loses_nothing_and_everybody_in_need_gets_a_card(tmp_path: Path) -> None:
    try:
        binaries()
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server on this machine")
    kinds = ["kill rasa", "kill gateway", "redis hangs", "postgres gone"]
    result = live(tmp_path, Size(seed=4, people=3, telegram=1, gone=4, kinds=kinds))
    assert result.passed, "\n".join(failures(result))
    assert sum(result.faults.done.values()) == len(kinds)
    assert result.verdict.counts["alarms"] >= 2 * len(kinds)
