"""The chaos suite: `python -m tests.chaos`. Figures as Markdown; the exit status is 1 when a bar is missed."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from tests.chaos.report import failures, table
from tests.chaos.run import Size, live


def say(line: str) -> None:
    """Progress, apart from the figures."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main() -> int:
    """Runs, prints, and says whether all is well."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--faults", type=int, default=200)
    options.add_argument("--minutes", type=float, default=30, help="no new fault after so long")
    options.add_argument("--keep", type=Path, help="a new folder for the logs, kept afterwards")
    options.add_argument("--only", nargs="*", default=[], help="these faults, in this order, instead of planned ones")
    given = options.parse_args()
    size = Size(seed=given.seed, faults=given.faults, minutes=given.minutes, kinds=given.only)

    def stop(_: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough: cleaning up must not be interrupted
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with tempfile.TemporaryDirectory(prefix="rygraad-chaos-") as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            result = live(folder, size, say)
        except KeyboardInterrupt:
            say("stopped; nothing is left running")
            return 130
    lines = [*table(result), *failures(result), "", "All well." if result.passed else "Not well."]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if result.passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
