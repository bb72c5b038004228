"""`rygraad content …`: what is edited, writing it back to the files, and what a patient was shown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.settings import ROOT, get_settings

if TYPE_CHECKING:
    from bot.editorial.files import Shown, Standing
    from bot.editorial.live import LiveContent

CONTENT = ROOT / "content"
app = typer.Typer()


def _live() -> LiveContent:
    """The texts as they are live; ends the command for a database in which nothing can have been edited."""
    from sqlalchemy import inspect

    from bot.content.store import load
    from bot.editorial.live import LiveContent
    from bot.store.database import open_database

    engine = open_database(get_settings())
    if not inspect(engine).has_table("publication"):
        typer.echo("This database holds no edits: no gateway of this release has used it yet.", err=True)
        raise SystemExit(0)
    live = LiveContent(load(), engine)
    live.refresh()
    return live


def _row(language: str, key: str, *more: Any) -> str:
    return "  ".join([f"{language}/{key}", *map(str, more)])


@app.command()
def status(strict: Annotated[bool, typer.Option(help="Exit with 1 when something differs.")] = False) -> None:
    """List the texts whose live edit is not what the file says, and the drafts and reviews that are open."""
    from bot.editorial import files
    from bot.store import staff

    live = _live()
    found = files.standings(live)
    for each in found:
        typer.echo(_row(each.language, each.key, each.state, _since(each)))
    names = {each.id: each.name for each in staff.users(live.engine)}
    for edition in files.open_editions(live.engine):
        author = names.get(edition.author_id, edition.author_id)
        typer.echo(_row(edition.language, edition.key, edition.state.replace("_", " "), author))
    differ = [each for each in found if each.state != files.SAME]
    conflicts = sum(each.state == files.CONFLICT for each in found)
    typer.echo(f"{len(differ)} texts differ from their files, {conflicts} of them in conflict.")
    raise SystemExit(1 if strict and differ else 0)


def _since(each: Standing) -> str:
    from bot.clock import danish

    published = each.live.publication
    return f"{published.version} since {danish(published.at):%Y-%m-%d %H:%M}"


@app.command()
def export(
    into: Annotated[Path, typer.Option(help="The content folder to write to.")] = CONTENT,
    force: Annotated[bool, typer.Option(help="Write over files that changed since the edit was made.")] = False,
) -> None:
    """Write every live edit as a file, byte for byte as it was published, to be looked at and committed."""
    from bot.editorial import files

    done = files.write_out(_live(), into, force=force)
    for path in done.paths:
        typer.echo(str(path))
    for each in done.left:
        typer.echo(f"Left alone, {each.state}: {files.path_of(into, each.key, each.language)}", err=True)
    if done.paths:
        typer.echo(
            f"{len(done.paths)} files written. Look at them (git diff), run `rygraad content check`, commit them. "
            "Once a gateway starts with these files, later changes of the files apply again."
        )
    elif not done.left:
        typer.echo("Nothing to write: every file says what is live.")
    if any(each.state in (files.CONFLICT, files.GONE) for each in done.left):
        typer.echo("Settle conflicts in the editors' workplace, or write over the files with --force.", err=True)
    raise SystemExit(1 if done.left else 0)


@app.command()
def seen(
    conversation: str,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only on this Danish date.")] = None,
    words: Annotated[bool, typer.Option(help="Print the text of each version as well.")] = False,
) -> None:
    """List what a patient was shown: time, key, language and version. CONVERSATION is its id or its token."""
    from bot.editorial import files
    from bot.store import conversations as store
    from bot.store.database import open_database

    engine = open_database(get_settings())
    found = store.get(engine, conversation) or store.find(engine, conversation)
    if not found:
        typer.echo("There is no such conversation.", err=True)
        raise SystemExit(1)
    rows = list(files.shown(engine, found, on.date() if on else None))
    for each in rows:
        typer.echo(_shown(each))
        if words:
            typer.echo(_words(each))
    if not rows:
        typer.echo("Nothing was shown.")


def _shown(each: Shown) -> str:
    from bot.clock import danish

    at = f"{danish(each.at):%Y-%m-%d %H:%M:%S}"
    key, language = (each.kept.key, each.kept.language) if each.kept else (each.key, "?")
    return "  ".join([at, key, language, each.version or "?"])


def _words(each: Shown) -> str:
    kept = each.kept.source if each.kept else "This version is not kept."
    return "".join(f"    {line}\n" for line in kept.splitlines())
