"""The course over weeks as a picture: three lines from 0 to 10, told apart by dash and mark as well as by colour.

None of them is red, and none is called good or bad: how it reads is said in words beside it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from babel.dates import format_date

from bot.clock import danish
from bot.self_management.course import SCALES

LEFT, RIGHT, TOP, BOTTOM = 34.0, 334.0, 58.0, 204.0
WIDTH, HEIGHT = 360, 236
MANY = 30  # points; then the marks are left out
MOST_DATES = 5
DATE = "d. MMM"
ENGLISH_DATE = "d MMM"
STYLE = """
text{font:12px 'Source Sans Pro',system-ui,sans-serif;fill:#3b4b4f}.grid{stroke:#d5dcdc;stroke-width:1}
.line{fill:none;stroke-width:3;stroke-linejoin:round;stroke-linecap:round}
.pain{stroke:#0f6b6b}.hindrance{stroke:#8a5a00;stroke-dasharray:9 6}.confidence{stroke:#5b4b9a;stroke-dasharray:2 6}
.mark{stroke-dasharray:none;stroke-width:2.5;fill:#fff}.ground{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#dfe8e8}.grid{stroke:#3a474a}.pain{stroke:#7fd6d0}
.hindrance{stroke:#f0bd6a}.confidence{stroke:#b9adf0}.mark{fill:#12181a}.ground{fill:#12181a}}"""
Points = list[tuple[float, float] | None]


def chart(check_ins: Sequence[Mapping[str, Any]], page: Mapping[str, str], language: str) -> str:
    """An SVG of at least one check-in (bot/self_management/course.py); `page` has the names of the lines."""
    moments = [entry["at"] for entry in check_ins]
    places = _places(moments)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(described(check_ins, page))}</title><style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="10"/>',
        *_grid(),
        *_dates(moments, places, language),
    ]
    for number, scale in enumerate(SCALES):
        points: Points = [
            None if entry.get(scale) is None else (x, _height(entry[scale]))
            for x, entry in zip(places, check_ins, strict=True)
        ]
        parts += _legend(number, scale, page[f"chart_{scale}"])
        parts += [f'<path class="line {scale}" d="{_path(points)}"/>', *_marks(points, scale)]
    return "".join([*parts, "</svg>"])


def _height(value: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / 10, 1)


def _places(moments: Sequence[datetime]) -> list[float]:
    """How far to the right each moment stands; a single one in the middle."""
    first, span = moments[0], (moments[-1] - moments[0]).total_seconds()
    if span <= 0:
        return [(LEFT + RIGHT) / 2 for _ in moments]
    inner = RIGHT - LEFT - 20
    return [round(LEFT + 10 + inner * (moment - first).total_seconds() / span, 1) for moment in moments]


def _grid() -> list[str]:
    return [
        f'<path class="grid" d="M{LEFT} {_height(value)}H{RIGHT}"/>'
        f'<text x="{LEFT - 8}" y="{_height(value) + 4}" text-anchor="end">{value}</text>'
        for value in (0, 5, 10)
    ]


def _dates(moments: Sequence[datetime], places: Sequence[float], language: str) -> list[str]:
    """First and last date, and a few between that have room."""
    step = max(1, -(-len(moments) // MOST_DATES))
    shown = [n for n in range(0, len(moments), step) if places[-1] - places[n] > 56 or n == len(moments) - 1]
    form = DATE if language == "da" else ENGLISH_DATE
    found, room = [], -100.0
    for n in sorted({*shown, len(moments) - 1}):
        if places[n] - room >= 56:
            date = format_date(danish(moments[n]), form, locale=language)
            found.append(f'<text x="{places[n]}" y="{BOTTOM + 20}" text-anchor="middle">{escape(str(date))}</text>')
            room = places[n]
    return found


def _legend(number: int, scale: str, name: str) -> list[str]:
    """A sample of the line and its name, above the grid."""
    x, y = (12, 20) if number == 0 else (12, 40) if number == 1 else (186, 20)
    return [
        f'<path class="line {scale}" d="M{x} {y - 4}H{x + 26}"/>',
        _mark(x + 13, y - 4, scale),
        f'<text x="{x + 34}" y="{y}">{escape(name)}</text>',
    ]


def _path(points: Points) -> str:
    """A line through the points, broken where a number was skipped."""
    drawn, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{point[0]} {point[1]}")
        pen = "L"
    return "".join(drawn)


def _marks(points: Points, scale: str) -> list[str]:
    known = [point for point in points if point]
    return [_mark(x, y, scale) for x, y in known] if len(known) <= MANY else []


def _mark(x: float, y: float, scale: str) -> str:
    if scale == "pain":
        return f'<circle class="line mark {scale}" cx="{x}" cy="{y}" r="4"/>'
    if scale == "hindrance":
        return f'<rect class="line mark {scale}" x="{x - 3.5}" y="{y - 3.5}" width="7" height="7"/>'
    return f'<path class="line mark {scale}" d="M{x} {y - 5}l5 9h-10z"/>'


def described(check_ins: Sequence[Mapping[str, Any]], page: Mapping[str, str]) -> str:
    """The text alternative: how long, and the first and last number of each line."""
    weeks = (check_ins[-1]["at"] - check_ins[0]["at"]).days // 7
    parts = [page["chart_alt"].replace("{count}", str(len(check_ins))).replace("{weeks}", str(weeks))]
    for scale in SCALES:
        told = [entry[scale] for entry in check_ins if entry.get(scale) is not None]
        if told:
            words = page["chart_from_to"].replace("{first}", str(told[0])).replace("{last}", str(told[-1]))
            parts.append(f"{page[f'chart_{scale}']}: {words}.")
    return " ".join(parts)


def as_url(svg: str) -> str:
    """The picture as an address that holds it: it needs no second request and goes with the message."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def as_png(svg: str, width: int = 900) -> bytes:
    """The picture for channels that show no SVG, in its light colours."""
    import resvg_py
    from font_source_sans_pro import SourceSansPro

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, font_files=[SourceSansPro]))
