"""The one door into Rasa: the gateway's turns, with a shared secret, answered with content keys."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic import Blueprint, Request
from sanic.response import HTTPResponse, json

# Whether the turn under way has said anything. The tracker store drops a turn that was silent, so that the
# gateway can send it again without the answer being counted twice.
turn_replies: ContextVar[list[dict[str, Any]] | None] = ContextVar("turn_replies", default=None)


class GatewayOutput(OutputChannel):
    """Collects what the dialogue says as content keys with parameters."""

    def __init__(self) -> None:
        self.replies: list[dict[str, Any]] = []

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

        @routes.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            if not hmac.compare_digest(request.headers.get("x-rygraad-secret", ""), self.secret):
                return json({"error": "forbidden"}, status=403)
            output = GatewayOutput()
            turn_replies.set(output.replies)
            await on_new_message(_user_message(request.json, output))
            return json({"replies": output.replies})

        return routes


def _user_message(body: dict[str, Any], output: GatewayOutput) -> UserMessage:
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
