#!/bin/sh
# Makes odd.sql again from source.sql: sh tests/dumps/make.sh, with PGHOST, PGPORT, PGUSER of a scratch server.
# odd_13.sql was made in the same way by PostgreSQL 13, without the functions in SQL bodies (atomic and the like),
# which that version does not know.
set -eu
cd "$(dirname "$0")"
psql -X -q -v ON_ERROR_STOP=1 -d postgres -c 'DROP DATABASE IF EXISTS odd' -c 'CREATE DATABASE odd TEMPLATE template0'
for role in app 'odd "role"'; do
    psql -X -q -v ON_ERROR_STOP=1 -v role="$role" -d postgres <<'SQL'
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :'role') \gexec
SQL
done
psql -X -q -v ON_ERROR_STOP=1 -d odd -o /dev/null -f source.sql
pg_dump --file=odd.sql odd
psql -X -q -d postgres -c 'DROP DATABASE odd'
