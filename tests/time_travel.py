"""A clock that tests turn: the file of RYGRAAD_CLOCK_FILE, which every process of the stack reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.clock import DANISH


class Clock:
    """Runs ahead of the machine's clock; only ever forward."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ahead = timedelta()

    def now(self) -> datetime:
        """What this clock shows, in UTC."""
        return datetime.now(UTC) + self.ahead

    def forward(self, gone: timedelta) -> None:
        """Turns the clock forward, for every process at once."""
        self.ahead += gone
        fresh = self.path.with_suffix(".new")
        fresh.write_text(str(self.ahead.total_seconds()))
        fresh.replace(self.path)

    def go(self, days: float = 0, hour: int | None = None) -> None:
        """Lets days pass; then on to one minute past this hour on Danish clocks, unless they show it already."""
        self.forward(timedelta(days=days))
        if hour is not None:
            shown = self.now().astimezone(DANISH)
            wanted = shown.replace(hour=hour, minute=1, second=0, microsecond=0)
            if shown.hour == hour:
                return
            if wanted < shown:
                wanted += timedelta(days=1)
            self.forward(wanted.astimezone(UTC) - self.now())
