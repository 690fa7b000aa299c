"""Run by alembic: applies migrations on the connection that `studies.ballots.schema` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
