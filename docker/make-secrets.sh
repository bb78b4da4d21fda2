#!/bin/sh
# Writes the secrets that docker-compose.yml mounts, each once: what is there stays as it is.
# The directory is closed; the files are readable, because the containers' users are not yours.
set -eu

directory="$(cd "$(dirname "$0")" && pwd)/secrets"
mkdir -p "$directory"
chmod 700 "$directory"

write() {
  if [ -s "$directory/$1" ]; then
    echo "$1: kept"
    return
  fi
  printf '%s' "$2" > "$directory/$1"
  chmod 444 "$directory/$1"
  echo "$1: written"
}

# Hexadecimal, so that a password needs no quoting in a URL.
password() { openssl rand -hex 24; }

write postgres_password "$(password)"
write holdfast_db_password "$(password)"
write temporal_db_password "$(password)"
write database_url "postgresql://holdfast:$(cat "$directory/holdfast_db_password")@postgres:5432/holdfast"
write master_key "$(openssl rand -base64 32)"
echo
echo "Keep a copy of docker/secrets/master_key away from this machine: without it the stored passwords of your"
echo "environments cannot be opened. Backups can be read without it."
