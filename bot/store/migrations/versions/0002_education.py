"""What was said how often, the patient's path, and questions without an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the columns and the table."""
    op.add_column("conversation", sa.Column("about", sa.String))
    op.add_column("conversation", sa.Column("said", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("conversation", sa.Column("journey", sa.JSON))
    op.create_table(
        "unanswered",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation_id", sa.String, sa.ForeignKey("conversation.id"), nullable=False, index=True),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False, index=True),
    )


def downgrade() -> None:
    """Drops them again."""
    op.drop_table("unanswered")
    with op.batch_alter_table("conversation") as table:
        for column in ("about", "said", "journey"):
            table.drop_column(column)
