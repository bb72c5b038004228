"""Conversations, inbound and outbound messages, dialogue state."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the first tables."""
    op.create_table(
        "conversation",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("token_hash", sa.String, nullable=False, unique=True, index=True),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("language_chosen", sa.Boolean, nullable=False),
        sa.Column("region", sa.String),
        sa.Column("consent_version", sa.String),
        sa.Column("consented_at", sa.DateTime),
        sa.Column("open_question", sa.String),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "inbound",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.String, sa.ForeignKey("conversation.id"), nullable=False, index=True),
        sa.Column("client_id", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("choice", sa.String),
        sa.Column("screening", sa.JSON, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("carded", sa.Boolean, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("done_at", sa.DateTime, index=True),
        sa.UniqueConstraint("conversation_id", "client_id"),
    )
    op.create_table(
        "outbound",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False, index=True),
        sa.Column("conversation_id", sa.String, sa.ForeignKey("conversation.id"), nullable=False, index=True),
        sa.Column("inbound_id", sa.Integer, sa.ForeignKey("inbound.id"), index=True),
        sa.Column("reply", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "dialoguestate",
        sa.Column("conversation_id", sa.String, primary_key=True),
        sa.Column("events", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drops them again."""
    for table in ("dialoguestate", "outbound", "inbound", "conversation"):
        op.drop_table(table)
