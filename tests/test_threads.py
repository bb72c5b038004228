"""What belongs to an alarm sign never stands behind other work."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from bot.dialogue.turns import Turns
from bot.store import conversations as store
from bot.threads import USUAL, hurry, in_thread, settle
from tests.patient import Patient
from tests.running import ALARM


async def test_who_hurries_does_not_wait_for_threads_that_are_all_taken() -> None:
    free = threading.Event()
    taken = [asyncio.create_task(in_thread(free.wait, 30)) for _ in range(USUAL._max_workers * 2)]
    await asyncio.sleep(0.1)

    async def urgent() -> str:
        hurry()
        return await in_thread(str, 5)

    try:
        assert await asyncio.wait_for(urgent(), 10) == "5"
        assert not any(each.done() for each in taken)
    finally:
        free.set()
    await asyncio.gather(*taken)


async def test_hurry_ends_with_its_task() -> None:
    async def urgent() -> str:
        hurry()
        return await in_thread(lambda: threading.current_thread().name)

    assert (await asyncio.create_task(urgent())).startswith("urgent")
    assert (await in_thread(lambda: threading.current_thread().name)).startswith("usual")


async def test_an_alarm_sign_is_stored_and_answered_by_the_threads_kept_for_it(
    turns: Turns, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[tuple[str, str]] = []
    for name in ("accept", "finish"):
        real = getattr(store, name)

        def noted(*args: object, _real: object = real, _name: str = name, **kwargs: object) -> object:
            names.append((_name, threading.current_thread().name.split("_")[0]))
            return _real(*args, **kwargs)  # type: ignore[operator]

        monkeypatch.setattr(store, name, noted)
    await patient.choose("consent_yes")
    assert {thread for _, thread in names} == {"usual"}
    names.clear()
    assert (await patient.write(ALARM))[0].care
    assert names == [("accept", "urgent"), ("finish", "urgent")]


def test_what_is_loaded_is_not_walked_through_again() -> None:
    before = gc.get_freeze_count()
    loaded = [[number] for number in range(1000)]
    try:
        settle()
        assert gc.get_freeze_count() >= before + len(loaded)
    finally:
        gc.unfreeze()
