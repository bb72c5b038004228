"""The part of the `rygraad` command that measures, and what it measures beside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PLAIN = "plain Rasa (DIET)"
app = typer.Typer()


@app.command()
def evaluate(
    files: list[Path],
    brief: bool = typer.Option(False, help="Only the table of figures."),
    into: Annotated[Path | None, typer.Option(help="A page whose marked part is replaced.")] = None,
) -> None:
    """Measure screening on labelled messages (JSON Lines with `text` and `flags`); writes Markdown."""
    from bot.evaluation.baselines import baselines
    from bot.evaluation.measure import Judged, judge, load_cases
    from bot.evaluation.plain.run import rankings, screening_of
    from bot.evaluation.report import compared, report
    from bot.screening.model import ensure_trained
    from bot.screening.screener import Screener

    cases = load_cases(files)
    screener = Screener.load(ensure_trained())
    judged = {name: judge(cases, screen) for name, screen in baselines(screener).items()}
    if plain := rankings([case.text for case in cases]):
        judged = {PLAIN: [Judged(*pair) for pair in zip(cases, map(screening_of, plain), strict=True)]} | judged
    _tell(compared(judged) if brief else report(judged), into)


@app.command("evaluate-topics")
def evaluate_topics(
    files: list[Path],
    pipelines: bool = typer.Option(False, help="Beside the other pipelines, trained on the same examples; minutes."),
    brief: bool = typer.Option(False, help="Only the table of figures."),
    into: Annotated[Path | None, typer.Option(help="A page whose marked part is replaced.")] = None,
) -> None:
    """Measure how well questions are understood, on JSON Lines with `text` and `topic`; writes Markdown."""
    from bot.evaluation.pipelines import candidates, trained
    from bot.evaluation.plain.run import rankings, topic_of
    from bot.evaluation.topics import compared, load_questions, report
    from bot.nlu.parse import Parser

    questions = load_questions(files)
    asked = [question.text for question in questions]
    said = {name: trained(pipe, prepare)(asked) for name, pipe, prepare in candidates()} if pipelines else {}
    if plain := rankings(asked):
        said[PLAIN] = [topic_of(ranking) for ranking in plain]
    said["Rygråd"] = Parser.load().topics(asked)
    _tell(compared(questions, said) if brief else report(questions, said), into)


def _tell(text: str, into: Path | None) -> None:
    """Prints the text, and puts it between the marks of a page."""
    from bot.evaluation.report import written_into

    typer.echo(text)
    if into:
        into.write_text(written_into(into.read_text(encoding="utf-8"), text), encoding="utf-8")


@app.command("plain-rasa")
def plain_rasa() -> None:
    """Train the plain Rasa project that `evaluate` then compares with; `make plain-rasa` prepares it."""
    from bot.evaluation.plain.run import train

    train()


@app.command("learning-curve")
def learning_curve(files: list[Path]) -> None:
    """Train on growing parts of the batches and measure each on labelled messages; takes minutes."""
    from bot.evaluation.curve import learning_curve as curve

    typer.echo(curve(files))


@app.command()
def thresholds() -> None:
    """Choose screening's thresholds on nlu_data/tuning and write them."""
    from bot.evaluation.thresholds import choose, written
    from bot.screening.examples import DATA, labelled
    from bot.screening.model import FlagModel, ensure_trained

    chosen = written(choose(FlagModel.load(ensure_trained()), labelled("tuning")))
    (DATA / "screening" / "thresholds.yml").write_text(chosen, encoding="utf-8")
    typer.echo(chosen)
