"""`python -m tests.bench`: Rygråd beside plain Rasa, in one run, into docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.evaluation.plain.run import ENVIRONMENT, train_answering
from bot.rasa.project import train
from tests.bench import accept, document, several, training
from tests.bench.measures import SIDES, all_of

PARTS = ("training", "start", "memory", "growth", "load", "accept", "two")
OF_A_SIDE = {"start", "memory", "growth", "load"}
PLAIN_AT_MOST = 1000  # messages of the long conversation


def say(words: str) -> None:
    """A line for whoever measures."""
    sys.stdout.write(f"{datetime.now(UTC):%H:%M:%S} {words}\n")
    sys.stdout.flush()


def machine() -> dict[str, Any]:
    """What it ran on, without its name."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": models[0].partition(":")[2].strip() if models else platform.machine(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def arguments() -> argparse.Namespace:
    """What was asked for."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("--only", default="", help=f"some of {','.join(PARTS)}, separated by commas")
    asked.add_argument("--sides", default="rygraad,plain", help="one of the two, or both")
    asked.add_argument("--patients", type=int, nargs="*", default=[1, 10, 50, 200])
    asked.add_argument("--seconds", type=float, default=45, help="of each crowd; half of it at saturation")
    asked.add_argument("--long", type=int, default=1000, help="messages of the long conversation, e.g. 5000")
    asked.add_argument("--plain-long", type=int, default=PLAIN_AT_MOST, help="the most plain Rasa is asked of them")
    asked.add_argument("--postgres", action="store_true", help="accept messages on PostgreSQL too")
    asked.add_argument("--two", action="store_true", help="also two of everything, on PostgreSQL and Redis")
    asked.add_argument(
        "--epochs", type=int, default=1, help="passes of DIET over the examples; Rasa's default is 100"
    )
    asked.add_argument("--policy-epochs", type=int, default=1, help="passes of TED and UnexpecTED, likewise")
    asked.add_argument("--retrain", action="store_true", help="train plain Rasa though it is trained")
    asked.add_argument("--write", action="store_true", help="write the page anew, measure nothing")
    given = asked.parse_args()
    given.wanted = (
        set(given.only.split(",")) if given.only else set(PARTS) - {"two"} | ({"two"} if given.two else set())
    )
    if unknown := given.wanted - set(PARTS):
        asked.error(f"unknown: {', '.join(sorted(unknown))}")
    return given


def measure(given: argparse.Namespace, results: dict[str, Any], kept: Any) -> None:
    """Adds what is wanted to the results; `kept` is told each part that is done."""
    wanted = given.wanted
    sides = [side for side in SIDES if side in given.sides.split(",")]
    train()
    if "plain" in sides and wanted & (OF_A_SIDE | {"training"}):
        say("plain Rasa is trained, unless that was done")
        trained = train_answering(given.epochs, given.policy_epochs, given.retrain)
        results.setdefault("plain", {})["training"] = trained
    if "training" in wanted:
        say("rygraad: training from nothing")
        results.setdefault("rygraad", {})["training"] = {"seconds": training.ours()}
        kept("training")
    if "accept" in wanted:
        say("accepting messages")
        results["accept"] = accept.measure(given.postgres)
        kept("accept")
    for side in sides if wanted & OF_A_SIDE else []:
        long = min(given.long, given.plain_long) if side == "plain" else given.long
        found = all_of(SIDES[side], wanted, given.patients, given.seconds, long, say)
        results.setdefault(side, {}).update(found)
        kept(*found)
    if "two" in wanted:
        say("two of everything")
        results["two"] = several.measure(given.seconds)
        kept("two")


def main() -> None:
    """Measures what is asked for, keeps it beside what was measured before, writes the page."""
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    results = document.read()
    if not given.write:
        if not (ENVIRONMENT / "rasa").exists() and "plain" in given.sides:
            raise SystemExit(
                "There is no plain Rasa to compare with: run `make plain-rasa`, or give --sides rygraad."
            )
        if not given.only:
            results = {}
        began, run = time.monotonic(), f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
        results["machine"] = machine()

        def kept(*parts: str) -> None:
            results.setdefault("measured", {}).update(dict.fromkeys(parts, run))
            document.keep(results)

        measure(given, results, kept)
        say(f"measured in {(time.monotonic() - began) / 60:.0f} minutes")
    document.write(results)


if __name__ == "__main__":
    main()
