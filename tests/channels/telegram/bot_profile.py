"""The bot's own profile: its name, descriptions and command menus."""

from __future__ import annotations

import json

from tests.channels.telegram import limits
from tests.channels.telegram.refusals import Json, bad
from tests.channels.telegram.state import State

PROFILE = {"description": 512, "short_description": 120, "name": 64}


class Profile(State):
    """The part of the server that keeps the bot's profile."""

    def __init__(self) -> None:
        super().__init__()
        self._commands: dict[tuple[str, str], list[Json]] = {}

    def _get_me(self, _: Json) -> Json:
        can = {"can_join_groups": True, "can_read_all_group_messages": True, "supports_inline_queries": False}
        return self.me() | can

    def _commands_key(self, params: Json) -> tuple[str, str]:
        scope = params.get("scope") or {"type": "default"}
        if not isinstance(scope, dict) or scope.get("type") not in limits.SCOPES | limits.CHAT_SCOPES:
            raise bad("can't parse BotCommandScope: unsupported type specified")
        if scope["type"] in limits.CHAT_SCOPES:
            self._chat(scope).check_known()
        return json.dumps(scope, sort_keys=True), limits.check_language(params.get("language_code"))

    def _set_my_commands(self, params: Json) -> bool:
        self._commands[self._commands_key(params)] = limits.check_commands(params.get("commands"))
        return True

    def _get_my_commands(self, params: Json) -> list[Json]:
        return self._commands.get(self._commands_key(params), [])

    def _delete_my_commands(self, params: Json) -> bool:
        self._commands.pop(self._commands_key(params), None)
        return True

    def _set_profile(self, name: str, params: Json) -> bool:
        text = params.get(name, "")
        limits.check_at_most(text, PROFILE[name], f"bot {name.replace('_', ' ')} is too long")
        self._profile[name, limits.check_language(params.get("language_code"))] = text
        return True

    def _get_profile(self, name: str, params: Json) -> Json:
        language = limits.check_language(params.get("language_code"))
        return {name: self._profile.get((name, language)) or self._profile.get((name, ""), "")}

    def _set_my_description(self, params: Json) -> bool:
        return self._set_profile("description", params)

    def _set_my_short_description(self, params: Json) -> bool:
        return self._set_profile("short_description", params)

    def _set_my_name(self, params: Json) -> bool:
        return self._set_profile("name", params)

    def _get_my_description(self, params: Json) -> Json:
        return self._get_profile("description", params)

    def _get_my_short_description(self, params: Json) -> Json:
        return self._get_profile("short_description", params)
