#!/bin/sh
# Starts the gateway on all addresses of the container, with /config/config.yaml if there is one, else as the demo.
# "health" tells whether it is ready; anything else that is no option is a command of llm-proxy.
set -eu
if [ "${1:-}" = health ]; then
  # The runtime inside of the program asks. The certificate, where there is one, is for another name than this address.
  BUN_BE_BUN=1 exec llm-proxy -e '
    for (const scheme of ["http", "https"]) {
      const url = scheme + "://127.0.0.1:" + (process.env.PORT ?? 18000) + "/readyz";
      const answer = await fetch(url, { tls: { rejectUnauthorized: false } }).catch(() => undefined);
      if (answer?.ok) process.exit(0);
    }
    process.exit(1);'
fi
if [ -z "${CONFIG_PATH:-}" ] && [ -f /config/config.yaml ]; then
  export CONFIG_PATH=/config/config.yaml
fi
case ${1:-} in
  -h | --help | -v | --version) exec llm-proxy "$@" ;;
  '' | -*) exec llm-proxy serve --host 0.0.0.0 --port "${PORT:-18000}" "$@" ;;
  *) exec llm-proxy "$@" ;;
esac
