"""Writes docs/performance.md and its pictures from docs/performance/results.json."""

from __future__ import annotations

import json
from typing import Any

from bot.settings import ROOT
from tests.bench.bars import Results, bars
from tests.bench.plots import draw
from tests.bench.sections import sections, table

PAGE = ROOT / "docs" / "performance.md"
FOLDER = ROOT / "docs" / "performance"
RESULTS = FOLDER / "results.json"
HEAD = """# Performance

Written by `python -m tests.bench`; do not edit it. `--write` writes it anew from
[results.json](performance/results.json) without measuring.
"""
REPEAT = """## How to repeat it
`make plain-rasa` makes the environment of plain Rasa, once. Then, on a machine with nothing else to do:

    make bench                                  # everything but several of each; about 20 minutes, training apart
    .venv/bin/python -m tests.bench --only load,memory --seconds 120
    .venv/bin/python -m tests.bench --long 5000 --postgres --two

The patients are a process of their own on the same machine, so they take processor time from what is measured, on
both sides alike. The same questions in Danish and English go to both sides.
"""


def read() -> Results:
    """The results so far; empty where nothing was measured yet."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8"))) if RESULTS.exists() else {}


def keep(results: Results) -> None:
    """Keeps the results for a later `write`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(_rounded(results), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write(results: Results) -> None:
    """Writes page and pictures."""
    pictures = [f"![{words}](performance/{name})\n" for name, words in draw(results, FOLDER)]
    parts = [HEAD, _what(results), _bars(results), *pictures, *sections(results), REPEAT]
    PAGE.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _what(results: Results) -> str:
    machine, measured = results["machine"], results["measured"]
    when = sorted(set(measured.values()))
    by_run = [f"{', '.join(part for part in measured if measured[part] == run)}: {run}" for run in when]
    runs = f"In one run, {when[0]} UTC." if len(when) == 1 else f"Not in one run (UTC): {'; '.join(by_run)}."
    trained = results.get("plain", {}).get("training")
    passes = (
        f"\nPlain Rasa was trained on {trained['examples']:,} examples with {trained['passes']} pass(es) of DIET "
        f"and {trained['policy_passes']} of TED and UnexpecTED, where Rasa's default is 100 of each; that would take "
        f"about {(trained['seconds'] + trained['to_come']) / 3600:.1f} hours, reckoned from these. The comparison of "
        f"training time is thus **in plain Rasa's favour**. Its speed and memory should hardly depend on the "
        f"number of passes. How well it understands does: with one pass it tends to answer that it did not "
        f"understand, and understanding is [measured elsewhere](topics.md).\n"
        if trained else ""
    )  # fmt: skip
    return (
        "## What was measured\n"
        "**Rygråd**: gateway, Rasa worker and action server as `rygraad up` starts them, on SQLite unless said "
        "otherwise. "
        "**Plain Rasa**: Rasa 3.6 with the pipeline and the policies that `rasa init` gives (DIET, TED, UnexpecTED, "
        "memoization, rules), the same examples, one story and one text for each intent, no actions, its REST "
        "channel and its default tracker store, which is memory: nothing of it survives a restart.\n"
        f"{passes}\n"
        f"The machine: {machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB memory, "
        f"{machine['system']}, Python {machine['python']}; load average {machine['load']} when the "
        f"run began. {runs}\n"
    )


def _bars(results: Results) -> str:
    rows = [[bar.name, bar.measured, bar.bar, "met" if bar.met else "**not met**"] for bar in bars(results)]
    return "## The bars\n" + table("what | measured | bar | ", rows) if rows else ""
