#!/bin/sh
# Starts the gateway on all addresses of the container, with /config/config.yaml if there is one, else as the demo.
set -eu
if [ "${1:-}" = health ]; then
  for bun in /app/node_modules/@oven/bun-*/bin/bun /app/node_modules/bun/bin/bun.exe; do
    [ -x "$bun" ] || continue
    exec "$bun" -e 'process.exit((await fetch("http://127.0.0.1:18000/readyz")).ok ? 0 : 1)'
  done
  exit 1
fi
if [ -z "${CONFIG_PATH:-}" ] && [ -f /config/config.yaml ]; then
  export CONFIG_PATH=/config/config.yaml
fi
case ${1:-} in
  '' | -*) exec /app/bin/llm-proxy serve --host 0.0.0.0 --port 18000 "$@" ;;
  *) exec /app/bin/llm-proxy "$@" ;;
esac
