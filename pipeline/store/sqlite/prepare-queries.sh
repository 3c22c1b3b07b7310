#!/bin/sh
# Writes .sqlx/ anew: what the checked query macros know of the database, so that a build needs none.
# Run it after a change in a query or a migration. Needs the sqlite3 command. The old folder stands until the new one is whole.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat migrations/*.sql | sqlite3 "$work/empty.db"
mkdir "$work/sqlx"
find src -name '*.rs' -exec touch {} +
DATABASE_URL="sqlite://$work/empty.db" SQLX_OFFLINE_DIR="$work/sqlx" cargo check --package pipeline-store-sqlite --lib
cp "$work"/sqlx/* .sqlx/
for old in .sqlx/*; do
    [ -e "$work/sqlx/${old##*/}" ] || rm "$old"
done
