"""What was promised, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Bar:
    """One promise: what was measured in words, the bar in words, and whether it is met."""

    name: str
    measured: str
    bar: str
    met: bool


Results = dict[str, Any]


def bars(results: Results) -> list[Bar]:
    """Every bar whose figures are there."""
    ours, plain = results.get("rygraad", {}), results.get("plain", {})
    found = [*_beside(ours, plain), *_own(ours)]
    if rows := results.get("accept"):
        a_second = rows["SQLite"]["1"]["a_second"]
        by_cpu = 1000 / rows["SQLite"]["1"]["cpu_per_1000"]
        words = f"{a_second:.0f} (one thread, by the clock; {by_cpu:.0f} by processor time)"
        found.append(Bar("durably accepted, a second and core", words, "≥ 500", a_second >= 500))
    if rows := results.get("two"):
        ratio = rows["2"]["rate"] / rows["1"]["rate"]
        found.append(Bar("two of everything beside one", f"{ratio:.2f} times", "≥ 1.6 times", ratio >= 1.6))
    return found


def _beside(ours: Results, plain: Results) -> list[Bar]:
    """The bars that compare with plain Rasa."""
    found = []
    if "load" in ours and "load" in plain:
        for patients, crowd in ours["load"]["crowds"].items():
            other = plain["load"]["crowds"].get(patients)
            mine, theirs = p(crowd, "question", "p95"), other and p(other, "question", "p95")
            if mine and theirs:
                name = f"p95 of a question, {patients} patients"
                words = f"{mine:.0f} ms beside {theirs:.0f} ms"
                bar = _share(name, mine, theirs, 1 / 3, "one third of plain", words)
                found.append(_unless_held(bar, crowd))
        mine, theirs = ours["load"]["saturation"]["rate"], plain["load"]["saturation"]["rate"]
        words = f"{mine:.1f} beside {theirs:.1f}: {mine / theirs:.1f} times"
        found.append(Bar("messages a second at saturation", words, "≥ 4 times plain", mine >= 4 * theirs))
    if "memory" in ours and "memory" in plain:
        for kind in ("rss", "pss"):
            mine, theirs = ours["memory"][kind], plain["memory"][kind]
            words = f"{mine:.0f} MB beside {theirs:.0f} MB"
            found.append(_share(f"memory ({kind.upper()})", mine, theirs, 0.75, "75 % of plain", words))
    for part, key, share, bar in (
        ("training", "seconds", 1 / 5, "one fifth of plain"), ("start", "median", 1 / 3, "one third of plain")
    ):  # fmt: skip
        if part in ours and part in plain:
            mine, theirs = ours[part][key], plain[part][key]
            name = {"training": "training", "start": "start to first answer"}[part]
            found.append(_share(name, mine, theirs, share, bar, f"{mine:.1f} s beside {theirs:.1f} s"))
            if part == "training" and plain[part]["to_come"]:
                theirs += plain[part]["to_come"]
                name, words = "the same, plain Rasa reckoned with 100 passes", f"{mine:.0f} s beside {theirs:,.0f} s"
                found.append(_share(name, mine, theirs, share, bar, words))
    return found


def _unless_held(bar: Bar, crowd: Results) -> Bar:
    """A holding answer is none: where more than one in twenty was held, the percentile is not of answers."""
    held = crowd["odd"].get("held", 0)
    return (
        replace(bar, measured=f"{bar.measured}, {held} held", met=False) if held > crowd["any"]["sent"] / 20 else bar
    )


def _share(name: str, mine: float, theirs: float, most: float, bar: str, words: str) -> Bar:
    return Bar(name, f"{words}: {100 * mine / theirs:.0f} %", f"≤ {bar}", mine <= most * theirs)


def _own(ours: Results) -> list[Bar]:
    """The bars that are figures of our own."""
    found = []
    at = ours.get("growth", {}).get("at", {})
    for mark in ("1000", "5000"):
        if mark in at:
            ratio = at[mark] / at["10"]
            name = f"message {int(mark):,} beside message 10"
            found.append(Bar(name, f"{ratio:.2f} times", "≤ 1.2 times", ratio <= 1.2))
    crowds = ours.get("load", {}).get("crowds", {})
    if (crowd := crowds.get("50")) and crowd["any"]["p95"]:
        value = crowd["any"]["p95"]
        bar = Bar("p95 of any reply, 50 patients", f"{value:.0f} ms", "≤ 1,000 ms", value <= 1000)
        found.append(_unless_held(bar, crowd))
    for patients in ("50", "200"):
        value, which = p(crowds.get(patients, {}), "alarm sign", "p99"), "p99"
        if value is None:  # too few for a percentile: the slowest, which is stricter
            value, which = p(crowds.get(patients, {}), "alarm sign", "most"), "slowest"
        if value is not None:
            name = f"{which} reply to an alarm sign, {patients} patients"
            found.append(Bar(name, f"{value:.0f} ms", "≤ 300 ms", value <= 300))
    return found


def p(crowd: Results, kind: str, which: str) -> float | None:
    """A percentile of a kind of message in a crowd, where there is one."""
    return crowd.get("kinds", {}).get(kind, {}).get(which) if crowd else None
