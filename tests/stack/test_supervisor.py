"""`rygraad up`: starts everything, restarts what dies, names a busy port, and leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.rasa.project import train
from bot.supervisor import free_port

UP = [str(Path(sys.executable).parent / "rygraad"), "up"]


def environment(folder: Path, port: int) -> dict[str, str]:
    return os.environ | {"RYGRAAD_DATA_DIR": str(folder), "RYGRAAD_PORT": str(port)}


def children(pid: int) -> dict[int, str]:
    """The child processes by pid, with their command lines."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child): Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in found}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    train()
    port = free_port()
    process = subprocess.Popen(UP, env=environment(tmp_path, port), stdout=subprocess.PIPE, text=True)
    yield process, port
    if process.poll() is None:
        process.terminate()
        process.wait(timeout=20)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout
    for line in process.stdout:
        if words in line:
            return line
    pytest.fail(f"never said {words!r}")


def test_it_restarts_what_dies_and_ctrl_c_stops_all_of_it(up: tuple[subprocess.Popen[str], int]) -> None:
    process, port = up
    assert f"http://127.0.0.1:{port}" in read_until(process, "is ready")
    assert httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    before = children(process.pid)
    assert len(before) == 3
    rasa = next(pid for pid, line in before.items() if " rasa run " in line)
    os.kill(rasa, signal.SIGKILL)
    assert "rasa stopped" in read_until(process, "starting it again")
    for _ in range(300):
        if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
            break
        time.sleep(0.1)
    else:
        pytest.fail("Rasa did not come back")
    now = children(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in now)


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(UP, env=environment(tmp_path, port), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"Port {port} is busy" in done.stdout
