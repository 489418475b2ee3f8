#!/bin/sh
# Installs what is needed and runs every check: format, lint, types, dead code, generated files, all tests.
# Arguments choose tests: ./test.sh test/unit
set -eu
cd "$(dirname "$0")"
. scripts/install.sh
. scripts/install-servers.sh
. scripts/install-clients.sh
. scripts/install-console.sh
install all
# Side by side, since each of them mostly waits for what it downloads.
installing=
for part in install_servers install_python_libraries install_clients install_console; do
  $part &
  installing="$installing $!"
done
for part in $installing; do wait "$part"; done
exec node_modules/.bin/bun scripts/test.ts "$@"
