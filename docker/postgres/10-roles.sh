#!/bin/bash
# Run by the postgres image when the data folder is new: the two roles, with passwords from the secrets, never in arguments.
set -euo pipefail
{
    printf "\\set owner_password '%s'\n" "$(cat /run/secrets/owner_password)"
    printf "\\set app_password '%s'\n" "$(cat /run/secrets/app_password)"
    cat /roles.sql
} | psql -X -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres
