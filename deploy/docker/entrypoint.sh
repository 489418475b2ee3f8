#!/bin/sh
# Starts the gateway with /config/config.yaml, or what CONFIG_PATH or DB_URL name, on the port that it says. There is no demo: its
# key is known to everybody. "health" tells whether it is ready; anything else that is no option is a command of llm-proxy.
set -eu

# Where the gateway writes its address, and the health check finds it: it follows the configuration and the arguments.
if [ -z "${LLM_PROXY_ADDRESS_FILE:-}" ]; then
  [ -w /dev/shm ] && folder=/dev/shm || folder=/data
  export LLM_PROXY_ADDRESS_FILE="$folder/llm-proxy-address"
fi

if [ "${1:-}" = health ]; then
  # The runtime inside of the program asks. The certificate, where there is one, is for another name than this address.
  BUN_BE_BUN=1 exec llm-proxy -e '
    const path = process.env.LLM_PROXY_ADDRESS_FILE;
    const url = new URL((await Bun.file(path).text().catch(() => "")) || "http://0.0.0.0:" + (process.env.PORT || 18000));
    const everywhere = url.hostname === "[::]" || url.hostname === "0.0.0.0";
    for (const host of everywhere ? ["127.0.0.1", "[::1]"] : [url.hostname]) {
      const ready = url.protocol + "//" + host + ":" + url.port + "/readyz";
      const answer = await fetch(ready, { tls: { rejectUnauthorized: false } }).catch(() => undefined);
      if (answer?.ok) process.exit(0);
    }
    process.exit(1);'
fi

if [ -z "${CONFIG_PATH:-}${DB_URL:-}${DB_URL_FILE:-}" ]; then
  # A folder that is not mounted is an error, and not the demo.
  if [ -f /config/config.yaml ] || [ ! -f config.yaml ]; then
    export CONFIG_PATH=/config/config.yaml
  fi
fi

# A loopback address in here can't be reached from outside. HOST, --host and any other address of the configuration come first;
# with the network of the host, set LLM_PROXY_CONTAINER_HOST= to have its loopback address obeyed.
if [ -z "${LLM_PROXY_CONTAINER_HOST+set}" ]; then
  [ -e /proc/net/if_inet6 ] && everywhere=:: || everywhere=0.0.0.0
  export LLM_PROXY_CONTAINER_HOST="$everywhere"
fi

case ${1:-} in
  -h | --help | -v | --version) exec llm-proxy "$@" ;;
  '' | -*)
    case " $* " in
      *-config*) ;;
      *)
        if [ -n "${CONFIG_PATH:-}" ] && [ ! -e "$CONFIG_PATH" ]; then
          echo "Mount the folder with config.yaml at /config, or set CONFIG_PATH or DB_URL." >&2
        fi
        ;;
    esac
    exec llm-proxy serve "$@"
    ;;
  *) exec llm-proxy "$@" ;;
esac
