from alembic import op

from bina.messaging import schema

revision = "0001"
down_revision = None

COPIES = (
    # Own copies of other services' facts: only what audience, wording and scope need.
    """CREATE TABLE people (
        asn_id uuid PRIMARY KEY, name text NOT NULL, employment text NOT NULL, agency_code text NOT NULL,
        unit_path uuid[] NOT NULL, position text NOT NULL, job_level text NOT NULL, supervisor_id uuid,
        known_at timestamptz NOT NULL)""",
    # The fan-out walks an audience by this key.
    "CREATE INDEX people_audience ON people (agency_code, asn_id)",
    """CREATE TABLE gaps (
        asn_id uuid NOT NULL, competency_code text NOT NULL, level smallint NOT NULL, standard smallint NOT NULL,
        known_at timestamptz NOT NULL, PRIMARY KEY (asn_id, competency_code))""",
    """CREATE TABLE trainings (
        run_id uuid PRIMARY KEY, event_id uuid NOT NULL, correlation_id text NOT NULL, run_code text NOT NULL,
        programme_name text NOT NULL, audience text[] NOT NULL, job_levels text[] NOT NULL,
        competency_codes text[] NOT NULL, competency_levels smallint[] NOT NULL,
        jp int NOT NULL, location text NOT NULL, starts_on date NOT NULL, ends_on date NOT NULL,
        seats int NOT NULL, pass_score double precision, starts_at timestamptz NOT NULL,
        audience_at timestamptz NOT NULL, cancelled_at timestamptz)""",
    "CREATE INDEX trainings_ahead ON trainings (starts_at) WHERE cancelled_at IS NULL",
    # What a run looked like from when on, so that a notice keeps saying what it said.
    """CREATE TABLE training_versions (
        event_id uuid PRIMARY KEY, run_id uuid NOT NULL, at timestamptz NOT NULL, correlation_id text NOT NULL,
        run_code text NOT NULL, programme_name text NOT NULL, jp int NOT NULL, location text NOT NULL,
        starts_on date NOT NULL, ends_on date NOT NULL, seats int NOT NULL, pass_score double precision,
        told text NOT NULL CHECK (told IN ('', 'training_changed', 'training_cancelled')),
        details jsonb NOT NULL)""",
    "CREATE INDEX training_versions_run ON training_versions (run_id, at, event_id)",
    """CREATE TABLE enrolments (
        enrollment_id uuid PRIMARY KEY, asn_id uuid NOT NULL, run_id uuid NOT NULL,
        began_at timestamptz NOT NULL, ended_at timestamptz)""",
    "CREATE INDEX enrolments_run ON enrolments (run_id, enrollment_id)",
    """CREATE TABLE open_tasks (
        task_id uuid PRIMARY KEY, run_id uuid NOT NULL, title text NOT NULL, closes_on date NOT NULL)""",
)

NOTICES = (
    """CREATE FUNCTION notice_id(event uuid, recipient uuid, template text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    -- UUIDv8 (RFC 9562 §5.8) of SHA-256 over the natural key: the same telling has the same id everywhere.
    AS $$ SELECT encode(set_byte(set_byte(h, 6, (get_byte(h, 6) & 15) | 128), 8, (get_byte(h, 8) & 63) | 128),
        'hex')::uuid
    FROM (SELECT substr(sha256(convert_to(event || '/' || recipient || '/' || template, 'UTF8')), 1, 16)) AS n (h) $$""",
    """CREATE TABLE notices (
        notice_id uuid PRIMARY KEY, event_id uuid NOT NULL, correlation_id text NOT NULL,
        recipient_id uuid NOT NULL, kind text NOT NULL, run_id uuid, about_id uuid NOT NULL,
        details jsonb NOT NULL, occurred_at timestamptz NOT NULL, send_before timestamptz NOT NULL,
        read_at timestamptz, recorded_at timestamptz NOT NULL DEFAULT now())""",
    "CREATE INDEX notices_inbox ON notices (recipient_id, occurred_at DESC, notice_id DESC)",
    "CREATE INDEX notices_unread ON notices (recipient_id) WHERE read_at IS NULL",
    "CREATE INDEX notices_newest ON notices (occurred_at DESC, notice_id DESC)",
    """CREATE VIEW audience AS
    SELECT t.run_id, t.event_id, t.correlation_id, t.starts_at, p.agency_code, p.asn_id,
        CASE WHEN g.competency_code IS NULL THEN 'training_announced_job' ELSE 'training_announced_gap' END AS kind,
        jsonb_strip_nulls(jsonb_build_object('competency', g.competency_code)) AS details,
        greatest(t.audience_at, p.known_at, g.known_at) AS since
    FROM trainings t JOIN people p ON p.agency_code = ANY (t.audience)
    LEFT JOIN LATERAL (
        SELECT g.competency_code, g.known_at
        FROM gaps g JOIN unnest(t.competency_codes, t.competency_levels) AS c (code, level)
            ON c.code = g.competency_code AND c.level > g.level
        WHERE g.asn_id = p.asn_id AND g.known_at < t.starts_at
        ORDER BY g.standard - g.level DESC, g.competency_code LIMIT 1) AS g ON true
    WHERE t.cancelled_at IS NULL AND (g.competency_code IS NOT NULL OR p.job_level = ANY (t.job_levels))
        AND greatest(t.audience_at, p.known_at) < t.starts_at""",
)

DELIVERIES = (
    """CREATE TABLE contacts (
        asn_id uuid PRIMARY KEY, email text NOT NULL, language text NOT NULL)""",
    # A contact that arrives after its person was erased must not stay.
    "CREATE TABLE forgotten (asn_id uuid PRIMARY KEY)",
    """CREATE TABLE preferences (
        asn_id uuid PRIMARY KEY, language text NOT NULL CHECK (language IN ('id', 'en')), email boolean NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now())""",
    """CREATE TABLE deliveries (
        notice_id uuid NOT NULL, channel text NOT NULL CHECK (channel IN ('email')), recipient_id uuid NOT NULL,
        state text NOT NULL DEFAULT 'waiting'
            CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'expired', 'skipped')),
        send_before timestamptz NOT NULL, needs_address boolean NOT NULL DEFAULT false,
        attempts int NOT NULL DEFAULT 0, reason_code text NOT NULL DEFAULT '', reason text NOT NULL DEFAULT '',
        lease uuid, ended_at timestamptz,
        rank smallint NOT NULL, not_before timestamptz NOT NULL DEFAULT '-infinity', leased_until timestamptz,
        PRIMARY KEY (notice_id, channel)) WITH (fillfactor = 80)""",
    # rank: what concerns one person (0) never queues behind what is told to a whole audience (1).
    """CREATE INDEX deliveries_next ON deliveries (rank, not_before, notice_id)
        WHERE state = 'waiting' AND NOT needs_address""",
    "CREATE INDEX deliveries_late ON deliveries (send_before) WHERE state = 'waiting'",
    "CREATE INDEX deliveries_lapsed ON deliveries (leased_until) WHERE state = 'sending'",
    "CREATE INDEX deliveries_unaddressed ON deliveries (recipient_id) WHERE state = 'waiting' AND needs_address",
    "CREATE INDEX deliveries_trouble ON deliveries (state, notice_id) WHERE state IN ('failed', 'expired')",
)


def upgrade() -> None:
    for statement in (*schema.CREATE, *COPIES, *NOTICES, *DELIVERIES):
        op.execute(statement)
