"""What can be seen in the database. Counts and names of columns only: no row is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, Text, func, make_url, text, type_coerce
from sqlalchemy import select as select_
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, SQLModel, col, select

from bot.clock import now
from bot.operating.checks.finding import Finding, fine, warning, wrong
from bot.operating.keys import opened
from bot.operating.tables import revision_of, revisions
from bot.settings import Settings
from bot.store import editorial_models, models  # noqa: F401  (fills the metadata)
from bot.store.encryption import EncryptedJson, EncryptedText, WrongKey, cipher_of
from bot.store.models import Inbound
from bot.store.staff_models import ADMIN, REVIEWER, User

TOO_LONG = timedelta(minutes=10)
SKEW, MUCH_SKEW = 2.0, 30.0  # seconds
GRACE = timedelta(days=1)


def database(settings: Settings) -> tuple[Finding, Engine | None]:
    """Whether it answers and is up to date; the engine when it is, for the checks below."""
    url = make_url(settings.database)
    sqlite = url.get_backend_name() == "sqlite"
    where = f"{url.database}" if sqlite else f"PostgreSQL {url.database} on {url.host or 'this machine'}"
    if sqlite and not Path(url.database or "").is_file():
        return fine("database", f"{where} is not there yet; the first start makes it."), None
    engine = opened(settings)
    try:
        with engine.connect() as connection:
            standing = revision_of(connection)
    except SQLAlchemyError as error:
        engine.dispose()
        do = "Check that the file is a database and may be read." if sqlite else "Start it, and check its address."
        return wrong("database", f"{where} does not answer ({type(error).__name__}).", do), None
    newest = revisions()[-1]
    if standing == newest:
        return fine("database", f"{where} answers, at revision {standing}."), engine
    engine.dispose()
    if standing is not None and standing not in revisions():
        says = f"{where} is at revision {standing}, which this release does not know."
        return wrong("database", says, "Use the newer release again, or restore an older backup."), None
    says = f"{where} is at revision {standing or 'none'}, behind {newest}."
    return warning("database", says, "Make a backup; `rygraad up` brings it up to date."), None


def whole(_: Settings, engine: Engine) -> Finding:
    """SQLite: whether the file is sound, and survives a power cut. PostgreSQL: whether its clock is ours."""
    if engine.dialect.name == "sqlite":
        return _sqlite(engine)
    with engine.connect() as connection:
        before = datetime.now(UTC)
        theirs = connection.execute(text("select clock_timestamp()")).scalar_one()
        after = datetime.now(UTC)
    skew = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0.0)
    says, do = f"the database's is {skew:.1f} s from ours.", "Let both machines follow a time server (NTP)."
    if skew > MUCH_SKEW:
        return wrong("clock", says, do)
    return warning("clock", says, do) if skew > SKEW else fine("clock", says)


def _sqlite(engine: Engine) -> Finding:
    with engine.connect() as connection:
        mode = connection.execute(text("pragma journal_mode")).scalar_one()
        sound = connection.execute(text("pragma quick_check(1)")).scalar_one() == "ok"
    if not sound:
        return wrong("database file", "it is damaged.", "Stop Rygråd, keep the file, and restore the last backup.")
    if mode != "wal":
        do = "Put RYGRAAD_DATA_DIR on a local disk; network folders cannot do it."
        return warning("database file", "it is not in WAL mode: readers and writers wait for each other.", do)
    return fine("database file", "it is sound, and in WAL mode.")


def readable(_: Settings, engine: Engine) -> Finding:
    """Whether the secret opens what is stored: one value of every encrypted column."""
    cipher, read, closed = cipher_of(engine.dialect), 0, []
    for table in SQLModel.metadata.sorted_tables:
        for column in [each for each in table.columns if isinstance(each.type, EncryptedText | EncryptedJson)]:
            raw = type_coerce(column, Text)
            with engine.connect() as connection:
                token = connection.execute(select_(raw).where(raw.is_not(None)).limit(1)).scalar()
            if token is not None:
                try:
                    cipher.decrypt(token)
                    read += 1
                except WrongKey:
                    closed.append(f"{table.name}.{column.name}")
    if closed:
        do = "Put back the secret it was written with: secret.key, or RYGRAAD_SECRET_KEY (docs/operating.md, Keys)."
        return wrong("stored words", f"the secret does not open {', '.join(closed)[:200]}.", do)
    return fine("stored words", f"the secret opens them ({read} columns tried)." if read else "there are none yet.")


def waiting(_: Settings, engine: Engine) -> Finding:
    """Whether a patient waits for an answer."""
    late = (col(Inbound.done_at).is_(None), col(Inbound.received_at) < now() - TOO_LONG)
    with Session(engine) as session:
        found = session.exec(select(func.count()).select_from(Inbound).where(*late)).one()
    if found:
        says = f"{found} messages wait for an answer for longer than ten minutes."
        return wrong("messages", says, "Look whether gateway and Rasa run; a start takes them up again.")
    return fine("messages", "none waits for longer than ten minutes.")


def retention(settings: Settings, engine: Engine) -> Finding:
    """Whether words are deleted when patients were told."""
    before = now() - timedelta(days=settings.retention_days) - GRACE
    old = (col(Inbound.received_at) < before, col(Inbound.text).is_not(None), col(Inbound.done_at).is_not(None))
    with Session(engine) as session:
        found = session.exec(select(func.count()).select_from(Inbound).where(*old)).one()
    if found:
        says = f"{found} messages are older than the {settings.retention_days} days patients are told."
        return wrong("retention", says, "The gateway deletes them every hour; `rygraad retention run` does so now.")
    return fine("retention", f"no words are older than {settings.retention_days} days.")


def people(settings: Settings, engine: Engine) -> Finding:
    """Whether somebody can add users, and somebody can sign off safety texts."""
    with Session(engine) as session:
        active = session.exec(select(User).where(User.active)).all()
        roles = {role for user in active for role in user.roles}
        signs = any(REVIEWER in user.roles and user.signs_off for user in active)
    if settings.env != "production":
        return fine("people", f"{len(active)} users may sign in.")
    if ADMIN not in roles:
        return warning("people", "there is no admin.", "`rygraad users add … --role admin` adds one.")
    if not signs:
        do = "`rygraad users add … --role reviewer --signs-off`, for a clinician."
        return warning("people", "nobody can sign off a safety text.", do)
    return fine("people", f"{len(active)} users may sign in, an admin and a clinician who signs off among them.")
