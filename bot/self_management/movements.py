"""Which movements to show: three at a time, at the level the patient chose, lying ones first when it is acute.

State (JSON): {"level": 1 to 4, "at": place of the next group}. Rules: content/self_management.yml; principle of eight
groups by four levels: sources/clinical-brief, exercise (`glad`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.self_management.rules import rules

State = dict[str, int]
START: State = {"level": 1, "at": 0}


def chosen(state: Mapping[str, Any] | None, wish: str) -> tuple[list[str], State, str | None]:
    """The movements ('group/level') to show, the new state, and a remark (a text below movement/) or None.

    `wish` is 'easier', 'harder', 'other' or '' for the same again. Who has seen none begins lying down.
    """
    limits = rules()["movements"]
    if state is None:
        return list(limits["lying_first"]), {"level": 1, "at": 0}, "lying_first"
    level = int(state["level"]) + {"easier": -1, "harder": 1}.get(wish, 0)
    remark = "easiest" if level < 1 else "hardest" if level > limits["levels"] else None
    level = min(max(level, 1), limits["levels"])
    groups, many = limits["groups"], limits["at_once"]
    at = int(state["at"]) + (many if wish == "other" else 0)
    shown = [f"{groups[(at + place) % len(groups)]}/{level}" for place in range(many)]
    return shown, {"level": level, "at": at % len(groups)}, remark


def adapted(state: Mapping[str, Any] | None, direction: str, step: str | None) -> tuple[State, str] | None:
    """The state after a check-in and 'easier' or 'harder'; None when nothing changes."""
    if state is None:
        return None
    level = int(state["level"])
    if direction == "worse" and level > 1:
        return {"level": level - 1, "at": int(state["at"])}, "easier"
    if direction == "better" and step != "not" and level < rules()["movements"]["levels"]:
        return {"level": level + 1, "at": int(state["at"])}, "harder"
    return None
