"""The chat API: parse, ask the services, reply. Contract: docs/architecture.md."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.exc import SQLAlchemyError

from bot.dialogue.choices import UnknownChoice
from bot.dialogue.invited import open_conversation
from bot.dialogue.own_data import exported
from bot.dialogue.replies import Reply
from bot.dialogue.turns import Turns
from bot.metrics import ANSWERED
from bot.screening.result import Outcome
from bot.store import conversations as store
from bot.store.models import Conversation
from bot.threads import hurry, in_thread

MOST_CHARACTERS = 2000
NO_STORE = {"Cache-Control": "no-store"}
CARD_WAIT = 2.0  # seconds after which an alarm sign gets its card from memory, whatever the database does


async def kept_by_nobody(response: Response) -> None:
    """What is said here stays out of every cache."""
    response.headers.update(NO_STORE)


router = APIRouter(prefix="/api/chat", dependencies=[Depends(kept_by_nobody)])
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")]


class Start(BaseModel):
    """Begins a conversation."""

    model_config = ConfigDict(extra="forbid")
    language: Literal["da", "en"] | None = None
    invite: str | None = Field(None, max_length=64)


class Send(BaseModel):
    """A text or a choice."""

    model_config = ConfigDict(extra="forbid")
    id: ClientId
    text: str | None = None
    choice: str | None = Field(None, max_length=64)


class Language(BaseModel):
    """The language from now on."""

    model_config = ConfigDict(extra="forbid")
    language: Literal["da", "en"]


class Started(BaseModel):
    """A new conversation."""

    token: str
    language: str
    messages: list[Reply]


class Messages(BaseModel):
    """Replies."""

    messages: list[Reply]


async def turns(request: Request) -> Turns:
    """The service of this process."""
    found: Turns = request.app.state.turns
    return found


TurnsDep = Annotated[Turns, Depends(turns)]


def problem(service: Turns, status: int, code: str, language: str, **values: Any) -> HTTPException:
    """An error with kind words in the patient's language (content `system/<code>`)."""
    text = service.content.get(f"system/{code}", language).bubbles[0]
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return HTTPException(status, {"code": code, "message": text})


async def conversation(
    request: Request, service: TurnsDep, authorization: Annotated[str, Header()] = ""
) -> Conversation:
    """The conversation of the bearer token. Raises HTTPException 401."""
    token = authorization.removeprefix("Bearer ").strip()
    found = await in_thread(store.find, service.engine, token) if token else None
    if not found:
        raise problem(service, 401, "session_gone", preferred(request))
    return found


ConversationDep = Annotated[Conversation, Depends(conversation)]


def preferred(request: Request) -> str:
    """The browser's language, Danish unless it plainly prefers English."""
    wanted = request.headers.get("accept-language", "da").casefold()
    first = next((part[:2] for part in wanted.split(",") if part[:2].strip() in {"da", "en"}), "da")
    return first


async def begin(service: Turns, language: str | None, invite: str | None = None, usual: str = "da") -> Started:
    """Opens a conversation and says the welcome; without a language in the invite's, or else the `usual` one."""
    token, opened = await asyncio.to_thread(
        open_conversation, service.engine, language=language, usual=usual, invite=invite
    )
    replies = service.voice.say(opened, "welcome/intro")
    service.doorstep.remember(opened.id, replies)
    await service.doorstep.keep(opened.id)
    if service.switch.closed():
        replies = service.voice.closed(opened)
    return Started(token=token, language=opened.language, messages=replies)


def checked_text(service: Turns, text: str, language: str) -> str:
    """The text without what no database takes. Raises HTTPException 422 for empty or too long."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    if len(text) > MOST_CHARACTERS:
        raise problem(service, 422, "too_long", language, limit=MOST_CHARACTERS)
    if not text.strip():
        raise problem(service, 422, "empty", language)
    return text


async def deliver(service: Turns, found: Conversation, body: Send) -> list[Reply]:
    """One message to its replies. Raises HTTPException with kind words."""
    if (body.text is None) == (body.choice is None):
        raise problem(service, 422, "bad_request", found.language)
    text = checked_text(service, body.text, found.language) if body.text is not None else None
    if found.trying is not None:
        service = await asyncio.to_thread(service.serving, found)
    try:
        return await service.receive(found, body.id, text, body.choice)
    except UnknownChoice:
        raise problem(service, 422, "unknown_choice", found.language) from None


@router.post("", status_code=201)
async def start(request: Request, service: TurnsDep, body: Start) -> Started:
    """A new conversation: its token and the welcome."""
    return await begin(service, body.language, body.invite, preferred(request))


@router.post("/messages", response_model=Messages)
async def send(
    request: Request, service: TurnsDep, body: Send, authorization: Annotated[str, Header()] = ""
) -> Response:
    """The replies to a message; the same id again gives the same answer.

    An alarm sign needs no database: neither one that is away nor one that hangs keeps the card back.
    """
    if body.text and service.screener.screen(body.text).outcome is Outcome.ALARM:
        hurry()  # before anything is looked up; what it is answered is decided with the open question
    work = asyncio.create_task(answered(request, service, body, authorization))
    try:
        done, _ = await asyncio.wait({work}, timeout=CARD_WAIT)
        if not done and (replies := service.without_database(body.text, preferred(request))):
            work.add_done_callback(_unheard)  # it goes on, and what is stored comes with the conversation
            return _written(Messages(messages=replies))
        return _written(await work)
    except SQLAlchemyError as error:
        structlog.get_logger().error("database_down", error=type(error).__name__)
        if replies := service.without_database(body.text, preferred(request)):
            return _written(Messages(messages=replies))
        raise problem(service, 503, "trouble", preferred(request)) from None


def _written(messages: Messages) -> Response:
    """As JSON at once: FastAPI would check what is ours already, and write it through dictionaries."""
    return Response(messages.model_dump_json(), media_type="application/json", headers=NO_STORE)


async def answered(request: Request, service: Turns, body: Send, authorization: str) -> Messages:
    """A message's way through the database. Raises SQLAlchemyError."""
    found = await conversation(request, service, authorization)
    await slow_down(request, authorization, found.language)
    with ANSWERED.time():
        return Messages(messages=await deliver(service, found, body))


def _unheard(work: asyncio.Task[Messages]) -> None:
    if not work.cancelled() and (error := work.exception()):
        structlog.get_logger().error("database_down", error=type(error).__name__)


async def slow_down(request: Request, token: str, language: str) -> None:
    """Counts a message of this conversation. Raises HTTPException 429 with Retry-After."""
    if wait := await request.app.state.limits.conversation(token):
        refused = problem(request.app.state.turns, 429, "rate_limited", language, wait=wait)
        refused.headers = {"Retry-After": str(wait)}
        raise refused


async def said(service: Turns, found: Conversation) -> list[dict[str, Any]]:
    """Everything visible, what was said before consent included while it is remembered."""
    stored = await asyncio.to_thread(store.transcript, service.engine, found.id)
    await service.doorstep.recall(found.id)
    return service.doorstep.said(found.id) + stored


@router.get("/messages")
async def messages(service: TurnsDep, found: ConversationDep) -> Messages:
    """The whole visible conversation."""
    return Messages.model_validate({"messages": await said(service, found)})


@router.get("/export")
async def export(service: TurnsDep, found: ConversationDep) -> dict[str, Any]:
    """The person's data."""
    return await asyncio.to_thread(exported, service.engine, found)


@router.put("/language")
async def language(service: TurnsDep, found: ConversationDep, body: Language) -> dict[str, Any]:
    """Switches the language; the conversation stays where it is."""
    await asyncio.to_thread(store.change, service.engine, found.id, language=body.language, language_chosen=True)
    found.language = body.language
    key = "control/language_changed" if found.consented_at else "welcome/intro"
    replies = service.voice.say(found, key)
    if not found.consented_at:
        await service.doorstep.recall(found.id)
        service.doorstep.remember(found.id, replies)
        await service.doorstep.keep(found.id)
    return {"language": body.language, "messages": [reply.model_dump() for reply in replies]}


@router.delete("", status_code=204)
async def erase(service: TurnsDep, found: ConversationDep) -> Response:
    """Erases the conversation."""
    await service.erase(found.id)
    return Response(status_code=204)


@router.get("/events")
async def events(request: Request, service: TurnsDep, found: ConversationDep) -> StreamingResponse:
    """Late replies as server-sent events."""
    known = {entry["id"] for entry in await said(service, found)}

    async def stream() -> AsyncIterator[str]:
        yield ": here\n\n"
        quiet = 0
        while not await request.is_disconnected():
            for reply in reversed(await asyncio.to_thread(store.latest_replies, service.engine, found.id, 10)):
                if reply["id"] not in known:
                    known.add(reply["id"])
                    yield f"event: message\nid: {reply['id']}\ndata: {json.dumps(reply, ensure_ascii=False)}\n\n"
            quiet += 1
            if quiet % 15 == 0:
                yield ": still here\n\n"
            await asyncio.sleep(1)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})
