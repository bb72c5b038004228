"""The course as a picture: told apart without colour, light and dark, with words beside it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.store import ContentStore
from bot.self_management.chart import HEIGHT, WIDTH, as_png, as_url, chart, described

BEGAN = datetime(2026, 1, 5, 12, tzinfo=UTC)
SCALE = st.one_of(st.none(), st.integers(0, 10))


def course(*numbers: tuple[int | None, int | None, int | None], days: int = 7) -> list[dict[str, Any]]:
    return [
        {"pain": p, "hindrance": h, "confidence": c, "at": BEGAN + timedelta(days=days * n)}
        for n, (p, h, c) in enumerate(numbers)
    ]


PAGE = {"chart_pain": "Pain <&>", "chart_hindrance": "Trouble", "chart_confidence": "Cope",
        "chart_alt": "{count} in {weeks} weeks.", "chart_from_to": "from {first} to {last}"}  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(SCALE, SCALE, SCALE), min_size=1, max_size=60), st.sampled_from(["da", "en"]))
def test_any_course_is_a_picture_inside_its_frame(numbers: list[Any], language: str) -> None:
    svg = chart(course(*numbers), PAGE, language)
    root = ET.fromstring(svg)
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", svg):
        assert 0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT
    assert "NaN" not in svg and "<script" not in svg


def test_lines_differ_in_dash_and_mark_and_none_is_red() -> None:
    svg = chart(course((5, 4, 3), (6, 5, 4)), PAGE, "da")
    assert len(set(re.findall(r"\.(?:hindrance|confidence)\{stroke:[^;]+;stroke-dasharray:([\d ]+)", svg))) == 2
    assert "<circle" in svg and '<rect class="line mark' in svg and "l5 9h-10z" in svg
    for red, green, blue in re.findall(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", svg):
        assert not (int(red, 16) > 150 and int(green, 16) < 90 and int(blue, 16) < 90)
    assert "prefers-color-scheme:dark" in svg


def test_a_skipped_number_breaks_the_line_and_nothing_is_made_up() -> None:
    svg = chart(course((5, 5, 5), (None, 5, 5), (3, 5, 5)), PAGE, "da")
    *_, path = re.findall(r'class="line pain" d="([^"]+)"', svg)
    assert path.count("M") == 2 and "L" not in path


def test_the_words_say_how_long_and_from_what_to_what() -> None:
    told = described(course((7, 6, None), (5, 6, 4), (4, 6, 8)), PAGE)
    assert told == "3 in 2 weeks. Pain <&>: from 7 to 4. Trouble: from 6 to 6. Cope: from 4 to 8."


@pytest.mark.parametrize("language", ["da", "en"])
def test_messengers_get_a_png_with_readable_letters(content: ContentStore, language: str) -> None:
    svg = chart(course((7, 6, 2), (4, 3, 8)), content.page[language], language)
    png = as_png(svg)
    assert png.startswith(b"\x89PNG") and len(png) > 10_000
    without_letters = as_png(re.sub(r"<text.*?</text>", "", svg))
    assert len(png) > 1.3 * len(without_letters)


def test_the_picture_travels_with_the_message() -> None:
    assert as_url("<svg/>").startswith("data:image/svg+xml;base64,")
