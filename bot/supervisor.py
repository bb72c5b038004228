"""Starts gateway, Rasa and action server, restarts what dies, and stops all of it on Ctrl-C."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType

from bot.rasa.project import environment, model_path, train
from bot.settings import ROOT, Settings
from bot.store.database import migrate

MOST_RESTARTS = 5


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


def commands(settings: Settings, rasa_port: int, actions_port: int) -> dict[str, list[str]]:
    """What each part is started with. Rasa and the actions listen on the loopback only."""
    launcher = [sys.executable, "-m", "bot.rasa.launcher"]
    return {
        "actions": [*launcher, "rasa_sdk", "--actions", "actions", "--port", str(actions_port)],
        "rasa": [
            *launcher, "rasa", "run", "--model", str(model_path()), "--endpoints", "endpoints.yml",
            "--credentials", "credentials.yml", "--interface", "127.0.0.1", "--port", str(rasa_port),
        ],
        "gateway": [
            sys.executable, "-m", "uvicorn", "bot.gateway:create_app", "--factory", "--host", settings.host,
            "--port", str(settings.port), "--no-access-log", "--log-level", "warning",
            "--timeout-graceful-shutdown", "2",
        ],
    }  # fmt: skip


def run(settings: Settings) -> int:
    """Runs until stopped; the exit status."""
    if not is_free(settings.host, settings.port):
        say(f"Port {settings.port} is busy. Stop what uses it, or set RYGRAAD_PORT to another.")
        return 1
    say("Preparing the model …")
    train()
    migrate(settings.database)
    rasa_port, actions_port = free_port(), free_port()
    local = {"rasa_url": f"http://127.0.0.1:{rasa_port}", "actions_url": f"http://127.0.0.1:{actions_port}"}
    env = environment(settings.model_copy(update=local)) | {"RYGRAAD_RASA_URL": local["rasa_url"]}
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    log = (settings.data_dir / "rasa.log").open("ab")
    lines = commands(settings, rasa_port, actions_port)

    def start(name: str) -> subprocess.Popen[bytes]:
        # Rasa's own chatter goes to a file at warning level; it must not hold message text.
        out = None if name == "gateway" else log
        quiet = {"LOG_LEVEL": "WARNING", "LOG_LEVEL_LIBRARIES": "ERROR"}
        return subprocess.Popen(
            lines[name], cwd=ROOT, env=env | quiet, stdout=out, stderr=out, start_new_session=True
        )

    say("Starting …")
    return _watch(settings, {name: start(name) for name in lines}, start, f"{local['rasa_url']}/webhooks/gateway/")


def _watch(settings: Settings, children: dict[str, subprocess.Popen[bytes]], start, rasa_url: str) -> int:  # type: ignore[no-untyped-def]
    stopping = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    address, told, restarts = f"http://{settings.host}:{settings.port}", False, 0
    while not stopping:
        for name, child in list(children.items()):
            if child.poll() is not None and not stopping:
                restarts += 1
                if restarts > MOST_RESTARTS:
                    say(f"{name} keeps stopping (status {child.returncode}); see {settings.data_dir}/rasa.log.")
                    return _stop(children) or 1
                say(f"{name} stopped (status {child.returncode}); starting it again.")
                children[name] = start(name)
        if not told and answers(f"{address}/livez") and answers(rasa_url):
            say(f"Rygråd is ready: {address}")
            told = True
        time.sleep(0.2)
    say("Stopping …")
    return _stop(children)


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> int:
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    for child in children.values():
        try:
            child.wait(timeout=6)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return 0
