"""From a draft to a text that patients read: who may take which step, and what must hold for it.

Draft, in review, approved, live. An author never approves their own text (the database refuses it too); a safety text
is approved by a reviewer with the clinician's sign-off, once the safety suite has passed on exactly these words.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine

from bot.clock import danish, now
from bot.content import shared_words
from bot.content.check import Finding, change_faults
from bot.content.file_faults import SAFETY
from bot.content.source import Parts, put_together, signed
from bot.content.store import LANGUAGES
from bot.content.texts import version_of
from bot.editorial.live import LiveContent
from bot.store import editions, staff
from bot.store.editions import Going, LiveChanged, Stale
from bot.store.editorial_models import APPROVED, DRAFT, IN_REVIEW, LIVE, SUPERSEDED, Edition, Publication
from bot.store.staff_models import EDITOR, REVIEWER, User

SHORTEST_REASON = 10
LONGEST_SOURCE = 8000
DUE_SOON = timedelta(days=30)


class Refused(Exception):
    """A step that may not be taken. `code` names the words in editing.yml: refused_<code>; `values` fill them."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass(frozen=True)
class Desk:
    """What editing stands on: the database, and the texts as they are live."""

    engine: Engine
    live: LiveContent


def is_safety(key: str) -> bool:
    """Whether a text must be approved by a clinician."""
    return bool(shared_words.SAFETY.fullmatch(key)) if shared_words.is_shared(key) else key.startswith(SAFETY)


def place(edition: Edition) -> tuple[str, str]:
    """Key and language."""
    return edition.key, edition.language


def findings(desk: Desk, edition: Edition, source: str | None = None) -> list[Finding]:
    """What is wrong with these words (the edition's own unless given), beside what is live."""
    return change_faults({place(edition): source or edition.source}, desk.live)


def behind(desk: Desk, edition: Edition) -> bool:
    """Whether another text went live since this one was begun."""
    return desk.live.get(*place(edition)).version != edition.base_version


def begin(desk: Desk, user: User, key: str, language: str) -> Edition:
    """The editor's own draft of a text; a new one holds what is live, without its signature. Raises UnknownKey."""
    _must(EDITOR in user.roles, "not_an_editor")
    text = desk.live.get(key, language)
    source = signed(text.source, None, None)
    draft = editions.begin(
        desk.engine, key=key, language=language, source=source, author_id=user.id, base_version=text.version
    )
    _noted(desk, user, draft, "edition_begun")
    return draft


def save(desk: Desk, user: User, edition: Edition, revision: int, changed: Parts) -> Edition:
    """Keeps the author's words, faulty or not. Raises Refused; Stale when the draft was saved elsewhere meanwhile."""
    _must(edition.author_id == user.id, "not_the_author")
    source = put_together(edition.source, changed)
    _must(len(source) <= LONGEST_SOURCE, "too_long", most=LONGEST_SOURCE)
    return editions.save(desk.engine, edition.id or 0, revision, source=source)


def rebase(desk: Desk, user: User, edition: Edition) -> None:
    """The author has seen what went live meanwhile, and the draft takes it into account. Raises Refused, Stale."""
    _must(edition.author_id == user.id, "not_the_author")
    newest = desk.live.get(*place(edition)).version
    editions.save(desk.engine, edition.id or 0, edition.revision, base_version=newest)


def submit(desk: Desk, user: User, edition: Edition) -> None:
    """Draft to review. Raises Refused for faults in the text itself, for no change, and when it is behind."""
    _must(edition.author_id == user.id, "not_the_author")
    _must(edition.source != signed(desk.live.get(*place(edition)).source, None, None), "unchanged")
    _must(not behind(desk, edition), "live_changed")
    _must(not [found for found in findings(desk, edition) if not found.between], "faults")
    _step(desk, user, edition, DRAFT, IN_REVIEW, submitted_at=now(), suite=None)


def withdraw(desk: Desk, user: User, edition: Edition) -> None:
    """The author takes a text back from review. Raises Refused."""
    _must(edition.author_id == user.id, "not_the_author")
    _step(desk, user, edition, edition.state, DRAFT, **_UNAPPROVED)


def send_back(desk: Desk, user: User, edition: Edition, words: str) -> None:
    """A reviewer returns a text to its author, and says why. Raises Refused."""
    _must(REVIEWER in user.roles, "not_a_reviewer")
    _must(bool(words.strip()), "no_reason", least=1)
    _step(desk, user, edition, edition.state, DRAFT, words=words, **_UNAPPROVED)


_UNAPPROVED: dict[str, Any] = {"approved_by": None, "approved_at": None, "signed_off": False, "suite": None}


def may_approve(user: User, edition: Edition) -> str | None:
    """Why this user may not approve this edition: a code of Refused; None when they may."""
    if REVIEWER not in user.roles:
        return "not_a_reviewer"
    if edition.author_id == user.id:
        return "own_text"
    if is_safety(edition.key) and not user.signs_off:
        return "needs_sign_off"
    if is_safety(edition.key) and not (edition.suite or {}).get("passed"):
        return "suite_not_passed"
    return None


def approve(desk: Desk, user: User, edition: Edition) -> bool:
    """Approves, and puts live what can go live; False while it waits for the other language. Raises Refused."""
    desk.live.refresh()
    _must(edition.state == IN_REVIEW, "not_in_review")
    if why := may_approve(user, edition):
        raise Refused(why)
    _must(not behind(desk, edition), "live_changed")
    _must(not [found for found in findings(desk, edition) if not found.between], "faults")
    sign_off: dict[str, Any] = {"approved_by": user.id, "approved_at": now(), "signed_off": user.signs_off}
    _step(desk, user, edition, IN_REVIEW, APPROVED, **sign_off)
    return publish(desk, user, edition.key)


def publish(desk: Desk, user: User, key: str) -> bool:
    """Puts approved editions of a text live, both languages together where one needs the other; whether any did."""
    after = _followed(desk, key)
    waiting = [each for each in editions.editions(desk.engine, states=[APPROVED], key=key) if not behind(desk, each)]
    newest = {each.language: each for each in reversed(waiting)}
    groups = [list(newest.values()), *([each] for each in newest.values())]
    for group in groups:
        if group and not change_faults({place(each): each.source for each in group}, desk.live):
            _go_live(desk, user, group, "approved", after)
            return True
    return False


def emergency(desk: Desk, user: User, edition: Edition, reason: str) -> None:
    """The author's draft goes live at once, unapproved, and stays flagged until a reviewer has looked it over.

    Raises Refused; the caller has run what of the safety suite takes no time.
    """
    _must(edition.author_id == user.id, "not_the_author")
    _must(edition.state == DRAFT, "not_a_draft")
    _must(len(reason.strip()) >= SHORTEST_REASON, "no_reason", least=SHORTEST_REASON)
    after = _followed(desk, edition.key)
    _must(not behind(desk, edition), "live_changed")
    _must(not findings(desk, edition), "faults")
    _go_live(desk, user, [edition], "emergency", after, emergency_reason=reason.strip())
    editions.remark(desk.engine, edition.id or 0, user.id, "emergency", reason.strip())


def look_over(desk: Desk, user: User, edition: Edition) -> None:
    """A reviewer has looked an emergency publication over, and it stands. Raises Refused."""
    _must(REVIEWER in user.roles, "not_a_reviewer")
    _must(edition.author_id != user.id, "own_text")
    _must(not is_safety(edition.key) or user.signs_off, "needs_sign_off")
    _must(bool(edition.emergency_reason) and edition.state in (LIVE, SUPERSEDED), "not_flagged")
    fields: dict[str, Any] = {"reviewed_by": user.id, "reviewed_at": now()}
    _must(editions.move(desk.engine, edition.id or 0, edition.state, edition.state, **fields), "changed_meanwhile")
    editions.remark(desk.engine, edition.id or 0, user.id, "looked_over")
    _noted(desk, user, edition, "edition_looked_over")


def roll_back(desk: Desk, user: User, key: str, language: str, version: str) -> Edition:
    """Brings an earlier version back, as a new edition that is live at once. Raises Refused."""
    _must(bool({EDITOR, REVIEWER} & set(user.roles)), "not_an_editor")
    _must(not is_safety(key) or (REVIEWER in user.roles and user.signs_off), "needs_sign_off")
    after = _followed(desk, key)
    target = editions.version(desk.engine, key, language, version)
    text = desk.live.get(key, language)
    if not target or not desk.live.read(key, language, target.source):
        raise Refused("no_such_version")
    _must(target.version != text.version, "is_live")
    _must(not [f for f in change_faults({(key, language): target.source}, desk.live) if f.between], "between")
    back = Edition(
        key=key, language=language, source=target.source, author_id=user.id, base_version=text.version,
        restores=version,
    )  # fmt: skip
    edition = editions.add(desk.engine, back)
    try:
        _go_live(desk, user, [edition], "rollback", after)
    except Refused:
        editions.drop(desk.engine, edition.id or 0)
        raise
    editions.remark(desk.engine, edition.id or 0, user.id, "rollback", version)
    return edition


def drop(desk: Desk, user: User, edition: Edition) -> None:
    """The author gives a draft up. Raises Refused."""
    _must(edition.author_id == user.id, "not_the_author")
    _must(editions.drop(desk.engine, edition.id or 0), "changed_meanwhile")
    _noted(desk, user, edition, "edition_dropped")


def remark(desk: Desk, user: User, edition: Edition, words: str) -> None:
    """Says something about an edition. Raises Refused for nothing said."""
    _must(bool(words.strip()), "no_reason", least=1)
    editions.remark(desk.engine, edition.id or 0, user.id, "said", words.strip())


def take_file(desk: Desk, user: User, key: str, language: str) -> None:
    """The file's text takes the place of the edit. Raises Refused."""
    live, file = _conflict(desk, user, key, language)
    with _unless_changed():
        editions.follow_file(desk.engine, key, language, file, "file", user.id, live.id)
    _settled(desk, user, "file_taken", live, file)


def keep_edit(desk: Desk, user: User, key: str, language: str) -> None:
    """The edit stays, though the file has changed since. Raises Refused."""
    live, file = _conflict(desk, user, key, language)
    with _unless_changed():
        editions.keep_over_file(desk.engine, live, file, user.id)
    _settled(desk, user, "edit_kept", live, live.version)


def _conflict(desk: Desk, user: User, key: str, language: str) -> tuple[Publication, str]:
    """The edit in force and the file's version, for a reviewer who may decide between them. Raises Refused."""
    _must(REVIEWER in user.roles, "not_a_reviewer")
    _must(not is_safety(key) or user.signs_off, "needs_sign_off")
    live = desk.live.overridden.get((key, language))
    if not live:
        raise Refused("changed_meanwhile")
    return live.publication, desk.live.files.get(key, language).version


@contextmanager
def _unless_changed() -> Iterator[None]:
    try:
        yield
    except LiveChanged:
        raise Refused("changed_meanwhile") from None


def _settled(desk: Desk, user: User, action: str, live: Publication, version: str) -> None:
    staff.note(desk.engine, user, action, f"{live.language}/{live.key}", version=version)
    desk.live.refresh()


def flagged(desk: Desk) -> list[Edition]:
    """Emergency publications that nobody has looked over yet, the newest first."""
    found = editions.editions(desk.engine, states=[LIVE, SUPERSEDED], reviewed_by=None)
    return [each for each in found if each.emergency_reason]


def due(desk: Desk, today: date | None = None) -> list[tuple[date, str, str]]:
    """Texts to be looked at again within 30 days, or overdue: (date, key, language), the most urgent first."""
    until = (today or danish(now()).date()) + DUE_SOON
    rows = [(text.review_due, key, language) for (key, language), text in desk.live.texts.items() if text.review_due]
    return sorted(row for row in rows if row[0] <= until)


def _followed(desk: Desk, key: str) -> dict[str, int]:
    """By language the publication that one going live now follows. It is taken before looking at what is live, so
    that one which goes live after the look makes the database refuse ours."""
    found = {language: editions.latest(desk.engine, key, language) for language in LANGUAGES}
    desk.live.refresh()
    return found


def _go_live(desk: Desk, user: User, group: list[Edition], kind: str, after: dict[str, int], **fields: Any) -> None:
    going = []
    for each in group:
        by = staff.user(desk.engine, each.approved_by) if each.approved_by and each.signed_off else None
        on = danish(each.approved_at).date() if by and each.approved_at else None
        # A clinician's approval is written into the text, so that it goes along into the files.
        source = signed(each.source, by.name, on) if by else each.source
        file = desk.live.files.texts.get(place(each))
        file_version = file.version if file else ""
        follows = after[each.language]
        going.append(Going(each.id or 0, source, version_of(source), file_version, follows, each.revision))
    try:
        # In the same order everywhere, so that two at once never wait for each other.
        editions.go_live(desk.engine, sorted(going), kind, user.id, **fields)
    except LiveChanged:
        raise Refused("live_changed") from None
    except Stale:
        raise Refused("changed_meanwhile") from None
    for each in group:
        _noted(desk, user, each, f"edition_live_{kind}")
    desk.live.refresh()


def _step(desk: Desk, user: User, edition: Edition, state: str, to: str, words: str = "", **fields: Any) -> None:
    _must(state in (DRAFT, IN_REVIEW, APPROVED), "changed_meanwhile")
    _must(editions.move(desk.engine, edition.id or 0, state, to, edition.revision, **fields), "changed_meanwhile")
    editions.remark(desk.engine, edition.id or 0, user.id, to, words)
    _noted(desk, user, edition, f"edition_{to}")


def _noted(desk: Desk, user: User, edition: Edition, action: str) -> None:
    staff.note(desk.engine, user, action, f"{edition.language}/{edition.key}", edition=edition.id)


def _must(holds: bool, code: str, **values: Any) -> None:
    if not holds:
        raise Refused(code, **values)
