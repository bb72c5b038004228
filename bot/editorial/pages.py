"""What the editors' pages share: who may see them, the desk, dates, and how a refusal is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from babel.dates import format_date
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from bot.accounts.access import Staff, needs
from bot.accounts.pages import language_of, work_page
from bot.channels.web.api import TurnsDep
from bot.content.store import fill
from bot.dialogue.turns import Turns
from bot.dialogue.values import LOCALES
from bot.editorial.workflow import Desk, Refused
from bot.store.staff_models import EDITOR, REVIEWER, User

DAYS = {"da": "d. MMMM y", "en": "d MMMM y"}


def address(language: str, key: str, version: str = "") -> str:
    """The address of a text's page; or of one version of it."""
    what = f"version/{language}/{quote(version)}" if version else f"text/{language}"
    return f"/editor/{what}/{quote(key)}"


def day_in(language: str) -> Callable[[date | None], str]:
    """Writes a date as the language does."""
    return lambda day: str(format_date(day, DAYS[language], locale=LOCALES[language])) if day else ""


@dataclass(frozen=True)
class Here:
    """A request of an editor or reviewer, and what answers it."""

    request: Request
    service: Turns
    desk: Desk
    who: Staff

    @property
    def user(self) -> User:
        """Who is signed in."""
        return self.who.user

    @property
    def language(self) -> str:
        """The user's language."""
        return language_of(self.request, self.who)

    @property
    def words(self) -> dict[str, str]:
        """The words of these pages, in the user's language."""
        return self.service.content.work[self.language]["editorial"]

    def title_of(self, key: str, language: str) -> str:
        """The title of a text as it is live; the key where there is none."""
        text = self.desk.live.texts.get((key, language))
        return text.title if text else key

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """A page of the editors' workplace. Templates get as well: `E` (w.editorial), `day`, `address`, `title_of`,
        and the notice E.done_x of ?done=x."""
        known = {
            "E": self.words,
            "day": day_in(self.language),
            "address": address,
            "title_of": self.title_of,
            "notice": self.words.get(f"done_{self.request.query_params.get('done', '')}"),
        }
        name = f"editorial/{template}"
        return work_page(self.request, self.service, self.who, name, status=status, **known | context)

    def refusal(self, refused: Refused) -> str:
        """Why a step was not taken, in the user's language."""
        editing = self.service.content.work[self.language]["editing"]
        return fill(editing.get(f"refused_{refused.code}") or self.words["refused"], refused.values)


def _here(request: Request, service: TurnsDep, who: Annotated[Staff, Depends(needs(EDITOR, REVIEWER))]) -> Here:
    return Here(request, service, request.app.state.desk, who)


HereDep = Annotated[Here, Depends(_here)]
