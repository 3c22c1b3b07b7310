#!/bin/sh
# Writes .sqlx/ anew: what the checked query macros know of the database, so that a build needs none.
# Run it after a change in a query or a migration. Starts a PostgreSQL server of its own on a private socket, and removes it.
# The old folder stands until the new one is whole.
set -eu
cd "$(dirname "$0")"
bin=$(dirname "$(readlink -f "$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)")")
work=$(mktemp -d)
as=
trap '$as "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work" "${new:-}"' EXIT
if [ "$(id -u)" = 0 ]; then
    # The server refuses to run as root.
    chown postgres "$work"
    as="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi
$as "$bin/initdb" --pgdata="$work/data" --username=arkivflyt --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
$as "$bin/pg_ctl" -D "$work/data" -w -l "$work/log" -o "-c listen_addresses='' -k $work" start >/dev/null
export PGOPTIONS="-c search_path=arkivflyt"
{ echo 'create schema arkivflyt;'; cat migrations/*.sql; } |
    "$bin/psql" --host="$work" --username=arkivflyt --no-psqlrc --quiet --set=ON_ERROR_STOP=1 postgres
unset PGOPTIONS
new=$(mktemp -d)
find src -name '*.rs' -exec touch {} +
DATABASE_URL="postgres:///postgres?host=$work&user=arkivflyt&options=-csearch_path%3Darkivflyt" SQLX_OFFLINE_DIR="$new" \
    cargo check --package pipeline-store-postgres --lib
mkdir -p .sqlx
cp "$new"/* .sqlx/
for old in .sqlx/*; do
    [ -e "$new/${old##*/}" ] || rm "$old"
done
