"""The figures of a run, as Markdown."""

from __future__ import annotations

from collections import Counter
from statistics import median

from tests.chaos.accounts import BARS, NOTES
from tests.chaos.run import Result

MOST_HISTORIES = 5


def table(result: Result) -> list[str]:
    """Everything that was counted."""
    counts, faults = result.verdict.counts, result.faults
    lines = [
        f"Seed {result.size.seed}, {sum(faults.done.values())} faults in {result.minutes:.1f} minutes.",
        "",
        *_rows("fault", "times", {**dict(sorted(faults.done.items()))}),
        *(f"{kind} was not possible here: no small disk could be mounted." for kind in faults.skipped),
        *_rows("started again", "times", dict(sorted(result.restarts.items()))),
        *_rows(
            "on the web",
            "messages",
            {name: counts[name] for name in ("messages", "acknowledged", "retried", "tries")},
        ),
        *_rows("must be 0", "times", {bar: counts[bar] for bar in BARS}),
        *_rows("by design", "times", {note: counts[note] for note in NOTES}),
        *_rows("Telegram", "", {name: str(value) for name, value in result.telegram.items()}),
        *_waits(result),
    ]
    return lines


def _rows(name: str, value: str, rows: dict[str, object]) -> list[str]:
    return [f"| {name} | {value} |", "|---|---:|", *(f"| {key} | {found} |" for key, found in rows.items()), ""]


def _waits(result: Result) -> list[str]:
    waits, asked = result.emergencies.seconds(), Counter(cry.kind for cry in result.emergencies.cries)
    lines = ["| in need during | alarm signs | unanswered | median s | longest s |", "|---|---:|---:|---:|---:|"]
    for kind, times in sorted(asked.items()):
        found = waits.get(kind, [])
        longest = f"{median(found):.2f} | {max(found):.2f}" if found else "- | -"
        lines.append(f"| {kind} | {times} | {times - len(found)} | {longest} |")
    return [*lines, ""]


def failures(result: Result) -> list[str]:
    """What went wrong, with the histories of the first conversations concerned."""
    lines = [f"- {line}" for line in result.wrong]
    for name, faults in result.verdict.faults.items():
        lines += [f"- {name}: {fault}" for fault in faults]
    for history in list(result.verdict.histories.values())[:MOST_HISTORIES]:
        lines += ["", history]
    return lines
