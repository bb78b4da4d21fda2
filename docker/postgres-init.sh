#!/bin/bash
# Runs once, in an empty Postgres: one role and its databases for Holdfast, one for Temporal.
set -euo pipefail

secret() { cat "/run/secrets/$1"; }

psql --set=ON_ERROR_STOP=1 --username=postgres --no-psqlrc \
  --set=holdfast_password="$(secret holdfast_db_password)" \
  --set=temporal_password="$(secret temporal_db_password)" <<'SQL'
CREATE ROLE holdfast LOGIN PASSWORD :'holdfast_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE holdfast OWNER holdfast;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE holdfast, temporal, temporal_visibility FROM PUBLIC;
SQL
