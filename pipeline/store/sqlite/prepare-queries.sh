#!/bin/sh
# Writes .sqlx/ anew: what the checked query macros know of the database, so that a build needs none.
# Run it after a change in a query or a migration. Needs the sqlite3 command.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat migrations/*.sql | sqlite3 "$work/empty.db"
rm -rf .sqlx
mkdir .sqlx
touch src/*.rs
DATABASE_URL="sqlite://$work/empty.db" SQLX_OFFLINE_DIR="$PWD/.sqlx" cargo check --package pipeline-store-sqlite --lib
