"""A text on a page of ours exactly as patients see it: rendered by what renders their replies."""

from __future__ import annotations

from markupsafe import Markup

from bot.accounts.pages import environment
from bot.channels.pages import PAGES
from bot.content.shared_words import carriers
from bot.content.store import ContentStore
from bot.dialogue.replies import WORSE_CONTACTS, Care, contact_list, render
from bot.screening.flags import load_flags

CLOSED = "system/closed"


def as_patients(content: ContentStore, key: str, language: str, *, card: bool = True, words: str = "") -> Markup:
    """The bubbles of what `content` says at a key, in every phrasing; buttons, sources and picture below the last.

    An alarm sign's text is its care card, unless `card` is false; `words` stand between two phrasings. What a text
    takes from the conversation, as in {count}, stays as it is written. Raises UnknownKey.
    """
    phrasings = None
    if below := carriers(content, key, language):
        key, phrasings = below[0].key, 1  # a button is seen below a text that has it
    text = content.get(key, language)
    care = care_of(key, language) if card else None
    first = render(content, key, language, {})
    said = (
        [[first[0].model_copy(update={"care": care})]]
        if care
        else [render(content, key, language, {}, times) for times in range(phrasings or len(text.phrasings))]
    )
    for replies in said[:-1]:  # the same below each phrasing, so once is enough here
        replies[-1] = replies[-1].model_copy(update={"choices": [], "sources": [], "image": None})
    template = environment.get_template("editorial/as_patients.html")
    ui = content.page[language]
    own_page = ui[PAGES[key][1]] if key in PAGES else ""
    shown = {"said": said, "language": language, "ui": ui, "pages": {}, "own_page": own_page, "between": words}
    return Markup(template.render(shown))


def care_of(key: str, language: str) -> Care | None:
    """What makes this text a care card; None for one that is said in bubbles."""
    group, name, rest = (*key.split("/"), "", "")[:3]
    flags = load_flags().flags
    level, names = "", list[str]()
    if key == CLOSED:
        level, names = "emergency", ["emergency", "own_region_line"]
    elif group == "care" and name == "worse" and rest in WORSE_CONTACTS:
        level, names = rest, WORSE_CONTACTS[rest]
    elif group == "care" and name in flags:
        level, names = flags[name].level, list(flags[name].contacts)
    return Care(level=level, flags=[], contacts=contact_list(names, language, None)) if level else None
