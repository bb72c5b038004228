"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARNING, WRONG = STATES = ("OK", "WARNING", "WRONG")


@dataclass(frozen=True)
class Finding:
    """One line of `rygraad doctor`: `says` what is, `do` what to do. Never a secret, never a patient's words."""

    name: str
    state: str
    says: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.state:<8} {self.name}: {self.says}{f' {self.do}' if self.do else ''}"


def fine(name: str, says: str) -> Finding:
    """Nothing to do."""
    return Finding(name, OK, says)


def warning(name: str, says: str, do: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(name, WARNING, says, do)


def wrong(name: str, says: str, do: str) -> Finding:
    """It does not work, or a promise is not kept."""
    return Finding(name, WRONG, says, do)
