"""The clock of the running stack."""

from __future__ import annotations

import pytest

from bot.supervisor import Parts
from tests.time_travel import Clock


@pytest.fixture(scope="session")
def clock(stack: Parts) -> Clock:
    """A clock that every part of the stack goes by; it never goes back."""
    return Clock(stack.settings.data_dir / "clock")
