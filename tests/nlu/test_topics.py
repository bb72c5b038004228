"""Questions are understood by the model that is shipped, on messages by people it has not learned from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.evaluation.topics import figures, load_questions
from bot.settings import ROOT
from tests.rasa_in_process import InProcessRasa

FLOORS = yaml.safe_load((Path(__file__).parent / "floors.yml").read_text(encoding="utf-8"))
HELD_OUT = ROOT / "nlu_data" / "held_out_topics"


@pytest.mark.parametrize("language", ["da", "en"])
async def test_it_keeps_its_figures_on_messages_nobody_trained_on(real_rasa: InProcessRasa, language: str) -> None:
    from bot.nlu.parse import Parser

    parser = Parser(real_rasa.agent)
    questions = load_questions(sorted(HELD_OUT.glob(f"{language}/*.jsonl")))
    said = [(await parser.parse_async(question.text))["topic"] for question in questions]
    found = figures(questions, said)
    for name, floor in FLOORS["at_least"].items():
        assert found[name].value >= floor, f"{name}: {found[name]}"
    for name, ceiling in FLOORS["at_most"].items():
        assert found[name].value <= ceiling, f"{name}: {found[name]}"


INTENTS = ROOT / "nlu_data" / "held_out_intents"


@pytest.mark.parametrize(
    ("name", "floor", "number"),
    [("da", 0.78, 140), ("en", 0.84, 140), ("complaint_da", 0.8, 20), ("complaint_en", 0.8, 20)],
)
async def test_what_people_want_of_their_plan_and_reminders_and_a_bare_complaint_are_understood(
    real_rasa: InProcessRasa, name: str, floor: float, number: int
) -> None:
    from bot.nlu.parse import Parser

    parser = Parser(real_rasa.agent)
    rows = [json.loads(line) for line in (INTENTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    right = [(await parser.parse_async(row["text"]))["intent"] == row["intent"] for row in rows]
    assert len(rows) == number and sum(right) / len(rows) >= floor, sum(right) / len(rows)


@pytest.mark.parametrize("path", sorted(HELD_OUT.glob("*/*.jsonl")), ids=lambda path: path.stem)
def test_a_held_out_batch_is_well_formed(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        assert set(row) == {"batch", "lang", "text", "topic", "kind"}
        assert row["batch"] == path.stem and row["lang"] == path.parent.name and row["text"].strip()


@pytest.mark.parametrize("text", ["", " ", "🤕", "?", "\u200b", "a" * 3000, "عندي ألم في الظهر", "<b>", "/imaging"])
async def test_no_text_breaks_it(real_rasa: InProcessRasa, text: str) -> None:
    from bot.nlu.parse import Parser

    assert (await Parser(real_rasa.agent).parse_async(text))["outcome"] in {"clear", "ask", "alarm"}
