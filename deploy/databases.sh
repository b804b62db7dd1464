#!/bin/bash
# Two roles and one database per service: one owns and migrates it, the other reads and writes it. PostgreSQL itself
# refuses each every other database. Safe to repeat; a database from before, which belonged to its service, changes
# hands: docker compose -f deploy/compose.yaml exec postgres bash /docker-entrypoint-initdb.d/databases.sh
set -euo pipefail
own_database() {
  psql --quiet --set=ON_ERROR_STOP=1 --username postgres --dbname postgres --set=name="$1" --set=owner="$1_owner" \
    --set=password="$2" --set=owner_password="$3" <<'SQL'
SELECT format('CREATE ROLE %I', role) FROM (VALUES (:'name'), (:'owner')) AS wanted (role)
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8''',
    :'name', :'owner') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
\connect :"name"
BEGIN;
REASSIGN OWNED BY :"name" TO :"owner";
GRANT CONNECT, TEMPORARY ON DATABASE :"name" TO :"name";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE ON SCHEMAS TO :"name";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"name";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" GRANT USAGE, SELECT ON SEQUENCES TO :"name";
SELECT format(command, nspname, :'name') FROM pg_namespace, (VALUES
    ('GRANT USAGE ON SCHEMA %I TO %I'),
    ('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I'),
    ('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I')) AS given (command)
  WHERE nspname = 'public' OR pg_get_userbyid(nspowner) = :'owner' \gexec
COMMIT;
SQL
}
own_database enrollment "$ENROLLMENT_PASSWORD" "$ENROLLMENT_OWNER_PASSWORD"
own_database assessment "$ASSESSMENT_PASSWORD" "$ASSESSMENT_OWNER_PASSWORD"
own_database evaluation "$EVALUATION_PASSWORD" "$EVALUATION_OWNER_PASSWORD"
own_database notification "$NOTIFICATION_PASSWORD" "$NOTIFICATION_OWNER_PASSWORD"
psql --quiet --set=ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
SQL
