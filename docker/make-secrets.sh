#!/bin/sh
# Random secrets for docker-compose.yml, once; existing ones are kept. Back the folder up apart from the database.
set -eu
umask 077
cd "$(dirname "$0")/.."
mkdir -p var/secrets
cd var/secrets
word() { head -c 32 /dev/urandom | base64 | tr -d '=+/\n'; }
once() { [ -s "$1" ] || printf '%s' "$2" >"$1"; }
once admin_password "$(word)"
once owner_password "$(word)"
once app_password "$(word)"
once redis_password "$(word)"
once secret_key "$(word)$(word)"
once field_key "$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
once database_url "postgres://portal_app:$(cat app_password)@postgres:5432/portal"
once database_owner_url "postgres://portal_owner:$(cat owner_password)@postgres:5432/portal"
once redis_url "redis://:$(cat redis_password)@redis:6379/0"
once cache_url "redis://:$(cat redis_password)@redis:6379/1"
once redis_conf "requirepass $(cat redis_password)"
# The containers read them under other user ids; the folder itself stays closed.
chmod 0444 ./*
echo "var/secrets is ready"
