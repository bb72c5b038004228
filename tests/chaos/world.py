"""The running world: two gateways, Rasa workers and action servers, a PostgreSQL, a Redis, and a supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import IO

from sqlalchemy import Engine

from bot.rasa.project import train
from bot.settings import ROOT, Settings
from bot.store.database import migrate, open_database
from bot.supervisor import GATEWAYS_OWN, Parts, answers, free_port
from tests.channels.telegram.bot_api import BotApi
from tests.chaos.postgres_server import PostgresServer
from tests.redis_server import RedisServer
from tests.running import wait_until
from tests.time_travel import Clock

PARTS = ("gateway", "rasa", "actions")


class Side(Parts):
    """One of each part; what they print goes to files, so that the figures stand alone."""

    def __init__(self, settings: Settings, logs: Path) -> None:
        super().__init__(settings)
        self.files: dict[str, IO[bytes]] = {name: (logs / f"{name}.log").open("ab") for name in PARTS}
        self.health = {
            "gateway": f"{self.gateway_url}/livez",
            "rasa": f"{self.rasa_url}/webhooks/gateway/",
            "actions": f"{self.env['RYGRAAD_ACTIONS_URL']}/health",
        }

    def start(self, name: str) -> None:
        """Starts one part."""
        env = self.env if name == "gateway" else {k: v for k, v in self.env.items() if k not in GATEWAYS_OWN}
        out = self.files[name]
        self.children[name] = subprocess.Popen(
            self.commands[name], cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True
        )

    def is_up(self, name: str) -> bool:
        """Whether a part answers."""
        return answers(self.health[name])


class World:
    """Everything that runs, and who starts again what falls."""

    def __init__(self, folder: Path, *, telegram: bool = True) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        train()
        self.clock = Clock(self.data / "clock")
        self.api = BotApi()
        self.api.redeliver = True
        self.redis = RedisServer(folder)
        self.redis_wanted = True
        self.postgres = PostgresServer(folder / "postgres.log")
        self.sides: list[Side] = []
        self.away: set[tuple[int, str]] = set()  # parts that are to stay down for a while
        self.restarts: Counter[str] = Counter()
        self.closing = threading.Event()
        self.telegram = telegram
        self.engine: Engine | None = None

    def open(self) -> None:
        """Starts all of it."""
        self.redis.start()
        self.postgres.create()
        if self.telegram:
            self.api.start()
        for number in range(2):
            self.sides.append(self._side(number))
        self.engine = open_database(self.sides[0].settings)
        for side in self.sides:
            side.start_all()
        self.supervisor = threading.Thread(target=self._supervise, daemon=True)
        self.supervisor.start()
        wait_until(self.is_whole, 180)

    def _side(self, number: int) -> Side:
        logs = self.folder / f"side-{number}"
        logs.mkdir()
        settings = Settings(
            data_dir=self.data, port=free_port(), rate_limit="off",
            database_url=self.postgres.url, redis_url=self.redis.url,
        )  # fmt: skip
        migrate(settings)
        side = Side(settings, logs)
        side.env |= {
            "RYGRAAD_DATA_DIR": str(self.data), "RYGRAAD_RATE_LIMIT": "off",
            "RYGRAAD_DATABASE_URL": self.postgres.url, "RYGRAAD_REDIS_URL": self.redis.url,
            "RYGRAAD_CLOCK_FILE": str(self.clock.path),
        }  # fmt: skip
        if number == 0 and self.telegram:  # only one process may poll
            side.env |= {
                "RYGRAAD_TELEGRAM_TOKEN": self.api.token,
                "RYGRAAD_TELEGRAM_API": self.api.base_url.removesuffix("/bot"),
            }
        return side

    def _supervise(self) -> None:
        """Starts again what died, as `rygraad up` or systemd would."""
        while not self.closing.wait(0.3):
            for number, side in enumerate(self.sides):
                for name in side.fallen():
                    if (number, name) not in self.away and not self.closing.is_set():
                        self.restarts[name] += 1
                        side.start(name)
            ended = self.postgres.child is None or self.postgres.child.poll() is not None
            if self.postgres.wanted and ended and not self.closing.is_set():
                self.restarts["postgres"] += 1
                self.postgres.start()
                self.closing.wait(1)

    def is_whole(self) -> bool:
        """Whether everything answers."""
        parts = all(side.is_up(name) for side in self.sides for name in PARTS)
        return parts and self.redis.answers() and self.postgres.answers()

    def send(self, side: int, name: str, number: int) -> None:
        """Sends a signal to a part."""
        self.sides[side].children[name].send_signal(number)

    def hold(self, side: int, name: str, seconds: float) -> None:
        """Stops a part for a while: it hangs, and then goes on where it was."""
        child = self.sides[side].children[name]
        child.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            child.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Ends all that was started here."""
        self.closing.set()
        if hasattr(self, "supervisor"):
            self.supervisor.join(10)
        for side in self.sides:
            for child in side.children.values():
                if child.poll() is None:
                    os.kill(child.pid, signal.SIGCONT)
            side.stop_all()
            for file in side.files.values():
                file.close()
        if self.telegram:
            self.api.stop()
        if self.engine:
            self.engine.dispose()
        self.redis.stop()
        self.postgres.close()
