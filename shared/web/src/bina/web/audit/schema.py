"""The tables of the audit, in schema `audit` of every service's database; a migration of each service runs `CREATE`.

Entries and blocks only ever grow: the database refuses to change or remove them. What names a person lies beside
them, in `audit.personal`, and goes when the person is erased.
"""

CREATE = (
    "CREATE SCHEMA audit",
    # One command, one reading of others' records, or one erasure. `personal` names what lies in the side table:
    # {field: {"of": person or null, "digest": hex of salt and value}}. `detail` holds no person's data.
    """CREATE TABLE audit.entries (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
        kind text NOT NULL CHECK (kind IN ('command', 'reading', 'session', 'erasure')),
        actor text NOT NULL CHECK (actor IN ('person', 'machine', 'link', 'guest', 'service')),
        actor_id uuid, roles text[] NOT NULL, agency_code text, unit_id uuid, action text NOT NULL,
        about text[] NOT NULL, on_behalf uuid[] NOT NULL, erased uuid[] NOT NULL,
        detail jsonb NOT NULL, personal jsonb NOT NULL)""",
    "CREATE INDEX entries_actor ON audit.entries (actor_id, id) WHERE actor_id IS NOT NULL",
    "CREATE INDEX entries_about ON audit.entries USING gin (about)",
    "CREATE INDEX entries_at ON audit.entries USING brin (at)",
    # What the sealer has yet to seal. Ids are drawn before commit, so a cursor would pass over a late one.
    "CREATE TABLE audit.unsealed (entry_id bigint PRIMARY KEY)",
    # `leaves`: the entries' digests, 32 bytes each, in the order of `entries`.
    """CREATE TABLE audit.blocks (
        number bigint PRIMARY KEY CHECK (number > 0), sealed_at timestamptz NOT NULL, entries bigint[] NOT NULL,
        leaves bytea NOT NULL, previous bytea NOT NULL, hash bytea NOT NULL)""",
    "CREATE INDEX blocks_sealed ON audit.blocks (sealed_at)",
    # `label`: what the person is searched by, a NIP or a name in lower case.
    """CREATE TABLE audit.personal (
        entry_id bigint NOT NULL, field text NOT NULL, person_id uuid, salt bytea NOT NULL, value text NOT NULL,
        label text, PRIMARY KEY (entry_id, field))""",
    "CREATE INDEX personal_person ON audit.personal (person_id) WHERE person_id IS NOT NULL",
    "CREATE INDEX personal_label ON audit.personal (label) WHERE label IS NOT NULL",
    # Nothing of them is kept any more, whatever a transaction under way still writes.
    """CREATE TABLE audit.forgotten (
        person_id uuid PRIMARY KEY, since timestamptz NOT NULL DEFAULT clock_timestamp())""",
    "CREATE INDEX forgotten_since ON audit.forgotten (since)",
    """CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'audit.% only grows: % is refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$""",
    """CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.entries
        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()""",
    """CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.blocks
        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()""",
    """CREATE TRIGGER only_shrinks BEFORE UPDATE OR TRUNCATE ON audit.personal
        FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()""",
)
# Whom a page that renews itself has shown in a session: digests, for a quarter of an hour. Lost with a crash, after
# which everybody counts as new.
SHOWN = (
    """CREATE UNLOGGED TABLE audit.shown (
        session_id uuid NOT NULL, page uuid NOT NULL, whom uuid[] NOT NULL DEFAULT '{}',
        since timestamptz NOT NULL DEFAULT '-infinity', PRIMARY KEY (session_id, page))""",
    "CREATE INDEX shown_since ON audit.shown (since)",
)
