"""Memory and processor time of processes, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> set[int]:
    """A process and all that it started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(_after_name(entry)[1])
        except (OSError, IndexError):
            continue  # it has gone meanwhile
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def named(name: str) -> set[int]:
    """The processes of a program."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/comm"):
        try:
            if entry.read_text(encoding="utf-8").strip() == name:
                found.add(int(entry.parent.name))
        except OSError:
            continue
    return found


def memory(pids: Iterable[int]) -> dict[str, float]:
    """Megabytes of these and what they started: `rss`, and `pss`, where shared pages count once."""
    total = {"rss": 0.0, "pss": 0.0}
    for each in {member for pid in pids for member in family(pid)}:
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        for line in lines:
            name, *value = line.split()
            if name in ("Rss:", "Pss:"):
                total[name[:-1].lower()] += int(value[0]) / 1024
    return total


def processor_seconds(pids: Iterable[int]) -> dict[int, float]:
    """Seconds of processor time each has used so far."""
    found = {}
    for pid in pids:
        try:
            fields = _after_name(Path(f"/proc/{pid}/stat"))
        except OSError:
            continue
        found[pid] = (int(fields[11]) + int(fields[12])) / TICKS
    return found


def _after_name(stat: Path) -> list[str]:
    return stat.read_text(encoding="utf-8").rpartition(")")[2].split()
