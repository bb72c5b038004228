"""The calls of the bot: their parameters as plain values, and the faults injected into them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiohttp import web

from tests.channels.telegram.refusals import Json, Refused

WORDS = {
    *("text", "caption", "parse_mode", "description", "short_description", "name", "url", "secret_token", "photo"),
    *("language_code", "callback_query_id", "action", "document"),
}


class Call(NamedTuple):
    """One call of the bot, with its parameters as plain values."""

    method: str
    params: Json
    at: float


@dataclass
class Fault:
    """An error waiting for the calls it is meant for."""

    method: str
    refusal: Refused
    chat: int | None
    times: int


class Upload(bytes):
    """The content of an uploaded file, which knows its name."""

    name = ""


async def read_params(request: web.Request) -> Json:
    """The parameters of a call, from wherever the client put them, as plain values."""
    params: Json = dict(request.query)
    if request.content_type == "application/json":
        params |= await request.json()
    else:
        for name, value in (await request.post()).items():
            params[name] = uploaded(value) if isinstance(value, web.FileField) else value
    return {name: plain(name, value) for name, value in params.items()}


def uploaded(part: web.FileField) -> Upload:
    """The file in a part of a form."""
    content = Upload(part.file.read())
    content.name = part.filename
    return content


def plain(name: str, value: Any) -> Any:
    """What a form's text stands for."""
    if not isinstance(value, str) or name in WORDS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return {"True": True, "False": False}.get(value, value)
