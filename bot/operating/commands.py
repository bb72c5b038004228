"""`rygraad backup`, `restore` and `doctor`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic import ValidationError

from bot.settings import Settings, get_settings

if TYPE_CHECKING:
    from bot.operating.archive import Manifest

app = typer.Typer()
File = Annotated[Path, typer.Argument(help="What `rygraad backup` wrote.")]
Target = Annotated[Path, typer.Argument(help="A folder, or a file that ends in .zip and is not there yet.")]
OnlyCheck = Annotated[bool, typer.Option("--check", help="Read and verify the whole file; touch no database.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: a list of name, state, says, do.")]
KEPT_APART = "The secret is not in it: keep secret.key, or RYGRAAD_SECRET_KEY, in another place."


def _fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise SystemExit(1)


def _settings() -> Settings:
    """The settings; ends the command with what is refused, without showing values."""
    from bot.operating.checks.configured import refused

    try:
        return get_settings()
    except ValidationError as error:
        _fail("\n".join(finding.says for finding in refused(error)))


@contextmanager
def _plainly() -> Iterator[None]:
    """What goes wrong in one line, and no traceback."""
    from bot.operating.errors import OperatingError

    try:
        yield
    except OperatingError as error:
        _fail(_printable(str(error)))


def _printable(words: str) -> str:
    """File names may hold bytes that are no text."""
    return os.fsencode(words).decode(errors="replace")


def _told(manifest: Manifest) -> str:
    return (
        f"{manifest.rows:,} rows of {len(manifest.tables)} tables, made at {manifest.made_at} "
        f"from {manifest.engine}, revision {manifest.revision}"
    )


@app.command()
def backup(target: Target) -> None:
    """Write all that is stored into one file, while patients write; it holds no secret."""
    from bot.operating.backup import make

    with _plainly():
        path, manifest = make(_settings(), target)
    typer.echo(_printable(f"{path}\n{_told(manifest)}.\n{KEPT_APART}"))


@app.command()
def restore(file: File, check: OnlyCheck = False) -> None:
    """Put a backup into an empty database (SQLite or PostgreSQL), and bring it up to date."""
    from bot.operating.archive import Backup
    from bot.operating.keys import held
    from bot.operating.restore import restore as restored

    settings = _settings()
    with _plainly(), Backup(file) as opened:
        for doubt in opened.doubts(held(settings)):
            typer.echo(doubt, err=True)
        manifest = opened.check() if check else restored(settings, opened)
    typer.echo(f"{'The backup is whole' if check else 'Restored and compared'}: {_told(manifest)}.")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything that can be wrong, and say what to do; exits with 1 when something is WRONG."""
    from bot.operating.checks.finding import WRONG
    from bot.operating.doctor import examine

    findings = examine()
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in findings], ensure_ascii=False, indent=1))
    else:
        for each in findings:
            typer.echo(_printable(str(each)))
    raise SystemExit(1 if any(each.state == WRONG for each in findings) else 0)
