"""The safety suite's checks of the words alone; what each is for stands in bot/editorial/suite.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from bot.content import safety_rules as rules
from bot.content.check import change_faults
from bot.content.store import LANGUAGES, ContentStore
from bot.content.texts import Text
from bot.dialogue.language import detect
from bot.dialogue.replies import WORSE_CONTACTS
from bot.editorial.sayable import lost_on_the_way, typed_otherwise
from bot.screening.flags import load_flags

Place = tuple[str, str]  # key, language


class SuiteCheck(NamedTuple):
    """What one check found. A check with `warn` tells the reviewer something and does not block."""

    name: str
    passed: bool
    detail: str = ""
    warn: bool = False


class Card(NamedTuple):
    """What kind of care card a text is: its level, and whom it tells the person to call (content/red_flags.yml)."""

    level: str
    contacts: tuple[str, ...]


def card_of(key: str) -> Card | None:
    """The card that a key is the text of; None for any other text."""
    parts = key.split("/")
    if parts[0] != "care" or len(parts) < 2:
        return None
    if parts[1] == "worse" and len(parts) == 3:
        return Card(parts[2], tuple(WORSE_CONTACTS[parts[2]]))
    flag = load_flags().flags.get(parts[1])
    return Card(flag.level, flag.contacts) if flag else None


class _Changed(NamedTuple):
    """One text as it was and as it would be, in the content as it would be."""

    before: Text
    after: Text
    was: ContentStore
    will_be: ContentStore
    places: frozenset[Place]


Look = Callable[[_Changed], list[str]]


def quick(before: ContentStore, after: ContentStore, places: Iterable[Place]) -> list[SuiteCheck]:
    """What the words alone show of these changed texts; only the checks that apply to them."""
    changed = frozenset(places)
    found = change_faults({each: after.get(*each).source for each in changed}, before)
    content = [f"{each.fault.line}: {each.fault.message}" for each in found if not each.between]
    between = [each.fault.message for each in found if each.between]
    checks = [_check("content", content)]
    each_change = [_Changed(before.get(*one), after.get(*one), before, after, changed) for one in sorted(changed)]
    for name, (applies, look, warn) in LOOKS.items():
        those = [one for one in each_change if applies(one.after.key)]
        details = [_named(one, detail, len(changed)) for one in those for detail in look(one)]
        details += between if name == "other_language" else []
        if those:
            checks.append(_check(name, details, warn))
    return checks


def _check(name: str, details: list[str], warn: bool = False) -> SuiteCheck:
    return SuiteCheck(name, not details, "; ".join(dict.fromkeys(details)), warn and bool(details))


def _named(one: _Changed, detail: str, how_many: int) -> str:
    return f"{one.after.language}/{one.after.key}: {detail}" if how_many > 1 else detail


def _any(_: str) -> bool:
    return True


def _is_card(key: str) -> bool:
    return card_of(key) is not None


def _is_question(key: str) -> bool:
    return key.startswith("screening/")


def _of_card(look: Callable[[Text, Card], list[str]]) -> Look:
    def looked(one: _Changed) -> list[str]:
        card = card_of(one.after.key)
        return look(one.after, card) if card else []

    return looked


def _unnamed(text: Text, card: Card) -> list[str]:
    return rules.unsaid(text, [rules.data()["contacts"][each][text.language] for each in card.contacts])


def _must_say(one: _Changed) -> list[str]:
    card = card_of(one.after.key)
    return rules.must_say(one.after, card.level if card else None)


def _other_tongue(text: Text) -> list[str]:
    return [found for found in [detect(rules.everything(text))] if found not in (text.language, None)]


def _other_language(one: _Changed) -> list[str]:
    key, language = one.after.key, one.after.language
    others = (one.will_be.get(key, each) for each in LANGUAGES if each != language)
    return [detail for other in others for detail in rules.other_shape(other, one.after)]


def _other_forms(one: _Changed) -> list[str]:
    key, language = one.after.key, one.after.language
    related = {f"telegram/{key}", key.removeprefix("telegram/"), f"{key}/relative", key.removesuffix("/relative")}
    there = sorted(each for each in related - {key} if (each, language) in one.will_be.texts)
    return [each for each in there if (each, language) not in one.places]


def _of_text(look: Callable[[Text], list[str]]) -> Look:
    return lambda one: look(one.after)


def _of_change(look: rules.Change) -> Look:
    return lambda one: look(one.before, one.after)


LOOKS: dict[str, tuple[Callable[[str], bool], Look, bool]] = {
    "level_first": (_is_card, _of_card(lambda text, card: rules.begins_otherwise(text, card.level)), False),
    "what_to_say": (
        _is_card, _of_card(lambda text, _: rules.unsaid(text, [rules.data()["say"][text.language]])), False,
    ),
    "contacts_named": (_is_card, _of_card(_unnamed), False),
    "must_say": (_any, _must_say, False),
    "bubbles": (_any, _of_text(rules.too_many_bubbles), False),
    "questions": (_is_question, _of_text(rules.no_question), False),
    "buttons": (_any, _of_change(rules.buttons), False),
    "typed_words": (_any, lambda one: typed_otherwise(one.was, one.before, one.will_be, one.after), False),
    "phones": (_any, _of_change(rules.phones), False),
    "numbers": (_any, _of_text(rules.numbers), False),
    "values": (_any, _of_change(rules.values), False),
    "links": (_any, _of_change(rules.links), False),
    "doses": (_any, _of_text(rules.doses), False),
    "sentences": (_any, _of_text(rules.long_sentences), False),
    "marks": (_any, _of_text(rules.other_marks), False),
    "letters": (_any, _of_text(rules.strange_letters), False),
    "language": (_any, _of_text(_other_tongue), False),
    "channels": (_any, lambda one: lost_on_the_way(one.will_be, one.after), False),
    "other_language": (_any, _other_language, True),
    "other_forms": (_any, _other_forms, True),
    "shape": (_any, _of_change(rules.other_shape), True),
    "items": (_any, _of_change(rules.items), True),
    "negations": (_any, _of_change(rules.counted("negations")), True),
    "strength": (_any, _of_change(rules.counted("strength")), True),
    "figures": (_any, _of_change(rules.figures), True),
}  # fmt: skip
