"""Whether memory grows: `make soak` lets patients type ten messages a second for 40 minutes and weighs each part.

The weight after a warm-up is held against the weight at the end; more than five percent more fails.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from bot.rasa.project import train
from tests.bench.crowd import of_their_own
from tests.bench.processes import memory
from tests.bench.sides import Rygraad, running

PATIENTS = 42  # who think four seconds on average: ten messages a second
MOST = 1.05
EVERY = 15.0  # seconds


def main() -> None:
    """Prints what each part weighed, and fails when all of it grew."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=40)
    given = asked.parse_args()
    train()
    weights: list[dict[str, float]] = []
    with running(Rygraad) as side, ThreadPoolExecutor(1) as pool:
        typed = pool.submit(
            of_their_own, what="crowd", side="rygraad", urls=[side.url], patients=PATIENTS,
            seconds=given.minutes * 60, think=True,
        )  # fmt: skip
        while not typed.done():
            weights.append({name: memory([pid])["pss"] for name, pid in side.processes().items()})
            time.sleep(EVERY)
        found = typed.result()
    tenth = max(1, len(weights) // 10)
    early, late = weights[tenth : 2 * tenth] or weights, weights[-tenth:]
    sys.stdout.write(f"{found['rate']:.1f} messages a second; odd: {found['odd'] or 'none'}\n")
    for what in [*early[0], "all"]:
        before, after = weight(early, what), weight(late, what)
        sys.stdout.write(f"| {what} | {before:.0f} MB | {after:.0f} MB | {100 * (after / before - 1):+.1f} % |\n")
    if weight(late, "all") > MOST * weight(early, "all"):
        sys.exit("memory grows")


def weight(samples: list[dict[str, float]], what: str) -> float:
    """The median weight of a part, or of all, in megabytes."""
    return statistics.median(sum(each.values()) if what == "all" else each[what] for each in samples)


if __name__ == "__main__":
    main()
