"""The examples in deploy/ name commands, settings and ports that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from bot.cli import app
from bot.settings import ROOT, Settings

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
NGINX = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")


def parses(command: str) -> None:
    """Whether `rygraad` understands this command line. Raises for one that it does not."""
    name, *arguments = shlex.split(command)
    commands: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
    commands[name].make_context(name, arguments)


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_unit_starts_a_command_that_there_is(unit: Path) -> None:
    started = re.findall(r"^ExecStart=/opt/rygraad/\.venv/bin/rygraad (.*)$", unit.read_text(encoding="utf-8"), re.M)
    assert started
    for command in started:
        parses(command.replace("%i", "8001"))


def test_every_service_of_ours_in_the_composition_runs_a_command_that_there_is() -> None:
    ours = [each for each in compose()["services"].values() if each["image"] == "rygraad"]
    assert len(ours) == 4
    for each in ours:
        parses(each["command"])


def test_the_settings_in_the_examples_are_settings_and_hold_no_secret() -> None:
    lines = (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line.startswith("RYGRAAD_"))
    in_compose = compose()["x-rygraad"]["environment"]
    for name in given | in_compose:
        assert name.removeprefix("RYGRAAD_").lower() in Settings.model_fields, name
    secrets = [name for name in given if re.search("SECRET|TOKEN", name)]
    assert len(secrets) >= 3 and not any(given[name] for name in secrets)


def test_the_proxy_s_ports_are_those_of_the_units_and_of_the_settings() -> None:
    listens = set(re.findall(r"listen 127\.0\.0\.1:(\d+);", NGINX))
    env = (DEPLOY / "env.example").read_text(encoding="utf-8")
    asked = {re.search(rf"{name}_URL=http://127\.0\.0\.1:(\d+)", env)[1] for name in ("RASA", "ACTIONS")}  # type: ignore[index]
    assert listens == asked
    workers = set(re.findall(r"server 127\.0\.0\.1:(\d+);", NGINX))
    enabled = {found for unit in UNITS for found in re.findall(r"@(\d+)$", unit.read_text(encoding="utf-8"), re.M)}
    assert enabled and enabled <= workers


def test_outside_nobody_reaches_the_metrics_or_anything_but_the_gateways() -> None:
    public = NGINX[NGINX.index("listen 443") : NGINX.index("listen 127.0.0.1")]
    assert "metrics" in public and "return 404" in public
    assert set(re.findall(r"proxy_pass http://(\w+)", public)) == {"rygraad_gateways"}
    published = {name: each.get("ports") for name, each in compose()["services"].items() if each.get("ports")}
    assert not published


def test_redis_keeps_nothing_on_disk() -> None:
    assert compose()["services"]["redis"]["command"] == 'redis-server --save "" --appendonly no'
