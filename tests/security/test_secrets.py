"""Secrets come in one way and go out no way; what stands behind the gateway answers nobody who does not know them.

That Rasa and the actions listen on the loopback only: tests/stack/test_live.py. What a log line may hold:
tests/operating/test_logs.py. What lies on the disk: tests/store/test_encryption.py.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from bot.accounts.access import COOKIE
from bot.content.store import ContentStore
from bot.settings import ROOT, Settings
from bot.supervisor import GATEWAYS_OWN, Parts
from tests.security.world import World

SECRET = ("secret", "token", "password", "key")
NAMED = sorted(name for name in Settings.model_fields if any(word in name for word in SECRET))
PRODUCTION = {"env": "production", "secret_key": SecretStr("x" * 40), "rasa_secret": SecretStr("y" * 40)}


# -- how they come in ------------------------------------------------------------------------------------------------


def test_every_setting_that_is_secret_hides_itself() -> None:
    assert NAMED and all(Settings.model_fields[name].annotation is SecretStr for name in NAMED)
    planted = {name: SecretStr(f"kanariefugl-{name}") for name in NAMED}
    told = Settings(**planted | {"oidc_issuer": "https://a.dk", "oidc_client_id": "x"})
    assert "kanariefugl" not in f"{told!r} {told} {told.model_dump_json()}"


def test_no_secret_has_a_value_that_works_out_of_the_box() -> None:
    """But for the one between gateway and Rasa, which production refuses."""
    known = {name: Settings.model_fields[name].default.get_secret_value() for name in NAMED}
    assert {name for name, value in known.items() if value} == {"rasa_secret"}


@pytest.mark.parametrize(
    "unsafe",
    [
        {"rasa_secret": Settings.model_fields["rasa_secret"].default},
        {"secret_key": SecretStr("")},
        {"secret_key": SecretStr("x" * 31)},
        {"secret_key": SecretStr(f"{'x' * 40},")},
        {"rate_limit": "off"},
    ],
)
def test_production_does_not_start_with_what_everybody_knows(unsafe: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(**PRODUCTION | unsafe)
    assert "xxxxx" not in str(refused.value) and "yyyyy" not in str(refused.value)


def test_settings_come_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file that lies about is read: what is set is what was set."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("RYGRAAD_SECRET_KEY=from-a-file\nRYGRAAD_METRICS_TOKEN=from-a-file\n")
    monkeypatch.setenv("RYGRAAD_METRICS_TOKEN", "from-the-environment")
    found = Settings()
    assert found.secret_key.get_secret_value() == ""
    assert found.metrics_token.get_secret_value() == "from-the-environment"


def test_no_secret_lies_among_the_files() -> None:
    """Whoever reads the code learns nothing that opens anything."""
    given = re.compile(rf"^\s*RYGRAAD_({'|'.join(NAMED).upper()})=[\w-]+", re.MULTILINE)
    for path in [*ROOT.glob("*.yml"), ROOT / "Makefile", *ROOT.glob("deploy/**/*"), *ROOT.glob("bot/**/*.py")]:
        assert not path.is_file() or not given.search(path.read_text(encoding="utf-8")), path


def test_rasa_and_the_actions_start_without_the_gateways_secrets(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share the database and its key, and a secret of their own; the rest is none of their business."""
    for name in NAMED:
        monkeypatch.setenv(f"RYGRAAD_{name.upper()}", "kanariefugl")
    started: dict[str, dict[str, str]] = {}

    def note(command: list[str], **options: Any) -> None:
        started["gateway" if "uvicorn" in command else "behind"] = options["env"]

    parts = Parts(settings)
    monkeypatch.setattr("bot.supervisor.subprocess.Popen", note)
    for name in parts.commands:
        parts.start(name)
    parts.log.close()
    theirs = {
        name.removeprefix("RYGRAAD_").lower() for name, value in started["behind"].items() if "kanarie" in value
    }
    assert theirs & set(NAMED) <= {"secret_key"}
    assert {f"RYGRAAD_{name.upper()}" for name in NAMED} & GATEWAYS_OWN <= set(started["gateway"])


# -- how they do not go out ------------------------------------------------------------------------------------------


@pytest.fixture
def planted(tmp_path: Path, empty_sqlite: Path, content: ContentStore) -> Iterator[World]:
    """A gateway all of whose secrets can be recognised."""
    shutil.copyfile(empty_sqlite, tmp_path / "rygraad.db")
    secrets = {name: SecretStr(f"kanariefugl-{name}-{'x' * 20}") for name in NAMED if "oidc" not in name}
    secrets["telegram_token"] = SecretStr("")  # no bot here: tests/channels/telegram sees to it
    found = World(Settings(data_dir=tmp_path, rate_limit="off", **secrets), content)
    yield found
    found.close()


def test_nothing_planted_is_in_a_log_line_an_error_or_the_metrics(
    planted: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, word = planted.client, "kanariefugl"
    token = planted.patient()
    theirs = {"Authorization": f"Bearer {token}"}
    with capture_logs() as lines, caplog.at_level(logging.WARNING):
        errors = [
            ask.post("/api/chat/messages", json={"id": "1", "text": f"{word} " * 600}, headers=theirs),
            ask.post("/api/chat/messages", json={"id": word, "choice": word}, headers=theirs),
            ask.post("/api/chat/messages", json={word: word}, headers=theirs),
            ask.post("/api/chat/messages", data=f'{{"{word}', headers=theirs | {"Content-Type": "application/json"}),
            ask.get("/api/chat/messages", headers={"Authorization": f"Bearer {word}"}),
            ask.get(f"/{word}"),
            ask.get(f"/i/../{word}"),
            ask.get("/metrics", headers={"Authorization": f"Bearer {word}"}),
            ask.get("/account", headers={"Cookie": f"{COOKIE}={word}"}, allow_redirects=False),
            ask.post("/sign-in", data={"email": "karen@klinik.example", "password": word}),
            ask.post("/me/data", data={"token": word}),
            ask.get(f"/s/{word}"),
            ask.get(f"/password/{word}"),
            ask.get(f"/editor/text/da/{word}", headers=planted.session("all")),
        ]
        planted.rasa.dead = True
        held = ask.post("/api/chat/messages", json={"id": "2", "text": f"{word} må jeg løbe?"}, headers=theirs)
        monkeypatch.setattr("bot.channels.web.api.store.find", database_gone)
        errors.append(ask.post("/api/chat/messages", json={"id": "3", "text": word}, headers=theirs))
        errors.append(ask.get("/api/chat/export", headers=theirs))
    assert [answer.status_code for answer in errors[-2:]] == [503, 503] and held.status_code == 200
    assert all(answer.status_code >= 300 for answer in errors)
    assert any(line["event"] == "database_down" for line in lines)
    metrics = ask.get("/metrics", headers={"Authorization": f"Bearer kanariefugl-metrics_token-{'x' * 20}"})
    assert "rygraad_messages_screened_total" in metrics.text
    for said in (repr(lines), caplog.text, metrics.text, *(answer.text for answer in errors)):
        assert word not in said and token not in said
        assert planted.conversation not in said


def database_gone(*_: Any) -> None:
    """As SQLAlchemy says it, with the values of the query among its words."""
    from sqlalchemy.exc import OperationalError

    raise OperationalError("select ?", ("kanariefugl",), Exception("kanariefugl"))


# -- what stands behind the gateway ----------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [None, "", "made up", "demo-loopback-onl", "demo-loopback-onlyx"])
def test_rasa_answers_nobody_without_the_secret(running: Parts, secret: str | None) -> None:
    headers = {} if secret is None else {"x-rygraad-secret": secret}
    body = {"conversation": "a", "message": "1", "text": "hej"}
    answer = httpx.post(f"{running.rasa_url}/webhooks/gateway/turn", json=body, headers=headers)
    assert answer.status_code == 403 and answer.json() == {"error": "forbidden"}


@pytest.mark.parametrize(
    "route",
    [
        "GET /conversations/a/tracker", "POST /conversations/a/messages", "POST /conversations/a/trigger_intent",
        "PUT /model", "DELETE /model", "POST /model/train", "POST /model/parse", "GET /domain", "GET /status",
        "POST /webhooks/rest/webhook", "POST /webhooks/callback/webhook", "GET /socket.io/",
    ],
)  # fmt: skip
def test_rasas_own_api_is_not_there(running: Parts, route: str) -> None:
    """Neither its HTTP API, by which a model could be loaded from elsewhere, nor any channel but ours."""
    method, path = route.split()
    assert httpx.request(method, f"{running.rasa_url}{path}").status_code == 404
