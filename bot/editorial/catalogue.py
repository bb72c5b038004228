"""What there is and what waits: the texts in groups, what they say, and the lists of the overview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Engine
from sqlmodel import Session, col, or_, select

from bot.clock import danish, now
from bot.content.shared_words import carriers
from bot.content.store import LANGUAGES
from bot.content.texts import Choice, Text
from bot.editorial import workflow
from bot.editorial.workflow import Desk, is_safety
from bot.store import editions, staff, unanswered
from bot.store.editions import OPEN
from bot.store.editorial_models import APPROVED, DRAFT, IN_REVIEW, Edition, Publication
from bot.store.staff_models import REVIEWER, Audit, User

TOPIC = "topic"
# A topic's texts as they come in a conversation; its main text has no part.
PARTS = ("", "short", "more", "check", "right", "wrong_1", "wrong_2", "wrong_3")
EDITED, DUE, OVERDUE = "edited", "due", "overdue"
LOGGED = ("file_taken", "edit_kept")

Place = tuple[str, str]  # key, language


@dataclass(frozen=True)
class Row:
    """A text in every language: `titles` and `tags` by language; `part` of its topic, as in "short"."""

    key: str
    part: str
    titles: dict[str, str]
    tags: dict[str, list[str]]
    safety: bool


@dataclass(frozen=True)
class Section:
    """Texts that belong together; `titles` by language, empty when they are a whole group."""

    titles: dict[str, str]
    rows: list[Row]

    @property
    def tags(self) -> list[str]:
        """Every tag of its texts, once."""
        return sorted({tag for row in self.rows for tags in row.tags.values() for tag in tags})


def group_of(key: str) -> str:
    """The group a text belongs to: its key's first part."""
    return key.partition("/")[0]


def groups(desk: Desk) -> dict[str, int]:
    """Every group and how many texts it has, the topics first."""
    found = Counter(group_of(key) for key in desk.live.keys())
    return dict(sorted(found.items(), key=lambda item: (item[0] != TOPIC, not is_safety(f"{item[0]}/"), item[0])))


def sections(desk: Desk, group: str, language: str) -> list[Section]:
    """The texts of a group: a section for each topic, by its title in `language`; another group is one section."""
    keys = [key for key in desk.live.keys() if group_of(key) == group]
    if group != TOPIC:
        return [Section({}, rows(desk, keys))] if keys else []
    by_topic: dict[str, list[Row]] = {}
    for row in rows(desk, keys):
        by_topic.setdefault("/".join(row.key.split("/")[:2]), []).append(row)
    found = [Section(_titles(desk, key), sorted(each, key=_in_topic)) for key, each in by_topic.items()]
    return sorted(found, key=lambda each: each.titles[language].casefold())


def rows(desk: Desk, keys: Iterable[str]) -> list[Row]:
    """These texts with their titles and state, in the order given."""
    tags = _tags(desk)
    return [
        Row(
            key=key,
            part=key.split("/", 2)[2] if group_of(key) == TOPIC and key.count("/") > 1 else "",
            titles=_titles(desk, key),
            tags={language: tags.get((key, language), []) for language in LANGUAGES},
            safety=is_safety(key),
        )
        for key in keys
    ]


def tags_of(desk: Desk, key: str, language: str) -> list[str]:
    """The state of one text: edited, draft, in_review, approved, due or overdue."""
    return _tags(desk).get((key, language), [])


def _titles(desk: Desk, key: str) -> dict[str, str]:
    found = {language: desk.live.texts.get((key, language)) for language in LANGUAGES}
    return {language: text.title if text else key for language, text in found.items()}


def _in_topic(row: Row) -> tuple[int, str]:
    return PARTS.index(row.part) if row.part in PARTS else len(PARTS), row.key


def _tags(desk: Desk) -> dict[Place, list[str]]:
    found: dict[Place, list[str]] = {place: [EDITED] for place in desk.live.overridden}
    states = {(each.key, each.language, each.state) for each in editions.editions(desk.engine, states=OPEN)}
    for key, language, state in sorted(states, key=lambda each: OPEN.index(each[2])):
        found.setdefault((key, language), []).append(state)
    today = danish(now()).date()
    for day, key, language in workflow.due(desk, today):
        found.setdefault((key, language), []).append(OVERDUE if day < today else DUE)
    return found


# ---------------------------------------------------------------- what waits


@dataclass(frozen=True)
class Waiting:
    """What somebody who edits or reviews finds on their desk; `conflicts` are (key, language)."""

    mine: list[Edition]
    to_review: list[Edition]
    approved: list[Edition]
    flagged: list[Edition]
    conflicts: list[Place]
    due: list[tuple[date, str, str]]
    overdue: int
    questions: int


def waiting(desk: Desk, user: User) -> Waiting:
    """What waits for this user. To review: for reviewers, never their own, safety texts first, the oldest first."""
    open_ones = editions.editions(desk.engine, states=OPEN)
    others = [each for each in open_ones if each.state == IN_REVIEW and each.author_id != user.id]
    due, today = workflow.due(desk), danish(now()).date()
    return Waiting(
        mine=[each for each in open_ones if each.author_id == user.id and each.state in (DRAFT, IN_REVIEW)],
        to_review=sorted(others, key=_urgency) if REVIEWER in user.roles else [],
        approved=[each for each in open_ones if each.state == APPROVED],
        flagged=workflow.flagged(desk),
        conflicts=conflicts(desk),
        due=due,
        overdue=sum(day < today for day, _, _ in due),
        questions=unanswered.unsettled(desk.engine),
    )


def _urgency(edition: Edition) -> tuple[bool, float, int]:
    at = edition.submitted_at or edition.changed_at
    return not is_safety(edition.key), at.timestamp(), edition.id or 0


def conflicts(desk: Desk) -> list[Place]:
    """Edited texts whose file has changed since, and does not say what is live."""
    return sorted(place for place in desk.live.overridden if conflict(desk, *place))


def conflict(desk: Desk, key: str, language: str) -> tuple[Publication, Text] | None:
    """What is live and the file that has changed since; None when they agree, or there is no edit."""
    live, file = desk.live.overridden.get((key, language)), desk.live.files.texts.get((key, language))
    if not live or not file or file.version in (live.publication.file_version, live.publication.version):
        return None
    return live.publication, file


# ---------------------------------------------------------------- one text


@dataclass(frozen=True)
class Said:
    """Where a text is said: (key, title of the button) that lead to it, and other keys with the same task."""

    buttons: list[tuple[str, str]] = field(default_factory=list)
    stands_in: str = ""  # this text replaces that one in Telegram
    replaced_by: str = ""  # and that one replaces this
    carriers: list[str] = field(default_factory=list)  # keys of the texts that have this button


def where_said(desk: Desk, key: str, language: str) -> Said:
    """Which buttons lead to a text, and whether it stands in for another in Telegram."""
    found = [
        (text.key, choice.title)
        for (_, spoken), text in desk.live.texts.items()
        if spoken == language
        for choice in text.choices
        if _leads(choice, key)
    ]
    own = key.removeprefix("telegram/")
    telegram = f"telegram/{key}"
    return Said(
        buttons=sorted(found),
        stands_in=own if own != key and desk.live.has(own) else "",
        replaced_by=telegram if desk.live.has(telegram) else "",
        carriers=[text.key for text in carriers(desk.live, key, language)],
    )


def _leads(choice: Choice, key: str) -> bool:
    return choice.leads_to == key or (key.count("/") == 1 and choice.name == key.replace("topic/", "topic_", 1))


def may_restore(user: User, key: str) -> bool:
    """Whether an editor or reviewer may bring earlier words of a text back: safety texts need a clinician."""
    return not is_safety(key) or (REVIEWER in user.roles and user.signs_off)


# ---------------------------------------------------------------- people and the log


def names(engine: Engine) -> dict[str, str]:
    """The name of everybody, by id."""
    return {each.id: each.name for each in staff.users(engine)}


def log(engine: Engine, *, before: int | None = None, limit: int = 50) -> list[Audit]:
    """What was done with texts, newest first; `before` an id, for the next page."""
    of_texts = or_(col(Audit.action).startswith("edition_", autoescape=True), col(Audit.action).in_(LOGGED))
    statement = select(Audit).where(of_texts).order_by(col(Audit.id).desc()).limit(limit)
    if before:
        statement = statement.where(col(Audit.id) < before)
    with Session(engine, expire_on_commit=False) as session:
        return list(session.exec(statement))
