"""What can be wrong with content. ContentError is the base; none is worth retrying before a file changes.

ContentError
├── ContentFault      one fault in one file, with its line
├── BrokenContent     the faults that stop a store from loading
└── UnknownKey        a key no language has
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class ContentError(Exception):
    """Base of all content errors."""


@dataclass(frozen=True)
class ContentFault(ContentError):
    """One fault, said so that an editor can find and mend it.

    `message` is for the command line; the editors' pages say fault_<code> of workplaces/editing.yml, filled with
    `values`. Faults with the same message at the same place are the same.
    """

    path: Path
    line: int
    message: str
    code: str = field(default="", compare=False)
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class BrokenContent(ContentError):
    """Content that cannot be served; `faults` says why."""

    def __init__(self, faults: list[ContentFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class UnknownKey(ContentError, KeyError):
    """No text has this key."""
