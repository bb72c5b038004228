"""Plans, check-ins, reminders and shared summaries; words and health answers encrypted, those already there too."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.encryption import cipher_of

revision = "0003"
down_revision = "0002"

# Table, its key, and the columns to encrypt; the second list held JSON.
PLAIN = [("conversation", "id", ["open_question", "about"], ["said", "journey"]),
         ("inbound", "id", [], ["screening"]),
         ("outbound", "id", [], ["reply"]),
         ("dialoguestate", "conversation_id", [], ["events"]),
         ("unanswered", "id", ["text"], [])]  # fmt: skip


def upgrade() -> None:
    """Adds the tables and encrypts."""
    for name, key, texts, records in PLAIN:
        _as_text(name, records)
        _encrypt(name, key, texts, records)
    op.add_column("inbound", sa.Column("words", sa.Text))
    _encrypt("inbound", "id", ["text"], [], into="words")
    op.drop_column("inbound", "text")
    op.add_column("conversation", sa.Column("movements", sa.Text))
    op.add_column("conversation", sa.Column("questions", sa.Text))
    _create_tables()


def _as_text(name: str, columns: list[str]) -> None:
    """SQLite keeps text in a JSON column as it is; PostgreSQL has to be told."""
    if op.get_bind().dialect.name == "postgresql":
        for column in columns:
            op.alter_column(name, column, type_=sa.Text, server_default=None, postgresql_using=f"{column}::text")


def _encrypt(name: str, key: str, texts: list[str], records: list[str], into: str = "") -> None:
    bind = op.get_bind()
    cipher = cipher_of(bind.dialect)
    columns = [*texts, *records]
    table = sa.table(name, sa.column(key), *(sa.column(column, sa.Text) for column in [*columns, into] if column))
    for row in bind.execute(sa.select(table.c[key], *(table.c[column] for column in columns))).mappings().all():
        values: dict[str, Any] = {}
        for column in columns:
            value = row[column]
            if value is not None and not (into and value == ""):
                plain = value if isinstance(value, str) else json.dumps(value)
                values[into or column] = cipher.encrypt(plain)
        if values:
            bind.execute(table.update().where(table.c[key] == row[key]).values(values))


def _create_tables() -> None:
    def owner(**options: Any) -> sa.Column[Any]:
        return sa.Column(
            "conversation_id",
            sa.String,
            sa.ForeignKey("conversation.id"),
            nullable=False,
            **(options or {"index": True}),
        )

    def record(name: str) -> sa.Column[Any]:
        return sa.Column(name, sa.Text, nullable=False)

    def moment(name: str, **options: Any) -> sa.Column[Any]:
        return sa.Column(name, sa.DateTime, **({"nullable": False} | options))

    number = ("id", sa.Integer)
    op.create_table(
        "plan", sa.Column(*number, primary_key=True), owner(), sa.Column("version", sa.Integer, nullable=False),
        record("parts"), moment("made_at"), sa.UniqueConstraint("conversation_id", "version"),
    )  # fmt: skip
    for name in ("checkin", "safetycheck"):
        op.create_table(name, sa.Column(*number, primary_key=True), owner(), record("answers"), moment("made_at"))
    op.create_table(
        "schedule", owner(primary_key=True), sa.Column("rhythm", sa.String, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False), moment("began_at"), moment("paused_until", nullable=True),
        sa.Column("stopped", sa.Boolean, nullable=False),
    )  # fmt: skip
    op.create_table(
        "reminder", sa.Column(*number, primary_key=True), owner(), sa.Column("kind", sa.String, nullable=False),
        moment("due_at", index=True), sa.Column("state", sa.String, nullable=False, index=True),
        moment("settled_at", nullable=True), sa.UniqueConstraint("conversation_id", "kind", "due_at"),
    )  # fmt: skip
    op.create_table(
        "share", sa.Column("code_hash", sa.String, primary_key=True), owner(),
        sa.Column("language", sa.String, nullable=False), moment("created_at"), moment("expires_at"),
        moment("withdrawn_at", nullable=True), record("views"),
    )  # fmt: skip


def downgrade() -> None:
    """Not offered: it would write what patients said back in the open."""
    raise NotImplementedError("restore a backup instead")
