"""The ledger's tab of what nobody asked to be mailed has its index: such mails never queue, so it costs one entry each."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("DROP INDEX deliveries_trouble")
    op.execute(
        """CREATE INDEX deliveries_trouble ON deliveries (state, notice_id)
        WHERE state IN ('failed', 'expired', 'skipped')"""
    )
