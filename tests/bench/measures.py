"""What is measured of a running side: its start, memory, answers under load, and long conversations."""

from __future__ import annotations

import os
import sqlite3
import statistics
from contextlib import closing
from typing import Any

from tests.bench.crowd import of_their_own
from tests.bench.processes import family, memory, processor_seconds
from tests.bench.sides import Plain, Rygraad, Side, folder, running, wait_for_answer

SIDES: dict[str, type[Rygraad] | type[Plain]] = {"rygraad": Rygraad, "plain": Plain}
STARTS = 3
SATURATING = 32  # who never think
AROUND = 20  # messages, of which the median is taken


def starts(kind: type[Rygraad] | type[Plain]) -> dict[str, Any]:
    """Seconds from the start of the processes to the first answer, three times."""
    took = []
    for _ in range(STARTS):
        with folder() as place:
            side = kind(place)
            try:
                side.start()
                took.append(wait_for_answer(side))
            finally:
                side.stop()
    return {"median": statistics.median(took), "each": took}


def memory_after(side: Side, conversations: int = 10, messages: int = 20) -> dict[str, Any]:
    """Megabytes of all processes, and of each, after 200 messages in ten conversations."""
    of_their_own(what="long", side=side.name, urls=[side.url], messages=messages, count=conversations)
    each = {name: memory([pid]) for name, pid in side.processes().items()}
    return memory(side.processes().values()) | {"each": each, "messages": conversations * messages}


def load(side: Side, patients: list[int], seconds: float) -> dict[str, Any]:
    """Seconds by kind of message for each crowd, and messages a second when nobody thinks."""
    common: dict[str, Any] = {"what": "crowd", "side": side.name, "urls": [side.url]}
    of_their_own(**common, patients=4, seconds=5, think=False)  # warm
    crowds = {}
    for number in patients:
        found = of_their_own(**common, patients=number, seconds=seconds, think=True)
        kinds = {kind: quantiles(times) for kind, times in found["took"].items()}
        every = quantiles([each for times in found["took"].values() for each in times])
        crowds[str(number)] = {"kinds": kinds, "any": every, "odd": found["odd"], "rate": found["rate"]}
    return {"crowds": crowds, "saturation": saturated(side, common, seconds / 2)}


def saturated(side: Side, common: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Answers a second when nobody thinks, and milliseconds of processor time of each process per message."""
    before = {name: used(pid) for name, pid in side.processes().items()}
    full = of_their_own(**common, patients=SATURATING, seconds=seconds, think=False)
    mix = {kind: len(times) for kind, times in full["took"].items()}
    sent = sum(mix.values())
    cpu = {name: 1000 * (used(pid) - before[name]) / sent for name, pid in side.processes().items()}
    return {"rate": full["rate"], "odd": full["odd"], "cpu": cpu, "mix": mix}


def used(pid: int) -> float:
    """Processor seconds of a process and what it started."""
    return sum(processor_seconds(family(pid)).values())


def quantiles(times: list[float]) -> dict[str, float | None]:
    """How many, and milliseconds of the 50th, 95th and 99th percentile; None where too few to tell."""
    cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
    return {
        "sent": len(times),
        "p50": 1000 * cuts[49] if times else None,
        "p95": 1000 * cuts[94] if len(times) >= 20 else None,
        "p99": 1000 * cuts[98] if len(times) >= 100 else None,
        "most": 1000 * max(times) if times else None,
    }


def growth(side: Side, messages: int) -> dict[str, Any]:
    """Milliseconds around certain messages of one conversation, and what each message adds to what is kept."""
    before = kept(side)
    found = of_their_own(what="long", side=side.name, urls=[side.url], messages=messages + AROUND // 2)
    times = found["took"]["question"]
    added = (kept(side) - before) / sum(map(len, found["took"].values()))
    marks = [mark for mark in (10, 100, 1000, 5000) if mark <= messages]
    at = {str(mark): 1000 * statistics.median(times[mark - AROUND // 2 : mark + AROUND // 2]) for mark in marks}
    line = [1000 * statistics.median(times[place : place + AROUND]) for place in range(0, len(times), AROUND)]
    return {"at": at, "line": line, "every": AROUND, "bytes": added, "odd": found["odd"]}


def kept(side: Side) -> float:
    """Bytes of the database file once its log is written into it; of plain Rasa, bytes of memory."""
    if isinstance(side, Plain):
        return memory(side.processes().values())["rss"] * 1024 * 1024
    path = side.settings.data_dir / "rygraad.db"
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    return float(os.path.getsize(path))


def all_of(kind: type[Rygraad] | type[Plain], wanted: set[str], patients: list[int], seconds: float, messages: int,
           say: Any) -> dict[str, Any]:  # fmt: skip
    """The wanted measurements of one side, by name."""
    found: dict[str, Any] = {}
    if "start" in wanted:
        say(f"{kind.name}: starting {STARTS} times")
        found["start"] = starts(kind)
    if wanted & {"memory", "load", "growth"}:
        with running(kind) as side:
            if "memory" in wanted:
                say(f"{kind.name}: memory")
                found["memory"] = memory_after(side)
            if "growth" in wanted:
                say(f"{kind.name}: one long conversation of {messages} messages")
                found["growth"] = growth(side, messages)
            if "load" in wanted:
                say(f"{kind.name}: {patients} patients for {seconds:.0f} s each")
                found["load"] = load(side, patients, seconds)
    return found
