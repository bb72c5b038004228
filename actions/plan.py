"""The plan: made question by question, read back, changed part by part. Rules: bot/self_management/plan.py."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import NO_NEED, begin_form, end_form, entities, metadata, say
from bot.self_management import plan
from bot.self_management.rules import rules

FORM = "plan_form"
EXTRA = ("clearer", "confidence", "smaller")  # questions about a step that are no part of the plan themselves


def slots(parts: dict[str, Any], **asked: Any) -> dict[str, Any]:
    """The form's slots by these parts; a part that is `asked` gets that value, None to be asked."""
    return {f"plan_{part}": asked.get(part, parts.get(part, plan.SKIPPED)) for part in plan.ASKED}


class ActionBeginPlan(Action):
    """Starts the questions; who has a plan sees it instead. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_begin_plan"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says plan/intro with `total`, or plan/shown."""
        if parts := metadata(tracker).get("plan"):
            say(dispatcher, "plan/shown", plan_parts=parts)
            return []
        say(dispatcher, "plan/intro", total=len(plan.CHANGEABLE) + 1)
        return begin_form(tracker, FORM, {**slots({}, **dict.fromkeys(plan.ASKED)), "plan_changing": None})


class ValidatePlanForm(FormValidationAction):
    """Asks for a clearer or a smaller step only where the step needs it, and keeps parts to a length."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "validate_plan_form"

    async def get_validation_events(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        """Looks at what was just answered; a part that is too long is asked for again, whichever it is."""
        if not tracker.get_slot("requested_slot"):
            return []  # the form begins: what it holds was looked at when it was told
        for slot, value in tracker.slots_to_validate().items():
            if slot.startswith("plan_") and plan.too_long(str(value or "")):
                say(dispatcher, "plan/too_long", limit=rules()["plan"]["longest_part"])
                return [SlotSet(slot, None)]
        return list(await super().get_validation_events(dispatcher, tracker, domain))

    def validate_plan_step(self, value: Any, *_: Any) -> dict[str, Any]:
        """A step without an amount is asked to be made clearer."""
        clear = value == plan.SKIPPED or plan.is_clear(str(value))
        return {"plan_step": value, "plan_clearer": NO_NEED if clear else None}

    def validate_plan_clearer(self, value: Any, *_: Any) -> dict[str, Any]:
        """The clearer step takes the place of the first; skipped, the first stays."""
        return {"plan_clearer": NO_NEED} | ({} if value == plan.SKIPPED else {"plan_step": value})

    def validate_plan_hindrance(self, value: Any, _: Any, tracker: Tracker, *__: Any) -> dict[str, Any]:
        """Without a hindrance there is no way round to ask for; who comes back and names one is asked."""
        way_round = tracker.get_slot("plan_way_round")
        wanted = None if way_round == NO_NEED else way_round
        return {"plan_hindrance": value, "plan_way_round": NO_NEED if value == plan.SKIPPED else wanted}

    def validate_plan_confidence(self, value: Any, *_: Any) -> dict[str, Any]:
        """Who is not sure is offered a smaller step."""
        return {"plan_confidence": value, "plan_smaller": NO_NEED if plan.is_confident(str(value)) else None}


class ActionPlanResult(Action):
    """Reads the plan back, or what has changed in it. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_plan_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says plan/read_back, plan/changed or plan/empty; the parameter `plan` makes the gateway keep it."""
        parts = {part: tracker.get_slot(f"plan_{part}") for part in plan.CHANGEABLE}
        kept = {part: str(value) for part, value in parts.items() if value not in (None, plan.SKIPPED, NO_NEED)}
        smaller = tracker.get_slot("plan_smaller")
        if smaller in ("half", "fewer"):
            kept["smaller"] = smaller
        elif smaller not in (None, NO_NEED, plan.SKIPPED, "keep"):
            kept["step"] = str(smaller)
        if kept:
            key = "plan/changed" if tracker.get_slot("plan_changing") else "plan/read_back"
            say(dispatcher, key, plan=kept, plan_parts=kept)
        else:
            say(dispatcher, "plan/empty")
        # The words now stand in the plan; the dialogue's own memory need not hold them.
        emptied = [SlotSet(slot, None) for slot in slots({})]
        return [*emptied, SlotSet("plan_changing", None), *end_form(tracker, FORM)]


class ActionShowPlan(Action):
    """Shows the plan. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_show_plan"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says plan/shown or plan/none."""
        parts = metadata(tracker).get("plan")
        say(dispatcher, "plan/shown", plan_parts=parts) if parts else say(dispatcher, "plan/none")
        return []


class ActionKeepPlan(Action):
    """What comes after "that is right". Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_keep_plan"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says plan/kept or plan/none."""
        say(dispatcher, "plan/kept" if metadata(tracker).get("plan") else "plan/none")
        return []


class ActionChoosePart(Action):
    """Asks what shall be different. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_choose_part"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Says plan/which_part or plan/none."""
        say(dispatcher, "plan/which_part" if metadata(tracker).get("plan") else "plan/none")
        return []


class ActionChangePart(Action):
    """Asks one question again; everything else stays. Domain: utter_content."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_change_part"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Starts the form with only the part of the entity `part` open."""
        parts = metadata(tracker).get("plan")
        part = next(iter(entities(tracker, "part")), "")
        if not parts or part not in plan.CHANGEABLE:
            say(dispatcher, "plan/which_part" if parts else "plan/none")
            return []
        smaller = NO_NEED if part == "step" else parts.get("smaller", NO_NEED)
        kept = dict(parts) | dict.fromkeys(EXTRA, NO_NEED) | {"smaller": smaller}
        return begin_form(tracker, FORM, {**slots(kept, **{part: None}), "plan_changing": part})
