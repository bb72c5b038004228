"""Telegram: chats, updates, codes to move with, what is to be sent; and each message's effects once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

EFFECTS = ("plan", "checkin", "safetycheck")


def upgrade() -> None:
    """Adds columns and tables."""
    op.add_column("conversation", sa.Column("invite_hash", sa.String))
    op.create_index("ix_conversation_invite_hash", "conversation", ["invite_hash"])
    op.add_column("dialoguestate", sa.Column("answered", sa.Text))
    for name in ("conversation", "inbound", "outbound"):
        op.add_column(name, sa.Column("channel", sa.String, nullable=False, server_default="web"))
    op.add_column("outbound", sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("outbound", sa.Column("parts_sent", sa.Integer, nullable=False, server_default="0"))
    op.add_column("outbound", sa.Column("sent_at", sa.DateTime))
    unsent = sa.text("channel = 'telegram' and sent_at is null")
    op.create_index("ix_outbound_unsent", "outbound", ["urgent"], sqlite_where=unsent, postgresql_where=unsent)
    for name in EFFECTS:
        op.add_column(name, sa.Column("inbound_id", sa.Integer))
        op.create_index(f"ix_{name}_inbound_id", name, ["inbound_id"], unique=True)
    _create_tables()


def _create_tables() -> None:
    def owner() -> sa.ForeignKey:
        return sa.ForeignKey("conversation.id")

    op.create_table(
        "telegramchat", sa.Column("conversation_id", sa.String, owner(), primary_key=True),
        sa.Column("mark", sa.String, nullable=False, unique=True), sa.Column("chat_id", sa.Text, nullable=False),
        sa.Column("keyboard_message", sa.BigInteger), sa.Column("pinned_message", sa.BigInteger),
        sa.Column("blocked_at", sa.DateTime), sa.Column("claimed_by", sa.String),
        sa.Column("claimed_until", sa.DateTime),
    )  # fmt: skip
    op.create_table(
        "telegramupdate", sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("payload", sa.Text), sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("parts_sent", sa.Integer, nullable=False), sa.Column("set_aside", sa.Boolean, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False), sa.Column("done_at", sa.DateTime, index=True),
    )  # fmt: skip
    op.create_table(
        "transfer", sa.Column("code_hash", sa.String, primary_key=True),
        sa.Column("conversation_id", sa.String, owner(), nullable=False, index=True),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )  # fmt: skip


def downgrade() -> None:
    """Not offered: chats would be cut off from their conversations."""
    raise NotImplementedError("restore a backup instead")
