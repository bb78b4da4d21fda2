#!/bin/sh
# Applies our migrations. The URL comes from the environment, or from the file that DATABASE_URL_FILE names.
set -eu

if [ -n "${DATABASE_URL_FILE:-}" ]; then
  DATABASE_URL="$(cat "$DATABASE_URL_FILE")"
  export DATABASE_URL
fi
exec node_modules/.bin/prisma migrate deploy
