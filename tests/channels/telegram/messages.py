"""What the bot does in its chats: sending, answering presses, pins, deleting and leaving."""

from __future__ import annotations

import time

from tests.channels.telegram import limits
from tests.channels.telegram.chat import Chat, Sent, buttons_of
from tests.channels.telegram.groups import Group
from tests.channels.telegram.person import Person
from tests.channels.telegram.refusals import Json, bad
from tests.channels.telegram.state import State

TEXTS = (("text", "caption"), ("entities", "caption_entities"))


class Messages(State):
    """The part of the server that performs what the bot does in its chats."""

    def _send_message(self, params: Json) -> Json:
        text, entities = limits.parse(params.get("text", ""), params.get("parse_mode"), params.get("entities"))
        limits.check_text(text)
        return self._send(params, params["text"], {"text": text} | ({"entities": entities} if entities else {}))

    def _send(
        self,
        params: Json,
        source: str,
        content: Json,
        photo: bytes | None = None,
        document: tuple[str, bytes] | None = None,
    ) -> Json:
        chat, markup = self._open_chat(params), params.get("reply_markup")
        if markup is not None:
            limits.check_markup(markup)
        reply = params.get("reply_parameters", {})
        if reply and not reply.get("allow_sending_without_reply"):
            chat.found(reply.get("message_id"), "message to be replied not found")
        keyboard = {"reply_markup": markup} if (markup or {}).get("inline_keyboard") else {}
        message = chat.add(self.me(), **content, **keyboard)
        text, entities = (content.get(name) or content.get(other) for name, other in TEXTS)
        record = Sent(message["message_id"], text or "", source, entities or [], buttons_of(markup), photo, 0, 0)
        record.document = document
        record.at, record.call = self.calls[-1].at, len(self.calls) - 1
        chat.sent[record.message_id] = record
        return message

    def _send_chat_action(self, params: Json) -> bool:
        chat = self._open_chat(params)
        if params.get("action") not in limits.ACTIONS:
            raise bad("wrong parameter action in request")
        chat.action_log.append((params["action"], time.monotonic()))
        return True

    def _answer_callback_query(self, params: Json) -> bool:
        limits.check_at_most(params.get("text", ""), 200, "MESSAGE_TOO_LONG")
        number = str(params.get("callback_query_id"))
        if number not in self.presses:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        person, pressed_at = self.presses[number]
        person.answer_log.append((number, time.monotonic() - pressed_at))
        return True

    def _edit_message_reply_markup(self, params: Json) -> Json:
        chat = self._open_chat(params)
        if params.get("reply_markup") is not None:
            limits.check_markup(params["reply_markup"])
        return chat.change_keyboard(params.get("message_id"), params.get("reply_markup"))

    def _pin_chat_message(self, params: Json) -> bool:
        self._pinning(params).pin(params.get("message_id"))
        return True

    def _unpin_chat_message(self, params: Json) -> bool:
        self._pinning(params).unpin(params.get("message_id"))
        return True

    def _unpin_all_chat_messages(self, params: Json) -> bool:
        chat = self._pinning(params)
        chat.pins = []
        chat.mark_pins()
        return True

    def _pinning(self, params: Json) -> Chat:
        chat = self._open_chat(params)
        if isinstance(chat, Group):
            raise bad("not enough rights to manage pinned messages in the chat")
        return chat

    def _delete_message(self, params: Json) -> bool:
        chat = self._chat(params)
        chat.check_known()
        chat.delete(params.get("message_id"))
        return True

    def _leave_chat(self, params: Json) -> bool:
        chat = self._chat(params)
        chat.check_known()
        if isinstance(chat, Person):
            raise bad("chat member status can't be changed in private chats")
        if isinstance(chat, Group):
            chat.check_open()
            chat.leave()
        else:
            del self.chats[chat.chat_id]
        return True

    def _get_chat(self, params: Json) -> Json:
        chat = self._chat(params)
        chat.check_known()
        kinds = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        pinned = {"pinned_message": chat.history[chat.pins[-1]]} if chat.pins else {}
        gifts = {"accepted_gift_types": dict.fromkeys(kinds, True)}
        return chat.as_json() | {"accent_color_id": 0, "max_reaction_count": 11} | gifts | pinned
