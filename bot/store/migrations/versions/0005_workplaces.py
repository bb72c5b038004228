"""The workplaces: accounts, clinics, invites, editions of texts and what went live."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# What may never change, whoever asks: a row of these tables, and an edition's text once it was submitted.
APPEND_ONLY = ("audit", "textversion", "publication", "remark")


def upgrade() -> None:
    """Adds tables, columns, and the triggers that keep records as they are."""
    _accounts()
    _editorial()
    op.add_column("conversation", sa.Column("trying", sa.Integer))
    op.add_column("share", sa.Column("staff_only", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("unanswered", sa.Column("settled", sa.String))
    _triggers()


def _moment(name: str, **options: Any) -> Any:
    return sa.Column(name, sa.DateTime, **options)


def _text(name: str, **options: Any) -> Any:
    return sa.Column(name, sa.String, **({"nullable": False} | options))


def _accounts() -> None:
    op.create_table(
        "clinic", _text("id", primary_key=True), _text("name"), _text("phone"), _text("region", nullable=True),
        sa.Column("origins", sa.JSON, nullable=False), _moment("created_at", nullable=False),
    )  # fmt: skip
    op.create_table(
        "staffuser", _text("id", primary_key=True), _text("email", unique=True, index=True), _text("name"),
        sa.Column("roles", sa.JSON, nullable=False), sa.Column("signs_off", sa.Boolean, nullable=False),
        sa.Column("clinic_id", sa.String, sa.ForeignKey("clinic.id")), _text("language"),
        sa.Column("active", sa.Boolean, nullable=False), _text("password_hash", nullable=True),
        sa.Column("totp_secret", sa.Text), sa.Column("totp_on", sa.Boolean, nullable=False),
        sa.Column("totp_step", sa.Integer, nullable=False), _text("oidc_subject", nullable=True, unique=True),
        _moment("created_at", nullable=False), _moment("signed_in_at"),
    )  # fmt: skip
    op.create_table(
        "staffsession", _text("token_hash", primary_key=True), _user("user_id"), _text("csrf"),
        sa.Column("passed", sa.Boolean, nullable=False), _moment("created_at", nullable=False),
        _moment("seen_at", nullable=False),
    )  # fmt: skip
    op.create_table(
        "passwordlink", _text("code_hash", primary_key=True), _user("user_id"), _moment("expires_at", nullable=False)
    )
    op.create_table(
        "audit", sa.Column("id", sa.Integer, primary_key=True), _moment("at", nullable=False, index=True),
        _text("user_id", nullable=True, index=True), _text("who"), _text("action"), _text("object"),
        sa.Column("details", sa.JSON, nullable=False),
    )  # fmt: skip
    op.create_table(
        "invite", _text("id", primary_key=True), _text("code_hash", unique=True, index=True), _user("user_id"),
        sa.Column("clinic_id", sa.String, sa.ForeignKey("clinic.id")), _text("label"), _text("language"),
        _text("region", nullable=True), _text("clinic_name"), _text("clinic_phone"),
        sa.Column("stress", sa.JSON, nullable=False), sa.Column("most", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False), sa.Column("opened", sa.Integer, nullable=False),
        _moment("created_at", nullable=False), _moment("expires_at", nullable=False), _moment("revoked_at"),
    )  # fmt: skip


def _user(name: str, index: bool = True, nullable: bool = False) -> Any:
    return sa.Column(name, sa.String, sa.ForeignKey("staffuser.id"), nullable=nullable, index=index)


def _editorial() -> None:
    op.create_table(
        "textversion", _text("key", primary_key=True), _text("language", primary_key=True),
        _text("version", primary_key=True), sa.Column("source", sa.Text, nullable=False), _text("origin"),
        _moment("seen_at", nullable=False),
    )  # fmt: skip
    op.create_table(
        "edition", sa.Column("id", sa.Integer, primary_key=True), _text("key", index=True), _text("language"),
        sa.Column("source", sa.Text, nullable=False), _user("author_id"), _text("state", index=True),
        _text("base_version"), sa.Column("revision", sa.Integer, nullable=False),
        _moment("created_at", nullable=False), _moment("changed_at", nullable=False), _moment("submitted_at"),
        _user("approved_by", False, True), _moment("approved_at"),
        sa.Column("signed_off", sa.Boolean, nullable=False), _text("emergency_reason", nullable=True),
        _user("reviewed_by", False, True), _moment("reviewed_at"),
        _text("restores", nullable=True), _text("version", nullable=True), _moment("live_at"),
        sa.Column("suite", sa.JSON),
        sa.CheckConstraint("approved_by is null or approved_by <> author_id", name="edition_not_by_its_author"),
        sa.CheckConstraint(
            "reviewed_by is null or reviewed_by <> author_id", name="edition_not_looked_over_by_its_author"
        ),
        sa.CheckConstraint(
            "state not in ('approved', 'live', 'superseded') or approved_by is not null"
            " or emergency_reason is not null or restores is not null",
            name="edition_not_live_unapproved",
        ),
    )  # fmt: skip
    op.create_table(
        "remark", sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("edition_id", sa.Integer, sa.ForeignKey("edition.id"), nullable=False, index=True),
        _user("user_id", False), _text("kind"), _text("words"), _moment("at", nullable=False),
    )  # fmt: skip
    op.create_table(
        "publication", sa.Column("id", sa.Integer, primary_key=True), _text("key", index=True), _text("language"),
        _text("version"), sa.Column("edition_id", sa.Integer, sa.ForeignKey("edition.id")), _text("file_version"),
        _text("kind"), sa.Column("after", sa.Integer, nullable=False), _user("by", False, True),
        _moment("at", nullable=False), sa.UniqueConstraint("key", "language", "after"),
    )  # fmt: skip


def _triggers() -> None:
    """The same rules in the words of each database."""
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("update", "delete"):
                op.execute(
                    f"create trigger {table}_no_{verb} before {verb} on {table}"
                    f" begin select raise(abort, '{table} is only added to'); end"
                )
        op.execute(
            "create trigger edition_text_stays before update on edition when old.state <> 'draft' and"
            " (new.source <> old.source or new.author_id <> old.author_id or new.key <> old.key"
            " or new.language <> old.language)"
            " begin select raise(abort, 'a submitted text does not change'); end"
        )
        return
    op.execute(
        "create function only_added_to() returns trigger language plpgsql as"
        " $$ begin raise exception '% is only added to', tg_table_name; end $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_only_added_to before update or delete on {table}"
            " for each row execute function only_added_to()"
        )
    op.execute(
        "create function edition_text_stays() returns trigger language plpgsql as $$ begin"
        " if old.state <> 'draft' and (new.source, new.author_id, new.key, new.language)"
        " is distinct from (old.source, old.author_id, old.key, old.language)"
        " then raise exception 'a submitted text does not change'; end if; return new; end $$"
    )
    op.execute(
        "create trigger edition_text_stays before update on edition"
        " for each row execute function edition_text_stays()"
    )


def downgrade() -> None:
    """Not offered: the record of what went live would be lost."""
    raise NotImplementedError("restore a backup instead")
