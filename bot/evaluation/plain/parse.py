"""Run by the plain environment, which has no Rygråd: `parse.py MODEL`, JSON Lines in and out, with `ranking`."""

import asyncio
import json
import logging
import sys

import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

from rasa.core.agent import Agent  # noqa: E402


async def answer(model: str) -> None:
    """Adds `ranking`, the names of the intents, likeliest first, to every line of standard input."""
    agent = Agent.load(model)
    for line in sys.stdin:
        row = json.loads(line)
        found = (await agent.parse_message(row["text"]))["intent_ranking"]
        sys.stdout.write(json.dumps(row | {"ranking": [one["name"] for one in found]}) + "\n")


if __name__ == "__main__":
    asyncio.run(answer(sys.argv[1]))
