"""The trained half: what it does on messages nobody trained on, how it is stored, and that the chat says the same."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bot.dialogue.turns import Turns
from bot.evaluation.measure import Case, Rate, figures, judge, load_cases
from bot.gateway import build_turns
from bot.screening.examples import labelled, screening_files
from bot.screening.features import Features, letters, phrases
from bot.screening.flags import load_flags
from bot.screening.model import ANY, EMERGENCY, FlagModel, ensure_trained
from bot.screening.normalise import normalise
from bot.screening.result import Outcome
from bot.screening.screener import Screener, thresholds
from bot.settings import Settings
from tests.patient import Patient

FLOORS = yaml.safe_load((Path(__file__).parent / "floors.yml").read_text(encoding="utf-8"))
# A tiny training set: three messages of each flag, and harmless ones.
SMALL = [{"text": f"tegn på {flag}", "flags": [flag]} for flag in load_flags().flags] * 3
SMALL += [{"text": text, "flags": []} for text in ("jeg har ondt i lænden", "hvordan sover jeg bedst")] * 10


@pytest.fixture(scope="module")
def model() -> FlagModel:
    return FlagModel.load(ensure_trained())


@pytest.mark.parametrize("language", ["da", "en"])
def test_it_keeps_its_figures_on_messages_nobody_trained_on(screener: Screener, language: str) -> None:
    cases = [case for case in load_cases(screening_files("held_out")) if case.lang == language]
    found = figures(judge(cases, screener.screen))
    for name, floor in FLOORS["at_least"].items():
        assert found[name].value >= floor, f"{name}: {found[name]}"
    for name, ceiling in FLOORS["at_most"].items():
        assert found[name].value <= ceiling, f"{name}: {found[name]}"


def test_the_held_out_messages_are_not_trained_on() -> None:
    trained = {row["text"] for row in labelled()}
    assert not [case.id for case in load_cases(screening_files("held_out")) if case.text in trained]
    assert not [row["text"] for row in labelled("tuning") if row["text"] in trained]


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    made = FlagModel.fit(SMALL)
    made.save(tmp_path / "model.npz")
    again = FlagModel.load(tmp_path / "model.npz")
    for text in ("tegn på trauma", "", "🤕", "noget helt andet"):
        assert again.score(text).danger == pytest.approx(made.score(text).danger, abs=0.05)


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 broken"])
def test_a_broken_file_is_an_error_not_a_silent_model(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.npz").write_bytes(content)
    with pytest.raises(ValueError, match="is not a model"):
        FlagModel.load(tmp_path / "model.npz")


def test_a_model_file_can_hold_no_code(tmp_path: Path) -> None:
    FlagModel.fit(SMALL).save(tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as arrays, (tmp_path / "model.npz").open("wb") as file:
        np.savez(file, **{**arrays, "weights": np.array([print], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle"):
        FlagModel.load(tmp_path / "model.npz")


def test_an_alarm_names_the_words_that_weighed_most(screener: Screener) -> None:
    found = screener.screen("min højre fod hænger slapt når jeg går, og jeg snubler over tæppet")
    assert found.outcome is Outcome.ALARM and found.flags[0] == "motor_loss"
    assert "fod" in found.findings[0].evidence


def test_a_denial_lowers_the_danger(model: FlagModel) -> None:
    assert model.score("jeg har ikke feber").danger < model.score("jeg har høj feber og ondt i ryggen").danger


def test_every_flag_has_a_head(model: FlagModel) -> None:
    assert (
        set(model.linear.names)
        == {ANY, EMERGENCY} | set(load_flags().flags)
        == {ANY, EMERGENCY} | set(model.score("hej").flags)
    )


def test_asking_comes_before_alarming() -> None:
    assert 0 < thresholds().doubt <= thresholds().ask <= thresholds().alarm < 1


def test_no_answer_hides_an_alarm_told_with_it(screener: Screener) -> None:
    found = screener.screen("nej, men jeg kan ikke løfte foden, den hænger bare", "trauma")
    assert found.outcome is Outcome.ALARM and "motor_loss" in found.flags


def test_a_plain_no_settles_a_doubt(screener: Screener) -> None:
    for text in ("nej", "nej tak", "no", "nej det har jeg ikke", "not at all"):
        assert screener.screen(text, "infection").outcome is Outcome.CLEAR, text


def test_a_relative_is_recognised(screener: Screener) -> None:
    assert screener.screen("min mor kan ikke tisse og er følelsesløs i skridtet").relative
    assert screener.screen("my elderly mother cannot pee and is numb between her legs").relative
    assert not screener.screen("jeg kan ikke tisse og er følelsesløs i skridtet").relative


PLAIN = yaml.safe_load((Path(__file__).parent / "plain.yml").read_text(encoding="utf-8"))
PLAIN_CASES = [(flag, text) for flag, texts in PLAIN.items() for text in texts]


@pytest.mark.parametrize(("flag", "text"), PLAIN_CASES, ids=[text for _, text in PLAIN_CASES])
def test_a_plain_statement_alarms(screener: Screener, flag: str, text: str) -> None:
    found = screener.screen(text)
    assert found.outcome is Outcome.ALARM and flag in found.flags, found


@pytest.mark.parametrize(
    "text",
    [
        "det gør ondt",
        "det er blevet værre",
        "smerterne er værre i dag",
        "it is getting worse",
        "jeg har ondt i lænden",
        "my back hurts",
        "ondt ned i benet",
        "må jeg løbe?",
        "jeg kan ikke sove",
        "jeg er træt",
        "tak",
    ],
)
def test_plain_back_pain_does_not_alarm(screener: Screener, text: str) -> None:
    assert screener.screen(text).outcome is Outcome.CLEAR


ANSWERS = Path(__file__).parent / "answers.jsonl"


def test_harmless_answers_to_short_questions_seldom_alarm(screener: Screener) -> None:
    """Answers in a form are screened like any message; on 120 that nobody trained on few may be taken for a sign."""
    outcomes = [screener.screen(json.loads(line)["text"]).outcome for line in ANSWERS.read_text().splitlines()]
    assert outcomes.count(Outcome.ALARM) / len(outcomes) <= 0.03
    assert outcomes.count(Outcome.ASK) / len(outcomes) <= 0.07


WEEK = "mandag tirsdag onsdag torsdag fredag lørdag søndag".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
SETTINGS = [f"{word} {day}" for day in WEEK for word in ("siden", "siden i", "det begyndte")]
SETTINGS += [f"siden i {day}s" for day in WEEK] + [f"{word} {day}" for day in DAYS for word in ("since", "it began")]
SETTINGS += (
    "i går|i morges|i nat|tre uger|et halvt år|pludselig|hver dag|ben|fod|ryg|last night|two weeks|suddenly".split(
        "|"
    )
)
SETTINGS += (
    "ten years|at night|leg|foot|I'm a bricklayer|jeg er murer|only my back|nej kun ryggen|it comes and goes".split(
        "|"
    )
)


@pytest.mark.parametrize("text", SETTINGS)
def test_where_and_since_when_alone_do_not_alarm(screener: Screener, text: str) -> None:
    """What most alarm signs are told with means nothing by itself; the path asks how long it has been."""
    assert screener.screen(text).outcome is not Outcome.ALARM


def sample() -> list[Case]:
    cases = load_cases(screening_files("held_out"))
    return random.Random(3).sample(cases, 40)


WAYS = {
    "before consent": "",
    "in the safety check": "consent_yes",
    "with Rasa stopped": "consent_yes",
    "in the menu": "consent_yes menu",
    "at the worry": "consent_yes menu worry",
    "at a short question": "consent_yes menu worry worry_scan skip",
    "at a check question": "consent_yes menu topics topics_everyday topic_sleep",
}


@pytest.mark.parametrize("where", WAYS)
async def test_the_chat_gives_the_outcome_that_parse_gives(turns: Turns, real_rasa: Any, where: str) -> None:
    from bot.nlu.parse import Parser

    parser = Parser(real_rasa.agent)
    for case in sample():
        parsed = await parser.parse_async(case.text)
        patient = Patient(turns)
        for name in WAYS[where].split():
            await patient.choose(name)
        real_rasa.dead = where == "with Rasa stopped"
        replies = await patient.write(case.text)
        real_rasa.dead = False
        cards = [reply.care for reply in replies if reply.care]
        assert bool(cards) == (parsed["outcome"] == "alarm"), f"{case.id}: {parsed}"
        assert not cards or cards[0].flags == parsed["flags"], case.id
        for task in turns.answers.catching_up.values():
            task.cancel()


def test_wilsons_interval() -> None:
    low, high = Rate(0, 10).wilson()
    assert low == 0 and high == pytest.approx(0.278, abs=0.001)
    assert Rate(0, 0).wilson() == (0.0, 1.0) and str(Rate(0, 0)) == "–"
    low, high = Rate(95, 100).wilson()
    assert (low, high) == (pytest.approx(0.888, abs=0.001), pytest.approx(0.978, abs=0.001))


def test_the_gateway_never_starts_without_its_model(
    tmp_path: Path, model: FlagModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path)

    def broken() -> Path:
        raise ValueError("training failed")

    monkeypatch.setattr("bot.gateway.ensure_trained", broken)
    with pytest.raises(ValueError, match="training failed"):
        build_turns(settings)
    model.save(tmp_path / "model.npz")
    monkeypatch.setattr("bot.gateway.ensure_trained", lambda: tmp_path / "model.npz")
    assert build_turns(settings).screener.model


@pytest.mark.parametrize(
    "text",
    ["en time", "en halv time", "an hour", "half an hour", "ca. 20 minutter", "3 gange om ugen", "to or three hours"],
)
def test_a_bare_amount_tells_of_no_sign(screener: Screener, text: str) -> None:
    assert screener.screen(text).outcome is Outcome.CLEAR


@pytest.mark.parametrize("text", ["en time uden at kunne tisse", "faldt 3 meter", "two hours of chest pain"])
def test_an_amount_beside_a_sign_hides_nothing(screener: Screener, text: str) -> None:
    assert screener.screen(text).outcome is not Outcome.CLEAR


def test_our_reading_of_a_text_is_what_scikit_learn_learned_from() -> None:
    texts = [normalise(row["text"]) for row in labelled("tuning")]
    features, matrix = Features.fit(texts)
    for number, text in enumerate(texts):
        columns, values = features.row(text)
        row = np.zeros(matrix.shape[1])
        row[columns] = values
        assert np.abs(row - matrix[number].toarray()[0]).max() < 1e-6, text


@pytest.mark.parametrize("text", ["", " ", "🤕", "helt ukendte ordtyper", "x" * 5000, "a b", "\ud800 \x00"])
def test_a_text_without_anything_known_still_has_a_row(model: FlagModel, text: str) -> None:
    columns, values = model.linear.features.row(text)
    assert len(columns) == len(values) and np.isfinite(values).all()
    assert np.isfinite(model.score(text).danger)


@pytest.mark.parametrize(
    "text", ["min ryg er øm", "a ab abc abcd abcde", "jeg  kan ikke\ttisse", "", "~ ~", "toe~carpet"]
)
def test_letters_and_phrases_are_those_scikit_learn_makes(text: str) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).build_analyzer()
    words = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 3)).build_analyzer()
    assert sorted(letters(text)) == sorted(characters(text))
    assert sorted(phrases(text)) == sorted(words(text))
