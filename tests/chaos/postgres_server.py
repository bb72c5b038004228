"""A PostgreSQL server of the run's own, which may be killed, stopped and left without room on its disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy

from bot.supervisor import free_port
from tests.running import wait_until

ROOM = "320m"  # of the small disk: enough for a run, and soon full
NAME = "rygraad"


def binaries() -> Path:
    """Where Debian puts the server's programs. Raises FileNotFoundError."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise FileNotFoundError("no PostgreSQL server on this machine: apt-get install postgresql")
    return found[-1].parent


class PostgresServer:
    """A server on a free port; on a small disk of its own where this user may mount one."""

    def __init__(self, log: Path) -> None:
        self.port, self.log = free_port(), log.open("ab")
        self.disk = Path(tempfile.mkdtemp(prefix="rygraad-chaos-"))
        self.mounted = os.geteuid() == 0 and self._mount()
        # The server refuses to run as root.
        self.who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
        if os.geteuid() == 0:
            shutil.chown(self.disk, "postgres", "postgres")
        else:
            self.who = {}
        self.disk.chmod(0o755)
        self.data = self.disk / "data"
        self.child: subprocess.Popen[bytes] | None = None
        self.wanted = False  # whether somebody should start it again when it ends
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{NAME}"

    def _mount(self) -> bool:
        options = ["-t", "tmpfs", "-o", f"size={ROOM}", "none", str(self.disk)]
        return subprocess.run(["mount", *options], capture_output=True).returncode == 0

    def create(self) -> None:
        """Makes the cluster and an empty database, and starts serving."""
        begin = ["--pgdata", str(self.data), "--auth", "trust", "--username", "postgres", "--encoding", "UTF8"]
        command = [str(binaries() / "initdb"), *begin, "--locale", "C.UTF-8"]
        subprocess.run(command, check=True, cwd="/", stdout=self.log, stderr=self.log, **self.who)
        self.start()
        wait_until(lambda: self.answers("postgres"), 60)
        engine = sqlalchemy.create_engine(self.url_of("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create database {NAME}")
        engine.dispose()

    def url_of(self, database: str) -> str:
        """The address of one of its databases; nobody waits long for it."""
        return f"{self.url.removesuffix(NAME)}{database}?connect_timeout=2"

    def start(self) -> None:
        """Starts it; what was left half done is recovered by itself."""
        options = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "max_wal_size": "64MB",
            "min_wal_size": "32MB", "shared_buffers": "48MB", "max_connections": 120,
        }  # fmt: skip
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.child = subprocess.Popen(
            [str(binaries() / "postgres"), "-D", str(self.data), *settings],
            cwd="/", stdout=self.log, stderr=self.log, start_new_session=True, **self.who,
        )  # fmt: skip
        self.wanted = True

    def answers(self, database: str = NAME) -> bool:
        """Whether it takes connections and does something."""
        engine = sqlalchemy.create_engine(self.url_of(database))
        try:
            with engine.connect() as connection:
                return bool(connection.exec_driver_sql("select 1").scalar() == 1)
        except sqlalchemy.exc.SQLAlchemyError:
            return False
        finally:
            engine.dispose()

    def processes(self) -> list[int]:
        """The server's process and those of its connections."""
        if self.child is None or self.child.poll() is not None:
            return []
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children")
        return [self.child.pid, *map(int, children.read_text().split())]

    def signal(self, number: int) -> None:
        """Sends a signal to all of them."""
        for process in self.processes():
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue

    def end(self, *, at_once: bool) -> None:
        """Ends it without a farewell: killed, or stopped immediately; it stays away until it is started."""
        self.wanted = False
        if self.child is None or self.child.poll() is not None:
            return
        if at_once:
            self.signal(signal.SIGKILL)
        else:
            self.child.send_signal(signal.SIGQUIT)
        self.child.wait(30)

    def fill(self) -> Callable[[], None]:
        """Leaves no room on its disk; what makes room again."""
        ballast = self.disk / "ballast"
        with ballast.open("wb", buffering=0) as full:
            for size in (1 << 20, 1 << 12):
                try:
                    while full.write(b"\0" * size) == size:
                        pass
                except OSError:
                    continue
        return lambda: ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Ends it and leaves nothing behind."""
        self.signal(signal.SIGCONT)
        self.end(at_once=False)
        time.sleep(0.3)
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.disk)], capture_output=True)
        shutil.rmtree(self.disk, ignore_errors=True)
        self.log.close()
