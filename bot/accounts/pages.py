"""The shell of the workplaces: one layout, one style, words from content/<language>/workplaces/."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from babel.dates import format_datetime
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, select_autoescape

from bot.accounts.access import Staff, someone
from bot.channels.markdown import to_html
from bot.channels.web.api import preferred
from bot.channels.web.page import HEADERS, static_url
from bot.clock import danish
from bot.content.store import fill
from bot.dialogue.turns import Turns
from bot.dialogue.values import LOCALES
from bot.store.staff_models import ADMIN, CLINICIAN, EDITOR, REVIEWER, User

HERE = Path(__file__).parent
STATIC = HERE / "static"
# Each workplace has its templates beside its code; names begin with the workplace's own: "clinic/invite.html".
FOLDERS = [HERE / "templates", HERE.parent / "clinic" / "templates", HERE.parent / "editorial" / "templates"]
FOLDERS += [HERE.parent / "channels" / "web" / "templates"]  # message.html: a text as patients see it
# Where the ways at the top lead, and who sees them: name in accounts.yml -> (path, roles).
WAYS = {
    "way_clinic": ("/clinic", (CLINICIAN,)),
    "way_texts": ("/editor", (EDITOR, REVIEWER)),
    "way_admin": ("/admin/users", (ADMIN,)),
    "way_account": ("/account", ()),
}


class Words(Environment):
    """A template's `w.accounts.copy` is the word of that name, not what Python's dictionaries can do."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The item of a dictionary before its methods."""
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)


environment = Words(
    loader=ChoiceLoader([FileSystemLoader(folder) for folder in FOLDERS]),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)
environment.filters["markdown"] = to_html
environment.filters["fill"] = lambda words, **values: fill(words, values)


class Page(HTMLResponse):
    """Half a character, which a strange form may hold, becomes a question mark instead of an error."""

    def render(self, content: Any) -> bytes:
        """As UTF-8."""
        return str(content).encode("utf-8", "replace")


def work_url(name: str) -> str:
    """The address of a file in bot/accounts/static, which changes with its content."""
    return f"/work-static/{name}?{hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


def moment(language: str) -> Any:
    """Writes a moment as the language does, in Danish time."""

    def write(at: datetime | None) -> str:
        return format_datetime(danish(at), "d. MMM y HH:mm", locale=LOCALES[language]) if at else ""

    return write


def language_of(request: Request, who: Staff | None) -> str:
    """The user's language; before sign-in the browser's, or ?language=."""
    if who:
        return who.user.language
    wanted = request.query_params.get("language", "")
    return wanted if wanted in ("da", "en") else preferred(request)


def home(user: User) -> str:
    """Where somebody begins: the first way they have."""
    return next(path for path, roles in WAYS.values() if not roles or set(roles) & set(user.roles))


def _ways(who: Staff | None, here: str) -> list[dict[str, Any]]:
    """The ways at the top: name, path, and whether the page belongs to it."""
    mine = [(name, path) for name, (path, roles) in WAYS.items() if who and (not roles or who.has(*roles))]
    return [{"name": name, "path": path, "here": here.split("/")[1:2] == path.split("/")[1:2]} for name, path in mine]


def _in_other_language(request: Request, language: str) -> str:
    """The address of this page in the other language, for whoever has not signed in."""
    url = request.url.include_query_params(language="en" if language == "da" else "da")
    return f"?{url.query}"


def work_page(
    request: Request, service: Turns, who: Staff | None, template: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A page of a workplace. Templates get `w` (all workplace words: w.accounts, w.clinic, w.editorial), `ui` (the
    chat page's words), `who`, `csrf`, `moment`, and what is given here. `?done=x` shows the notice
    w.accounts.done_x."""
    language = language_of(request, who)
    known = {
        "language": language,
        "other_language": "en" if language == "da" else "da",
        "w": service.content.work[language],
        "ui": service.content.page[language],
        "who": who,
        "csrf": who.session.csrf if who else "",
        "ways": _ways(who, request.url.path),
        "request": request,
        "here": request.url.path,
        "language_url": _in_other_language(request, language),
        "notice": service.content.work[language]["accounts"].get(f"done_{request.query_params.get('done', '')}"),
        "moment": moment(language),
        "work_url": work_url,
        "static_url": static_url,
    }
    body = environment.get_template(template).render(known | context)
    return Page(body, status_code=status, headers=HEADERS)


def go(path: str) -> RedirectResponse:
    """See other: after a post, the page that shows what came of it."""
    return RedirectResponse(path, status_code=303, headers={"Cache-Control": "no-store"})


async def sign_in_first(request: Request, _: Exception) -> Response:
    """To the sign-in page, and from there back to where they were; a script gets 401."""
    if "application/json" in request.headers.get("accept", ""):
        return Response(status_code=401)
    back = "/account"
    if request.method == "GET":
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return go(f"/sign-in?next={quote(back)}")


async def forbidden(request: Request, _: Exception) -> HTMLResponse:
    """Kind words for whoever has come to the wrong door."""
    return await _by_itself(request, "accounts/forbidden.html", 403)


async def missing(request: Request, _: Exception) -> HTMLResponse:
    """There is no such page, or it is another's."""
    return await _by_itself(request, "accounts/missing.html", 404)


async def _by_itself(request: Request, template: str, status: int) -> HTMLResponse:
    """A page outside the routes, with the ways of whoever is signed in."""
    service: Turns = request.app.state.turns
    found = await someone(request, service)
    return work_page(request, service, found if found and found.session.passed else None, template, status=status)
