"""What time it is, for everything that is stored or planned.

A demonstration or a test can live through a year in minutes: the file named by RYGRAAD_CLOCK_FILE holds the seconds
by which every process of the stack is ahead of the machine's clock. Production refuses the setting.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

DANISH = ZoneInfo("Europe/Copenhagen")


def now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC) + _ahead()


def danish(moment: datetime) -> datetime:
    """The moment as Danish clocks show it, summer time included."""
    return moment.astimezone(DANISH)


def _ahead() -> timedelta:
    name = os.environ.get("RYGRAAD_CLOCK_FILE")
    if not name:
        return timedelta()
    try:
        return timedelta(seconds=float(Path(name).read_text()))
    except (OSError, ValueError):  # not there yet, or just being written
        return timedelta()
