#!/bin/sh
# Changes the schema of the database that DB_URL names: ./scripts/db_migrate.sh up|down|version
# On a terminal "down" asks; other scripts that call this one have said what they want.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
if [ "${1:-}" = down ] && [ ! -t 0 ]; then set -- "$@" --yes; fi
exec "$here/../bin/llm-proxy" migrate "$@"
