"""The pictures of docs/performance.md: small, and readable on a light page and a dark one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

COLOURS = {"rygraad": "#2f81f7", "plain": "#db6d28"}  # both stand out on white and on black
NAMES = {"rygraad": "Rygråd", "plain": "plain Rasa"}
GREY = "#808890"
STYLE: dict[str, Any] = {
    "svg.hashsalt": "rygraad", "svg.fonttype": "none", "font.size": 10, "text.color": GREY, "axes.labelcolor": GREY,
    "axes.edgecolor": GREY, "xtick.color": GREY, "ytick.color": GREY, "axes.spines.top": False,
    "axes.spines.right": False, "figure.figsize": (6, 3),
}  # fmt: skip


def draw(results: dict[str, Any], into: Path) -> list[tuple[str, str]]:
    """Writes what can be drawn of the results: the name of each file and what it shows, in words."""
    drawn = []
    with matplotlib.rc_context(STYLE):
        if points := _points(results):
            drawn.append(_crowds(points, into))
        if lines := {side: results[side]["growth"] for side in NAMES if "growth" in results.get(side, {})}:
            drawn.append(_growth(lines, into))
    return drawn


def _points(results: dict[str, Any]) -> dict[str, list[tuple[int, float]]]:
    """p95 of a question by the number of patients."""
    found = {}
    for side in NAMES:
        crowds = results.get(side, {}).get("load", {}).get("crowds", {})
        rows = [(int(number), crowd["kinds"].get("question", {}).get("p95")) for number, crowd in crowds.items()]
        if known := [(number, value) for number, value in rows if value is not None]:
            found[side] = known
    return found


def _crowds(points: dict[str, list[tuple[int, float]]], into: Path) -> tuple[str, str]:
    figure, axes = pyplot.subplots()
    for side, rows in points.items():
        axes.plot(*zip(*rows, strict=True), marker="o", color=COLOURS[side], label=NAMES[side])
    axes.set(xscale="log", yscale="log", xlabel="patients who type at once", ylabel="p95 of a question, ms")
    ticks = sorted({number for rows in points.values() for number, _ in rows})
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    axes.minorticks_off()
    _save(figure, axes, into / "load.svg")
    words = "; ".join(
        f"{NAMES[side]}: " + ", ".join(f"{value:,.0f} ms with {number}" for number, value in rows)
        for side, rows in points.items()
    )
    return "load.svg", f"The 95th percentile of the time to answer a question by the number of patients. {words}."


def _growth(lines: dict[str, dict[str, Any]], into: Path) -> tuple[str, str]:
    figure, axes = pyplot.subplots()
    for side, found in lines.items():
        places = [found["every"] * at + found["every"] / 2 for at in range(len(found["line"]))]
        axes.plot(places, found["line"], color=COLOURS[side], label=NAMES[side])
    axes.set(xlabel="message of one conversation", ylabel="ms to answer it", ylim=(0, None))
    _save(figure, axes, into / "growth.svg")
    words = "; ".join(
        f"{NAMES[side]}: "
        + ", ".join(f"{value:,.0f} ms at message {int(mark):,}" for mark, value in each["at"].items())
        for side, each in lines.items()
    )
    return "growth.svg", f"The time to answer a message by its place in one conversation. {words}."


def _save(figure: Any, axes: Any, path: Path) -> None:
    axes.grid(color=GREY, alpha=0.25, linewidth=0.6)
    axes.legend(frameon=False, labelcolor=GREY)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, transparent=True, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
