#!/bin/sh
# Takes a configuration file over into the database that DB_URL names: ./scripts/migrate_config.sh config.yaml
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
exec "$here/../bin/llm-proxy" import "$@"
