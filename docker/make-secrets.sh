#!/bin/sh
# Writes the secrets that docker-compose.yml mounts, each once: what is there stays as it is.
# The directory is closed; the files are readable, because the containers' users are not yours.
set -eu

if ! command -v openssl > /dev/null 2>&1; then
  echo "openssl is needed to make secrets: install it and run this again. Nothing was written." >&2
  exit 1
fi

directory="$(cd "$(dirname "$0")" && pwd)/secrets"
mkdir -p "$directory"
chmod 700 "$directory"

write() {
  if [ -s "$directory/$1" ]; then
    echo "$1: kept"
    return
  fi
  # Renamed last: a run that was cut short leaves nothing that the next one would keep.
  printf '%s' "$2" > "$directory/$1.new"
  chmod 444 "$directory/$1.new"
  mv -f "$directory/$1.new" "$directory/$1"
  echo "$1: written"
}

# Hexadecimal, so that a password needs no quoting in a URL.
password() { openssl rand -hex 24; }

# Earlier versions wrote this one with an empty password where openssl was missing.
if [ "$(cat "$directory/database_url" 2> /dev/null)" = "postgresql://holdfast:@postgres:5432/holdfast" ]; then
  rm -f "$directory/database_url"
fi

# Assigned before it is written: a program that fails within an argument would not end this script.
value="$(password)"
write postgres_password "$value"
value="$(password)"
write holdfast_db_password "$value"
value="$(password)"
write temporal_db_password "$value"
value="$(cat "$directory/holdfast_db_password")"
write database_url "postgresql://holdfast:$value@postgres:5432/holdfast"
value="$(openssl rand -base64 32)"
write master_key "$value"
echo
echo "Keep a copy of docker/secrets/master_key away from this machine: without it the stored passwords of your"
echo "environments cannot be opened. Backups can be read without it."
