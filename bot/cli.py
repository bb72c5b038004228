"""The `rygraad` command."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Literal

import typer

from bot.accounts.commands import app as users_app
from bot.editorial.commands import app as editing_app
from bot.evaluation.commands import app as evaluation_app
from bot.operating.commands import app as operating_app
from bot.settings import ROOT, get_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Rygråd: self-management of low back pain.")
content_app = typer.Typer(no_args_is_help=True, help="The texts.")
keys_app = typer.Typer(no_args_is_help=True, help="The secrets data is encrypted with.")
retention_app = typer.Typer(no_args_is_help=True, help="The promised time.")
content_app.add_typer(editing_app)
app.add_typer(content_app, name="content")
app.add_typer(retention_app, name="retention")
app.add_typer(keys_app, name="keys")
app.add_typer(evaluation_app)
app.add_typer(operating_app)
app.add_typer(users_app, name="users")


@app.command()
def up() -> None:
    """Start everything and keep it running until Ctrl-C."""
    from bot.supervisor import run

    raise SystemExit(run(get_settings()))


@app.command()
def part(
    name: Literal["gateway", "rasa", "actions"],
    host: str = typer.Option("", help="Address to listen on; HOST for the gateway, else the loopback."),
    port: int = typer.Option(0, help="PORT for the gateway, 5005 for Rasa, 5055 for the actions, unless given."),
) -> None:
    """Run one part by itself, as in docs/scaling.md; first `rygraad train` and `rygraad migrate`."""
    from bot.supervisor import run_part

    settings = get_settings()
    usual = {"gateway": (settings.host, settings.port), "rasa": ("127.0.0.1", 5005), "actions": ("127.0.0.1", 5055)}
    run_part(settings, name, host or usual[name][0], port or usual[name][1])


@app.command()
def migrate() -> None:
    """Bring the database up to date; several at once wait for each other."""
    from bot.store.database import migrate as run

    run(get_settings())
    typer.echo("The database is up to date.")


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


@keys_app.command("rotate")
def keys_rotate() -> None:
    """Encrypt everything anew with the first secret of RYGRAAD_SECRET_KEY; then the others can go."""
    from sqlmodel import SQLModel

    from bot.store import editorial_models, models, staff_models  # noqa: F401  (fills the metadata)
    from bot.store.database import open_database
    from bot.store.encryption import rotate
    from bot.store.telegram import mark_anew

    engine = open_database(get_settings())
    mark_anew(engine)
    done = rotate(engine, SQLModel.metadata.sorted_tables)
    typer.echo(f"{done} values are encrypted with the first secret.")


@content_app.command("draw")
def content_draw() -> None:
    """Draw the movements anew after a change in content/movements/figures.yml."""
    from bot.content.check import IMAGES
    from bot.content.drawing import write

    write(IMAGES)
    typer.echo("Drawn.")


@retention_app.command("run")
def retention_run() -> None:
    """Delete words older than RYGRAAD_RETENTION_DAYS, and people silent for RYGRAAD_INACTIVE_DAYS; the gateway does
    it every hour."""
    from bot.store.database import open_database
    from bot.store.retention import delete_expired, erase_inactive

    settings = get_settings()
    engine = open_database(settings)
    found = delete_expired(engine, settings.retention_days) | erase_inactive(engine, settings.inactive_days)
    typer.echo(
        f"{found['messages']} messages emptied, {found['unanswered']} unanswered questions deleted, "
        f"{found['warned']} people warned, {found['erased']} erased."
    )


@app.command()
def unanswered(days: int = typer.Option(30, help="Asked in so many days.")) -> None:
    """List the masked questions nobody answered, as JSON Lines, often asked ones first."""
    from datetime import timedelta

    from bot.clock import now
    from bot.store.database import open_database
    from bot.store.unanswered import worklist

    for row in worklist(open_database(get_settings()), now() - timedelta(days=days)):
        typer.echo(json.dumps(row, ensure_ascii=False, default=str))


def _conversation(name: str) -> tuple[Any, Any]:
    """The database, and the conversation of an id or a token; ends the command when there is none."""
    from bot.store import conversations as store
    from bot.store.database import open_database

    engine = open_database(get_settings())
    found = store.get(engine, name) or store.find(engine, name)
    if not found:
        typer.echo("There is no such conversation.", err=True)
        raise SystemExit(1)
    return engine, found


@app.command()
def export(conversation: str) -> None:
    """Print everything that is kept about the person of a conversation (its id or token) as JSON."""
    from bot.dialogue.own_data import exported

    typer.echo(json.dumps(exported(*_conversation(conversation)), ensure_ascii=False, default=str, indent=2))


@app.command()
def erase(conversation: str) -> None:
    """Erase a conversation (its id or token) and all that belongs to it."""
    from bot.store import conversations as store

    engine, found = _conversation(conversation)
    store.erase(engine, found.id)
    typer.echo("Erased.")


def main() -> None:
    """The console script."""
    app()
