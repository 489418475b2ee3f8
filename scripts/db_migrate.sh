#!/bin/sh
# Changes the schema of the database that DB_URL names: ./scripts/db_migrate.sh up|down|version
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
exec "$here/../bin/llm-proxy" migrate "$@"
