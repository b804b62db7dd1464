"""Certificates that the platform issues, and how far each agency's numbers have got."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # `code` opens the verification page: 80 random bits, so it is nowhere but on the certificate and in its address.
    op.execute(
        """CREATE TABLE certificates (
        certificate_id uuid PRIMARY KEY, code text NOT NULL UNIQUE, enrollment_id uuid NOT NULL,
        organiser text NOT NULL, number text NOT NULL, issued_on date NOT NULL, revision int NOT NULL,
        revoked_at timestamptz, reason text NOT NULL DEFAULT '',
        signature text NOT NULL DEFAULT 'unsigned' CHECK (signature IN ('unsigned', 'pending', 'signed')),
        signature_reference text NOT NULL DEFAULT '', recorded_at timestamptz NOT NULL DEFAULT now())"""
    )
    # Numbers are not unique here: what organisers report may be double, and stays as it was reported.
    op.execute(
        "CREATE UNIQUE INDEX certificates_valid ON certificates (enrollment_id) WHERE revoked_at IS NULL"
    )
    op.execute("CREATE INDEX certificates_enrolment ON certificates (enrollment_id, certificate_id)")
    # The row's lock keeps numbers without gaps: a number counts once what bears it is committed.
    op.execute(
        """CREATE TABLE certificate_series (
        agency_code text NOT NULL, year int NOT NULL, last int NOT NULL, PRIMARY KEY (agency_code, year))"""
    )
    op.execute("ALTER TABLE agencies ADD COLUMN certificate_pattern text NOT NULL DEFAULT ''")
    op.execute(
        """CREATE INDEX enrolments_certificates ON enrolments (lower(certificate_number))
        WHERE certificate_number <> ''"""
    )
