"""The real Rasa model and the real actions in this process, so that hundreds of conversations take seconds."""

from __future__ import annotations

import logging
from typing import Any

import structlog
from sqlalchemy import Engine

from bot.dialogue.rasa_client import RasaUnreachable
from bot.rasa import launcher
from bot.rasa.project import train

launcher.install()

from rasa.core.agent import Agent  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402
from rasa_sdk.executor import ActionExecutor  # noqa: E402

from bot.rasa.channel import TurnFailed, note_failed_actions, run_turn  # noqa: E402
from bot.rasa.nlg import ContentNLG  # noqa: E402
from bot.rasa.tracker_store import BoundedTrackerStore  # noqa: E402


class InProcessActions(EndpointConfig):
    """Runs an action where Rasa would call the action server; `dead` is a server that was killed."""

    def __init__(self) -> None:
        super().__init__("http://actions.invalid")
        self.executor = ActionExecutor()
        self.executor.register_package("actions")
        self.dead = False

    async def request(self, *_: Any, json: dict[str, Any] | None = None, **__: Any) -> Any:
        if self.dead:
            raise ConnectionRefusedError("the action server was killed")
        return await self.executor.run(json or {})


class InProcessRasa:
    """Stands where RasaClient stands; `dead` is a Rasa that was stopped."""

    def __init__(self, engine: Engine) -> None:
        logging.getLogger("rasa").setLevel(logging.CRITICAL)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        note_failed_actions()
        self.actions = InProcessActions()
        self.agent = Agent.load(str(train()), action_endpoint=self.actions)
        assert self.agent.processor and self.agent.domain
        store = BoundedTrackerStore(self.agent.domain, engine=engine)
        self.agent.tracker_store = self.agent.processor.tracker_store = store
        nlg = ContentNLG(EndpointConfig(), self.agent.domain)
        self.agent.nlg = self.agent.processor.nlg = nlg
        self.dead = False

    def use(self, engine: Engine) -> None:
        """Another database, everything alive."""
        assert self.agent.processor
        store: Any = self.agent.processor.tracker_store
        store.engine = engine
        self.dead = self.actions.dead = False

    async def turn(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        if self.dead:
            raise RasaUnreachable("stopped")
        try:
            return await run_turn(self.agent.handle_message, body)
        except TurnFailed as failure:
            raise RasaUnreachable(str(failure)) from failure

    async def alive(self) -> bool:
        return not self.dead

    async def close(self) -> None:
        """Nothing to give back."""
