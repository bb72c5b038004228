"""Work that Rasa does for every message although its result never changes; here it is done once, or shorter."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

LATEST = 20  # events; a form's validation looks for the slots that this turn has set


def install() -> None:
    """Takes the shortcuts in this process. May be called more than once."""
    from rasa.core.actions.action import RemoteAction
    from rasa.engine.runner.dask import DaskGraphRunner
    from rasa.shared.core.events import Event
    from rasa.shared.core.slots import Slot

    if RemoteAction._validate_action_result is check_action_result:
        return
    RemoteAction._validate_action_result = check_action_result  # type: ignore[method-assign]
    RemoteAction._action_call_format = action_call  # type: ignore[method-assign]
    Slot.__copy__ = copied  # type: ignore[attr-defined]
    train = DaskGraphRunner.run
    DaskGraphRunner.run = lambda *args, **options: run_graph(train, *args, **options)  # type: ignore[method-assign]
    # It walks all event classes for every stored event it loads.
    Event.resolve_by_type = staticmethod(lru_cache(maxsize=256)(Event.resolve_by_type))  # type: ignore[method-assign]


def check_action_result(_: Any, result: Any) -> bool:
    """Whether the action server's answer has Rasa's form; the events in it are checked as Rasa makes them.

    Rasa holds its JSON schema against the schema of schemas before it looks at any answer, which takes longer than
    the rest of a message. Raises ValueError.
    """
    lists = isinstance(result, dict) and [result.get(name, []) for name in ("events", "responses")]
    if not lists or not all(isinstance(found, list) for found in lists):
        raise ValueError("the action server's answer needs lists of events and responses")
    if not all(isinstance(one, dict) for found in lists for one in found):
        raise ValueError("events and responses of the action server must be objects")
    return True


def action_call(action: Any, tracker: Any, domain: Any) -> dict[str, Any]:
    """What the action server is told: all slots and the latest events, not every event of the conversation."""
    from rasa import __version__
    from rasa.shared.core.trackers import EventVerbosity

    latest = list(tracker.events)[-LATEST:]
    state = tracker.current_state(EventVerbosity.NONE) | {"events": [event.as_dict() for event in latest]}
    call = {"next_action": action.name(), "sender_id": tracker.sender_id, "tracker": state, "version": __version__}
    told = domain.does_custom_action_explicitly_need_domain(action.name())
    return call | ({"domain": domain.as_dict()} if told else {})


def copied(slot: Any) -> Any:
    """A copy of a slot, of which every step back in a conversation makes some seventy; `copy` takes the long way."""
    same = object.__new__(type(slot))
    same.__dict__.update(slot.__dict__)
    return same


def run_graph(train: Any, runner: Any, inputs: Any = None, targets: list[str] | None = None) -> dict[str, Any]:
    """Runs the nodes that the targets need, each once. Rasa plans the order anew for every prediction.

    Training, which names no targets, stays Rasa's own (`train`).
    """
    if not targets:
        return dict(train(runner, inputs, targets))
    # A node gets (name, value) from each it needs, or the bare name of one there is not.
    found: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}

    def of(name: str) -> Any:
        if name not in found and name in runner._graph_schema.nodes:
            found[name] = runner._instantiated_nodes[name](*map(of, runner._graph_schema.nodes[name].needs.values()))
        return found.get(name, name)

    return dict(of(target) for target in targets)
