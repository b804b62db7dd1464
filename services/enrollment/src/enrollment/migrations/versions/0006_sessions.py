"""Signing in by an identity provider: accounts, open sessions, those that ended, forms that came too late; machines."""

from alembic import op

from bina.web import schema

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for statement in schema.SESSIONS:
        op.execute(statement)
    op.execute(
        """CREATE TABLE identities (
        issuer text NOT NULL, subject text NOT NULL, asn_id uuid NOT NULL,
        linked_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (issuer, subject))"""
    )
    op.execute("CREATE UNIQUE INDEX identities_person ON identities (asn_id, issuer)")
    op.execute(
        """CREATE TABLE sessions (
        session_id uuid PRIMARY KEY, asn_id uuid NOT NULL, issuer text NOT NULL, subject text NOT NULL,
        provider_session text NOT NULL, id_token text NOT NULL, until timestamptz NOT NULL,
        opened_at timestamptz NOT NULL DEFAULT now())"""
    )
    op.execute(
        """CREATE TABLE machines (
        machine_id uuid PRIMARY KEY, agency_code text NOT NULL, name text NOT NULL,
        generation int NOT NULL DEFAULT 1, revoked_at timestamptz, added_at timestamptz NOT NULL DEFAULT now())"""
    )
    op.execute("CREATE INDEX machines_agency ON machines (agency_code, machine_id)")
    op.execute("CREATE INDEX sessions_person ON sessions (asn_id)")
    op.execute("CREATE INDEX sessions_account ON sessions (issuer, subject)")
    op.execute("CREATE INDEX sessions_until ON sessions (until)")
