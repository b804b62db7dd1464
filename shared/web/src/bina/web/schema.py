"""The tables of the shell, in schema `web` of every service's database; each service brings them by a migration."""

SESSIONS = (
    "CREATE SCHEMA web",
    # Sessions that ended before their time, until they would have ended by themselves.
    """CREATE TABLE web.ended_sessions (
        session_id uuid PRIMARY KEY, until timestamptz NOT NULL, noted_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX ended_sessions_noted ON web.ended_sessions (noted_at)",
    "CREATE INDEX ended_sessions_until ON web.ended_sessions (until)",
    # Forms that came after their sender's session was over, until they are sent again; personal data, kept for a day.
    """CREATE TABLE web.kept_forms (
        kept_id uuid PRIMARY KEY, person_id uuid NOT NULL, path text NOT NULL, fields jsonb NOT NULL,
        kept_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX kept_forms_kept ON web.kept_forms (kept_at)",
)
