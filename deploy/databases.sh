#!/bin/bash
# One role and one database per service; PostgreSQL itself refuses each role every other database.
set -euo pipefail
own_database() {
  psql --set=ON_ERROR_STOP=1 --username postgres --set=name="$1" --set=password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}
own_database enrollment "$ENROLLMENT_PASSWORD"
own_database assessment "$ASSESSMENT_PASSWORD"
own_database evaluation "$EVALUATION_PASSWORD"
own_database notification "$NOTIFICATION_PASSWORD"
psql --set=ON_ERROR_STOP=1 --username postgres <<'SQL'
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
SQL
