"""The `rygraad` command."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.settings import ROOT, get_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Rygråd: self-management of low back pain.")
content_app = typer.Typer(no_args_is_help=True, help="The texts.")
app.add_typer(content_app, name="content")


@app.command()
def up() -> None:
    """Start everything and keep it running until Ctrl-C."""
    from bot.supervisor import run

    raise SystemExit(run(get_settings()))


@app.command()
def train() -> None:
    """Train what is out of date."""
    from bot.rasa.project import train as train_models

    typer.echo(f"Model ready: {train_models().relative_to(ROOT)}")


@app.command()
def parse() -> None:
    """Read JSON Lines with `text`; write each with intent, topic, confidence, outcome, level and flags."""
    from bot.nlu.parse import Parser

    parser = Parser.load()
    for line in sys.stdin:
        if line.strip():
            item = json.loads(line)
            typer.echo(json.dumps({**item, **parser.parse(str(item["text"]))}, ensure_ascii=False))


@app.command()
def evaluate(
    files: list[Path],
    brief: bool = typer.Option(False, help="Only the table of figures."),
    into: Annotated[Path | None, typer.Option(help="A page whose marked part is replaced.")] = None,
) -> None:
    """Measure screening on labelled messages (JSON Lines with `text` and `flags`); writes Markdown."""
    from bot.evaluation.baselines import baselines
    from bot.evaluation.measure import judge, load_cases
    from bot.evaluation.report import compared, report, written_into
    from bot.screening.model import ensure_trained
    from bot.screening.screener import Screener

    cases = load_cases(files)
    screener = Screener.load(ensure_trained())
    judged = {name: judge(cases, screen) for name, screen in baselines(screener).items()}
    text = compared(judged) if brief else report(judged)
    typer.echo(text)
    if into:
        into.write_text(written_into(into.read_text(encoding="utf-8"), text), encoding="utf-8")


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


@app.command("kill-switch")
def kill_switch(
    state: Literal["on", "off", "status"], topic: str = typer.Option("", help="Only this topic.")
) -> None:
    """Turn every conversation, or one topic, into fixed advice, and back; no restart."""
    from bot.kill_switch import ALL, KillSwitch

    switch = KillSwitch(get_settings().data_dir)
    if state == "on":
        switch.close(topic or ALL)
    elif state == "off":
        switch.open(topic or None)
    closed = sorted(switch.lines())
    typer.echo("Everything is open." if not closed else f"Closed: {', '.join(closed)} ({switch.path})")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def rasa(context: typer.Context) -> None:
    """Run any Rasa command (train, shell, test, data validate, ...) in this project."""
    from bot.rasa.launcher import NeedsTensorFlow, refuse_tensorflow_components, run_module
    from bot.rasa.project import environment, with_defaults

    os.chdir(ROOT)
    os.environ.update(environment(get_settings()))
    try:
        refuse_tensorflow_components(ROOT / "config.yml")
    except NeedsTensorFlow as error:
        typer.echo(str(error), err=True)
        raise SystemExit(2) from error
    run_module("rasa", with_defaults(context.args))


@content_app.command("check")
def content_check() -> None:
    """Name file and line of every fault in the texts."""
    from bot.content.check import check
    from bot.content.store import CONTENT

    faults = check(CONTENT)
    for fault in faults:
        typer.echo(str(fault))
    typer.echo(f"{len(faults)} faults" if faults else "No faults.")
    raise SystemExit(1 if faults else 0)


def main() -> None:
    """The console script."""
    app()
