"""Who is on probation as a PNS, and who is a PPPK of part time."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute(
        """ALTER TABLE asn ADD COLUMN appointment text NOT NULL DEFAULT '' CHECK (
            appointment = '' OR (employment, appointment) IN (('PNS', 'CPNS'), ('PPPK', 'paruh_waktu')))"""
    )
