"""Work that blocks, in threads; what belongs to an alarm sign has threads of its own and waits behind nobody.

And what else holds up everybody in a process: the collector of garbage.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
Found = TypeVar("Found")

# Each may hold a connection to the database: together fewer than its pool (bot/store/database.py) has. Few, for they
# share one interpreter with the event loop.
USUAL = ThreadPoolExecutor(6, "usual")
URGENT = ThreadPoolExecutor(2, "urgent")
_urgent: ContextVar[bool] = ContextVar("urgent", default=False)


def hurry() -> None:
    """From now on in this task, work goes to the threads that are kept free."""
    _urgent.set(True)


async def in_thread(work: Callable[P, Found], *args: P.args, **kwargs: P.kwargs) -> Found:
    """The result of work that blocks."""
    pool = URGENT if _urgent.get() else USUAL
    called = partial(copy_context().run, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(pool, called)


def settle() -> None:
    """What a process has loaded stays: the collector need not walk through it again, with everybody waiting."""
    gc.collect()
    gc.freeze()
