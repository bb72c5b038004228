"""What can be seen in the settings alone."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pydantic import ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.channels.limits import RateLimits
from bot.operating.checks.finding import Finding, fine, warning, wrong
from bot.settings import Settings

NAME = "settings"
PREFIX = "RYGRAAD_"
FOR_TESTS = {"RYGRAAD_TEST_POSTGRES"}
DATABASES = ("sqlite", "postgresql+psycopg")
FIX = "Set it right (docs/operating.md, Settings) and start again."


def refused(error: ValidationError) -> list[Finding]:
    """Each setting that is refused, without its value: pydantic's own words would show secrets."""
    return [wrong(NAME, _plainly(each["loc"], each["msg"]), FIX) for each in error.errors(include_input=False)]


def _plainly(where: tuple[int | str, ...], message: str) -> str:
    words = message.removeprefix("Value error, ")
    name = f"{PREFIX}{str(where[0]).upper()}: " if where else ""
    return f"{name}{words[:1].lower() if name else words[:1]}{words[1:]}."


def settings(found: Settings, environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """What is accepted and does not work all the same."""
    findings = [*_limits(found), *_database(found), *_addresses(found), *_misspelt(environment)]
    if found.clock_file:
        findings.append(
            warning(NAME, "RYGRAAD_CLOCK_FILE turns the clock.", "Unset it when the demonstration is over.")
        )
    return findings or [fine(NAME, f"they can be used ({found.env}).")]


def _limits(found: Settings) -> list[Finding]:
    try:
        RateLimits(found.rate_limit, found.address_limit)
    except ValueError:
        says = "RYGRAAD_RATE_LIMIT or RYGRAAD_ADDRESS_LIMIT is no rate."
        return [wrong(NAME, says, "Write it as in 20/minute, or set RYGRAAD_RATE_LIMIT=off in a demonstration.")]
    return []


def _database(found: Settings) -> list[Finding]:
    known = "For PostgreSQL it is postgresql+psycopg://user:password@host/database; empty means SQLite."
    try:
        if make_url(found.database).drivername not in DATABASES:
            return [wrong(NAME, "RYGRAAD_DATABASE_URL names a database that Rygråd is not tested on.", known)]
    except ArgumentError:  # its words would hold the address, and so the password
        return [wrong(NAME, "RYGRAAD_DATABASE_URL is no address of a database.", known)]
    return []


def _addresses(found: Settings) -> list[Finding]:
    findings = []
    if found.env == "production" and not found.address.startswith("https://"):
        do = "Set RYGRAAD_PUBLIC_URL to the https:// address that patients use."
        findings.append(warning(NAME, "links to patients do not begin with https://.", do))
    if not found.data_dir.is_absolute():
        do = "Set an absolute path: a relative one changes with the folder that Rygråd is started in."
        findings.append(warning(NAME, "RYGRAAD_DATA_DIR is relative.", do))
    return findings


def _misspelt(environment: Mapping[str, str]) -> list[Finding]:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | FOR_TESTS
    strange = sorted(name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known)
    return [warning(NAME, f"there is no setting {name}.", "Look for a slip in its name.") for name in strange]
