"""What screening says of one message."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """`alarm`: advice now; `ask`: one clarifying question about a flag; `clear`: go on."""

    ALARM = "alarm"
    ASK = "ask"
    CLEAR = "clear"


@dataclass(frozen=True)
class Finding:
    """Why a flag is raised: the words, the rule or model, and the model's probability (0-1)."""

    flag: str
    evidence: str
    by: str
    score: float
    asks: bool


@dataclass(frozen=True)
class Screening:
    """The outcome, the highest level, and the flags, most severe first."""

    outcome: Outcome
    level: str
    flags: tuple[str, ...]
    findings: tuple[Finding, ...]
    relative: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As JSON. The evidence stays out: it is the patient's words."""
        found = asdict(self)
        found["findings"] = [{**item, "evidence": ""} for item in found["findings"]]
        return {**found, "outcome": str(self.outcome), "flags": list(self.flags)}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Screening:
        """The inverse of `to_dict`."""
        return cls(
            Outcome(value["outcome"]),
            value["level"],
            tuple(value["flags"]),
            tuple(Finding(**item) for item in value.get("findings", [])),
            bool(value.get("relative")),
        )
