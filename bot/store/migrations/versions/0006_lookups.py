"""What every message asks for is found at once, however long the conversation: its newest replies, and who waits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds two indexes; a place alone, without its conversation, was never looked for."""
    waits = sa.text("done_at is null")
    op.create_index("ix_outbound_conversation_position", "outbound", ["conversation_id", "position"])
    op.create_index("ix_inbound_waiting", "inbound", ["conversation_id"], sqlite_where=waits, postgresql_where=waits)
    op.drop_index("ix_outbound_position", "outbound", if_exists=True)


def downgrade() -> None:
    """Takes them away."""
    op.create_index("ix_outbound_position", "outbound", ["position"])
    op.drop_index("ix_inbound_waiting", "inbound")
    op.drop_index("ix_outbound_conversation_position", "outbound")
