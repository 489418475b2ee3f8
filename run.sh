#!/bin/sh
# Installs what is needed and starts the gateway: with config.yaml if there is one, else as a demo.
# Arguments are passed on: ./run.sh --port 9000
set -eu
export LLM_PROXY_COMMAND="$0"
cd "$(dirname "$0")"
. scripts/install.sh
. scripts/install-console.sh
install run
# The console follows: the gateway need not wait for it.
prepare_console run </dev/null &
exec bin/llm-proxy "$@"
