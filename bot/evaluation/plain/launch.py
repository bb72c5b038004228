"""Run by the plain environment, which has no Rygråd: `launch.py rasa run …`, on a current Sanic.

Rasa 3.6 starts Sanic with worker processes, which current releases of Sanic end at once; one process is all it needs.
"""

import runpy
import sys
from typing import Any

from sanic import Sanic

run = Sanic.run


def single(self: Any, *args: Any, **options: Any) -> Any:
    """Sanic.run without a worker manager."""
    options.pop("workers", None)
    return run(self, *args, **options | {"single_process": True})


if __name__ == "__main__":
    Sanic.run = single
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
