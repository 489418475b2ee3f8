#!/bin/sh
# Installs what is needed and starts the gateway: with config.yaml if there is one, else as a demo.
# Arguments are passed on: ./run.sh --port 9000
set -eu
export LLM_PROXY_COMMAND="$0"
cd "$(dirname "$0")"
. scripts/install.sh
install run
# The gateway does not wait for the console, which is there some seconds later, nor for the bundle, from which the next start is quicker. A
# command other than "serve" needs neither.
case ${1:-serve} in
  serve | -*)
    (scripts/prepare-console.sh </dev/null &)
    . scripts/fresh-bundle.sh
    if [ -z "$(fresh_bundle .)" ]; then (nice node_modules/.bin/bun scripts/bundle.ts </dev/null >/dev/null 2>&1 &); fi
    ;;
esac
exec bin/llm-proxy "$@"
