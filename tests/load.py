"""How fast Rygråd answers while many type at once: `make load` starts it, lets patients chat, and prints a table.

Patients answer the safety check, ask about topics, and now and then one writes of an alarm sign. Between a reply and
the next message each thinks for some seconds, as people do; at saturation nobody thinks. Figures are of this machine.
`python -m tests.bench` measures the same and more beside a plain Rasa.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack

from bot.rasa.project import train
from tests.bench.measures import SATURATING, growth, load
from tests.bench.patients import KINDS
from tests.bench.sections import number, table
from tests.bench.sides import Rygraad, running
from tests.databases import postgres


def main() -> None:
    """Prints what was measured."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--patients", type=int, nargs="*", default=[1, 10, 50, 200])
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--messages", type=int, default=1000, help="of the long conversation; 0 for none")
    asked.add_argument("--postgres", action="store_true")
    given = asked.parse_args()
    train()
    with ExitStack() as stack:
        database = postgres() if given.postgres else iter([""])
        url = next(database)
        stack.callback(lambda: next(database, None))
        side = stack.enter_context(running(Rygraad, database_url=url))
        _measure(side, given)


def _measure(side: Rygraad, given: argparse.Namespace) -> None:
    found = load(side, given.patients, given.seconds)
    for patients, crowd in found["crowds"].items():
        say(f"\n{patients} patients typing, {crowd['rate']:.1f} messages a second; odd: {crowd['odd'] or 'none'}\n")
        rows = [
            [kind, *(number(crowd["kinds"][kind][cut]) for cut in ("sent", "p50", "p95", "p99"))]
            for kind in KINDS if kind in crowd["kinds"]
        ]  # fmt: skip
        say(table("message | sent | p50 ms | p95 ms | p99 ms", rows))
    full = found["saturation"]
    say(f"At saturation ({SATURATING} who never think): {full['rate']:.1f} messages a second")
    say(f"Odd meanwhile: {full['odd'] or 'none'}")
    if given.messages:
        at = growth(side, given.messages)["at"]
        say("One conversation: " + ", ".join(f"message {mark} {ms:.0f} ms" for mark, ms in at.items()))


def say(words: str) -> None:
    """A line for whoever measures."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
