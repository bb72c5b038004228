"""What an editor's form, or its script, sends: read into parts that fit the text; all else it holds is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request

from bot.content.source import Parts, cleaned, parts

MOST_WORDS = 2000  # characters of a remark
NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True)
class Given:
    """The fields of a form, by name; a list for one that may be there several times."""

    fields: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """A field's words without what cannot be seen; empty when it is not there."""
        return cleaned(next(iter(self.fields.get(name, ())), ""))

    def words(self, name: str) -> str:
        """A remark or a reason: without space around it, and not endless."""
        return self.one(name).strip()[:MOST_WORDS]

    @property
    def written(self) -> bool:
        """Whether the form holds a text at all; a button beside the form sends none."""
        return "body" in self.fields

    @property
    def revision(self) -> int:
        """The revision that was on the page; 0, which no draft has, for anything else."""
        return number(self.one("revision"))


async def _given(request: Request) -> Given:
    form = await request.form()
    return Given({name: [each for each in form.getlist(name) if isinstance(each, str)] for name in form})


GivenDep = Annotated[Given, Depends(_given)]


def from_json(body: bytes) -> Given | None:
    """The fields of what the script sends; None for what is no JSON object."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    titles = data.get("titles")
    own = {f"button_{name}": title for name, title in titles.items()} if isinstance(titles, dict) else {}
    return Given({name: _texts(value) for name, value in (data | own).items() if name != "titles"})


def _texts(value: Any) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [str(each) for each in several if isinstance(each, (str, int))]


def number(text: str) -> int:
    """A number that any database takes; 0 for anything else."""
    return int(text) if NUMBER.fullmatch(text) else 0


def posted(given: Given, source: str, known: Mapping[str, Any]) -> Parts:
    """What the form says of the parts of this source; `known` are the sources there are. A field that is not there
    stays as it was."""
    before = parts(source)
    if not given.written:
        return before
    fields = given.fields

    def line(name: str, otherwise: str) -> str:
        return " ".join(given.one(name).split()) if name in fields else otherwise

    ticked = [name for name in fields.get("sources", ()) if name in known]
    kept = [name for name in before.sources if name in ticked]
    return Parts(
        body=given.one("body").strip("\n"),
        title=line("title", before.title),
        titles={name: line(f"button_{name}", title) for name, title in before.titles.items()},
        alt=None if before.alt is None else line("alt", before.alt),
        sources=tuple(dict.fromkeys([*kept, *ticked])) if "sources" in fields else before.sources,
        review_due=day(given.one("review_due")) if "review_due" in fields else before.review_due,
    )


def day(text: str) -> date | None:
    """A date as forms send it; None for anything else."""
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        return None
