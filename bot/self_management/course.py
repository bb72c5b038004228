"""What check-ins say of a patient's course: its direction, milestones, and when it is time to see somebody.

A check-in is {"pain", "hindrance", "confidence": 0-10 or None, "step": "done", "partly", "not" or None, "at": when}.
Source of the rules: content/self_management.yml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.self_management.rules import rules

Numbers = Mapping[str, Any]
SCALES = ("pain", "hindrance", "confidence")


def facts(check_ins: Sequence[Numbers], began: datetime, today: datetime) -> dict[str, Any]:
    """What the dialogue needs to know of the check-ins so far, as JSON; `began` is when the patient came."""
    if not check_ins:
        return {"count": 0, "weeks": (today - began).days // 7}
    first, last = check_ins[0], check_ins[-1]
    told = [entry["told"] for entry in check_ins if entry.get("told")]
    return {
        "count": len(check_ins),
        "weeks": (today - began).days // 7,
        "days_since": (today - last["at"]).days,
        "first": {scale: first.get(scale) for scale in SCALES},
        "last": {scale: last.get(scale) for scale in SCALES},
        "steps_done": sum(entry.get("step") == "done" for entry in check_ins),
        "told_week": max(told, default=None),
    }


def _compared(now: Numbers, before: Numbers, scale: str) -> int:
    """-1 for better, 1 for worse, 0 for neither or unknown; of pain and hindrance less is better."""
    if now.get(scale) is None or before.get(scale) is None:
        return 0
    change = now[scale] - before[scale]
    return (change > 0) - (change < 0) if abs(change) >= rules()["check_in"]["change"] else 0


def direction(now: Numbers, known: Mapping[str, Any]) -> str:
    """How it goes: 'first', 'gap', 'better', 'same', 'worse', or 'unknown' when the numbers were skipped."""
    if now.get("pain") is None and now.get("hindrance") is None:
        return "unknown"
    if not known.get("count"):
        return "first"
    if known["days_since"] >= rules()["check_in"]["gap_days"]:
        return "gap"
    signs = {_compared(now, known["last"], scale) for scale in ("pain", "hindrance")}
    if signs == {-1, 1}:
        return "same"  # one each way
    return "worse" if 1 in signs else "better" if -1 in signs else "same"


def trend(now: Numbers, before: Numbers) -> str:
    """'better', 'worse', 'same', or 'mixed' when pain and hindrance point different ways."""
    signs = {_compared(now, before, scale) for scale in ("pain", "hindrance")}
    if {-1, 1} <= signs:
        return "mixed"
    if 1 in signs:
        return "worse"
    if -1 in signs:
        # Hindered less though the pain is the same is worth a word of its own; more pain than before is not.
        return "mixed" if not _compared(now, before, "pain") and before.get("pain") is not None else "better"
    return "same"


def see_someone(now: Numbers, known: Mapping[str, Any], answers: Mapping[str, str | None]) -> str | None:
    """'usual', 'leg' or 'work' when care is due without alarm signs; None when it is not, or was said lately.

    `answers` are those to the path's questions: duration, leg, work.
    """
    limits = rules()["check_in"]
    weeks, hindrance = known.get("weeks", 0), now.get("hindrance")
    if not known.get("count") or hindrance is None or hindrance < limits["limited"]:
        return None
    first = (known.get("first") or {}).get("hindrance")
    if first is not None and first - hindrance >= max(limits["change"], limits["satisfying"] * first):
        return None
    told = known.get("told_week")
    if told is not None and weeks - told < limits["again_after"]:
        return None
    due = limits["see_someone"]
    if answers.get("work") in ("hard", "sick") and weeks >= due["work"]:
        return "work"
    if answers.get("leg") == "yes" and weeks >= due["leg"]:
        return "leg"
    usual = due["long"] if answers.get("duration") == "long" else due["usual"]
    return "usual" if weeks >= usual else None


def milestone(known: Mapping[str, Any], step: str | None) -> str | None:
    """'step' for the first step done, '4' or '12' for so many check-ins; None for none."""
    if step == "done" and not known.get("steps_done"):
        return "step"
    count = known.get("count", 0) + 1
    return str(count) if count in rules()["check_in"]["milestones"] else None
