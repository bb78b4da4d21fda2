#!/bin/sh
# Brings Temporal's two databases to the schema of this image's version; running it again changes nothing.
set -eu

SQL_PASSWORD="$(cat "$SQL_PASSWORD_FILE")"
export SQL_PASSWORD

upgrade() {
  # Fails on a database that has its version table already; `update-schema` is what decides.
  temporal-sql-tool --db "$1" setup-schema -v 0.0 || echo "$1: set up before"
  temporal-sql-tool --db "$1" update-schema -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

upgrade temporal temporal
upgrade temporal_visibility visibility
