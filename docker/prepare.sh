#!/bin/sh
# Runs once before web, worker and beat: tables as the owner, standing data and static files as the application.
set -eu
PORTAL_DB=owner python manage.py migrate --noinput
unset DATABASE_OWNER_URL DATABASE_OWNER_URL_FILE
python manage.py setup
python manage.py collectstatic --noinput --clear
