"""What is kept of a patient, put together for one page: the summary for a clinician, and the patient's view.

Plain data in, plain data out; bot/channels/web/own_pages.py shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.content.store import ContentStore
from bot.self_management import chart, course, plan
from bot.self_management.course import SCALES


@dataclass(frozen=True)
class Records:
    """What the store has of one patient; moments in UTC, lists oldest first, plans newest first."""

    began: datetime
    plans: Sequence[tuple[int, datetime, Mapping[str, str]]] = ()
    check_ins: Sequence[Mapping[str, Any]] = ()
    safety_checks: Sequence[Mapping[str, Any]] = ()
    alarms: Sequence[tuple[datetime, str, Sequence[str]]] = ()  # when, level, flags
    questions: str = ""


@dataclass(frozen=True)
class Summary:
    """One page in one language."""

    began: datetime
    weeks: int
    numbers: list[tuple[str, Any, Any]] = field(default_factory=list)  # name, first, last
    trend: str | None = None  # 'better', 'same', 'worse', 'mixed'
    chart: str = ""
    chart_alt: str = ""
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    steps_done: int = 0
    plan: list[tuple[str, str]] = field(default_factory=list)
    safety: list[tuple[str, str]] = field(default_factory=list)  # what was asked, 'yes' or 'no'
    safety_at: datetime | None = None
    alarms: list[tuple[datetime, str, list[str]]] = field(default_factory=list)  # when, level, what it was
    questions: str = ""


def summary(records: Records, content: ContentStore, language: str, today: datetime) -> Summary:
    """The page of these records, as of `today`."""
    rows = list(records.check_ins)
    page = content.page[language]
    first_last = [(page[f"chart_{scale}"], *_ends(rows, scale)) for scale in SCALES]
    latest = records.safety_checks[-1] if records.safety_checks else None
    return Summary(
        began=records.began,
        weeks=(today - records.began).days // 7,
        numbers=[(name, first, last) for name, first, last in first_last if first is not None],
        trend=course.trend(rows[-1], rows[0]) if len(rows) > 1 else None,
        chart=chart.as_url(chart.chart(rows, page, language)) if rows else "",
        chart_alt=chart.described(rows, page) if rows else "",
        rows=rows,
        steps_done=sum(row.get("step") == "done" for row in rows),
        plan=plan.lines(content, language, records.plans[0][2]) if records.plans else [],
        safety=[(asked(content, language, flag), told) for flag, told in latest["answers"].items()] if latest else [],
        safety_at=latest["at"] if latest else None,
        alarms=[(at, level, [asked(content, language, f) for f in flags]) for at, level, flags in records.alarms],
        questions=plan.as_words(records.questions),
    )


def asked(content: ContentStore, language: str, flag: str) -> str:
    """An alarm sign in a few words."""
    return content.get(f"screening/{flag}", language).title


def _ends(rows: Sequence[Mapping[str, Any]], scale: str) -> tuple[Any, Any]:
    told = [row[scale] for row in rows if row.get(scale) is not None]
    return (told[0], told[-1]) if told else (None, None)
