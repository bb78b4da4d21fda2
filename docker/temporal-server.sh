#!/bin/sh
# Temporal takes its database password from the environment only: read it from the secret, then become the server.
set -eu

POSTGRES_PWD="$(cat "$POSTGRES_PWD_FILE")"
export POSTGRES_PWD
exec /etc/temporal/entrypoint.sh
