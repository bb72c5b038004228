"""Starts gateway, Rasa and action server, restarts what dies, and stops all of it on Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import NoReturn

from bot.rasa.project import TrainingFailed, environment, model_path, train
from bot.settings import ROOT, Settings
from bot.store.database import migrate

MOST_RESTARTS = 5
MOST_LOG_BYTES = 5_000_000
# Rasa's own chatter goes to a file at warning level; it must not hold message text.
QUIET = {"LOG_LEVEL": "WARNING", "LOG_LEVEL_LIBRARIES": "ERROR"}
# No other part needs to know them.
GATEWAYS_OWN = {
    "RYGRAAD_TELEGRAM_TOKEN", "RYGRAAD_METRICS_TOKEN", "RYGRAAD_OIDC_ISSUER", "RYGRAAD_OIDC_CLIENT_ID",
    "RYGRAAD_OIDC_CLIENT_SECRET",
}  # fmt: skip


def say(words: str) -> None:
    """A line of progress for whoever started it."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether the gateway can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(url: str) -> bool:
    """Whether a server says anything at this address."""
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def command_of(part: str, host: str, port: int) -> list[str]:
    """The command line of one part: gateway, rasa or actions."""
    launcher = [sys.executable, "-m", "bot.rasa.launcher"]
    commands = {
        "actions": [*launcher, "rasa_sdk", "--actions", "actions", "--port", str(port)],
        "rasa": [
            *launcher, "rasa", "run", "--model", str(model_path()), "--endpoints", "endpoints.yml",
            "--credentials", "credentials.yml", "--interface", host, "--port", str(port),
        ],
        "gateway": [
            sys.executable, "-m", "uvicorn", "bot.gateway:create_app", "--factory", "--host", host,
            "--port", str(port), "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "2",
        ],
    }  # fmt: skip
    return commands[part]


def run_part(settings: Settings, part: str, host: str, port: int) -> NoReturn:
    """Becomes one part, for whoever starts each by itself; the model must be trained and the database migrated."""
    env = environment(settings) | QUIET | {"SANIC_HOST": host}  # where the action server listens
    if part != "gateway":
        env = {name: value for name, value in env.items() if name not in GATEWAYS_OWN}
    os.chdir(ROOT)
    command = command_of(part, host, port)
    os.execve(command[0], command, env)


class Parts:
    """Gateway, Rasa and action server as child processes on ports of their own. Rasa and actions: loopback only."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        rasa_port, actions_port = free_port(), free_port()
        self.gateway_url = f"http://{settings.host}:{settings.port}"
        self.rasa_url = f"http://127.0.0.1:{rasa_port}"
        local = {"rasa_url": self.rasa_url, "actions_url": f"http://127.0.0.1:{actions_port}"}
        self.env = environment(settings.model_copy(update=local)) | {
            "RYGRAAD_RASA_URL": self.rasa_url,
            "RYGRAAD_HOST": settings.host,
            "RYGRAAD_PORT": str(settings.port),
            **QUIET,
        }
        self.commands = {
            "actions": command_of("actions", "127.0.0.1", actions_port),
            "rasa": command_of("rasa", "127.0.0.1", rasa_port),
            "gateway": command_of("gateway", settings.host, settings.port),
        }
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.log_path = settings.data_dir / "rasa.log"
        if self.log_path.exists() and self.log_path.stat().st_size > MOST_LOG_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        self.log = self.log_path.open("ab")

    def start(self, name: str) -> None:
        """Starts one part."""
        out = None if name == "gateway" else self.log
        env = self.env if name == "gateway" else {k: v for k, v in self.env.items() if k not in GATEWAYS_OWN}
        self.children[name] = subprocess.Popen(
            self.commands[name], cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True
        )

    def start_all(self) -> None:
        """Starts every part."""
        for name in self.commands:
            self.start(name)

    def ready(self) -> bool:
        """Whether gateway and Rasa answer."""
        return answers(f"{self.gateway_url}/livez") and answers(f"{self.rasa_url}/webhooks/gateway/")

    def fallen(self) -> list[str]:
        """The parts that ended by themselves."""
        return [name for name, child in self.children.items() if child.poll() is not None]

    def stop_all(self) -> None:
        """Ends every part; kills what has not gone after six seconds."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        for child in self.children.values():
            try:
                child.wait(timeout=6)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.log.close()


def run(settings: Settings) -> int:
    """Runs until stopped; the exit status."""
    if not is_free(settings.host, settings.port):
        say(f"Port {settings.port} is busy. Stop what uses it, or set RYGRAAD_PORT to another.")
        return 1
    if not model_path().exists():
        say("Training the model; this takes about a minute, once …")
    try:
        train()
    except TrainingFailed as failure:
        say(str(failure))
        return 1
    migrate(settings)
    say("Starting …")
    parts = Parts(settings)
    parts.start_all()
    try:
        return _watch(parts)
    finally:
        parts.stop_all()


def _watch(parts: Parts) -> int:
    """Restarts what falls, until a signal; gives up when something keeps falling."""
    stopping = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    told, restarts = False, 0
    while not stopping:
        for name in parts.fallen():
            status = parts.children[name].returncode
            restarts += 1
            if restarts > MOST_RESTARTS:
                say(f"{name} keeps stopping (status {status}); see {parts.log_path}.")
                return 1
            say(f"{name} stopped (status {status}); starting it again.")
            parts.start(name)
        if not told and parts.ready():
            say(f"Rygråd is ready: {parts.gateway_url}")
            told = True
        time.sleep(0.2)
    say("Stopping …")
    return 0
