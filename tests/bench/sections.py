"""The sections of docs/performance.md, each with its table."""

from __future__ import annotations

from tests.bench.bars import Results
from tests.bench.patients import KINDS
from tests.bench.plots import NAMES


def table(head: str, rows: list[list[str]]) -> str:
    """A Markdown table; `head` has its columns separated by ` | `."""
    columns = head.split(" | ")
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def number(value: float | None, digits: int = 0) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def sections(results: Results) -> list[str]:
    """A section for each part that was measured."""
    sides = {side: results[side] for side in NAMES if side in results}
    loads = {side: found["load"] for side, found in sides.items() if "load" in found}
    found = [_small(sides)]
    found += [_load(loads)] if loads else []
    found += [_growth({side: each["growth"] for side, each in sides.items() if "growth" in each})]
    found += [_accept(results["accept"])] if "accept" in results else []
    found += [_two(results["two"])] if "two" in results else []
    return found


def _small(sides: dict[str, Results]) -> str:
    rows = []
    for side, each in sides.items():
        memory = each.get("memory", {})
        starts = each.get("start", {})
        rows.append([
            NAMES[side], number(each.get("training", {}).get("seconds"), 0), number(starts.get("median"), 1),
            number(memory.get("rss")), number(memory.get("pss")),
            ", ".join(f"{name} {part['pss']:,.0f}" for name, part in memory.get("each", {}).items()),
        ])  # fmt: skip
    head = " | training s | start to first answer s | RSS MB | PSS MB | PSS of each"
    return (
        "## Training, start, memory\n"
        + table(head, rows)
        + "\nTraining: from nothing to models, screening included. "
        "Start: median of three, from the start of the processes to the first answer to a question; Rygråd's comes "
        "after consent and the safety check, clicked through. Memory: all processes, after 200 messages.\n"
    )


def _load(loads: dict[str, Results]) -> str:
    rows = []
    for patients in dict.fromkeys(patients for each in loads.values() for patients in each["crowds"]):
        for side, each in loads.items():
            crowd = each["crowds"].get(patients, {})
            shown = [(kind, crowd["kinds"][kind]) for kind in KINDS if kind in crowd.get("kinds", {})]
            for kind, at in [*shown, ("any", crowd["any"])] if crowd else []:
                cells = [number(at[cut]) for cut in ("sent", "p50", "p95", "p99")]
                rows.append([patients, NAMES[side], kind, *cells, _odd(crowd["odd"]) if kind == "any" else ""])
    full = [
        f"{NAMES[side]} {each['saturation']['rate']:.1f} a second ({_odd(each['saturation']['odd'])}; processor time "
        f"a message: {', '.join(f'{name} {ms:.0f} ms' for name, ms in each['saturation']['cpu'].items())})"
        for side, each in loads.items()
    ]
    mixes = [
        f"{NAMES[side]} " + ", ".join(f"{sent} {kind}" for kind, sent in each["saturation"]["mix"].items())
        for side, each in loads.items()
    ]
    return (
        "## Answers while many type\nPatients think 2 to 6 seconds between two messages. Milliseconds; a dash where "
        "there were too few messages to tell. Held: a holding answer came after 2.5 s, and the real one later.\n\n"
        + table("patients | side | message | sent | p50 | p95 | p99 | odd", rows)
        + f"\nAt saturation, 32 who never think, without what was held or got no answer: {'; '.join(full)}.\n"
        f"Sent meanwhile: {'; '.join(mixes)}.\n"
    )


def _odd(odd: dict[str, int]) -> str:
    return ", ".join(f"{times} {name}" for name, times in odd.items()) or "nothing odd"


def _growth(found: dict[str, Results]) -> str:
    if not found:
        return ""
    marks = list(dict.fromkeys(mark for each in found.values() for mark in each["at"]))
    rows = [
        [NAMES[side], *(number(each["at"].get(mark)) for mark in marks), number(each["bytes"])]
        for side, each in found.items()
    ]
    head = " | ".join(["", *(f"message {int(mark):,}, ms" for mark in marks), "bytes a message"])
    return (
        "## One long conversation\n"
        + table(head, rows)
        + "\nMedian of 20 around each. Rygråd's bytes are the growth of its "
        "database file; plain Rasa's are growth of its memory, which a restart loses. Plain Rasa is asked no more "
        "than 1,000 messages unless told to: at 5,000 each takes seconds.\n"
    )


def _accept(found: Results) -> str:
    rows = [
        [name, threads, number(at["a_second"]), number(at["cpu_per_1000"], 2), number(1000 / at["cpu_per_1000"])]
        for name in ("SQLite", "PostgreSQL") for threads, at in found.get(name, {}).items()
    ]  # fmt: skip
    return (
        "## Accepting messages for good\nOne committed row each, on disk before it returns.\n\n"
        + table("database | threads | a second | processor s per 1,000 | a second per core kept busy", rows)
        + f"\nProcessor time is that of the accepting process. This disk takes {found['sync_ms']:.2f} ms to make "
        "4 KB safe.\n"
    )


def _two(found: Results) -> str:
    names = list(dict.fromkeys(name for each in found.values() for name in each["cores"]))
    rows = [["answers a second", *(number(each["rate"], 1) for each in found.values())]]
    rows += [[f"cores: {name}", *(number(each["cores"].get(name), 2) for each in found.values())] for name in names]
    rows += [["odd", *(_odd(each["odd"]) for each in found.values())]]
    return (
        "## Two of everything\nOn one PostgreSQL and one Redis, 32 patients who never think, each request at the "
        "next gateway. Cores: processor time each process used, per second.\n\n"
        + table(" | one of each | two of each", rows)
    )
