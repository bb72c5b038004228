"""The one door into Rasa: the gateway's turns, with a shared secret, answered with content keys."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic import Blueprint, Request
from sanic.response import HTTPResponse, json

from bot.threads import settle


class TurnFailed(Exception):
    """The turn said nothing, an action of it could not run, its state could not be kept, or a later message has been
    answered; it left no trace and, but for the last, may be sent again."""


@dataclass
class Turn:
    """The turn under way: its message, what it has said, and whether the action server failed it.

    `answered` is what the same message was answered before, when the gateway never got to hear it; `outdated` is a
    message older than the latest answered; `stateless` when the database did not give or take the dialogue's state.
    """

    message: str = ""
    replies: list[dict[str, Any]] = field(default_factory=list)
    action_failed: bool = False
    answered: list[dict[str, Any]] | None = None
    outdated: bool = False
    stateless: bool = False

    @property
    def failed(self) -> bool:
        """A turn to be dropped, not stored: the gateway will send it again."""
        return self.action_failed or self.outdated or self.stateless or not self.replies


# The tracker store looks here, so that a failed turn is never counted twice.
current_turn: ContextVar[Turn | None] = ContextVar("current_turn", default=None)


async def run_turn(on_new_message: Callable[[UserMessage], Awaitable[Any]], body: dict[str, Any]) -> list[Any]:
    """Lets Rasa answer one message of the gateway: content keys with parameters. Raises TurnFailed.

    A message that comes again, after a timeout or a restart, gets the answer it had: read as new, its "no" would
    answer the next question. Whether it does is known under Rasa's lock only, so the turn runs and is dropped.
    """
    turn = Turn(str(body.get("message") or ""))
    current_turn.set(turn)
    await on_new_message(user_message(body, GatewayOutput(turn)))
    if turn.answered is not None:
        return turn.answered
    if turn.failed:
        reasons = {"outdated": turn.outdated, "no state": turn.stateless, "action failed": turn.action_failed}
        raise TurnFailed(next((reason for reason, true in reasons.items() if true), "silent"))
    return turn.replies


def note_failed_actions() -> None:
    """Rasa logs an action that cannot be reached and goes on as if it had run; this makes the turn fail."""
    run = RemoteAction.run

    async def noted(self: RemoteAction, *args: Any, **kwargs: Any) -> Any:
        try:
            return await run(self, *args, **kwargs)
        except ActionExecutionRejection:
            raise
        except Exception:
            if turn := current_turn.get():
                turn.action_failed = True
            raise

    noted.__name__ = "noted"
    if run.__name__ != noted.__name__:  # once is enough
        RemoteAction.run = noted  # type: ignore[method-assign]


class GatewayOutput(OutputChannel):
    """Collects what the dialogue says as content keys with parameters."""

    def __init__(self, turn: Turn) -> None:
        self.replies = turn.replies

    @classmethod
    def name(cls) -> str:
        """The channel's name, which the NLG looks at."""
        return "gateway"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keeps the content key; a message without one cannot come from our domain."""
        if custom := message.get("custom"):
            self.replies.append(custom)


class GatewayChannel(InputChannel):
    """POST /webhooks/gateway/turn"""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        note_failed_actions()

    @classmethod
    def name(cls) -> str:
        """The channel's name in addresses."""
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> GatewayChannel:
        """Needs `secret` in credentials.yml."""
        return cls((credentials or {})["secret"])

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes."""
        routes = Blueprint("gateway_webhook")

        @routes.get("/")
        async def health(_: Request) -> HTTPResponse:
            return json({"status": "ok"})

        @routes.listener("after_server_start")
        async def started(*_: Any) -> None:
            settle()  # the model is loaded before a server starts

        @routes.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            if not hmac.compare_digest(request.headers.get("x-rygraad-secret", "").encode(), self.secret.encode()):
                return json({"error": "forbidden"}, status=403)
            try:
                return json({"replies": await run_turn(on_new_message, request.json)})
            except TurnFailed as failure:
                return json({"error": str(failure)}, status=503)

        return routes


def user_message(body: dict[str, Any], output: GatewayOutput) -> UserMessage:
    """A text goes through NLU; a choice arrives as the intent the gateway mapped it to."""
    metadata = body.get("metadata") or {}
    parse_data = None
    if intent := body.get("intent"):
        parse_data = {
            "text": "",
            "intent": {"name": intent, "confidence": 1.0},
            "entities": body.get("entities") or [],
            "screening": metadata.get("screening"),
        }
    return UserMessage(
        text=body.get("text") or "-",
        output_channel=output,
        sender_id=body["conversation"],
        parse_data=parse_data,
        input_channel="gateway",
        metadata=metadata,
    )
