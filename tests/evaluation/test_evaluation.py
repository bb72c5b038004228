"""The measuring itself: figures counted by hand, groups, errors by name, thresholds, and the page they go into."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bot.evaluation.baselines import keyword_list
from bot.evaluation.measure import Judged, by, figures, judge, load_cases
from bot.evaluation.report import BEGIN, END, errors, report, written_into
from bot.evaluation.thresholds import calibrate, limit
from bot.screening.result import Outcome, Screening

ROWS = [
    {"id": "a", "lang": "da", "text": "kan ikke tisse", "flags": ["cauda_equina"], "kind": "plain"},
    {"id": "b", "lang": "da", "text": "feber", "flags": ["infection"], "kind": "short"},
    {"id": "c", "lang": "en", "text": "I am fine", "flags": [], "kind": "negated"},
    {"id": "d", "lang": "en", "text": "killing me", "flags": [], "kind": "figure_of_speech"},
    {"id": "e", "lang": "en", "text": "should I run?", "topic": "exercise"},
]
SAID = {
    "kan ikke tisse": Screening(Outcome.ALARM, "emergency", ("cauda_equina",), ()),
    "feber": Screening(Outcome.CLEAR, "none", (), ()),
    "I am fine": Screening(Outcome.ASK, "soon", ("weight_loss",), ()),
    "killing me": Screening(Outcome.ALARM, "emergency", ("self_harm",), ()),
    "should I run?": Screening(Outcome.CLEAR, "none", (), ()),
}


@pytest.fixture
def judged(tmp_path: Path) -> list[Judged]:
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return judge(load_cases([path]), SAID.__getitem__)


def test_the_figures_are_those_counted_by_hand(judged: list[Judged]) -> None:
    found = {name: (rate.hits, rate.of) for name, rate in figures(judged).items()}
    assert found == {
        "emergency caught": (1, 1),
        "emergency alarmed": (1, 1),
        "flagged caught": (1, 2),
        "level right": (1, 2),
        "false alarms": (1, 3),
        "needless questions": (1, 3),
    }


def test_groups_and_errors_are_named_without_the_words(judged: list[Judged]) -> None:
    assert list(by(judged, lambda case: [case.lang])) == ["da", "en"]
    text = errors(judged)
    assert (
        "| missed | b | short | infection |" in text and "| false alarm | d | figure_of_speech | self_harm |" in text
    )
    assert "killing me" not in report({"keyword list": judged, "Rygråd": judged})


def test_the_keyword_baseline_alarms_at_a_denial() -> None:
    assert keyword_list("jeg har ikke feber").outcome is Outcome.ALARM
    assert keyword_list("hej").outcome is Outcome.CLEAR


def test_a_limit_lets_no_more_than_its_share_through() -> None:
    harmless = np.linspace(0, 1, 100)
    assert (harmless >= limit(harmless, 0.03)).sum() == 3
    assert (harmless >= limit(harmless, 0.0)).sum() == 0


def test_calibration_makes_danger_a_probability() -> None:
    danger = np.array([-4.0, -3, -2, -1, 1, 2, 3, 4] * 20)
    slope, intercept = calibrate(danger, danger > 0)
    assert slope > 0 and abs(intercept) < 0.5


def test_the_report_replaces_only_its_own_part() -> None:
    page = f"head\n{BEGIN}\nold\n{END}\ntail\n"
    assert written_into(page, "new") == f"head\n{BEGIN}\n\nnew\n{END}\ntail\n"
    with pytest.raises(ValueError, match="needs the lines"):
        written_into("no marks", "new")
