"""What the gateway logs: the name of an event and a few fields that can hold nobody's words, token or address.

The list below is all that gets through, and each field only where it looks as it must; a new field is a decision made
here. JSON lines in production, for people to read in a demonstration.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from bot.metrics import LOGGED
from bot.settings import ROOT

HIDDEN = "(not shown)"
FIELDS: dict[str, str] = {
    "event": r"[a-z][a-z0-9_]{0,60}",
    "level": r"[a-z]{1,10}",
    "error": r"[A-Za-z_]\w{0,60}",  # an exception's kind, never its words
    "where": r"[\w./-]{1,120}:\d{1,6}",
    "logger": r"[\w.]{1,60}",
    "key": r"[a-z0-9_/]{1,100}",
    "language": r"[a-z]{2}",
    "mode": r"[a-z]{1,20}",
    "edition": r"\d{1,12}",
    "reason": r"(?!.*\w{24})[\w ,.:;()'\"/-]{1,120}",  # others' words: no address, and nothing as long as a token
}

Line = MutableMapping[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure(env: str) -> None:
    """For this process; once more changes nothing."""
    processors: list[Any] = [structlog.stdlib.add_log_level, told, only_known, counted]
    processors += [structlog.processors.TimeStamper(fmt="iso", utc=True)]
    if env == "production":
        processors += [structlog.processors.JSONRenderer()]
        for source in (logging.getLogger("uvicorn.error"), logging.lastResort):
            if source and not any(isinstance(each, Tracebacks) for each in source.filters):
                source.addFilter(Tracebacks())
    else:
        processors += [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def told(_: object, __: str, line: Line) -> Line:
    """An exception as its kind and the place in our code where it arose; its words stay unsaid."""
    found = line.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    elif isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[0]:
        line.update(described(found))
    return line


def described(found: ExcInfo) -> dict[str, str]:
    """The fields of an exception."""
    ours = [frame for frame in traceback.extract_tb(found[2]) if Path(frame.filename).is_relative_to(ROOT / "bot")]
    place = {"where": f"{Path(ours[-1].filename).relative_to(ROOT)}:{ours[-1].lineno}"} if ours else {}
    return {"error": getattr(found[0], "__name__", "")} | place


def only_known(_: object, __: str, line: Line) -> Line:
    """Drops every field that is not on the list, and hides a value that does not look as it must."""
    return {name: _shown(name, value) for name, value in line.items() if name in FIELDS}


def _shown(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    fits = isinstance(value, (str, int)) and re.fullmatch(FIELDS[name], str(value), re.ASCII)
    return value if fits else HIDDEN


def counted(_: object, __: str, line: Line) -> Line:
    """So that Prometheus can raise an alarm about it."""
    LOGGED.labels(line["level"], line["event"]).inc()
    return line


class Tracebacks(logging.Filter):
    """Libraries log exceptions with all their words, which may be a patient's: kind and place take their stead."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line goes out as it is."""
        if not record.exc_info:
            return True
        structlog.get_logger().error("exception", logger=record.name, exc_info=record.exc_info)
        return False
