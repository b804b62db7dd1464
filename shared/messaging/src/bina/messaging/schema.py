"""The tables that make delivery exact, in schema `messaging` of every service's database.

A service's first migration runs `CREATE`; later changes here come with a migration per service.
"""

CREATE = (
    "CREATE SCHEMA messaging",
    # Our own events. UUIDv7 keeps the insert at the right edge of the index; partitions by month go whole.
    "CREATE TABLE messaging.inbox (event_id uuid PRIMARY KEY) PARTITION BY RANGE (event_id)",
    "CREATE TABLE messaging.inbox_rest PARTITION OF messaging.inbox DEFAULT",
    # Agencies' events: any id is allowed, so the payload decides whether it is the same event.
    """CREATE TABLE messaging.inbox_foreign (
        source text NOT NULL, id text NOT NULL, digest bytea NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (source, id))""",
    # What is known: facts that others wait for, and the newest version of each state key.
    """CREATE TABLE messaging.facts (
        fact text NOT NULL, key text NOT NULL, version bigint NOT NULL DEFAULT 0,
        erased boolean NOT NULL DEFAULT false, PRIMARY KEY (fact, key))""",
    # Last version given to each (topic, key) this service tells of; its row lock orders the outbox.
    """CREATE TABLE messaging.streams (
        topic text NOT NULL, key text NOT NULL, version bigint NOT NULL, PRIMARY KEY (topic, key))""",
    """CREATE TABLE messaging.outbox (
        id bigint GENERATED ALWAYS AS IDENTITY, created_at timestamptz NOT NULL DEFAULT now(),
        topic text NOT NULL, key text NOT NULL, version bigint NOT NULL, event_id uuid NOT NULL,
        type text NOT NULL, time timestamptz NOT NULL, correlation_id text NOT NULL,
        causation_id text NOT NULL, traceparent text NOT NULL,
        value bytea CHECK (octet_length(value) <= 900000), published_at timestamptz,
        PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at)""",
    "CREATE TABLE messaging.outbox_rest PARTITION OF messaging.outbox DEFAULT",
    "CREATE INDEX outbox_waiting ON messaging.outbox (id) WHERE published_at IS NULL",
    # Messages that cannot be applied now, with their bytes.
    """CREATE TABLE messaging.held (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        state text NOT NULL CHECK (state IN ('parked', 'behind', 'waiting', 'discarded')),
        blocks boolean NOT NULL, topic text NOT NULL, key text NOT NULL, "partition" int NOT NULL,
        "offset" bigint NOT NULL, record_key bytea, headers jsonb NOT NULL, value bytea,
        event_id text NOT NULL, type text NOT NULL, claimed boolean NOT NULL,
        fact text, fact_key text, code text NOT NULL, error text NOT NULL, code_version text NOT NULL,
        attempts int NOT NULL DEFAULT 1, first_seen timestamptz NOT NULL DEFAULT now(),
        last_tried timestamptz NOT NULL DEFAULT now(), discard_reason text)""",
    """CREATE UNIQUE INDEX held_position ON messaging.held (topic, "partition", "offset")""",
    "CREATE INDEX held_key ON messaging.held (topic, key, id) WHERE blocks AND state <> 'discarded'",
    "CREATE INDEX held_fact ON messaging.held (fact, fact_key) WHERE state = 'waiting'",
    """CREATE TABLE messaging.due (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, key text NOT NULL,
        due_at timestamptz NOT NULL, payload jsonb NOT NULL DEFAULT '{}',
        cause jsonb, attempts int NOT NULL DEFAULT 0, not_before timestamptz NOT NULL DEFAULT now(),
        error text NOT NULL DEFAULT '', UNIQUE (kind, key))""",
    "CREATE INDEX due_next ON messaging.due (due_at)",
    """CREATE TABLE messaging.commands (
        principal text NOT NULL, key text NOT NULL, digest bytea NOT NULL, status int, body jsonb,
        received_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (principal, key))""",
    "CREATE TABLE messaging.clock (single boolean PRIMARY KEY DEFAULT true CHECK (single), moved_by interval NOT NULL)",
)

OPERATIONS = (
    # Up to where each partition is applied, written in the batch's transaction: what a restored database, a reset
    # group or a topic made anew is recognised by.
    """CREATE TABLE messaging.positions (
        topic text NOT NULL, "partition" int NOT NULL, next_offset bigint NOT NULL,
        last_timestamp bigint NOT NULL DEFAULT -1, PRIMARY KEY (topic, "partition"))""",
    # Partitions that came to a topic later, and since when they are kept back.
    """CREATE TABLE messaging.growing (
        topic text NOT NULL, "partition" int NOT NULL, since timestamptz NOT NULL,
        PRIMARY KEY (topic, "partition"))""",
    # Up to where the relay knows each partition of the service's own topics: acknowledged and marked.
    """CREATE TABLE messaging.published (
        topic text NOT NULL, "partition" int NOT NULL, next_offset bigint NOT NULL,
        last_timestamp bigint NOT NULL DEFAULT -1, PRIMARY KEY (topic, "partition"))""",
    # Where broker and database were found to disagree, and what came of it.
    """CREATE TABLE messaging.disagreements (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, found_at timestamptz NOT NULL DEFAULT now(),
        kind text NOT NULL, topic text NOT NULL, "partition" int, detail text NOT NULL)""",
    # Orders to try parked messages again, done at a bounded rate, with what became of them. `tried`, `applied`,
    # `failed` and `queued` count the messages chosen; `others_…` those of the same keys that went along.
    """CREATE TABLE messaging.redrives (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, choice jsonb NOT NULL, per_second int NOT NULL,
        asked_by text NOT NULL, asked_at timestamptz NOT NULL DEFAULT now(), total int NOT NULL DEFAULT 0,
        tried int NOT NULL DEFAULT 0, applied int NOT NULL DEFAULT 0, failed int NOT NULL DEFAULT 0,
        queued int NOT NULL DEFAULT 0, others_applied int NOT NULL DEFAULT 0,
        others_failed int NOT NULL DEFAULT 0, causes jsonb NOT NULL DEFAULT '{}',
        last_id bigint NOT NULL DEFAULT 0, chunks int NOT NULL DEFAULT 0,
        next_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz,
        cancelled_by text NOT NULL DEFAULT '', error text NOT NULL DEFAULT '')""",
    "CREATE INDEX redrives_open ON messaging.redrives (next_at, id) WHERE ended_at IS NULL",
    # Failures of one defect differ by ids, numbers and quoted values; what is left is their common sentence. Quoted
    # names of columns, constraints and classes stay.
    r"""CREATE FUNCTION messaging.fold(error text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
        left(btrim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            error,
            '\[parameters.*|(?<=contains )\(.*\)|(?<=\)=)\([^)]*\)', '…', 'g'),
            '(?<!\w)''(?![A-Za-z]+([._][A-Za-z]+)+'')[^'']*''|(?<!\w)"(?![a-z]+([._][a-z]+)*")[^"]*"', '…', 'g'),
            '\S+@\S+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '#', 'gi'),
            '(\w+[-/])*\w*\d\w*([-.,/+:]\w*\d\w*)*', '#', 'g'),
            '([#…])(\s*[,;]\s*[#…])+', '\1', 'g'),
            '\s+', ' ', 'g')), 300)""",
    r"""ALTER TABLE messaging.held
        ADD COLUMN cause text NOT NULL GENERATED ALWAYS AS
            (left(md5(topic || E'\n' || type || E'\n' || code || E'\n' || messaging.fold(error)), 12)) STORED,
        ADD COLUMN digest bytea NOT NULL GENERATED ALWAYS AS
            (decode(md5(event_id), 'hex') || sha256(coalesce(value, ''))) STORED,
        ADD COLUMN discarded_by text, ADD COLUMN discarded_at timestamptz, ADD COLUMN moved_from bigint""",
    "CREATE INDEX held_cause ON messaging.held (state, cause, id) INCLUDE (first_seen, code_version, blocks)",
    # Messages of a log that is no more: another one, of the topic made anew, has their position now.
    """CREATE INDEX held_moved ON messaging.held (topic, "partition", moved_from) WHERE moved_from IS NOT NULL""",
)
"""What came with the second release; a migration of each service runs it."""

MERGED = (
    # Records of people that were merged into another of the same person, each with the one that stays in the end.
    "CREATE TABLE messaging.merged_people (gone_id uuid PRIMARY KEY, kept_id uuid NOT NULL CHECK (kept_id <> gone_id))",
    "CREATE INDEX merged_people_kept ON messaging.merged_people (kept_id)",
)
"""What came with merging two records of one person; a migration of each service runs it."""

PARTITIONS = (
    # A service may not make or drop tables: its upkeep asks for these two things by name, and for nothing else. They
    # run with the rights of whoever migrates, so they look for names nowhere but where they are told.
    r"""CREATE FUNCTION messaging.add_partition(parent text, name text, low text, high text) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        BEGIN
            IF parent NOT IN ('inbox', 'outbox') OR name !~ ('^' || parent || '_\d{4}_\d\d(_\d\d)?$') THEN
                RAISE insufficient_privilege USING MESSAGE = format('%s is no partition of %s', name, parent);
            END IF;
            EXECUTE format('CREATE TABLE messaging.%I PARTITION OF messaging.%I FOR VALUES FROM (%L) TO (%L)',
                name, parent, low, high);
        END $$""",
    r"""CREATE FUNCTION messaging.drop_published_day(name text) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE waits boolean;
        BEGIN
            IF name !~ '^outbox_\d{4}_\d\d_\d\d$' OR name >= to_char(now() AT TIME ZONE 'UTC', '"outbox_"YYYY_MM_DD') THEN
                RAISE insufficient_privilege USING MESSAGE = format('%s is no day that is over', name);
            END IF;
            EXECUTE format('SELECT EXISTS (SELECT FROM messaging.%I WHERE published_at IS NULL)', name) INTO waits;
            IF NOT waits THEN
                EXECUTE format('DROP TABLE messaging.%I', name);
            END IF;
        END $$""",
)
"""What came with roles that only read and write; a migration of each service runs it."""
