"""Alembic's entry: runs on the engine that `bot.store.database.migrate` hands over."""

from alembic import context
from sqlmodel import SQLModel

from bot.store import editorial_models, models, staff_models  # noqa: F401  (fills the metadata)

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
