"""Turns conversations into fixed advice, for everything or for single topics, without a restart.

The switch is a file in the data folder, so that it works when nothing else does: the line `closed` closes
everything, any other line one topic. `rygraad kill-switch` writes it; any editor does too.
"""

from __future__ import annotations

from pathlib import Path

ALL = "closed"


class KillSwitch:
    """Reads the file when it has changed; a message costs one look at its date."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "kill_switch"
        self._seen: tuple[int, int] | None = None
        self._lines: frozenset[str] = frozenset()

    def lines(self) -> frozenset[str]:
        """What is closed: topics, or ALL. A file that cannot be read closes everything."""
        try:
            state = self.path.stat()
        except FileNotFoundError:
            self._seen, self._lines = None, frozenset()
            return self._lines
        if self._seen != (state.st_mtime_ns, state.st_size):
            try:
                words = self.path.read_text(encoding="utf-8").split()
            except (OSError, UnicodeDecodeError):
                words = [ALL]
            self._seen, self._lines = (state.st_mtime_ns, state.st_size), frozenset(words or [ALL])
        return self._lines

    def closed(self) -> bool:
        """Whether every conversation is."""
        return ALL in self.lines()

    def topic_closed(self, topic: str) -> bool:
        """Whether this topic is."""
        return topic in self.lines()

    def close(self, what: str = ALL) -> None:
        """Closes everything, or one topic."""
        self._write(self.lines() | {what})

    def open(self, what: str | None = None) -> None:
        """Opens one topic, or everything."""
        self._write(self.lines() - {what} if what else frozenset())

    def _write(self, lines: frozenset[str]) -> None:
        if not lines:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
        part.replace(self.path)
