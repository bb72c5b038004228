"""What a clinician gives to a patient: the link, its QR code, a handout, an e-mail, and words to say.

Plain values in, plain values out. The code of an invite is in none of our records; whoever asks for these has it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from io import BytesIO

import segno

from bot.clinic.fields import InviteForm
from bot.content.store import ContentStore, fill
from bot.content.texts import Text
from bot.dialogue.replies import Contact, contact_list
from bot.store.encryption import derived
from bot.store.staff_models import Invite

CODE_BYTES = 16
QUIET = 4  # modules of white around a QR code, as its standard asks
PIXELS = 24  # of a module in the PNG: sharp on a poster


@dataclass(frozen=True)
class Materials:
    """All of one invite, in the patient's language. `telegram` is empty where there is no bot."""

    code: str
    link: str
    telegram: str
    qr: str  # a data: address
    email: str
    aloud: str


@dataclass(frozen=True)
class Handout:
    """The printed page, in the patient's language. `line` is whom to call when the doctor is closed."""

    intro: Text
    private: Text
    alarm: Text
    line: Contact | None
    typed: str  # the link as somebody would type it
    qr: str
    unsigned: bool


def code_for(secret: str, user_id: str, once: str, form: InviteForm) -> str:
    """The code (22 base64url characters, 128 bits) of the invite that this sent form makes: the same for the same.

    `once` is the form's own random number. So a form that is sent twice, by two presses or because its answer was
    loaded again, is one invite. Nobody makes a code without the secret.
    """
    message = json.dumps([user_id, once, asdict(form)], sort_keys=True).encode()
    digest = hmac.new(derived(secret, "invite codes"), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:CODE_BYTES]).decode().rstrip("=")


def web_link(address: str, code: str) -> str:
    """Where the invite opens in a browser."""
    return f"{address}/i/{code}"


def telegram_link(username: str, code: str) -> str:
    """Where it opens in Telegram; empty without a bot's name."""
    return f"https://t.me/{username}?start={code}" if username else ""


def materials(content: ContentStore, invite: Invite, code: str, address: str, username: str) -> Materials:
    """Everything to hand on, for the page that shows it."""
    link, telegram = web_link(address, code), telegram_link(username, code)
    return Materials(
        code=code,
        link=link,
        telegram=telegram,
        qr=qr_address(link),
        email=email(content, invite, link, telegram),
        aloud="\n\n".join(content.get("clinic/aloud", invite.language).bubbles),
    )


def email(content: ContentStore, invite: Invite, link: str, telegram: str) -> str:
    """The text to paste into a message: plain, with the clinic's name below if there is one."""
    words = content.work[invite.language]["clinic"]
    parts = [fill(bubble, {"link": link}) for bubble in content.get("clinic/email", invite.language).bubbles]
    if telegram:
        parts.insert(1, fill(words["email_telegram"], {"link": telegram}))  # after the link, before what it is
    sender = [value for value in (invite.clinic_name, invite.clinic_phone) if value]
    return "\n\n".join(parts) + "".join(f"\n{value}" for value in sender)


def handout(content: ContentStore, invite: Invite, link: str) -> Handout:
    """What stands on the printed page, except the clinic's own name and phone."""
    language = invite.language
    return Handout(
        intro=content.get("clinic/handout", language),
        private=content.get("clinic/handout_private", language),
        alarm=content.get("clinic/handout_alarm", language),
        line=contact_list(["own_region_line"], language, invite.region)[0] if invite.region else None,
        typed=link.removeprefix("https://").removeprefix("http://"),
        qr=qr_address(link),
        unsigned=bool(content.unsigned(("clinic/",))),
    )


def qr(link: str) -> segno.QRCode:
    """The QR code of a link; it can be read with an eighth of it covered."""
    return segno.make(link, error="m", micro=False, boost_error=False)


def qr_address(link: str) -> str:
    """The QR code as the address of an image on our own pages, black on white in the dark too."""
    code = qr(link)
    return code.svg_data_uri(border=QUIET, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True)


def qr_file(link: str, kind: str) -> bytes:
    """The QR code as a file, for posters and screens. `kind`: "svg" or "png"."""
    out = BytesIO()
    qr(link).save(out, kind=kind, border=QUIET, scale=PIXELS, dark="#000", light="#fff")
    return out.getvalue()
