"""The evaluation as Markdown: ours beside its baselines, the groups, and the errors one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.evaluation.measure import Case, Judged, by, figures


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def compared(by_name: dict[str, list[Judged]]) -> str:
    """The figures of several screenings of the same messages, side by side."""
    columns = {name: figures(judged) for name, judged in by_name.items()}
    names = list(next(iter(columns.values())))
    return table(["", *columns], [[name, *(column[name] for column in columns.values())] for name in names])


def grouped(judged: list[Judged], name: str, key: Callable[[Case], list[str]]) -> str:
    """The figures that matter by group: what was caught of the flagged, and what alarmed or asked of the harmless."""
    rows = []
    for group, members in by(judged, key).items():
        found = figures(members)
        rows.append([group, found["flagged caught"], found["false alarms"], found["needless questions"]])
    return table([name, "flagged caught", "false alarms", "needless questions"], rows)


def errors(judged: list[Judged]) -> str:
    """What was missed or alarmed at needlessly: where it stands, not the words."""
    missed = [one for one in judged if one.case.flags and not one.caught]
    false = [one for one in judged if not one.case.flags and one.alarmed]
    rows = [["missed", one.case.id, one.case.kind, ", ".join(sorted(one.case.flags))] for one in missed]
    rows += [["false alarm", one.case.id, one.case.kind, ", ".join(one.said.flags)] for one in false]
    return table(["error", "message", "kind", "flags"], rows)


def report(by_name: dict[str, list[Judged]]) -> str:
    """The whole report; the last of the screenings is ours."""
    ours = list(by_name.values())[-1]
    parts = [
        compared(by_name),
        grouped(ours, "flag", lambda case: sorted(case.flags) or ["none"]),
        grouped(ours, "kind", lambda case: [case.kind]),
        grouped(ours, "language", lambda case: [case.lang]),
        errors(ours),
    ]
    return "\n\n".join(parts) + "\n"


BEGIN, END = "<!-- begin: written by make evaluate -->", "<!-- end -->"


def written_into(page: str, text: str) -> str:
    """The page with the text between its two marks. Raises ValueError when they are not there."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"
