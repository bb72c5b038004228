"""Who this process is: the same name again after a restart, and never that of another that is alive."""

from __future__ import annotations

import fcntl
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PLACES = 64  # processes that may share a data folder


@dataclass
class Identity:
    """A name, and the lock that keeps it for this process; the system gives it back however the process ends."""

    name: str
    lock: IO[str]


def identity(data_dir: Path) -> Identity:
    """The first free place of this data folder. Raises RuntimeError when there is none."""
    data_dir.mkdir(parents=True, exist_ok=True)
    for place in range(PLACES):
        lock = (data_dir / f"gateway-{place}.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        lock.seek(0)
        name = lock.read().strip()
        if not name:
            name = secrets.token_hex(8)
            lock.write(name)
            lock.flush()
        return Identity(name, lock)
    raise RuntimeError(f"more than {PLACES} gateways share {data_dir}")
