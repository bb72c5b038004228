"""Looks at everything that can be wrong, and says what to do. It repairs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from bot.operating.checks import configured, machine, running, stored
from bot.operating.checks.finding import Finding, wrong
from bot.settings import Settings

Check = Callable[..., Finding]
ALONE: tuple[Check, ...] = (
    machine.data_folder, machine.disk, machine.secret, machine.models, machine.texts, machine.kill_switch,
    machine.last_backup, running.gateway, running.rasa, running.actions, running.telegram, running.redis,
)  # fmt: skip
IN_THE_DATABASE: tuple[Check, ...] = (
    stored.whole, stored.readable, stored.waiting, stored.retention, stored.people,
)  # fmt: skip


def examine(make: Callable[[], Settings] = Settings) -> list[Finding]:
    """Every finding; settings that are refused are the only ones then, for all else depends on them."""
    try:
        settings = make()
    except ValidationError as error:
        return configured.refused(error)
    findings = configured.settings(settings)
    if any(each.state == "WRONG" for each in findings):
        return findings
    findings += [_looked(check, settings) for check in ALONE]
    try:
        database, engine = stored.database(settings)
    except Exception as error:
        database, engine = _failed("database", error), None
    findings += [database, _looked(machine.approval, settings, engine)]
    if engine:
        findings += [_looked(check, settings, engine) for check in IN_THE_DATABASE]
        engine.dispose()
    return findings


def _looked(check: Check, *at: Any) -> Finding:
    """One finding; a check that fails has found something too."""
    try:
        return check(*at)
    except Exception as error:  # its words might hold an address, a secret or a row
        return _failed(check.__name__.replace("_", " "), error)


def _failed(name: str, error: Exception) -> Finding:
    return wrong(
        name, f"it could not be looked at ({type(error).__name__}).", "Mend what stands above, and look again."
    )
