"""The form that makes an invite: what was typed becomes settings, or errors tied to fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.clinic.identity import looks_like_identity
from bot.content.journeys import rules
from bot.content.store import LANGUAGES
from bot.dialogue.replies import contacts
from bot.store.staff_models import Clinic, Invite

LONGEST = {"label": 60, "clinic_name": 80, "clinic_phone": 24}
MOST = (1, 30, 200)  # a patient, a class, a waiting room
DAYS = (28, 91, 365)  # four weeks, three months, a year
SHOWN = 400  # characters of a text that is too long, which come back to be shortened
PHONE = re.compile(r"\+?[\d ()/-]+")
# Letters and marks that take room and show nothing, or show what is not there; the rest are of a category below.
BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f]")
NO_TEXT = {"Cc", "Cf", "Cs", "Co", "Cn"}  # control, direction and zero width, half characters, nobody's
MARKUP = re.compile(
    r"[][*{}<>`]|^[\s-]+"
)  # the assistant says a clinic's name in its texts, which have a small Markdown
MOST_MARKS = 3  # accents on one letter; some scripts need that many
MARKS = {"Mn", "Me"}


def plain(text: str) -> str:
    """One line of visible text: no control or direction marks, zero width, half characters, piled-up accents."""
    kept, marks = "", 0
    for character in unicodedata.normalize("NFC", BLANK.sub("", "".join(map(_visible, text)))):
        marks = marks + 1 if unicodedata.category(character) in MARKS else 0
        kept += character if marks <= MOST_MARKS else ""
    return " ".join(kept.split())


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in NO_TEXT else character


def name_of_clinic(text: str) -> str:
    """A clinic's name as plain words, wherever it is said."""
    return plain(MARKUP.sub("", plain(text)))


@dataclass
class InviteForm:
    """What an invite is made of, as the form shows it. `errors`: field -> name of the error in clinic.yml."""

    language: str = "da"
    region: str = ""
    clinic_name: str = ""
    clinic_phone: str = ""
    stress: list[str] = field(default_factory=list)
    label: str = ""
    most: int = MOST[0]
    days: int = DAYS[0]
    errors: dict[str, str] = field(default_factory=dict)

    def settings(self, now: datetime) -> dict[str, Any]:
        """The fields of an Invite made at this moment."""
        return {
            "language": self.language,
            "region": self.region or None,
            "clinic_name": self.clinic_name,
            "clinic_phone": self.clinic_phone,
            "stress": self.stress,
            "label": self.label,
            "most": self.most,
            "expires_at": now + timedelta(days=self.days),
        }


def first_form(clinic: Clinic | None, latest: Invite | None) -> InviteForm:
    """The form with what is most likely right, so that one press is enough."""
    form = InviteForm()
    if latest:
        # Not its language: the next patient may speak another, and a wrong one is easily overlooked.
        form.region, form.clinic_name = _region(latest.region), latest.clinic_name
        form.clinic_phone = latest.clinic_phone
    if clinic:
        form.region = _region(clinic.region) or form.region
        form.clinic_name, form.clinic_phone = own_name(clinic), plain(clinic.phone)
        if text_error("clinic_phone", form.clinic_phone):
            form.clinic_phone = ""  # half a number would be worse than none
    return form


def own_name(clinic: Clinic | None) -> str:
    """A clinic's name as an administrator wrote it, as far as there is room. It may be a person's: they know."""
    return name_of_clinic(clinic.name)[: LONGEST["clinic_name"]].strip() if clinic else ""


def same_again(invite: Invite) -> InviteForm:
    """The form with the settings of an earlier invite."""
    lasted = (invite.expires_at - invite.created_at).days
    return InviteForm(
        language=invite.language,
        region=_region(invite.region),
        clinic_name=invite.clinic_name,
        clinic_phone=invite.clinic_phone,
        stress=[name for name in invite.stress if name in rules()["stress"]],
        label=invite.label,
        most=min(MOST, key=lambda each: abs(each - invite.most)),
        days=min(DAYS, key=lambda each: abs(each - lasted)),
    )


def _region(region: str | None) -> str:
    return region if region and region in contacts()["regions"] else ""


def read_form(given: Mapping[str, Any], stress: Sequence[Any], clinic: Clinic | None = None) -> InviteForm:
    """The form as it was sent; whatever is wrong with it stands in `errors`. `clinic` is the clinician's own."""
    form = InviteForm()
    for name in LONGEST:
        value = name_of_clinic(_text(given, name)) if name == "clinic_name" else plain(_text(given, name))
        known = name == "clinic_name" and value == own_name(clinic)
        if not known and (error := text_error(name, value)):
            form.errors[name] = error
        setattr(form, name, value[:SHOWN])
    form.stress = [name for name in rules()["stress"] if name in stress]
    form.language = _one_of(form, given, "language", {language: language for language in LANGUAGES})
    form.region = _one_of(form, given, "region", {"": "", **{region: region for region in contacts()["regions"]}})
    form.most = _one_of(form, given, "most", {str(most): most for most in MOST})
    form.days = _one_of(form, given, "days", {str(days): days for days in DAYS})
    return form


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""  # a file where a text belongs


def text_error(name: str, value: str) -> str:
    """What is wrong with the text of a field, as a name in clinic.yml; the empty text for nothing."""
    if len(value) > LONGEST[name]:
        return "error_too_long"
    if kind := looks_like_identity(value, clinic=name == "clinic_name"):
        return f"error_{kind}"
    if name == "clinic_phone" and value and not (PHONE.fullmatch(value) and 3 <= sum(map(str.isdigit, value)) <= 15):
        return "error_phone"
    return ""


def _one_of(form: InviteForm, given: Mapping[str, Any], name: str, known: Mapping[str, Any]) -> Any:
    """One of the values that the form offers. What it never offered is an error; nothing sent is the default."""
    value = _text(given, name)
    if name in given and value not in known:
        form.errors[name] = "error_choose"
    return known.get(value, getattr(form, name))
