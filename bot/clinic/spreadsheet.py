"""The counts as a file for a spreadsheet, which opens as columns and runs nothing."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes the letters for another alphabet's
SEPARATORS = {"da": ";", "en": ","}  # what Excel of the language expects
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def sheet(rows: Sequence[Sequence[Any]], language: str) -> bytes:
    """A CSV file in UTF-8. No text in it can be a formula; numbers stay numbers."""
    out = StringIO()
    writer = csv.writer(out, delimiter=SEPARATORS[language], quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([[harmless(value) for value in row] for row in rows])
    return (BYTE_ORDER_MARK + out.getvalue()).encode("utf-8", "replace")


def harmless(value: Any) -> Any:
    """A text that begins like a formula, blanks aside, gets an apostrophe before it."""
    if isinstance(value, str) and value.lstrip().startswith(FORMULAS):
        return f"'{value}"
    return value
